// SPDX-License-Identifier: BSD-3-Clause
// The world against the figures that an independent simulation of the same clients has given:
// before it judges anything else, it has to agree with those.
#include "tests/sim/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANDOM, NEAREST, TWO, BOTH, ROWS, DICE_ROW = 130 };

static const struct {
	const char *name;
	double p50, p95, under; // ms, ms, percent under 100 ms
} wanted[2][ROWS] = {
	{{"random", 149, 295, 24},
	 {"nearest", 55, 101, 95},
	 {"two_offered", 55, 97, 96},
	 {"both", 42, 83, 99}},
	{{"random", 205, 408, 15},
	 {"nearest", 72, 136, 77},
	 {"two_offered", 72, 130, 78},
	 {"both", 55, 111, 90}},
};

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

static void nearest_two(const struct sim_world *w, const struct sim_home *h, unsigned first,
			unsigned two[2])
{
	double km[2] = {HUGE_VAL, HUGE_VAL};
	for (unsigned i = first; i < first + SIM_SITES_EACH; i++) {
		double d = rl_geo_km(h->claimed, w->site[i]);
		if (d < km[0]) {
			km[1] = km[0];
			two[1] = two[0];
			km[0] = d;
			two[0] = i;
		} else if (d < km[1]) {
			km[1] = d;
			two[1] = i;
		}
	}
}

static void client_rows(const struct sim_world *w, uint32_t client, float *row[ROWS])
{
	struct sim_home h = sim_world_client(w, client);
	unsigned a[2] = {0}, b[2] = {0},
		 any = sim_random(w->seed, DICE_ROW, client) % SIM_SITES_EACH;

	nearest_two(w, &h, 0, a);
	nearest_two(w, &h, SIM_SITES_EACH, b);
	double first = sim_world_rtt(w, client, &h, a[0]),
	       second = sim_world_rtt(w, client, &h, a[1]);
	double two = fmin(first, second);
	row[RANDOM][client] = (float)sim_world_rtt(w, client, &h, any);
	row[NEAREST][client] = (float)first;
	row[TWO][client] = (float)two;
	row[BOTH][client] = (float)fmin(
		two, fmin(sim_world_rtt(w, client, &h, b[0]), sim_world_rtt(w, client, &h, b[1])));
}

struct off {
	double points, percent; // the furthest so far
};

// The rows that the members' decisions are like are the ones to be near.
static void figures(struct sim_figures *f, unsigned which, unsigned r, float *ms, uint32_t n,
		    struct off *off)
{
	static const char *const what[3] = {"p50", "p95", "under_100ms"};
	uint32_t under = 0;
	char name[40];

	qsort(ms, n, sizeof(*ms), compare);
	while (under < n && ms[under] < 100)
		under++;
	double got[3] = {ms[n / 2], ms[n / 20 * 19], 100.0 * under / n};
	double want[3] = {wanted[which][r].p50, wanted[which][r].p95, wanted[which][r].under};
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "table_%s_%s_%s", which ? "2.1" : "1.5",
			 wanted[which][r].name, what[i]);
		sim_figure(f, name, got[i], i == 2 ? "percent" : "ms", SIM_NO_GOAL, 0);
		double far = fabs(got[i] - want[i]);
		if (r != NEAREST && r != TWO)
			continue;
		if (i == 2)
			off->points = fmax(off->points, far);
		else
			off->percent = fmax(off->percent, 100 * far / want[i]);
	}
}

int sim_table(struct sim_figures *f, const struct sim_options *o, const char *places)
{
	struct off off = {0};
	float *row[ROWS];
	int ret = 0;

	for (unsigned i = 0; i < ROWS; i++)
		if (!(row[i] = malloc(o->clients * sizeof(**row))))
			ret = -ENOMEM;
	for (unsigned which = 0; which < 2 && ret == 0; which++) {
		struct sim_world w;
		ret = sim_world_load(&w, places, o->seed, which ? 2.1 : 1.5);
		for (uint32_t i = 0; i < o->clients && ret == 0; i++)
			client_rows(&w, i, row);
		for (unsigned r = 0; r < ROWS && ret == 0; r++)
			figures(f, which, r, row[r], o->clients, &off);
		sim_world_free(&w);
	}
	sim_figure(f, "table_off", off.points, "points", SIM_AT_MOST, 2);
	sim_figure(f, "table_off_ms", off.percent, "percent", SIM_AT_MOST, 4);
	for (unsigned i = 0; i < ROWS; i++)
		free(row[i]);
	return ret;
}
