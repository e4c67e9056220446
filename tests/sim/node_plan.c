// SPDX-License-Identifier: BSD-3-Clause
// A member carries out what cluster/ decided: what the appliance will do with packets, in the
// model.
#include "tests/sim/sim.h"

enum { HEARD_MS = 250000 }; // a round of the client, and some

void sim_plan(struct sim *s, unsigned m, uint32_t client, const struct rl_plan *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct rl_action *a = &p->action[i];
		struct sim_event e = {.kind = SIM_ACTION,
				      .subject = client,
				      .member = (uint8_t)m,
				      .verb = a->kind == RL_ACTION_PUSH   ? SIM_PUSH
					      : a->kind == RL_ACTION_NOP  ? SIM_NOP
					      : a->kind == RL_ACTION_ECHO ? SIM_ECHO
									  : SIM_RENDEZVOUS,
				      .path = a->family};
		for (unsigned j = 0; j < a->count && j < SIM_TO_MAX; j++)
			e.to[e.count++] = (uint8_t)(a->to[j] - 1);
		sim_queue_put(&s->queue, a->delay_ms, &e);
	}
}

// The socket that earlier PUSHes went to, if its port is one that this member has heard; else the
// one the client used last. -1: never heard by that family. A rescue by a member that the client
// never spoke to goes to the endpoint its home had.
static int socket_for(const struct sim *s, const struct sim_node *n, uint32_t client,
		      enum rl_family f, const struct rl_location *l)
{
	const struct sim_heard *h = &n->heard[client];
	uint16_t port = f == RL_FAMILY_4 ? l->push_port4 : l->push_port6;
	const struct rl_inet *end = f == RL_FAMILY_4 ? &l->v4 : &l->v6;
	uint32_t now = sim_now(s);
	int latest = -1;

	for (int i = 0; i < SIM_SOCKETS; i++) {
		if (h->ms[f][i] == 0 || now - h->ms[f][i] > HEARD_MS)
			continue;
		if (sim_endpoint(s, client, sim_path(n->index, f, (unsigned)i)).port == port)
			return i;
		if (latest < 0 || h->socket[f] == i)
			latest = i;
	}
	for (int i = 0; latest < 0 && i < SIM_SOCKETS; i++)
		if (end->family != 0 &&
		    sim_endpoint(s, client, sim_path(l->home - 1u, f, (unsigned)i)).port ==
			    end->port)
			latest = i;
	return latest;
}

void sim_action(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->node[e->member];
	enum rl_family f = (enum rl_family)e->path;
	struct rl_location l;

	if (!n->up || !sim_node_find(n, e->subject, &l))
		return;
	int socket = socket_for(s, n, e->subject, f, &l);
	if (socket < 0)
		return;
	uint8_t path = sim_path(e->member, f, (unsigned)socket);
	if (e->verb == SIM_PUSH) {
		// Another member may have sent some since this was planned.
		if (rl_pushes_in_chain(&l.pushes, sim_cluster_ms(s)) >= RL_PUSHES_MAX)
			return;
		rl_sync_pushed(&n->sync, l.address, f == RL_FAMILY_4 ? 4 : 6,
			       sim_endpoint(s, e->subject, path).port, sim_cluster_ms(s));
	}
	sim_down(s, e->subject, path, (enum sim_verb)e->verb, sim_now(s), e->to, e->count);
}
