// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/join.h"

#include "bench/gun/craft.h"
#include "bench/gun/pace.h"

#include <errno.h>
#include <stdlib.h>

enum {
	NS = 1000000000,
	PROOF_ROUNDS = 3,
};

static const uint64_t ANSWERED = UINT64_MAX;

static const double SETTLE = 0.25;     // seconds for the last answers
static const double PROOF_PAUSE = 1.1; // a root asks at most once a second

// Nodes that have said HELLO, in the order of their last one.
struct waiting {
	uint32_t node;
	uint64_t said_ns;
};

struct join {
	struct engine *e;
	const struct join_plan *plan;
	struct join_result *r;
	uint64_t *first_ns;    // of each node: its first HELLO, or ANSWERED
	struct waiting *queue; // a ring; no node is in it twice
	uint32_t head, count;
	uint32_t next; // first node that has not said anything
};

static void on_answer(void *ctx, const struct engine_answer *a)
{
	struct join *j = ctx;

	if (a->kind != CLASS_HELLO || a->node >= j->plan->nodes || !j->first_ns[a->node] ||
	    j->first_ns[a->node] == ANSWERED)
		return;
	histogram_add(&j->r->latency, a->now_ns - j->first_ns[a->node]);
	j->first_ns[a->node] = ANSWERED;
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

static void everybody_once(struct join *j, uint64_t begin, uint64_t end)
{
	struct pace pace = pace_begin(j->plan->rate, begin);
	uint64_t tick = begin + NS;

	for (uint64_t now = begin; now < end && !engine_stopped(j->e); now = engine_now()) {
		unsigned budget = pace_allow(&pace, now), left = budget;

		retry(j, now, &left);
		left -= newcomers(j, now, left);
		pace_turn(&pace, j->e, budget - left);
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
// question was lost: one more HELLO brings it again.
static void proof_once_more(struct join *j, uint64_t end)
{
	uint64_t now = engine_now();
	struct pace pace = pace_begin(j->plan->rate, now);

	for (uint32_t i = 0; i < j->plan->nodes && now < end && !engine_stopped(j->e);
	     now = engine_now()) {
		unsigned budget = pace_allow(&pace, now), left = budget;

		for (; left && i < j->plan->nodes; i++) {
			if (!online(j->e, i) || proven(j->e, i))
				continue;
			if (!say_hello(j, i, now))
				break;
			left--;
		}
		j->count = 0; // nobody waits for these
		pace_turn(&pace, j->e, budget - left);
	}
}

static void run(struct join *j)
{
	uint64_t begin = engine_now(), end = begin + (uint64_t)(j->plan->seconds * NS);

	everybody_once(j, begin, end);
	j->r->seconds = (double)(engine_now() - begin) / NS;
	pace_hold(j->e, SETTLE);
	for (unsigned i = 0; i < PROOF_ROUNDS && j->e->root_probes && engine_now() < end &&
			     count_flag(j->e, j->plan->nodes, proven) < j->plan->nodes;
	     i++) {
		proof_once_more(j, end);
		pace_hold(j->e, PROOF_PAUSE);
	}
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
	e->on_answer = on_answer;
	e->on_answer_ctx = &j;
	run(&j);
	e->on_answer = NULL;
	pace_hold(e, plan->hold);
	r->online = count_flag(e, plan->nodes, online);
	r->proven = count_flag(e, plan->nodes, proven);
	free(j.first_ns);
	free(j.queue);
	return 0;
}
