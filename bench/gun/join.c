// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/join.h"

#include "bench/gun/craft.h"

#include <errno.h>
#include <stdlib.h>

enum {
	NS = 1000000000,
	NAP_NS = 1000000,
	BURST = 32,
};

static const double SETTLE = 0.25; // seconds for the last answers

// Nodes that have said HELLO, in the order of their last one.
struct waiting {
	uint32_t node;
	uint64_t said_ns;
};

struct join {
	struct engine *e;
	const struct join_plan *plan;
	struct join_result *r;
	uint64_t *first_ns;    // of each node: its first HELLO
	struct waiting *queue; // a ring; no node is in it twice
	uint32_t head, count;
	uint32_t next; // first node that has not said anything
};

static void on_ok(void *ctx, uint32_t node, uint64_t now_ns)
{
	struct join *j = ctx;

	if (node < j->plan->nodes && j->first_ns[node])
		histogram_add(&j->r->latency, now_ns - j->first_ns[node]);
}

static bool online(const struct engine *e, uint32_t node)
{
	return e->flags[node] & NODE_OK;
}

static bool proven(const struct engine *e, uint32_t node)
{
	return e->flags[node] & NODE_PROVEN;
}

static void queue(struct join *j, uint32_t node, uint64_t now_ns)
{
	j->queue[(j->head + j->count++) % j->plan->nodes] = (struct waiting){node, now_ns};
}

// False: the link is full.
static bool say_hello(struct join *j, uint32_t node, uint64_t now_ns)
{
	uint8_t *room = engine_room(j->e);
	struct shot s;

	if (!room)
		return false;
	craft_hello(j->e->p, node, j->plan->protocol, &s, room);
	engine_fire(j->e, &s, now_ns, engine_now_ms());
	if (!j->first_ns[node])
		j->first_ns[node] = now_ns;
	j->r->hellos++;
	queue(j, node, now_ns);
	return true;
}

// Takes those off the queue's head that are online; those that have waited long enough say HELLO
// again, at the rate of newcomers at most, so that a root is not drowned in repetitions.
static void retry(struct join *j, uint64_t now_ns, unsigned *budget)
{
	uint64_t patience = (uint64_t)j->plan->retry_ms * 1000000;

	while (j->count) {
		struct waiting w = j->queue[j->head];

		if (!online(j->e, w.node)) {
			if (now_ns - w.said_ns < patience || !*budget)
				return;
			(*budget)--;
		}
		j->head = (j->head + 1) % j->plan->nodes;
		j->count--;
		if (online(j->e, w.node))
			continue;
		// With the link full it waits on, as if it had spoken.
		if (!say_hello(j, w.node, now_ns))
			queue(j, w.node, now_ns);
	}
}

static unsigned newcomers(struct join *j, uint64_t now_ns, unsigned budget)
{
	unsigned n = 0;

	for (; n < budget && j->next < j->plan->nodes; n++) {
		if (!say_hello(j, j->next, now_ns))
			break;
		j->next++;
	}
	return n;
}

static uint32_t count_flag(const struct engine *e, uint32_t nodes,
			   bool (*is)(const struct engine *, uint32_t))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nodes; i++)
		n += is(e, i);
	return n;
}

// Only answers, for a time.
static void hold(struct engine *e, double seconds)
{
	uint64_t end = engine_now() + (uint64_t)(seconds * NS);

	while (engine_now() < end && !engine_stopped(e)) {
		if (!engine_receive(e))
			e->link->ops->wait(e->link, NAP_NS);
	}
}

// What may be sent now, out of a rate.
struct allowance {
	double packets, per_ns;
	uint64_t last_ns;
};

static unsigned allow(struct allowance *a, uint64_t now_ns)
{
	a->packets += (double)(now_ns - a->last_ns) * a->per_ns;
	a->last_ns = now_ns;
	if (a->packets > BURST)
		a->packets = BURST;
	return (unsigned)a->packets;
}

// Sends what was written, takes what came; sleeps if there was neither.
static void turn(struct engine *e, struct allowance *a, unsigned sent)
{
	double soon = a->packets < 1 ? (1 - a->packets) / a->per_ns : NAP_NS;

	engine_flush(e);
	if (!engine_receive(e) && !sent)
		e->link->ops->wait(e->link, soon < NAP_NS ? (uint64_t)soon : NAP_NS);
}

static void everybody_once(struct join *j, uint64_t begin, uint64_t end)
{
	struct allowance a = {1, j->plan->rate / NS, begin};
	uint64_t tick = begin + NS;

	for (uint64_t now = begin; now < end && !engine_stopped(j->e); now = engine_now()) {
		unsigned budget = allow(&a, now), left = budget;

		retry(j, now, &left);
		left -= newcomers(j, now, left);
		a.packets -= budget - left;
		turn(j->e, &a, budget - left);
		if (!j->count && j->next == j->plan->nodes)
			return;
		if (now >= tick && j->plan->progress) {
			j->plan->progress(j->plan->ctx, count_flag(j->e, j->plan->nodes, online),
					  (double)(now - begin) / NS);
			tick += NS;
		}
	}
}

// A root that asks for proof asks with its answer. Who was not asked is known from before, or the
// question was lost: one more HELLO brings it again (a root asks at most once a second).
static void proof_once_more(struct join *j, uint64_t end)
{
	uint64_t now = engine_now();
	struct allowance a = {1, j->plan->rate / NS, now};

	for (uint32_t i = 0; i < j->plan->nodes && now < end && !engine_stopped(j->e);
	     now = engine_now()) {
		unsigned budget = allow(&a, now), left = budget;

		for (; left && i < j->plan->nodes; i++) {
			if (!online(j->e, i) || proven(j->e, i))
				continue;
			if (!say_hello(j, i, now))
				break;
			left--;
		}
		j->count = 0; // nobody waits for these
		a.packets -= budget - left;
		turn(j->e, &a, budget - left);
	}
}

static void run(struct join *j)
{
	uint64_t begin = engine_now(), end = begin + (uint64_t)(j->plan->seconds * NS);

	everybody_once(j, begin, end);
	j->r->seconds = (double)(engine_now() - begin) / NS;
	hold(j->e, SETTLE);
	if (!j->e->root_probes || count_flag(j->e, j->plan->nodes, proven) == j->plan->nodes)
		return;
	proof_once_more(j, end);
	hold(j->e, SETTLE);
}

int join_run(struct engine *e, const struct join_plan *plan, struct join_result *r)
{
	struct join j = {.e = e, .plan = plan, .r = r};

	*r = (struct join_result){.nodes = plan->nodes};
	j.first_ns = calloc(plan->nodes, sizeof(*j.first_ns));
	j.queue = calloc(plan->nodes, sizeof(*j.queue));
	if (!j.first_ns || !j.queue) {
		free(j.first_ns);
		free(j.queue);
		return -ENOMEM;
	}
	ledger_reset(e->ledger);
	e->on_ok = on_ok;
	e->on_ok_ctx = &j;
	run(&j);
	e->on_ok = NULL;
	hold(e, plan->hold);
	r->online = count_flag(e, plan->nodes, online);
	r->proven = count_flag(e, plan->nodes, proven);
	free(j.first_ns);
	free(j.queue);
	return 0;
}
