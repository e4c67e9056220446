// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/devices.h"

#include "bench/gun/craft.h"
#include "bench/gun/pace.h"

#include <errno.h>
#include <stdlib.h>

enum {
	NS = 1000000000,
	SPARE = 1024,
};

// What a device does, round by round. Neighbours in the order of devices begin at different places,
// so that all kinds are under way at any time.
static const enum errand cycle[] = {ERRAND_RELAY, ERRAND_WHOIS, ERRAND_RELAY, ERRAND_HELLO};

enum { CYCLE = sizeof(cycle) / sizeof(cycle[0]) };

static const struct {
	const char *text;
	enum shot_class kind;
} row[] = {
#define X(id, kind, name) {name, kind},
	ERRANDS(X)
#undef X
};

enum served {
	RECEIVED = 1 << ERRAND_COUNT, // beside a bit for each errand
	ALL = (1 << (ERRAND_COUNT + 1)) - 1,
};

struct state {
	uint64_t first_ns; // 0: no errand
	uint64_t id;       // of its last packet
	uint32_t to;       // whom a packet is for, or who is asked about
	uint32_t tries;
};

struct waiting {
	uint32_t node;
	enum errand kind;
	uint64_t said_ns;
};

struct devices {
	struct engine *e;
	const struct devices_plan *plan;
	struct devices_result *r;
	uint32_t nodes;
	struct rng rng;
	uint32_t *order; // of the devices, at random
	uint32_t at;     // whose turn it is, in that order
	uint32_t shift;  // how far behind it the one is whom it asks about and sends to
	unsigned round;
	struct state (*state)[ERRAND_COUNT];
	uint8_t *served;
	struct waiting *queue; // a ring, in the order of sending; answered ones stay for a while
	uint64_t head, count, room;
	uint64_t open;     // errands without an answer
	uint32_t complete; // devices that have got everything once
};

const char *errand_text(enum errand kind)
{
	return row[kind].text;
}

static void shuffle(struct rng *rng, uint32_t *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = rng_below(rng, i + 1);

		v[i] = v[k];
		v[k] = i;
	}
}

static void craft(const struct devices *d, uint32_t node, enum errand kind, uint32_t to,
		  struct shot *s, uint8_t *data)
{
	const struct population *p = d->e->p;
	struct rl_writer w;

	switch (kind) {
	case ERRAND_HELLO:
		craft_hello(p, node, d->plan->protocol, s, data);
		return;
	case ERRAND_WHOIS:
		w = craft_begin(p, s, node, ZT_SUITE_SALSA_POLY1305, ZT_VERB_WHOIS, CLASS_WHOIS,
				data);
		rl_put40(&w, p->node[to].address);
		s->len = (uint16_t)rl_writer_len(&w);
		return;
	case ERRAND_RELAY:
		craft_relay(p, node, to, d->plan->size, s, data);
		memset(data + ZT_AT_MAC, (uint8_t)node, d->plan->size - (size_t)ZT_AT_MAC);
		return;
	case ERRAND_COUNT:
		break;
	}
	__builtin_unreachable();
}

// False: the link is full.
static bool say(struct devices *d, uint32_t node, enum errand kind, uint64_t now_ns)
{
	struct state *st = &d->state[node][kind];
	uint8_t *room = engine_room(d->e);
	struct shot s;

	if (!room)
		return false;
	craft(d, node, kind, st->to, &s, room);
	st->id = engine_fire(d->e, &s, now_ns, engine_now_ms());
	st->tries++;
	d->queue[(d->head + d->count++) % d->room] = (struct waiting){node, kind, now_ns};
	return true;
}

// The next errand in turn. False: not now.
static bool begin(struct devices *d, uint64_t now_ns)
{
	uint32_t node = d->order[d->at];
	enum errand kind = cycle[(d->at + d->round) % CYCLE];
	struct state *st = &d->state[node][kind];

	// It still waits for the answer to the last one.
	if (st->first_ns)
		return true;
	st->to = d->order[((uint64_t)d->at + d->shift) % d->nodes];
	st->tries = 0;
	// One place is kept for repetitions.
	if (d->count + 1 >= d->room || !say(d, node, kind, now_ns))
		return false;
	st->first_ns = now_ns;
	d->open++;
	d->r->errand[kind].begun++;
	return true;
}

// Within a cycle each device goes on each errand, and each is the one asked about and sent to; in
// the next one it is somebody else.
static void next_turn(struct devices *d)
{
	if (++d->at < d->nodes)
		return;
	d->at = 0;
	if (++d->round % CYCLE == 0)
		d->shift = 1 + rng_below(&d->rng, d->nodes - 1);
}

static unsigned begin_some(struct devices *d, uint64_t now_ns, unsigned budget)
{
	unsigned n = 0;

	for (; n < budget && begin(d, now_ns); n++)
		next_turn(d);
	return n;
}

static unsigned repeat(struct devices *d, uint64_t now_ns, unsigned budget)
{
	uint64_t patience = (uint64_t)d->plan->retry_ms * 1000000;
	unsigned n = 0;

	while (d->count) {
		struct waiting w = d->queue[d->head];
		const struct state *st = &d->state[w.node][w.kind];
		// Answered, or answered and begun anew since.
		bool over = !st->first_ns || st->first_ns > w.said_ns;

		if (!over && (n == budget || now_ns - w.said_ns < patience))
			break;
		if (!over && !say(d, w.node, w.kind, now_ns))
			break;
		d->r->errand[w.kind].repeats += !over;
		n += !over;
		d->head = (d->head + 1) % d->room;
		d->count--;
	}
	return n;
}

static void serve(struct devices *d, uint32_t node, uint8_t what)
{
	bool before = d->served[node] == ALL;

	d->served[node] |= what;
	d->complete += !before && d->served[node] == ALL;
}

// Of several tries the last one's answer counts.
static void on_answer(void *ctx, const struct engine_answer *a)
{
	struct devices *d = ctx;

	for (unsigned kind = 0; kind < ERRAND_COUNT; kind++) {
		struct state *st = &d->state[a->node][kind];
		struct errand_tally *t = &d->r->errand[kind];

		if (row[kind].kind != a->kind || !st->first_ns || st->id != a->id)
			continue;
		t->answered++;
		t->at_once += st->tries == 1;
		histogram_add(&t->latency, a->now_ns - st->first_ns);
		st->first_ns = 0;
		d->open--;
		serve(d, a->node, (uint8_t)(1 << kind));
		if (kind == ERRAND_RELAY)
			serve(d, st->to, RECEIVED);
	}
}

static uint64_t sum_answered(const struct devices *d)
{
	uint64_t n = 0;

	for (unsigned kind = 0; kind < ERRAND_COUNT; kind++)
		n += d->r->errand[kind].answered;
	return n;
}

// Begins errands until the time is over and everybody has got everything once, then waits for the
// answers that are still due.
static void run(struct devices *d)
{
	const struct devices_plan *plan = d->plan;
	uint64_t start = engine_now(), end = start + (uint64_t)(plan->seconds * NS);
	uint64_t last = end + (uint64_t)(plan->patience * NS), tick = start + NS;
	struct pace pace = pace_begin(plan->rate, start);
	bool over = false;

	for (uint64_t now = start; now < last && !engine_stopped(d->e) && (!over || d->open);
	     now = engine_now()) {
		unsigned budget = pace_allow(&pace, now), sent = repeat(d, now, budget);

		over = over || (now >= end && d->complete == d->nodes);
		if (!over) {
			sent += begin_some(d, now, budget - sent);
			d->r->seconds = (double)(now - start) / NS;
		}
		pace_turn(&pace, d->e, sent);
		if (now >= tick && plan->progress) {
			plan->progress(plan->ctx, sum_answered(d), (double)(now - start) / NS);
			tick += NS;
		}
	}
}

static uint32_t count_served(const struct devices *d)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->nodes; i++) {
		bool all = d->served[i] == ALL;

		for (unsigned kind = 0; kind < ERRAND_COUNT; kind++)
			all = all && !d->state[i][kind].first_ns;
		n += all;
	}
	return n;
}

static void close_devices(struct devices *d)
{
	free(d->order);
	free(d->state);
	free(d->served);
	free(d->queue);
}

static int open_devices(struct devices *d)
{
	d->nodes = d->e->p->count;
	// What is answered keeps its place until it would have been repeated.
	d->room = (uint64_t)d->nodes * ERRAND_COUNT +
		  (uint64_t)(d->plan->rate * d->plan->retry_ms / 1000) + SPARE;
	d->order = calloc(d->nodes, sizeof(*d->order));
	d->state = calloc(d->nodes, sizeof(*d->state));
	d->served = calloc(d->nodes, 1);
	d->queue = calloc(d->room, sizeof(*d->queue));
	if (!d->order || !d->state || !d->served || !d->queue)
		return -ENOMEM;
	shuffle(&d->rng, d->order, d->nodes);
	d->shift = 1 + rng_below(&d->rng, d->nodes - 1);
	return 0;
}

int devices_run(struct engine *e, const struct devices_plan *plan, struct devices_result *r)
{
	struct devices d = {.e = e, .plan = plan, .r = r, .rng = {rng_mix(plan->seed)}};
	struct link *link = e->link;
	int ret = open_devices(&d);

	*r = (struct devices_result){.nodes = d.nodes};
	if (ret == 0) {
		ledger_reset(e->ledger);
		link->ops->stats(link);
		r->rx_lost = link->rx_lost;
		r->tx_stalls = link->tx_stalls;
		e->on_answer = on_answer;
		e->on_answer_ctx = &d;
		run(&d);
		e->on_answer = NULL;
		link->ops->stats(link);
		r->rx_lost = link->rx_lost - r->rx_lost;
		r->tx_stalls = link->tx_stalls - r->tx_stalls;
		r->served = count_served(&d);
	}
	close_devices(&d);
	return ret;
}
