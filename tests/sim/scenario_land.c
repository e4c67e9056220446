// SPDX-License-Identifier: BSD-3-Clause
#include "tests/sim/scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SINGAPORE = 5, SECOND = 1000, TICK_MS = 5000 };

int sim_landed(struct sim *s, const struct sim_options *o, const char *places)
{
	int ret = sim_init(s, o, places);
	if (ret == 0)
		sim_run(s, SIM_LAND_MS + SIM_SETTLE_MS);
	return ret;
}

double sim_used_ms(const struct sim *s, uint32_t client)
{
	int best = sim_client_best(s, &s->clients[client]);
	if (best < 0 || !s->node[sim_path_member((uint8_t)best)].up)
		return HUGE_VAL;
	return s->clients[client].rtt[sim_path_member((uint8_t)best)];
}

double sim_served(const struct sim *s, bool marked)
{
	uint32_t n = 0, of = 0;
	for (uint32_t i = 0; i < s->o.clients; i++) {
		const struct sim_client *c = &s->clients[i];
		int best = sim_client_best(s, c);
		if (marked && !c->mark)
			continue;
		of++;
		n += best >= 0 && s->node[sim_path_member((uint8_t)best)].up &&
		     sim_now(s) - c->path[best].last_in <= 2 * TICK_MS;
	}
	return (double)n / of;
}

double sim_under_100ms(const struct sim *s)
{
	uint32_t under = 0;
	for (uint32_t i = 0; i < s->o.clients; i++)
		under += sim_used_ms(s, i) < 100;
	return (double)under / s->o.clients;
}

static struct sim_figure *find(struct sim_figures *f, const char *name)
{
	for (unsigned i = 0; i < f->count; i++)
		if (strcmp(f->at[i].name, name) == 0)
			return &f->at[i];
	sim_figure(f, name, 0, "count", SIM_AT_MOST, 0);
	return &f->at[f->count - 1];
}

void sim_judge(struct sim_figures *f, const struct sim *s)
{
	find(f, "gate_violations")->value += (double)s->gate_violations;
	find(f, "redirects_undone")->value += (double)s->undone;
}

static double share_under(const float *ms, uint32_t n, float limit)
{
	uint32_t under = 0;
	for (uint32_t i = 0; i < n; i++)
		under += ms[i] < limit;
	return (double)under / n;
}

static int cluster(struct sim_figures *f, const struct sim_options *o, const char *places,
		   unsigned first_site, float *ms)
{
	struct sim_options own = *o;
	struct sim s;

	own.first_site = first_site;
	int ret = sim_landed(&s, &own, places);
	if (ret < 0)
		return ret;
	for (uint32_t i = 0; i < o->clients; i++) {
		float got = (float)sim_used_ms(&s, i);
		ms[i] = first_site == 0 || got < ms[i] ? got : ms[i];
	}
	if (first_site == 0) {
		sim_figure(f, "pushes_per_client", (double)s.pushes / o->clients, "count",
			   SIM_NO_GOAL, 0);
		sim_figure(f, "validations_per_client", (double)s.validations / o->clients, "count",
			   SIM_AT_MOST, 1.4);
		s.pushes = 0;
		sim_run(&s, SIM_STAY_MS);
		sim_figure(f, "pushes_per_client_later", (double)s.pushes / o->clients, "count",
			   SIM_NO_GOAL, 0);
	}
	sim_judge(f, &s);
	sim_free(&s);
	return 0;
}

int sim_handoff(struct sim_figures *f, const struct sim_options *o, const char *places)
{
	float *ms = malloc(o->clients * sizeof(*ms));

	if (!ms)
		return -ENOMEM;
	int ret = cluster(f, o, places, 0, ms);
	if (ret == 0) {
		sim_figure(f, "alice_under_100ms", share_under(ms, o->clients, 100), "share",
			   SIM_AT_LEAST, 0.94);
		ret = cluster(f, o, places, SIM_SITES_EACH, ms);
	}
	if (ret == 0)
		sim_figure(f, "both_under_100ms", share_under(ms, o->clients, 100), "share",
			   SIM_AT_LEAST, 0.985);
	free(ms);
	return ret;
}

static double least(const struct sim_client *c)
{
	double ms = c->rtt[0];
	for (unsigned m = 1; m < SIM_MEMBERS; m++)
		ms = c->rtt[m] < ms ? c->rtt[m] : ms;
	return ms;
}

static double regret(const struct sim *s)
{
	double sum = 0;
	for (uint32_t i = 0; i < s->o.clients; i++)
		sum += sim_used_ms(s, i) - least(&s->clients[i]);
	return sum / s->o.clients;
}

int sim_wrong(struct sim_figures *f, const struct sim_options *o, const char *places)
{
	struct sim_options own = *o;
	struct sim s;

	own.wrong = 0.1;
	int ret = sim_landed(&s, &own, places);
	if (ret < 0)
		return ret;
	sim_figure(f, "regret_ms", regret(&s), "ms", SIM_AT_MOST, 3);
	sim_judge(f, &s);
	sim_free(&s);
	return 0;
}

// Half of what would go to Singapore by itself; the others twice what would go to them.
static int capacities(struct sim_options *o, const char *places)
{
	struct sim_world w;
	int ret = sim_world_load(&w, places, o->seed, o->stretch);

	if (ret < 0)
		return ret;
	for (uint32_t i = 0; i < o->clients; i++) {
		struct sim_home h = sim_world_client(&w, i);
		unsigned best = 0;
		for (unsigned m = 1; m < SIM_MEMBERS; m++)
			if (rl_geo_km(h.where, w.site[m]) < rl_geo_km(h.where, w.site[best]))
				best = m;
		o->capacity[best]++;
	}
	for (unsigned m = 0; m < SIM_MEMBERS; m++)
		o->capacity[m] = m == SINGAPORE ? o->capacity[m] / 2 : o->capacity[m] * 2;
	sim_world_free(&w);
	return 0;
}

int sim_capacity(struct sim_figures *f, const struct sim_options *o, const char *places)
{
	struct sim_options own = *o;
	double most = 0;
	struct sim s;

	int ret = capacities(&own, places);
	if (ret == 0)
		ret = sim_init(&s, &own, places);
	if (ret < 0)
		return ret;
	for (uint32_t t = 0; t < SIM_LAND_MS + SIM_SETTLE_MS; t += SECOND) {
		sim_run(&s, SECOND);
		for (unsigned m = 0; m < SIM_MEMBERS; m++) {
			double load = (double)sim_member_load(&s, m) / own.capacity[m];
			most = load > most ? load : most;
		}
	}
	sim_figure(f, "max_over_capacity", most, "ratio", SIM_AT_MOST, 1);
	// Only the overflow may go elsewhere: the full one stays full.
	sim_figure(f, "full_member_used",
		   (double)sim_member_load(&s, SINGAPORE) / own.capacity[SINGAPORE], "ratio",
		   SIM_AT_LEAST, 0.9);
	sim_figure(f, "capacity_regret_ms", regret(&s), "ms", SIM_NO_GOAL, 0);
	sim_judge(f, &s);
	sim_free(&s);
	return 0;
}
