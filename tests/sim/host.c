// SPDX-License-Identifier: BSD-3-Clause
// The host of a member's steward: what the appliance does with packets, done in the model.
#include "tests/sim/sim.h"

#include <errno.h>

static unsigned paths(void *ctx, uint64_t client,
		      struct rl_steward_path out[static RL_STEWARD_PATHS])
{
	struct sim_node *n = ctx;
	uint32_t c = sim_client_of(client);
	const struct sim_known *k = &n->known[c];
	unsigned count = 0;

	for (unsigned f = 0; f < RL_FAMILIES; f++)
		for (unsigned i = 0; i < SIM_SOCKETS; i++)
			if (sim_root_proven(n->sim, k, (enum rl_family)f, i))
				out[count++] = (struct rl_steward_path){
					sim_endpoint(n->sim, c,
						     sim_path(n->index, (enum rl_family)f, i)),
					sim_clock_at(n->sim, n->index, k->heard[f][i])};
	return count;
}

// The path by which the client has this address, or -1 if it is none of its proven ones.
static int path_by(const struct sim_node *n, uint32_t client, const struct rl_inet *by)
{
	enum rl_family f = by->family == 6 ? RL_FAMILY_6 : RL_FAMILY_4;

	for (unsigned i = 0; i < SIM_SOCKETS; i++) {
		uint8_t path = sim_path(n->index, f, i);
		struct rl_inet a = sim_endpoint(n->sim, client, path);
		if (rl_inet_equal(&a, by) && sim_root_proven(n->sim, &n->known[client], f, i))
			return path;
	}
	return -1;
}

static uint8_t member_at(const struct rl_inet *front)
{
	return front->family == 4 ? front->ip[3] - 1 : front->ip[7];
}

static bool sheds(const struct sim_node *n)
{
	const struct rl_member_news *own = &n->steward.news;
	return own->draining ||
	       (own->capacity != 0 &&
		(uint64_t)own->load * 100 > (uint64_t)own->capacity * RL_ROOM_FULL_PERCENT);
}

// A client that its home sends away for speed, and does not give the choice to stay, must not be
// sent back. PUSHes that name this member first are rescues, and those of others follow the home's.
static void judge(struct sim_node *n, uint32_t client, const uint8_t *to, unsigned count)
{
	struct sim_client *c = &n->sim->clients[client];
	struct rl_location l;

	if (to[0] == n->index || to[count - 1] == n->index || sheds(n) ||
	    !sim_member_find(n->sim, n->index, client, &l) || l.home != n->index + 1)
		return;
	if (c->left == to[0] + 1) {
		n->sim->undone++;
		sim_trace_undone(n->sim, client, n->index, to[0]);
	}
	c->left = (uint8_t)(n->index + 1);
}

static int say(struct sim_node *n, uint64_t client, const struct rl_inet *by, enum sim_verb v,
	       const struct rl_inet *at, unsigned count)
{
	uint32_t c = sim_client_of(client);
	int path = path_by(n, c, by);
	uint8_t to[SIM_TO_MAX];

	if (path < 0)
		return -ENOTCONN;
	for (unsigned i = 0; i < count; i++)
		to[i] = member_at(&at[i]);
	if (v == SIM_PUSH)
		judge(n, c, to, count);
	sim_down(n->sim, c, (uint8_t)path, v, sim_now(n->sim), to, count);
	return 0;
}

static int push(void *ctx, uint64_t client, const struct rl_inet *by, const struct rl_inet *at,
		unsigned n)
{
	return say(ctx, client, by, SIM_PUSH, at, n);
}

static int nop(void *ctx, uint64_t client, const struct rl_inet *by)
{
	return say(ctx, client, by, SIM_NOP, NULL, 0);
}

static int echo(void *ctx, uint64_t client, const struct rl_inet *by)
{
	return say(ctx, client, by, SIM_ECHO, NULL, 0);
}

static int rendezvous(void *ctx, uint64_t client, const struct rl_inet *by, uint64_t other,
		      const struct rl_inet *at)
{
	(void)other; // always the root: introductions are not in the model
	return say(ctx, client, by, SIM_RENDEZVOUS, at, 1);
}

static void withhold(void *ctx, uint64_t client, bool withheld)
{
	struct sim_node *n = ctx;
	n->known[sim_client_of(client)].withheld = withheld;
}

static struct rl_geo where(void *ctx, const struct rl_inet *addr)
{
	struct sim_node *n = ctx;
	return sim_world_client(&n->sim->world, sim_client_at(addr)).claimed;
}

static bool identity(void *ctx, uint64_t client, struct rl_identity *out)
{
	const struct sim_node *n = ctx;
	*out = sim_identity(sim_client_of(client));
	return n->known[sim_client_of(client)].valid;
}

static bool send_batch(void *ctx, uint8_t to, const uint8_t *batch, size_t len)
{
	struct sim_node *n = ctx;
	sim_bus_send(n->sim, n->index, to, batch, len);
	return true;
}

struct rl_steward_host sim_host(struct sim_node *n)
{
	return (struct rl_steward_host){
		.ctx = n,
		.paths = paths,
		.push = push,
		.nop = nop,
		.echo = echo,
		.rendezvous = rendezvous,
		.withhold = withhold,
		.where = where,
		.send = send_batch,
		.identity = identity,
	};
}
