// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/pace.h"

enum {
	NS = 1000000000,
	NAP_NS = 1000000,
	BURST = 32,
};

struct pace pace_begin(double per_s, uint64_t now_ns)
{
	return (struct pace){.packets = 1, .per_ns = per_s / NS, .last_ns = now_ns};
}

unsigned pace_allow(struct pace *p, uint64_t now_ns)
{
	// A nap may last longer than a burst does at high rates: so much is caught up with.
	double most = BURST + 2 * NAP_NS * p->per_ns;

	p->packets += (double)(now_ns - p->last_ns) * p->per_ns;
	p->last_ns = now_ns;
	if (p->packets > most)
		p->packets = most;
	return p->packets < BURST ? (unsigned)p->packets : BURST;
}

void pace_turn(struct pace *p, struct engine *e, unsigned sent)
{
	double soon;

	p->packets -= sent;
	soon = p->packets < 1 ? (1 - p->packets) / p->per_ns : 0;
	engine_flush(e);
	if (!engine_receive(e) && !sent)
		e->link->ops->wait(e->link, soon < NAP_NS ? (uint64_t)soon : NAP_NS);
}

void pace_hold(struct engine *e, double seconds)
{
	uint64_t end = engine_now() + (uint64_t)(seconds * NS);

	while (engine_now() < end && !engine_stopped(e)) {
		if (!engine_receive(e))
			e->link->ops->wait(e->link, NAP_NS);
	}
}
