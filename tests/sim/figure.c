// SPDX-License-Identifier: BSD-3-Clause
#include "tests/sim/figure.h"

#include <stdio.h>
#include <stdlib.h>

void sim_figure(struct sim_figures *f, const char *name, double value, const char *unit,
		enum sim_goal goal, double limit)
{
	if (f->count == SIM_FIGURES_MAX)
		abort();
	struct sim_figure *n = &f->at[f->count++];
	*n = (struct sim_figure){.unit = unit, .value = value, .limit = limit, .goal = goal};
	snprintf(n->name, sizeof(n->name), "%s", name);
}

static bool reached(const struct sim_figure *f)
{
	return f->goal == SIM_NO_GOAL ||
	       (f->goal == SIM_AT_LEAST ? f->value >= f->limit : f->value <= f->limit);
}

static void print_json(const struct sim_figures *f)
{
	printf("{\"figures\":{");
	for (unsigned i = 0; i < f->count; i++) {
		const struct sim_figure *n = &f->at[i];
		printf("%s\n\t\"%s\":{\"value\":%.6g,\"unit\":\"%s\",\"limit\":", i ? "," : "",
		       n->name, n->value, n->unit);
		if (n->goal == SIM_NO_GOAL)
			printf("null}");
		else
			printf("%.6g,\"ok\":%s}", n->limit, reached(n) ? "true" : "false");
	}
	printf("\n}}\n");
}

static void print_text(const struct sim_figures *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		const struct sim_figure *n = &f->at[i];
		printf("%-34s %12.6g %-8s", n->name, n->value, n->unit);
		if (n->goal != SIM_NO_GOAL)
			printf(" goal %s %g: %s", n->goal == SIM_AT_LEAST ? ">=" : "<=", n->limit,
			       reached(n) ? "reached" : "MISSED");
		printf("\n");
	}
}

bool sim_figures_print(const struct sim_figures *f, bool json)
{
	bool all = true;

	json ? print_json(f) : print_text(f);
	for (unsigned i = 0; i < f->count; i++)
		all = all && reached(&f->at[i]);
	return all;
}
