// SPDX-License-Identifier: BSD-3-Clause
// Setting a cluster up, running it, members that die and come back.
#include "tests/sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	EVENTS_EACH = 8, // of a client at a time, on the average of any moment
	DRAIN_AT_ONCE = 4000,
	DRAIN_RATE = 2000,
	RTT_AGE_MS = 6 * 3600000,
	KEEPALIVE_MS = 1000,
	TICK_MS = 5000,
};

enum {
	DICE_NAT = 110,
	DICE_DUAL,
	DICE_LAND,
	DICE_SYNC,
};

static const uint8_t key[16] = "of a simulation";

static int take(struct sim_node *n, unsigned i, size_t size)
{
	free(n->memory[i]);
	n->memory[i] = aligned_alloc(64, (size + 63) & ~(size_t)63);
	if (!n->memory[i])
		return -ENOMEM;
	memset(n->memory[i], 0, size);
	return 0;
}

static struct rl_member_news news_of(const struct sim *s, unsigned m, uint32_t run)
{
	const struct sim_site *site = &sim_sites[s->o.first_site + m];
	struct rl_member_news n = {
		.id = (uint8_t)(m + 1),
		.run = run,
		.beat = 1,
		.capacity = s->o.capacity[m],
		.place = rl_geo_at(site->latitude, site->longitude),
		.front = {rl_inet4(0xc6336401 + m, 9993), {.family = 6, .port = 9993}},
	};
	rl_store32(n.front[RL_FAMILY_6].ip, 0x20010db8);
	n.front[RL_FAMILY_6].ip[7] = (uint8_t)m;
	strncpy(n.name, site->name, sizeof(n.name) - 1);
	return n;
}

// With nothing known, as after a start.
static int node_init(struct sim *s, unsigned m)
{
	struct sim_node *n = &s->node[m];
	uint32_t clients = s->o.clients,
		 figures = clients / SIM_PREFIX_CLIENTS * SIM_MEMBERS * 4 + 64;
	uint64_t now = sim_cluster_ms(s);

	struct rl_sync_config sync = rl_sync_config_default;
	uint64_t numbers[3] = {sim_random(s->o.seed, DICE_SYNC, m), 2, 3};

	sync.self = (uint8_t)(m + 1);
	sync.changed = sim_node_changed;
	sync.ctx = n;
	n->sim = s;
	n->epoch = now;
	n->batches = 0;
	n->n_rtts = 0;
	n->index = m;
	n->news = news_of(s, m, n->news.run + 1);
	rl_member_init(&n->members, &n->news, now);
	n->room = (struct rl_room){0};
	if (take(n, 0, rl_rtt_size(figures)) < 0 ||
	    take(n, 1, rl_directory_size(clients + 64ul)) < 0 ||
	    take(n, 2, rl_warm_size(clients)) < 0 || take(n, 4, rl_sync_size(&sync)) < 0 ||
	    take(n, 3, rl_drain_size(DRAIN_AT_ONCE)) < 0)
		return -ENOMEM;
	rl_rtt_init(&n->rtt, n->memory[0], figures, RTT_AGE_MS, key);
	rl_directory_init(&n->directory, clients + 64ul, n->memory[1], key, n->news.id,
			  &rl_directory_limits_default);
	rl_sync_init(&n->sync, &sync, &n->directory, n->memory[4], numbers, now);
	rl_warm_init(&n->warm, n->memory[2], clients, key, now);
	rl_drain_init(&n->drain, n->memory[3], DRAIN_AT_ONCE, DRAIN_RATE, key, now);
	n->rescue.home = RL_NOBODY;
	n->drains.done = true;
	if (!n->heard)
		n->heard = malloc(clients * sizeof(*n->heard));
	if (!n->heard)
		return -ENOMEM;
	memset(n->heard, 0, clients * sizeof(*n->heard));
	n->up = true;
	return 0;
}

static double dice(const struct sim *s, uint32_t purpose, uint32_t client)
{
	return sim_uniform(sim_random(s->o.seed, purpose, client));
}

static void client_init(struct sim *s, uint32_t i)
{
	struct sim_client *c = &s->clients[i];
	struct sim_home home = sim_world_client(&s->world, i);
	double nat = dice(s, DICE_NAT, i);

	for (unsigned m = 0; m < SIM_MEMBERS; m++)
		c->rtt[m] = (float)sim_world_rtt(&s->world, i, &home, s->o.first_site + m);
	c->nat = nat < s->o.cone                    ? SIM_NAT_CONE
		 : nat < s->o.cone + s->o.symmetric ? SIM_NAT_SYMMETRIC
						    : SIM_NAT_NONE;
	c->dual = dice(s, DICE_DUAL, i) < s->o.dual;
	sim_queue_put(&s->queue, (uint64_t)(dice(s, DICE_LAND, i) * s->o.land_ms) + 4000,
		      &(struct sim_event){.kind = SIM_TICK, .subject = i});
}

static void timers(struct sim *s, unsigned m)
{
	struct sim_event e = {.member = (uint8_t)m};

	e.kind = SIM_CONTROL;
	sim_queue_put(&s->queue, 1 + m * 3, &e);
	e.kind = SIM_BEAT;
	sim_queue_put(&s->queue, 10 + m * 211, &e);
	e.kind = SIM_KEEPALIVE;
	sim_queue_put(&s->queue, 5 + m * 111, &e);
}

int sim_init(struct sim *s, const struct sim_options *o, const char *places)
{
	*s = (struct sim){.o = *o};
	int ret = sim_world_load(&s->world, places, o->seed, o->stretch);
	if (ret < 0)
		return ret;
	s->world.wrong = o->wrong;
	s->world.unknown = o->unknown;
	s->clients = calloc(o->clients, sizeof(*s->clients));
	ret = s->clients ? sim_queue_init(&s->queue, o->clients * EVENTS_EACH + 10000, SIM_START)
			 : -ENOMEM;
	for (unsigned m = 0; ret == 0 && m < SIM_MEMBERS; m++) {
		ret = node_init(s, m);
		timers(s, m);
	}
	for (uint32_t i = 0; ret == 0 && i < o->clients; i++)
		client_init(s, i);
	if (ret < 0)
		sim_free(s);
	return ret;
}

void sim_free(struct sim *s)
{
	for (unsigned m = 0; m < SIM_MEMBERS; m++) {
		for (unsigned i = 0; i < SIM_BLOCKS; i++)
			free(s->node[m].memory[i]);
		free(s->node[m].heard);
	}
	for (unsigned i = 0; i < SIM_BATCHES; i++)
		free(s->batches[i]);
	sim_queue_free(&s->queue);
	free(s->clients);
	sim_world_free(&s->world);
}

// The front addresses answer each other, whatever becomes of the backplane.
static void keepalive(struct sim *s, unsigned m)
{
	for (unsigned other = 0; s->node[m].up && other < SIM_MEMBERS; other++)
		if (other != m && s->node[other].up)
			rl_member_front(&s->node[m].members, (uint8_t)(other + 1),
					sim_cluster_ms(s));
	sim_queue_put(&s->queue, KEEPALIVE_MS,
		      &(struct sim_event){.kind = SIM_KEEPALIVE, .member = (uint8_t)m});
}

static void handle(struct sim *s, const struct sim_event *e)
{
	switch (e->kind) {
	case SIM_TICK:
		sim_client_tick(s, e->subject);
		break;
	case SIM_UP:
		sim_node_packet(s, e);
		break;
	case SIM_DOWN:
		sim_client_packet(s, e);
		break;
	case SIM_ACTION:
		sim_action(s, e);
		break;
	case SIM_CONTROL:
		sim_node_control(s, e->member);
		break;
	case SIM_BEAT:
		sim_node_beat(s, e->member);
		break;
	case SIM_BATCH:
		sim_bus_arrive(s, e);
		break;
	case SIM_KEEPALIVE:
		keepalive(s, e->member);
		break;
	}
}

void sim_run(struct sim *s, uint32_t ms)
{
	uint64_t until = s->queue.now + ms;
	struct sim_event e;

	while (sim_queue_next(&s->queue, until, &e)) {
		s->events++;
		handle(s, &e);
	}
}

void sim_member_kill(struct sim *s, unsigned m)
{
	s->node[m].up = false;
}

int sim_member_start(struct sim *s, unsigned m)
{
	return node_init(s, m);
}
