// SPDX-License-Identifier: BSD-3-Clause
// What a run came to, beside the goals.
#pragma once

#include <stdbool.h>

enum sim_goal {
	SIM_NO_GOAL,
	SIM_AT_LEAST,
	SIM_AT_MOST,
};

enum { SIM_FIGURES_MAX = 128 };

struct sim_figure {
	char name[40];
	const char *unit;
	double value, limit;
	enum sim_goal goal;
};

struct sim_figures {
	struct sim_figure at[SIM_FIGURES_MAX];
	unsigned count;
};

void sim_figure(struct sim_figures *f, const char *name, double value, const char *unit,
		enum sim_goal goal, double limit);
// Prints all; false if a goal is missed.
bool sim_figures_print(const struct sim_figures *f, bool json);
