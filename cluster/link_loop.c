// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/link_loop.h"

#include "cluster/link_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 256 };

struct flight {
	uint64_t due_ms;
	uint64_t order; // of departure, among those due at the same time
	struct rl_link_head head;
	uint8_t receiver;
	uint8_t bytes[];
};

struct loop {
	struct rl_link link;
	struct rl_link_hub *hub;
	_Atomic bool up; // started, not stopped
	bool cut;
};

struct rl_link_hub {
	rl_link_way way;
	void *arg;
	_Atomic uint64_t now_ms;
	struct loop *member[MEMBERS];
	uint64_t order;
	uint32_t flights;
	struct flight *heap[RL_LINK_HUB_FLIGHTS]; // the earliest first
};

static bool before(const struct flight *a, const struct flight *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void heap_add(struct rl_link_hub *h, struct flight *f)
{
	uint32_t i = h->flights++;
	for (; i && before(f, h->heap[(i - 1) / 2]); i = (i - 1) / 2)
		h->heap[i] = h->heap[(i - 1) / 2];
	h->heap[i] = f;
}

static struct flight *heap_take(struct rl_link_hub *h)
{
	struct flight *first = h->heap[0], *last = h->heap[--h->flights];
	uint32_t i = 0;
	for (uint32_t child = 1; child < h->flights; child = 2 * i + 1) {
		if (child + 1 < h->flights && before(h->heap[child + 1], h->heap[child]))
			child++;
		if (!before(h->heap[child], last))
			break;
		h->heap[i] = h->heap[child];
		i = child;
	}
	h->heap[i] = last;
	return first;
}

struct rl_link_hub *rl_link_hub_new(rl_link_way way, void *arg)
{
	struct rl_link_hub *h = calloc(1, sizeof(*h));
	if (h) {
		h->way = way;
		h->arg = arg;
	}
	return h;
}

void rl_link_hub_free(struct rl_link_hub *h)
{
	if (!h)
		return;
	for (uint32_t i = 0; i < h->flights; i++)
		free(h->heap[i]);
	free(h);
}

static uint64_t loop_now(const struct rl_link *l)
{
	return atomic_load_explicit(&((const struct loop *)l)->hub->now_ms, memory_order_relaxed);
}

static int loop_start(struct rl_link *l, char why[static RL_LINK_WHY_MAX])
{
	(void)why;
	atomic_store(&((struct loop *)l)->up, true);
	return 0;
}

static void send_waiting(struct loop *from);

static void loop_stop(struct rl_link *l)
{
	struct loop *m = (struct loop *)l;
	if (l->connected)
		send_waiting(m);
	atomic_store(&m->up, false);
	rl_link_state(l, false, NULL, "stopped");
}

static void loop_free(struct rl_link *l)
{
	((struct loop *)l)->hub->member[l->self] = NULL;
	free(l);
}

static const struct rl_link_ops loop_ops = {
	.now_ms = loop_now,
	.start = loop_start,
	.stop = loop_stop,
	.free = loop_free,
};

struct rl_link *rl_link_loop_new(struct rl_link_hub *h, uint8_t self,
				 const struct rl_link_limits *limits)
{
	if (self == RL_LINK_ALL || h->member[self])
		return NULL;
	struct loop *m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->hub = h;
	// Numbers of questions begin apart, so that those of two members are told apart in a log.
	if (rl_link_init(&m->link, &loop_ops, self, limits, (uint32_t)self << 24)) {
		rl_link_fini(&m->link);
		free(m);
		return NULL;
	}
	h->member[self] = m;
	return &m->link;
}

static bool reachable(const struct loop *m)
{
	return m && m->link.connected;
}

static void depart(struct rl_link_hub *h, struct loop *from, struct loop *to,
		   struct rl_link_head *head)
{
	if (h->flights == RL_LINK_HUB_FLIGHTS) {
		rl_link_count(&to->link, RL_LINK_DROP_IN_SLOW, 1);
		return;
	}
	struct flight *f = malloc(sizeof(*f) + head->len);
	if (!f)
		return;
	memcpy(f->bytes, rl_link_head_bytes(head), head->len);
	int32_t ms =
		h->way ? h->way(h->arg, from->link.self, to->link.self, f->bytes, head->len) : 0;
	if (ms < 0) {
		free(f);
		return;
	}
	f->due_ms = loop_now(&from->link) + (uint32_t)ms;
	f->order = h->order++;
	f->head = *head;
	f->receiver = to->link.self;
	heap_add(h, f);
}

// How many other members a record is for, of those that are there.
static unsigned depart_to_all(struct loop *from, struct rl_link_head *head)
{
	struct rl_link_hub *h = from->hub;
	unsigned n = 0;
	for (unsigned i = 1; i < MEMBERS; i++) {
		struct loop *to = h->member[i];
		if (to == from || !reachable(to) || (head->to != RL_LINK_ALL && head->to != i))
			continue;
		depart(h, from, to, head);
		n++;
	}
	return n;
}

static void send_waiting(struct loop *from)
{
	for (struct rl_link_head *head; (head = rl_link_out_first(&from->link));) {
		unsigned n = depart_to_all(from, head);
		if (!n && head->what == RL_LINK_QUESTION)
			rl_link_came(&from->link,
				     (struct rl_link_head){.what = RL_LINK_FAILED,
							   .lane = RL_LINK_URGENT,
							   .request = head->request,
							   .error = -EHOSTUNREACH},
				     NULL);
		rl_link_out_sent(&from->link, head);
	}
}

static void connect_members(struct rl_link_hub *h)
{
	for (unsigned i = 1; i < MEMBERS; i++) {
		struct loop *m = h->member[i];
		if (!m)
			continue;
		bool up = atomic_load(&m->up);
		if (up && (m->link.connected == m->cut || !m->link.news))
			rl_link_state(&m->link, !m->cut, "loop", m->cut ? "cut off" : NULL);
	}
}

static void arrive(struct rl_link_hub *h, struct flight *f)
{
	struct loop *to = h->member[f->receiver];
	if (reachable(to))
		rl_link_came(&to->link, f->head, f->bytes);
	free(f);
}

void rl_link_hub_run(struct rl_link_hub *h, uint64_t now_ms)
{
	atomic_store_explicit(&h->now_ms, now_ms, memory_order_relaxed);
	connect_members(h);
	for (unsigned i = 1; i < MEMBERS; i++)
		if (reachable(h->member[i]))
			send_waiting(h->member[i]);
	while (h->flights && h->heap[0]->due_ms <= now_ms)
		arrive(h, heap_take(h));
}

void rl_link_hub_cut(struct rl_link_hub *h, uint8_t member, bool cut)
{
	if (h->member[member])
		h->member[member]->cut = cut;
}
