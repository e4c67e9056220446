// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/link_parts.h"

#include "root/named.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct rl_link_limits rl_link_limits_default = {
	.out_bytes = {1 << 20, 8 << 20},
	.in_bytes = {2 << 20, 32 << 20},
	.stale_ms = 5000,
};

RL_NAMED(rl_link_drop, enum rl_link_drop, RL_LINK_DROPS);

int rl_link_init(struct rl_link *l, const struct rl_link_ops *ops, uint8_t self,
		 const struct rl_link_limits *limits, uint32_t turn)
{
	l->ops = ops;
	l->self = self;
	l->stale_ms = limits->stale_ms;
	pthread_mutex_init(&l->mutex, NULL);
	rl_link_asked_init(&l->asked, turn);
	int ret = rl_link_box_init(&l->out, limits->out_bytes);
	return ret ? ret : rl_link_box_init(&l->in, limits->in_bytes);
}

void rl_link_fini(struct rl_link *l)
{
	rl_link_box_free(&l->in);
	rl_link_box_free(&l->out);
	pthread_mutex_destroy(&l->mutex);
}

int rl_link_start(struct rl_link *l, char why[static RL_LINK_WHY_MAX])
{
	if (l->started) {
		snprintf(why, RL_LINK_WHY_MAX, "a link is started once: make another one");
		return -EALREADY;
	}
	int ret = l->ops->start(l, why);
	l->started = !ret;
	return ret;
}

void rl_link_stop(struct rl_link *l)
{
	if (l->started && !l->stopped)
		l->ops->stop(l);
	l->stopped = true;
}

void rl_link_free(struct rl_link *l)
{
	if (!l)
		return;
	rl_link_stop(l);
	const struct rl_link_ops *ops = l->ops;
	rl_link_fini(l);
	ops->free(l);
}

int rl_link_fd(const struct rl_link *l)
{
	return l->in.bell;
}

void rl_link_count(struct rl_link *l, enum rl_link_drop d, uint64_t n)
{
	atomic_fetch_add_explicit(&l->drops[d], n, memory_order_relaxed);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static int put_out(struct rl_link *l, struct rl_link_head h, const void *bytes)
{
	unsigned stale;

	if (!h.len || h.len > RL_LINK_BYTES_MAX)
		return -EMSGSIZE;
	if (h.to == l->self)
		return -EINVAL;
	h.time_ms = l->ops->now_ms(l);
	uint64_t before = h.time_ms > l->stale_ms ? h.time_ms - l->stale_ms : 0;
	bool fits = rl_link_box_put(&l->out, &h, bytes, before, &stale);
	if (stale)
		rl_link_count(l, RL_LINK_DROP_OUT_STALE, stale);
	if (!fits)
		rl_link_count(l, RL_LINK_DROP_OUT_FULL, 1);
	return fits ? 0 : -ENOBUFS;
}

// So that a length beyond 32 bits is refused, too.
static uint32_t clip(size_t len)
{
	return len > RL_LINK_BYTES_MAX ? RL_LINK_BYTES_MAX + 1 : (uint32_t)len;
}

int rl_link_publish(struct rl_link *l, enum rl_link_lane lane, uint8_t to, const void *bytes,
		    size_t len)
{
	return put_out(l,
		       (struct rl_link_head){
			       .what = RL_LINK_DATA, .lane = lane, .to = to, .len = clip(len)},
		       bytes);
}

int rl_link_request(struct rl_link *l, uint8_t to, const void *bytes, size_t len, unsigned answers,
		    uint32_t timeout_ms, uint32_t *request)
{
	pthread_mutex_lock(&l->mutex);
	bool connected = l->connected;
	pthread_mutex_unlock(&l->mutex);
	if (!connected)
		return -ENOTCONN;
	*request =
		rl_link_asked_add(&l->asked, answers ? answers : 1, l->ops->now_ms(l) + timeout_ms);
	if (!*request)
		return -EBUSY;
	int ret = put_out(l,
			  (struct rl_link_head){.what = RL_LINK_QUESTION,
						.lane = RL_LINK_URGENT,
						.to = to,
						.asker = l->self,
						.request = *request,
						.len = clip(len)},
			  bytes);
	if (ret)
		rl_link_asked_end(&l->asked, *request);
	return ret;
}

int rl_link_reply(struct rl_link *l, uint8_t asker, uint32_t request, const void *bytes, size_t len)
{
	return put_out(l,
		       (struct rl_link_head){.what = RL_LINK_ANSWER,
					     .lane = RL_LINK_URGENT,
					     .to = asker,
					     .asker = asker,
					     .request = request,
					     .len = clip(len)},
		       bytes);
}

struct rl_link_head *rl_link_out_first(struct rl_link *l)
{
	for (;;) {
		struct rl_link_head *h = rl_link_box_first(&l->out);
		if (!h || h->time_ms + l->stale_ms >= l->ops->now_ms(l))
			return h;
		rl_link_box_drop(&l->out);
		rl_link_count(l, RL_LINK_DROP_OUT_STALE, 1);
	}
}

void rl_link_out_sent(struct rl_link *l, const struct rl_link_head *h)
{
	add(&l->sent, 1);
	add(&l->sent_bytes, h->len);
	rl_link_box_drop(&l->out);
}

void rl_link_came(struct rl_link *l, struct rl_link_head h, const void *bytes)
{
	unsigned stale;
	h.time_ms = l->ops->now_ms(l);
	if (!rl_link_box_put(&l->in, &h, bytes, 0, &stale))
		rl_link_count(l, RL_LINK_DROP_IN_FULL, 1);
}

void rl_link_state(struct rl_link *l, bool connected, const char *server, const char *error)
{
	pthread_mutex_lock(&l->mutex);
	bool news = connected || l->connected || !l->news;
	if (news)
		l->changed_ms = l->ops->now_ms(l);
	l->connected = connected;
	l->connects += connected;
	l->news += news;
	if (server)
		snprintf(l->server, sizeof(l->server), "%s", server);
	if (error)
		snprintf(l->error, sizeof(l->error), "%s", error);
	pthread_mutex_unlock(&l->mutex);
	if (news)
		rl_link_bell_ring(l->in.bell);
}

void rl_link_error(struct rl_link *l, const char *error)
{
	pthread_mutex_lock(&l->mutex);
	snprintf(l->error, sizeof(l->error), "%s", error);
	pthread_mutex_unlock(&l->mutex);
}

void rl_link_status(struct rl_link *l, struct rl_link_status *s)
{
	pthread_mutex_lock(&l->mutex);
	s->connected = l->connected;
	s->connects = l->connects;
	s->changed_ms = l->changed_ms;
	memcpy(s->server, l->server, sizeof(s->server));
	memcpy(s->error, l->error, sizeof(s->error));
	pthread_mutex_unlock(&l->mutex);
	s->out_bytes = rl_link_box_bytes(&l->out);
	s->in_bytes = rl_link_box_bytes(&l->in);
	s->rtt_us = atomic_load_explicit(&l->rtt_us, memory_order_relaxed);
	s->sent = atomic_load_explicit(&l->sent, memory_order_relaxed);
	s->sent_bytes = atomic_load_explicit(&l->sent_bytes, memory_order_relaxed);
	s->taken = atomic_load_explicit(&l->taken, memory_order_relaxed);
	s->taken_bytes = atomic_load_explicit(&l->taken_bytes, memory_order_relaxed);
	for (unsigned i = 0; i < RL_LINK_DROP_COUNT; i++)
		s->drops[i] = atomic_load_explicit(&l->drops[i], memory_order_relaxed);
}
