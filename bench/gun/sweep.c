// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/sweep.h"

enum { BETWEEN = 4 }; // runs between the last good and the first bad rate

// True: good.
static bool step(struct engine *e, struct source *s, const struct sweep_plan *plan, double rate,
		 struct sweep *sw, void (*each)(const struct replay_result *r))
{
	struct replay_plan p = plan->step;
	struct replay_result *r = &sw->step[sw->count++];
	bool good;

	p.rate = rate;
	replay_run(e, s, &p, r);
	if (each)
		each(r);
	good = replay_ratio(&r->total) >= plan->threshold;
	if (good && r->sent_rate > sw->best)
		sw->best = r->sent_rate < rate ? r->sent_rate : rate;
	return good;
}

void sweep_run(struct engine *e, struct source *s, const struct sweep_plan *plan,
	       struct sweep *result, void (*each)(const struct replay_result *r))
{
	double good = 0, bad = 0, rate = plan->from;

	*result = (struct sweep){0};
	// Doubling from 1 to any double takes fewer steps than there are, less those between.
	while (!engine_stopped(e) && result->count < SWEEP_STEPS_MAX - BETWEEN) {
		bool fine = step(e, s, plan, rate, result, each);

		result->limited = replay_too_slow(&result->step[result->count - 1]);
		if (!fine) {
			bad = rate;
			break;
		}
		good = rate;
		if (result->limited || rate >= plan->to)
			return;
		rate = rate * 2 < plan->to ? rate * 2 : plan->to;
	}
	result->limited = false;
	for (unsigned i = 0; i < BETWEEN && bad > 0 && !engine_stopped(e); i++) {
		rate = good > 0 ? (good + bad) / 2 : bad / 2;
		if (step(e, s, plan, rate, result, each))
			good = rate;
		else
			bad = rate;
	}
}
