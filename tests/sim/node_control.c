// SPDX-License-Identifier: BSD-3-Clause
// What a member's control thread does by the clock: heartbeats, ECHOs to the clients it is the
// backup of, the rescue of a dead member's clients, its own drain, snapshots for members that
// missed some.
#include "tests/sim/sim.h"

enum {
	CONTROL_MS = 20,
	RESCUE_EACH = 400,  // clients in one turn: 20 000 a second
	WALK_GROUPS = 2000, // of the directory in one turn
	RESCUE_AGAIN_MS = 10000,
};

void sim_node_cold(struct sim *s, unsigned m, uint32_t client, uint8_t backup)
{
	struct sim_node *n = &s->node[m];
	enum rl_family f = (enum rl_family)n->heard[client].family;
	struct rl_location l;
	struct rl_plan p;

	if (sim_node_find(n, client, &l) && rl_redirect_reopen(&l, n->members.self, backup, f, &p))
		sim_plan(s, m, client, &p);
}

static void warm(struct sim *s, struct sim_node *n)
{
	uint64_t due[64];
	unsigned count;

	while ((count = rl_warm_due(&n->warm, sim_cluster_ms(s), due, 64)) > 0)
		for (unsigned i = 0; i < count; i++) {
			struct rl_location l;
			uint32_t client = sim_client_of(due[i]);
			struct rl_plan p = {0};
			if (!sim_node_find(n, client, &l))
				continue;
			for (unsigned f = 0; f < RL_FAMILIES; f++)
				if ((f == RL_FAMILY_4 ? l.v4.family : l.v6.family) != 0)
					rl_plan_add(&p, RL_ACTION_ECHO, (enum rl_family)f, 0);
			sim_plan(s, n->index, client, &p);
			if (rl_warm_cold(rl_warm_find(&n->warm, due[i])))
				sim_tell_cold(s, n->index, client, l.home);
		}
}

static void rescue(struct sim *s, struct sim_node *n, uint32_t client, bool deputy)
{
	struct rl_score_view v = sim_node_view(s, n);
	struct rl_location l;
	struct rl_plan p;

	// The second walk is for those whom the first one did not reach.
	if (!sim_node_find(n, client, &l) || l.home != n->rescue.home ||
	    (deputy && rl_pushes_age(&l.pushes, v.now_ms) < RESCUE_AGAIN_MS / 2))
		return;
	n->rescues[rl_rescue(&v, &l, sim_world_client(&s->world, client).claimed, &p)]++;
	sim_plan(s, n->index, client, &p);
}

// First the clients that this member keeps warm, then all of the dead one's in the directory, and
// some seconds later again, for what was lost.
static void rescue_turn(struct sim *s, struct sim_node *n)
{
	struct rl_location found[RL_GROUP_ENTRIES];
	uint64_t some[RESCUE_EACH];

	if (n->rescue.home == RL_NOBODY || sim_now(s) < n->rescue_again)
		return;
	if (!rl_member_lost(&n->members, n->rescue.home, sim_cluster_ms(s))) {
		if (rl_member_alive(&n->members, n->rescue.home))
			n->rescue.home = RL_NOBODY;
		return;
	}
	unsigned count = rl_warm_of(&n->warm, &n->rescue, some, RESCUE_EACH);
	for (unsigned i = 0; i < count; i++)
		rescue(s, n, sim_client_of(some[i]), false);
	for (unsigned i = 0; count == 0 && i < WALK_GROUPS && !n->deputy.done; i++) {
		unsigned k = rl_directory_step(&n->directory, &n->deputy, found);
		for (unsigned j = 0; j < k; j++)
			if (found[j].home == n->rescue.home)
				rescue(s, n, sim_client_of(found[j].address), true);
	}
	if (count > 0 || !n->deputy.done)
		return;
	n->rescue.next = 0;
	n->deputy = rl_directory_walk_all(&n->directory);
	n->rescue_again = sim_now(s) + RESCUE_AGAIN_MS;
}

static void deaths(struct sim *s, struct sim_node *n)
{
	uint8_t dead;

	while ((dead = rl_member_next_dead(&n->members, sim_cluster_ms(s))) != RL_NOBODY) {
		n->rescue = (struct rl_warm_walk){.home = dead};
		n->deputy = rl_directory_walk_all(&n->directory);
		n->rescue_again = 0;
	}
}

static void drain_one(struct sim *s, struct sim_node *n, const struct rl_location *l)
{
	struct rl_score_view v = sim_node_view(s, n);
	uint32_t client = sim_client_of(l->address);
	struct rl_plan p;

	enum rl_drain_why why =
		rl_drain_start(&n->drain, &v, l, sim_world_client(&s->world, client).claimed,
			       (enum rl_family)n->heard[client].family, &p);
	n->drained[why]++;
	if (why != RL_DRAIN_SENT)
		return;
	struct rl_location own = *l;
	own.backup = p.backup;
	sim_node_claim(s, n->index, &own);
	rl_room_promise(&n->room, &n->members, p.action[0].to, 1);
	sim_plan(s, n->index, client, &p);
}

static void drain_turn(struct sim *s, struct sim_node *n)
{
	struct rl_location found[RL_GROUP_ENTRIES];
	struct rl_plan p;
	uint64_t address;

	if (!n->news.draining)
		return;
	for (unsigned i = 0; i < 64; i++)
		if ((address = rl_drain_step(&n->drain, sim_cluster_ms(s), &p)) != 0)
			sim_plan(s, n->index, sim_client_of(address), &p);
	for (unsigned i = 0; i < WALK_GROUPS / 10; i++) {
		if (n->drains.done)
			n->drains = rl_directory_walk_all(&n->directory);
		unsigned k = rl_directory_step(&n->directory, &n->drains, found);
		for (unsigned j = 0; j < k; j++)
			if (found[j].home == n->members.self && !found[j].gone)
				drain_one(s, n, &found[j]);
	}
}

void sim_node_control(struct sim *s, unsigned m)
{
	struct sim_node *n = &s->node[m];

	if (n->up) {
		rl_room_tick(&n->room, sim_cluster_ms(s));
		n->news.load = (uint32_t)n->directory.live[n->members.self];
		rl_member_own(&n->members, &n->news, sim_cluster_ms(s));
		deaths(s, n);
		warm(s, n);
		rescue_turn(s, n);
		drain_turn(s, n);
		sim_bus_turn(s, m);
	}
	sim_queue_put(&s->queue, CONTROL_MS,
		      &(struct sim_event){.kind = SIM_CONTROL, .member = (uint8_t)m});
}

void sim_node_beat(struct sim *s, unsigned m)
{
	struct sim_node *n = &s->node[m];

	if (n->up) {
		n->news.beat++;
		sim_bus_beat(s, m);
	}
	sim_queue_put(&s->queue, RL_MEMBER_BEAT_MS,
		      &(struct sim_event){.kind = SIM_BEAT, .member = (uint8_t)m});
}
