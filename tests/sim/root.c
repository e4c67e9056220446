// SPDX-License-Identifier: BSD-3-Clause
// What a member's root does with the packets of clients, as far as clients and the steward can
// tell: it answers, proves addresses before it keeps them, and notes sightings (root/sight.h).
#include "root/sight.h"
#include "tests/sim/sim.h"

enum {
	PROVEN_MS = 250000, // a path unheard for longer is proven again
	HELLO_MS = 1000,    // between sightings of a client's HELLOs
};

bool sim_root_proven(const struct sim *s, const struct sim_known *k, enum rl_family f,
		     unsigned socket)
{
	return k->proven[f][socket] && sim_now(s) - k->heard[f][socket] < PROVEN_MS;
}

static void sight(struct sim *s, const struct sim_event *e, enum rl_sight_kind kind,
		  int32_t latency)
{
	struct rl_steward_sight what = {
		.client = sim_address(e->subject),
		.from = sim_endpoint(s, e->subject, e->path),
		.kind = (uint8_t)kind,
		.latency_ms = latency,
	};
	rl_steward_sight(&s->node[e->member].steward, &what, sim_clock(s, e->member));
}

// Once an interval, and at once the first word after a HELLO.
static bool due(struct sim *s, struct sim_node *n, struct sim_known *k, bool hello)
{
	uint32_t every = hello ? HELLO_MS : n->steward.config.sight_ms;
	bool arrives = !hello && k->after_hello;

	if (k->sighted != 0 && !arrives && sim_now(s) - k->sighted < every)
		return false;
	k->sighted = sim_now(s);
	k->after_hello = hello;
	return true;
}

static void answer(struct sim *s, const struct sim_event *e, enum sim_verb v)
{
	sim_down(s, e->subject, e->path, v, e->stamp, NULL, 0);
}

static void probe(struct sim *s, const struct sim_event *e)
{
	sim_down(s, e->subject, e->path, SIM_ECHO, sim_now(s), NULL, 0);
}

// The answer to a probe.
static void proof(struct sim *s, const struct sim_event *e, struct sim_known *k)
{
	enum rl_family f = sim_path_family(e->path);

	k->proven[f][sim_path_socket(e->path)] = true;
	k->heard[f][sim_path_socket(e->path)] = sim_now(s);
	sight(s, e, RL_SIGHT_PROOF, (int32_t)(sim_now(s) - e->stamp));
}

// A newcomer's identity is validated, unless another member has told that it was.
static void validate(struct sim *s, struct sim_node *n, uint32_t client)
{
	struct rl_identity id = sim_identity(client);
	n->known[client].valid = true;
	if (rl_steward_validated(&n->steward, &id))
		return;
	s->validations++;
	rl_steward_valid(&n->steward, id.address, rl_steward_fingerprint(&n->steward, &id),
			 sim_clock(s, n->index));
}

void sim_root_packet(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->node[e->member];
	struct sim_known *k = &n->known[e->subject];
	enum rl_family f = sim_path_family(e->path);

	if (!n->up)
		return;
	if (!k->valid)
		validate(s, n, e->subject);
	if (e->verb == SIM_OK_ECHO) {
		proof(s, e, k);
		return;
	}
	bool proven = sim_root_proven(s, k, f, sim_path_socket(e->path));
	k->heard[f][sim_path_socket(e->path)] = sim_now(s);
	if (k->withheld)
		return;
	// Whoever has not proven its address gets no more bytes than it sent.
	if (e->verb == SIM_HELLO)
		answer(s, e, SIM_OK_HELLO);
	if (!proven) {
		probe(s, e);
		return;
	}
	if (e->verb == SIM_ECHO)
		answer(s, e, SIM_OK_ECHO);
	if (e->verb == SIM_WHOIS)
		answer(s, e, SIM_OK_WHOIS);
	if (e->verb != SIM_ECHO && due(s, n, k, e->verb == SIM_HELLO))
		sight(s, e, e->verb == SIM_HELLO ? RL_SIGHT_HELLO : RL_SIGHT_SPOKE, -1);
}
