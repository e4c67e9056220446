// SPDX-License-Identifier: BSD-3-Clause
// What unmodified ZeroTier One 1.14 does with one root, as read from it and measured against it. No
// wishes in here: where it behaves oddly, so does this.
#include "tests/sim/sim.h"

enum {
	TICK_MS = 5000,
	EXPIRE_MS = 243000, // a path, after the last packet by it
	ROUND_MS = 224000,  // from one full round to the next, rounded up to a tick: 225 s
	FULL_MS = 60000,    // a round is of HELLO then, else of ECHO where a path is idle
	IDLE_MS = 19000,    // then a path counts as doubtful
	AGE_MAX = 140000,
	UNKNOWN = 0xffff, // latency, and what a doubtful path is worse by
	SCOPE = 8 - RL_SCOPE_GLOBAL,
	FORGET_MS = 30000, // housekeeping forgets what it knows of dropped paths
	TRY_MS = 1000,     // at most one HELLO a second because of packets by an unknown path
	GATE_MS = 30000,
	GATE_COUNT = 8,
	ORDER_MAX = 200,
};

static void say(struct sim *s, uint32_t client, uint8_t path, enum sim_verb v)
{
	sim_up(s, client, path, v, sim_now(s));
}

// HELLO to one address of a member leaves from all sockets.
static void hello(struct sim *s, uint32_t client, uint8_t path)
{
	for (unsigned i = 0; i < SIM_SOCKETS; i++)
		say(s, client, sim_path(sim_path_member(path), sim_path_family(path), i),
		    SIM_HELLO);
}

// What is known of a path outlives its place in the list until the next housekeeping.
static void forget_if_old(struct sim_client_path *p, uint32_t now)
{
	uint32_t last = p->lr > p->last_in ? p->lr : p->last_in;
	if (p->priority == 0 && now / FORGET_MS != last / FORGET_MS) {
		p->latency = UNKNOWN;
		p->last_in = 0;
	}
}

static void list(struct sim_client *c, struct sim_client_path *p, unsigned priority, uint32_t now)
{
	if (c->order >= ORDER_MAX) { // number them anew, in their order
		uint8_t next = 0;
		for (unsigned o = 1; o <= ORDER_MAX; o++)
			for (unsigned i = 0; i < SIM_PATHS; i++)
				if (c->path[i].priority != 0 && c->path[i].order == o) {
					c->path[i].order = ++next;
					break;
				}
		c->order = next;
	}
	p->lr = now;
	p->priority = (uint8_t)(priority < UINT8_MAX ? priority : UINT8_MAX);
	p->order = ++c->order;
}

static void drop(struct sim_client_path *p, uint32_t now)
{
	p->priority = 0;
	p->lr = now;
}

static long quality(const struct sim_client_path *p, uint32_t now)
{
	uint32_t age = now - p->last_in < AGE_MAX ? now - p->last_in : AGE_MAX;
	long l = age < IDLE_MS ? p->latency : (long)p->latency + UNKNOWN + age;
	return l * SCOPE / p->priority;
}

// Of equals the one listed last.
static bool before(const struct sim_client_path *a, long qa, const struct sim_client_path *b,
		   long qb)
{
	return qa != qb ? qa < qb : a->order > b->order;
}

static int best_path(const struct sim_client *c, uint32_t now, bool expired)
{
	int best = -1;
	long best_quality = 0;

	for (int i = 0; i < SIM_PATHS; i++) {
		const struct sim_client_path *p = &c->path[i];
		if (p->priority == 0 || (!expired && now - p->lr >= EXPIRE_MS))
			continue;
		long q = quality(p, now);
		if (best >= 0 && !before(p, q, &c->path[best], best_quality))
			continue;
		best = i;
		best_quality = q;
	}
	return best;
}

// By an expired one only if there is no other.
int sim_client_best(const struct sim *s, const struct sim_client *c)
{
	int best = best_path(c, sim_now(s), false);
	return best >= 0 ? best : best_path(c, sim_now(s), true);
}

void sim_client_on(struct sim *s, uint32_t client)
{
	struct sim_client *c = &s->clients[client];

	for (unsigned i = 0; i < SIM_PATHS; i++)
		c->path[i] = (struct sim_client_path){.latency = UNKNOWN};
	c->hello_ms = c->push_ms = 0;
	c->push_count = c->order = 0;
	c->on = true;
}

// One endpoint of the family: the first from a random place of the planet's list on.
static void hello_anybody(struct sim *s, uint32_t client, enum rl_family f)
{
	uint32_t at =
		(uint32_t)(sim_random(s->o.seed, 101, s->dice++) % (SIM_MEMBERS * RL_FAMILIES));
	while (at % RL_FAMILIES != f)
		at = (at + 1) % (SIM_MEMBERS * RL_FAMILIES);
	hello(s, client, sim_path(at / RL_FAMILIES, f, 0));
}

// An expired path is one until the next round clears it away.
static bool has_path(const struct sim_client *c)
{
	for (unsigned i = 0; i < SIM_PATHS; i++)
		if (c->path[i].priority != 0)
			return true;
	return false;
}

// Only the paths of the highest priority are kept. Which families were contacted.
static unsigned ping(struct sim *s, uint32_t client, bool full)
{
	struct sim_client *c = &s->clients[client];
	uint32_t now = sim_now(s);
	unsigned highest = 0, sent = 0;

	for (unsigned i = 0; i < SIM_PATHS; i++)
		if (c->path[i].priority > highest)
			highest = c->path[i].priority;
	for (uint8_t i = 0; i < SIM_PATHS; i++) {
		struct sim_client_path *p = &c->path[i];
		if (p->priority == 0)
			continue;
		if (p->priority < highest || now - p->lr >= EXPIRE_MS) {
			drop(p, now);
			continue;
		}
		if (full)
			hello(s, client, i);
		else
			say(s, client, i, SIM_ECHO);
		sent |= 1u << sim_path_family(i);
	}
	return sent;
}

static void round_of_hello(struct sim *s, uint32_t client)
{
	struct sim_client *c = &s->clients[client];
	uint32_t now = sim_now(s);
	bool full = c->hello_ms == 0 || now - c->hello_ms >= FULL_MS;

	if (full)
		c->hello_ms = now;
	unsigned sent = ping(s, client, full);
	for (unsigned f = 0; f < RL_FAMILIES; f++)
		if (!(sent & 1u << f) && (f == RL_FAMILY_4 || c->dual))
			hello_anybody(s, client, (enum rl_family)f);
}

void sim_client_tick(struct sim *s, uint32_t client)
{
	struct sim_client *c = &s->clients[client];
	uint32_t now = sim_now(s);

	if (!c->on)
		sim_client_on(s, client);
	if (c->hello_ms == 0 || !has_path(c) || now - c->hello_ms > ROUND_MS) {
		round_of_hello(s, client);
	} else {
		int best = sim_client_best(s, c);
		if (best >= 0)
			say(s, client, (uint8_t)best, SIM_WHOIS);
	}
	sim_queue_put(&s->queue, TICK_MS, &(struct sim_event){.kind = SIM_TICK, .subject = client});
}

// One entry of a PUSH that came by `from`.
static void redirect(struct sim *s, uint32_t client, uint8_t from, uint8_t target)
{
	struct sim_client *c = &s->clients[client];
	uint32_t now = sim_now(s);
	unsigned priority = (c->path[from].priority ? c->path[from].priority : 1) + 2;
	unsigned member = sim_path_member(target);
	enum rl_family f = sim_path_family(target);

	forget_if_old(&c->path[target], now);
	hello(s, client, target);
	for (uint8_t i = 0; i < SIM_PATHS; i++)
		if (c->path[i].priority != 0 &&
		    (c->path[i].priority < priority ||
		     (sim_path_member(i) == member && sim_path_family(i) == f)))
			drop(&c->path[i], now);
	list(c, &c->path[target], priority, now);
}

static bool gate(struct sim_client *c, uint32_t now)
{
	if (c->push_ms != 0 && now - c->push_ms <= GATE_MS)
		c->push_count += c->push_count < UINT8_MAX;
	else
		c->push_count = 0;
	c->push_ms = now;
	return c->push_count < GATE_COUNT;
}

static void push(struct sim *s, const struct sim_event *e)
{
	if (!gate(&s->clients[e->subject], sim_now(s)))
		return;
	for (unsigned i = 0; i < e->count; i++)
		redirect(s, e->subject, e->path,
			 sim_path(e->to[i], sim_path_family(e->path), sim_path_socket(e->path)));
}

// Every packet ends here: a path that is none becomes one by an OK, and is asked for one by
// anything else.
static void received(struct sim *s, const struct sim_event *e)
{
	struct sim_client *c = &s->clients[e->subject];
	struct sim_client_path *p = &c->path[e->path];
	uint32_t now = sim_now(s);
	bool ok = e->verb == SIM_OK_HELLO || e->verb == SIM_OK_WHOIS || e->verb == SIM_OK_ECHO;

	if (p->priority != 0) {
		p->lr = now;
	} else if (ok) {
		list(c, p, 1, now);
	} else if (p->tried == 0 || now - p->tried > TRY_MS) {
		p->tried = now;
		hello(s, e->subject, e->path);
	}
}

void sim_client_packet(struct sim *s, const struct sim_event *e)
{
	struct sim_client *c = &s->clients[e->subject];
	struct sim_client_path *p = &c->path[e->path];
	uint32_t now = sim_now(s), took;

	if (!c->on || !sim_let_in(s, e->subject, e->path))
		return;
	forget_if_old(p, now);
	p->last_in = now;
	switch (e->verb) {
	case SIM_OK_HELLO:
		took = now - e->stamp;
		p->latency = (uint16_t)(p->latency == UNKNOWN ? took : (p->latency + took) / 2);
		break;
	case SIM_ECHO:
		sim_up(s, e->subject, e->path, SIM_OK_ECHO, e->stamp);
		break;
	case SIM_PUSH:
		push(s, e);
		break;
	case SIM_RENDEZVOUS:
		for (unsigned i = 0; i < e->count; i++)
			say(s, e->subject,
			    sim_path(e->to[i], sim_path_family(e->path), sim_path_socket(e->path)),
			    SIM_ECHO);
		break;
	default:
		break;
	}
	received(s, e);
}
