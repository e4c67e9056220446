// SPDX-License-Identifier: BSD-3-Clause
// What happens to a cluster that has settled: a member dies, one is drained.
#include "tests/sim/scenario.h"

#include <stdio.h>

enum {
	SECOND = 1000,
	DRAINED = 0, // the member that is drained
	DRAIN_MS = 400000,
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

void sim_forget_moves(struct sim *s)
{
	for (uint32_t i = 0; i < s->o.clients; i++)
		s->clients[i].left = 0;
}

static unsigned busiest(struct sim *s)
{
	unsigned most = 0;
	while (!s->node[most].up)
		most++;
	for (unsigned m = most + 1; m < SIM_MEMBERS; m++)
		if (s->node[m].up && sim_member_load(s, m) > sim_member_load(s, most))
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

static void figure(struct sim_figures *f, const char *prefix, const char *name, double value,
		   enum sim_goal goal, double limit)
{
	char full[40];
	snprintf(full, sizeof(full), "%s_%s", prefix, name);
	sim_figure(f, full, value, "share", goal, limit);
}

void sim_kill_of(struct sim_figures *f, struct sim *s, const char *prefix)
{
	unsigned victim = busiest(s);
	uint32_t since = sim_now(s), marked = mark_users(s, victim);

	sim_forget_moves(s);
	sim_member_kill(s, victim);
	figure(f, prefix, "share_of_clients", (double)marked / s->o.clients, SIM_NO_GOAL, 0);
	sim_run(s, 8 * SECOND);
	figure(f, prefix, "rehomed_8s", rehomed(s, marked, since), SIM_AT_LEAST, 0.95);
	sim_run(s, 17 * SECOND);
	figure(f, prefix, "rehomed_25s", rehomed(s, marked, since), SIM_AT_LEAST, 0.99);
	sim_run(s, 35 * SECOND);
	if (sim_member_start(s, victim) < 0)
		f->count = 0; // nothing that follows would mean anything
	sim_run(s, SIM_RECOVER_MS);
	figure(f, prefix, "kept", sim_served(s, true), SIM_AT_LEAST, 0.999);
	sim_forget_moves(s);
}

void sim_kill(struct sim_figures *f, struct sim *s)
{
	sim_kill_of(f, s, "kill");
	// Those who were rescued are rescued again, though each time a client trusts its home more.
	sim_kill_of(f, s, "kill_again");
}

// What the living could do for the marked: whose backup died as well, and whom no packet of any
// living member reaches, as its NAT has forgotten all of those.
static void orphans(struct sim_figures *f, struct sim *s, uint32_t marked, const unsigned dead[2])
{
	unsigned witness = 0;
	uint32_t orphan = 0, shut = 0;

	while (!s->node[witness].up)
		witness++;
	for (uint32_t i = 0; i < s->o.clients; i++) {
		const struct sim_client *c = &s->clients[i];
		struct rl_location l;
		if (!c->mark || !sim_member_find(s, witness, i, &l))
			continue;
		bool other =
			l.backup != RL_NOBODY && l.backup != dead[0] + 1 && l.backup != dead[1] + 1;
		bool open = c->nat == SIM_NAT_NONE;
		for (uint8_t p = 0; p < SIM_PATHS; p++)
			open |= s->node[sim_path_member(p)].up && c->open[p] >= sim_now(s);
		orphan += !other;
		shut += !other && !open;
	}
	figure(f, "double", "backup_dead_too", (double)orphan / marked, SIM_NO_GOAL, 0);
	figure(f, "double", "out_of_reach", (double)shut / marked, SIM_NO_GOAL, 0);
}

// Two members at once: those who were each other's clients' backups leave them to deputies.
void sim_double(struct sim_figures *f, struct sim *s)
{
	unsigned dead[2];
	uint32_t since = sim_now(s), marked = 0;

	sim_forget_moves(s);
	for (unsigned k = 0; k < 2; k++) {
		dead[k] = busiest(s);
		sim_member_kill(s, dead[k]);
	}
	for (uint32_t i = 0; i < s->o.clients; i++) {
		int m = used(s, i);
		marked += s->clients[i].mark = m == (int)dead[0] || m == (int)dead[1];
	}
	orphans(f, s, marked, dead);
	sim_run(s, 8 * SECOND);
	figure(f, "double", "rehomed_8s", rehomed(s, marked, since), SIM_NO_GOAL, 0);
	sim_run(s, 17 * SECOND);
	figure(f, "double", "rehomed_25s", rehomed(s, marked, since), SIM_NO_GOAL, 0);
	sim_run(s, SIM_RECOVER_MS);
	figure(f, "double", "rehomed_5min", rehomed(s, marked, since), SIM_NO_GOAL, 0);
	for (unsigned k = 0; k < 2; k++)
		if (sim_member_start(s, dead[k]) < 0)
			f->count = 0;
	sim_run(s, SIM_RECOVER_MS);
	figure(f, "double", "kept", sim_served(s, true), SIM_AT_LEAST, 0.999);
	sim_forget_moves(s);
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

	sim_forget_moves(s);
	rl_steward_drain(&n->steward, true);
	for (; took < DRAIN_MS && sim_member_load(s, DRAINED) > 0; took += SECOND) {
		sim_run(s, SECOND);
		lost += losing(s);
	}
	rl_steward_leave(&n->steward, sim_clock(s, DRAINED));
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
	sim_run(s, SIM_RECOVER_MS);
	sim_forget_moves(s);
}
