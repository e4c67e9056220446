// SPDX-License-Identifier: BSD-3-Clause
// The highest rate a root answers: runs at rising rates until too little comes back, then between
// the last good one and the first bad one.
#pragma once

#include "bench/gun/replay.h"

enum { SWEEP_STEPS_MAX = 64 };

struct sweep_plan {
	double from, to;  // packets a second
	double threshold; // share of answers that makes a rate a good one
	struct replay_plan step;
};

struct sweep {
	unsigned count;
	struct replay_result step[SWEEP_STEPS_MAX];
	double best;  // highest good rate that was really sent; 0: none
	bool limited; // by the generator, not by the root
};

// each: called after each step; may be NULL.
void sweep_run(struct engine *e, struct source *s, const struct sweep_plan *plan,
	       struct sweep *result, void (*each)(const struct replay_result *r));
