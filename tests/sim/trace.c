// SPDX-License-Identifier: BSD-3-Clause
// One client followed: its packets as they arrive, and what each member knows of it then.
#include "tests/sim/sim.h"

#include <stdio.h>

static const char *const verbs[] = {"HELLO",    "OK(HELLO)", "WHOIS", "OK(WHOIS)", "ECHO",
				    "OK(ECHO)", "PUSH",      "NOP",   "RENDEZVOUS"};

static const char *name(const struct sim *s, unsigned member)
{
	return sim_sites[s->o.first_site + member].name;
}

static double seconds(const struct sim *s)
{
	return (double)(s->queue.now - SIM_START) / 1000;
}

// Home, backup and stamp as each member has them: "3/5@12.345", "-" if it knows nothing.
static void views(const struct sim *s, uint32_t client)
{
	struct rl_location l;

	fprintf(stderr, "  [");
	for (unsigned m = 0; m < SIM_MEMBERS; m++)
		if (s->node[m].up && sim_member_find(s, m, client, &l))
			fprintf(stderr, " %u/%u%s@%.3f", l.home, l.backup, l.gone ? "!" : "",
				(double)(l.stamp_ms - SIM_EPOCH - SIM_START) / 1000);
		else
			fprintf(stderr, " -");
	fprintf(stderr, " ]\n");
}

void sim_trace(const struct sim *s, const struct sim_event *e)
{
	if ((e->kind != SIM_UP && e->kind != SIM_DOWN) || e->subject != s->o.trace - 1)
		return;
	fprintf(stderr, "%10.3f client %u %s %-13s v%u socket %u rtt %3.0f %-10s", seconds(s),
		e->subject, e->kind == SIM_UP ? ">" : "<", name(s, e->member),
		sim_path_family(e->path) == RL_FAMILY_4 ? 4 : 6, sim_path_socket(e->path),
		(double)s->clients[e->subject].rtt[e->member], verbs[e->verb]);
	for (unsigned i = 0; i < e->count; i++)
		fprintf(stderr, " %s", name(s, e->to[i]));
	views(s, e->subject);
}

void sim_trace_undone(const struct sim *s, uint32_t client, unsigned from, unsigned to)
{
	fprintf(stderr, "cluster_sim: at %.3f s %s sends client %u back to %s\n", seconds(s),
		name(s, from), client, name(s, to));
}

void sim_trace_gate(const struct sim *s, uint32_t client, unsigned from)
{
	if (s->gate_violations > 5)
		return;
	fprintf(stderr, "cluster_sim: at %.3f s %s sends client %u PUSH number %u of a chain\n",
		seconds(s), name(s, from), client, s->clients[client].told);
}

void sim_trace_differs(const struct sim *s, uint32_t client)
{
	fprintf(stderr, "cluster_sim: at %.3f s members differ about client %u:", seconds(s),
		client);
	views(s, client);
}
