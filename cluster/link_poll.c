// SPDX-License-Identifier: BSD-3-Clause
// What a link hands over.
#include "cluster/link_parts.h"

#include <errno.h>
#include <string.h>

// What has happened to the connection since the last poll. One that was lost and made again in
// between is told as both, as messages may be missing.
static unsigned poll_state(struct rl_link *l, rl_link_handler handler, void *arg)
{
	char server[sizeof(l->server)], error[sizeof(l->error)];

	pthread_mutex_lock(&l->mutex);
	bool news = l->news != l->news_told, connected = l->connected;
	bool again = l->connected_told && l->connects != l->connects_told;
	l->news_told = l->news;
	l->connects_told = l->connects;
	l->connected_told = l->connected;
	if (news) {
		memcpy(server, l->server, sizeof(server));
		memcpy(error, l->error, sizeof(error));
	}
	pthread_mutex_unlock(&l->mutex);
	if (!news)
		return 0;
	if (again || !connected)
		handler(arg, &(struct rl_link_message){.what = RL_LINK_DOWN, .text = error});
	if (connected)
		handler(arg, &(struct rl_link_message){.what = RL_LINK_UP, .text = server});
	return 1 + (again && connected);
}

static void tell_failure(rl_link_handler handler, void *arg, uint32_t request, int error)
{
	handler(arg,
		&(struct rl_link_message){
			.what = RL_LINK_FAILED, .request = request, .error = error, .text = ""});
}

// True if the handler was called.
static bool hand_over(struct rl_link *l, struct rl_link_head *h, rl_link_handler handler, void *arg)
{
	if (h->what == RL_LINK_FAILED) {
		bool waits = rl_link_asked_end(&l->asked, h->request);
		if (waits)
			tell_failure(handler, arg, h->request, h->error);
		return waits;
	}
	if (h->what == RL_LINK_ANSWER && !rl_link_asked_answer(&l->asked, h->request)) {
		rl_link_count(l, RL_LINK_DROP_LATE, 1);
		return false;
	}
	atomic_fetch_add_explicit(&l->taken, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&l->taken_bytes, h->len, memory_order_relaxed);
	handler(arg, &(struct rl_link_message){.what = h->what,
					       .lane = h->lane,
					       .to = h->to,
					       .asker = h->asker,
					       .request = h->request,
					       .bytes = rl_link_head_bytes(h),
					       .len = h->len,
					       .text = ""});
	return true;
}

unsigned rl_link_poll(struct rl_link *l, rl_link_handler handler, void *arg, unsigned max)
{
	// Silenced first: what comes from now on rings again.
	rl_link_bell_wait(l->in.bell, 0);
	unsigned calls = poll_state(l, handler, arg);
	struct rl_link_head *h = NULL;
	unsigned n;

	for (n = 0; n < max && (h = rl_link_box_first(&l->in)); n++) {
		calls += hand_over(l, h, handler, arg);
		rl_link_box_drop(&l->in);
	}
	if (n == max && max)
		rl_link_bell_ring(l->in.bell);
	// After the messages, so that an answer that came in good time is taken.
	uint64_t now = l->ops->now_ms(l);
	for (uint32_t r = rl_link_asked_late(&l->asked, now); r;
	     r = rl_link_asked_late(&l->asked, now)) {
		tell_failure(handler, arg, r, -ETIMEDOUT);
		calls++;
	}
	return calls;
}
