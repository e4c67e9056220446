// SPDX-License-Identifier: BSD-3-Clause
// Setting a cluster up, running it, members that die and come back.
#include "tests/sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	EVENTS_EACH = 8, // of a client at a time, on the average of any moment
	LAND_AFTER_MS = RL_STEWARD_LEARN_MS + 2000, // members have learnt who is there
	KEEPALIVE_MS = 1000,
	TICK_MS = 5000,
	NAT_MS = 25000,
	NAT_SPREAD_MS = 10000,
};

enum {
	DICE_NAT = 110,
	DICE_DUAL,
	DICE_LAND,
	DICE_START,
	DICE_NAT_MS,
};

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

static struct rl_steward_config config_of(const struct sim *s, unsigned m)
{
	struct rl_steward_config c = rl_steward_config_default;
	uint32_t clients = s->o.clients;

	c.own = news_of(s, m, s->node[m].run);
	c.root = 0x89e92ceee5;
	c.cluster = 1;
	c.directory_max = clients + 64ul;
	c.warm_max = clients;
	c.rtt_max = clients / SIM_PREFIX_CLIENTS * SIM_MEMBERS * 4 + 64;
	c.sync = rl_sync_config_default;
	c.whois.questions_max = c.whois.nodes_max = 1; // its clients ask only of the root
	c.audience_max = c.gather.questions = c.gather.askers = 1; // and know no groups
	c.epoch = sim_clock(s, m);
	return c;
}

// With nothing known, as after a start.
static int node_init(struct sim *s, unsigned m)
{
	static const uint8_t key[RL_SEAL_PUBLIC];
	struct sim_node *n = &s->node[m];

	n->sim = s;
	n->index = m;
	n->run++;
	struct rl_steward_config c = config_of(s, m);
	struct rl_steward_host host = sim_host(n);
	size_t size = (rl_steward_size(&c) + 63) & ~(size_t)63;
	size_t known = s->o.clients * sizeof(*n->known);
	uint64_t numbers[8];
	for (unsigned i = 0; i < 8; i++)
		numbers[i] = sim_random(s->o.seed, DICE_START, m * 8 + i);
	free(n->memory);
	free(n->known);
	n->memory = aligned_alloc(64, size);
	n->known = malloc(known);
	if (!n->memory || !n->known)
		return -ENOMEM;
	memset(n->memory, 0, size);
	memset(n->known, 0, known);
	rl_steward_init(&n->steward, &c, &host, n->memory, numbers, sim_clock(s, m));
	for (unsigned other = 0; other < SIM_MEMBERS; other++)
		rl_steward_member(&n->steward, (uint8_t)(other + 1), key);
	n->up = true;
	return 0;
}

bool sim_member_find(const struct sim *s, unsigned m, uint32_t client, struct rl_location *l)
{
	const struct rl_directory *d = &s->node[m].steward.directory;
	return rl_directory_find(d, sim_address(client), rl_directory_hash(d, sim_address(client)),
				 l);
}

uint64_t sim_member_load(const struct sim *s, unsigned m)
{
	return s->node[m].steward.directory.live[m + 1];
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
	c->nat_ms = (uint16_t)(NAT_MS + dice(s, DICE_NAT_MS, i) * NAT_SPREAD_MS);
	c->dual = dice(s, DICE_DUAL, i) < s->o.dual;
	sim_queue_put(&s->queue, (uint64_t)(dice(s, DICE_LAND, i) * s->o.land_ms) + LAND_AFTER_MS,
		      &(struct sim_event){.kind = SIM_TICK, .subject = i});
}

static void timers(struct sim *s, unsigned m)
{
	struct sim_event e = {.member = (uint8_t)m};

	e.kind = SIM_CONTROL;
	sim_queue_put(&s->queue, 1 + m * 3, &e);
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
		free(s->node[m].memory);
		free(s->node[m].known);
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
			rl_steward_front(&s->node[m].steward, (uint8_t)(other + 1),
					 sim_clock(s, m));
	sim_queue_put(&s->queue, KEEPALIVE_MS,
		      &(struct sim_event){.kind = SIM_KEEPALIVE, .member = (uint8_t)m});
}

static void control(struct sim *s, unsigned m)
{
	if (s->node[m].up)
		rl_steward_tick(&s->node[m].steward, sim_clock(s, m));
	sim_queue_put(&s->queue, RL_STEWARD_TURN_MS,
		      &(struct sim_event){.kind = SIM_CONTROL, .member = (uint8_t)m});
}

static void handle(struct sim *s, const struct sim_event *e)
{
	switch (e->kind) {
	case SIM_TICK:
		sim_client_tick(s, e->subject);
		break;
	case SIM_UP:
		sim_root_packet(s, e);
		break;
	case SIM_DOWN:
		sim_client_packet(s, e);
		break;
	case SIM_CONTROL:
		control(s, e->member);
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
		if (s->o.trace != 0)
			sim_trace(s, &e);
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
