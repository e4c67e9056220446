// SPDX-License-Identifier: BSD-3-Clause
// What happens to a cluster that has settled: a member dies, one is drained, the backplane parts.
#include "tests/sim/scenario.h"

enum {
	SECOND = 1000,
	DRAINED = 0, // the member that is drained
	DRAIN_MS = 400000,
	PART_MS = 60000,
	RECOVER_MS = 300000,
	RESTARTED_PERCENT = 5,
	TICK_MS = 5000,
	DICE_RESTART = 120,
};

static int used(const struct sim *s, uint32_t client)
{
	int best = sim_client_best(s, &s->clients[client]);
	return best < 0 ? -1 : (int)sim_path_member((uint8_t)best);
}

static uint32_t mark_users(struct sim *s, unsigned m)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->o.clients; i++)
		n += s->clients[i].mark = used(s, i) == (int)m;
	return n;
}

// What a redirect undoes counts only while nothing else has changed.
static void forget_moves(struct sim *s)
{
	for (uint32_t i = 0; i < s->o.clients; i++)
		s->clients[i].left = 0;
}

static unsigned busiest(struct sim *s)
{
	unsigned most = 0;
	for (unsigned m = 1; m < SIM_MEMBERS; m++)
		if (sim_member_load(s, m) > sim_member_load(s, most))
			most = m;
	return most;
}

// Of the marked, those that send by a path which a living member has answered on since.
static double rehomed(const struct sim *s, uint32_t marked, uint32_t since)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->o.clients; i++) {
		const struct sim_client *c = &s->clients[i];
		int best = c->mark ? sim_client_best(s, c) : -1;
		n += best >= 0 && s->node[sim_path_member((uint8_t)best)].up &&
		     c->path[best].last_in > since;
	}
	return (double)n / marked;
}

void sim_kill(struct sim_figures *f, struct sim *s)
{
	unsigned victim = busiest(s);
	uint32_t since = sim_now(s), marked = mark_users(s, victim);

	forget_moves(s);
	sim_member_kill(s, victim);
	sim_figure(f, "kill_share_of_clients", (double)marked / s->o.clients, "share", SIM_NO_GOAL,
		   0);
	sim_run(s, 8 * SECOND);
	sim_figure(f, "kill_rehomed_8s", rehomed(s, marked, since), "share", SIM_AT_LEAST, 0.95);
	sim_run(s, 17 * SECOND);
	sim_figure(f, "kill_rehomed_25s", rehomed(s, marked, since), "share", SIM_AT_LEAST, 0.99);
	sim_run(s, 35 * SECOND);
	if (sim_member_start(s, victim) < 0)
		f->count = 0; // nothing that follows would mean anything
	sim_run(s, RECOVER_MS);
	forget_moves(s);
}

// Clients that send to a member which is down or has forgotten them lose what they send.
static uint32_t losing(struct sim *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->o.clients; i++) {
		struct sim_client *c = &s->clients[i];
		if (c->mark != 1)
			continue;
		int m = used(s, i);
		if (m >= 0 && s->node[m].up)
			continue;
		c->mark = 2;
		n++;
	}
	return n;
}

void sim_drain(struct sim_figures *f, struct sim *s)
{
	struct sim_node *n = &s->node[DRAINED];
	uint32_t marked = mark_users(s, DRAINED), lost = 0, took = 0;

	forget_moves(s);
	rl_steward_drain(&n->steward, true);
	for (; took < DRAIN_MS && sim_member_load(s, DRAINED) > 0; took += SECOND) {
		sim_run(s, SECOND);
		lost += losing(s);
	}
	rl_steward_leave(&n->steward, sim_cluster_ms(s));
	sim_member_kill(s, DRAINED);
	for (unsigned i = 0; i < 30; i++) {
		sim_run(s, SECOND);
		lost += losing(s);
	}
	sim_figure(f, "drain_without_loss", 1 - (double)lost / marked, "share", SIM_AT_LEAST,
		   0.999);
	sim_figure(f, "drain_s", took / 1000.0, "s", SIM_NO_GOAL, 0);
	sim_figure(f, "drain_returned", (double)n->steward.drain.returned / marked, "share",
		   SIM_NO_GOAL, 0);
	if (sim_member_start(s, DRAINED) < 0)
		f->count = 0;
	sim_run(s, RECOVER_MS);
	forget_moves(s);
}

static void part(struct sim *s, bool cut)
{
	for (unsigned a = 0; a < SIM_MEMBERS; a++)
		for (unsigned b = 0; b < SIM_MEMBERS; b++)
			s->cut[a][b] = cut && a / 3 != b / 3;
}

// Those whose member lives and has answered them within two of their WHOIS.
static double served(const struct sim *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->o.clients; i++) {
		const struct sim_client *c = &s->clients[i];
		int best = sim_client_best(s, c);
		n += best >= 0 && s->node[sim_path_member((uint8_t)best)].up &&
		     sim_now(s) - c->path[best].last_in <= 2 * TICK_MS;
	}
	return (double)n / s->o.clients;
}

// Those of which all members say the same.
static double agreed(const struct sim *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->o.clients; i++) {
		struct rl_location first, l;
		bool same = sim_member_find(s, 0, i, &first);
		for (unsigned m = 1; same && m < SIM_MEMBERS; m++)
			same = sim_member_find(s, m, i, &l) && l.home == first.home &&
			       l.backup == first.backup;
		n += same;
	}
	return (double)n / s->o.clients;
}

void sim_partition(struct sim_figures *f, struct sim *s)
{
	forget_moves(s);
	part(s, true);
	sim_run(s, PART_MS / 2);
	for (uint32_t i = 0; i < s->o.clients; i++)
		if (sim_random(s->o.seed, DICE_RESTART, i) % 100 < RESTARTED_PERCENT)
			sim_client_on(s, i);
	sim_run(s, PART_MS / 2);
	sim_figure(f, "partition_served", served(s), "share", SIM_AT_LEAST, 0.999);
	sim_figure(f, "partition_disagreed", 1 - agreed(s), "share", SIM_NO_GOAL, 0);
	part(s, false);
	sim_run(s, 10 * SECOND);
	sim_figure(f, "partition_agreed_10s", agreed(s), "share", SIM_AT_LEAST, 0.999);
}
