// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/replay.h"

enum {
	NS = 1000000000,
	CLOCK_EVERY = 8,       // packets of a burst
	SPIN_NS = 50000,       // shorter waits are not worth a sleep
	NAP_NS = 1000000,      // longest sleep, so that a signal is noticed
	BACKLOG_NS = 20000000, // what was missed for longer is not made up for in a burst
};

double replay_ratio(const struct tally *t)
{
	return t->expected ? (double)t->answered / (double)t->expected : 1;
}

bool replay_too_slow(const struct replay_result *r)
{
	return r->offered > 0 && r->sent_rate < 0.95 * r->offered;
}

static void next(struct engine *e, struct source *s, struct shot *shot, uint8_t *room)
{
	const struct ammo_item *item;

	if (s->craft) {
		craft_next(s->craft, shot, room, engine_payload_max(e));
		return;
	}
	item = &s->ammo->item[s->next];
	s->next = s->next + 1 == s->ammo->count ? 0 : s->next + 1;
	*shot = item->shot;
	memcpy(room, s->ammo->bytes + item->at, shot->len);
}

// Up to n packets; fewer if the link is full.
static unsigned fire(struct engine *e, struct source *s, unsigned n)
{
	uint64_t now_ns = engine_now(), now_ms = engine_now_ms();
	struct shot shot;
	unsigned i;

	for (i = 0; i < n; i++) {
		uint8_t *room = engine_room(e);

		if (!room)
			break;
		// Sealing takes its time: what leaves late must not look old.
		if (i && i % CLOCK_EVERY == 0)
			now_ns = engine_now();
		next(e, s, &shot, room);
		engine_fire(e, &shot, now_ns, now_ms);
	}
	engine_flush(e);
	return i;
}

// How many are due now, and how long until there is one.
struct pace {
	double rate; // packets a ns; 0: flat out
	uint64_t start_ns;
	uint64_t sent; // since start_ns
};

static unsigned due(struct pace *p, uint64_t now_ns, uint64_t *wait_ns)
{
	double ought, lag;

	*wait_ns = 0;
	if (p->rate <= 0)
		return LINK_BURST;
	ought = p->rate * (double)(now_ns - p->start_ns);
	lag = ought - (double)p->sent;
	if (lag < 1) {
		*wait_ns = (uint64_t)((1 - lag) / p->rate);
		return 0;
	}
	if (lag > p->rate * BACKLOG_NS + LINK_BURST) {
		p->start_ns = now_ns;
		p->sent = 0;
		return LINK_BURST;
	}
	return lag < LINK_BURST ? (unsigned)lag : LINK_BURST;
}

static uint64_t answered(const struct engine *e, uint64_t *expected)
{
	uint64_t n = 0;

	*expected = 0;
	for (unsigned k = 0; k < CLASS_COUNT; k++) {
		n += ledger_tally(e->ledger, k)->answered;
		*expected += ledger_tally(e->ledger, k)->expected;
	}
	return n;
}

static void drain(struct engine *e, unsigned ms)
{
	uint64_t until = engine_now() + (uint64_t)ms * 1000000, expected;

	while (engine_now() < until && answered(e, &expected) < expected && !engine_stopped(e)) {
		engine_flush(e);
		if (!engine_receive(e))
			e->link->ops->wait(e->link, NAP_NS);
	}
}

static void rest(struct engine *e, uint64_t ns)
{
	if (ns > SPIN_NS)
		e->link->ops->wait(e->link, ns < NAP_NS ? ns : NAP_NS);
}

static uint64_t send_all(struct engine *e, struct source *s, const struct replay_plan *plan,
			 uint64_t begin)
{
	uint64_t end = begin + (uint64_t)(plan->seconds * NS), sent = 0, wait;
	uint64_t tick = begin + NS;
	struct pace pace = {.rate = plan->rate / NS, .start_ns = begin};

	for (uint64_t now = begin; now < end && !engine_stopped(e); now = engine_now()) {
		unsigned n = due(&pace, now, &wait);
		unsigned got;

		if (plan->packets && n > plan->packets - sent)
			n = (unsigned)(plan->packets - sent);
		n = n ? fire(e, s, n) : 0;
		pace.sent += n;
		sent += n;
		got = engine_receive(e);
		if (plan->packets && sent == plan->packets)
			break;
		if (!n && !got)
			rest(e, wait);
		if (now >= tick && plan->progress) {
			plan->progress(plan->ctx, e, (double)(now - begin) / NS);
			tick += NS;
		}
	}
	return sent;
}

void replay_run(struct engine *e, struct source *s, const struct replay_plan *plan,
		struct replay_result *r)
{
	uint64_t begin, sent;

	*r = (struct replay_result){.offered = plan->rate};
	ledger_reset(e->ledger);
	e->link->ops->stats(e->link);
	r->rx_lost = e->link->rx_lost;
	r->tx_stalls = e->link->tx_stalls;
	begin = engine_now();
	sent = send_all(e, s, plan, begin);
	r->seconds = (double)(engine_now() - begin) / NS;
	r->sent_rate = r->seconds > 0 ? (double)sent / r->seconds : 0;
	// A few packets in no time have no rate of their own.
	if (plan->rate > 0 && sent <= LINK_BURST)
		r->sent_rate = plan->rate;
	drain(e, plan->drain_ms);
	e->link->ops->stats(e->link);
	r->rx_lost = e->link->rx_lost - r->rx_lost;
	r->tx_stalls = e->link->tx_stalls - r->tx_stalls;
	r->strays = ledger_strays(e->ledger);
	r->forgotten = ledger_forgotten(e->ledger);
	ledger_total(e->ledger, &r->total);
}
