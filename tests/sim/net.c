// SPDX-License-Identifier: BSD-3-Clause
// Packets between clients and members: half a round trip each way and a little more, some lost.
#include "tests/sim/sim.h"

enum {
	JITTER_MS = 3,
	PORT = 9993,
	DICE_JITTER = 102,
};

static uint32_t delay(struct sim *s, uint32_t client, uint8_t path)
{
	uint64_t jitter = sim_random(s->o.seed, DICE_JITTER, s->dice++) % JITTER_MS;
	return (uint32_t)(s->clients[client].rtt[sim_path_member(path)] / 2 + 0.5f) +
	       (uint32_t)jitter;
}

void sim_up(struct sim *s, uint32_t client, uint8_t path, enum sim_verb v, uint32_t stamp)
{
	s->clients[client].open[path] = sim_now(s) + s->clients[client].nat_ms;
	if (sim_lost(s, s->o.loss))
		return;
	sim_queue_put(&s->queue, delay(s, client, path),
		      &(struct sim_event){.kind = SIM_UP,
					  .subject = client,
					  .stamp = stamp,
					  .member = (uint8_t)sim_path_member(path),
					  .verb = (uint8_t)v,
					  .path = path});
}

// Every PUSH counts for the gate, also one that is lost: the members cannot know.
static void count_push(struct sim *s, uint32_t client, unsigned from)
{
	struct sim_client *c = &s->clients[client];
	uint32_t now = sim_now(s);

	c->told = c->told_ms != 0 && now - c->told_ms <= 30000 ? c->told + 1 : 1;
	c->told_ms = now;
	s->pushes++;
	if (c->told <= RL_PUSHES_MAX)
		return;
	s->gate_violations++;
	sim_trace_gate(s, client, from);
}

void sim_down(struct sim *s, uint32_t client, uint8_t path, enum sim_verb v, uint32_t stamp,
	      const uint8_t *to, unsigned count)
{
	struct sim_event e = {.kind = SIM_DOWN,
			      .subject = client,
			      .stamp = stamp,
			      .member = (uint8_t)sim_path_member(path),
			      .verb = (uint8_t)v,
			      .path = path,
			      .count = (uint8_t)count};

	if (v == SIM_PUSH)
		count_push(s, client, sim_path_member(path));
	if (sim_lost(s, s->o.loss))
		return;
	for (unsigned i = 0; i < count; i++)
		e.to[i] = to[i];
	sim_queue_put(&s->queue, delay(s, client, path), &e);
}

bool sim_let_in(struct sim *s, uint32_t client, uint8_t path)
{
	struct sim_client *c = &s->clients[client];

	if (c->nat != SIM_NAT_NONE && c->open[path] < sim_now(s))
		return false;
	c->open[path] = sim_now(s) + c->nat_ms;
	return true;
}

// The address that the member at the end of the path sees. Clients of a prefix share an IPv4 /24
// and an IPv6 /48.
struct rl_inet sim_endpoint(const struct sim *s, uint32_t client, uint8_t path)
{
	uint32_t prefix = sim_world_prefix(client);
	uint16_t port = (uint16_t)(PORT + sim_path_socket(path) * 20000);
	struct rl_inet a =
		rl_inet4(0x20000000 + prefix * 256 + 1 + client % SIM_PREFIX_CLIENTS, port);

	if (s->clients[client].nat == SIM_NAT_SYMMETRIC)
		a.port = (uint16_t)(port + 100 + sim_path_member(path));
	if (sim_path_family(path) == RL_FAMILY_4)
		return a;
	a = (struct rl_inet){.family = 6, .port = a.port};
	rl_store16(a.ip, 0x2a00);
	rl_store32(a.ip + 2, prefix);
	rl_store32(a.ip + 12, 1 + client % SIM_PREFIX_CLIENTS);
	return a;
}

uint32_t sim_client_at(const struct rl_inet *addr)
{
	uint32_t prefix, host;

	if (addr->family == 6) {
		prefix = rl_load32(addr->ip + 2);
		host = rl_load32(addr->ip + 12);
	} else {
		prefix = (rl_load32(addr->ip) - 0x20000000) / 256;
		host = addr->ip[3];
	}
	return prefix * SIM_PREFIX_CLIENTS + host - 1;
}
