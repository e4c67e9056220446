// SPDX-License-Identifier: BSD-3-Clause
// A rate kept by sending what is due, receiving, and sleeping if there is neither. One thread.
#pragma once

#include "bench/gun/engine.h"

struct pace {
	double packets; // that may be sent now
	double per_ns;
	uint64_t last_ns;
};

struct pace pace_begin(double per_s, uint64_t now_ns);
// How many may be sent now: a burst at most, what was missed for longer is not made up for.
unsigned pace_allow(struct pace *p, uint64_t now_ns);
// So many were: flushes them, takes what has come. Sleeps a little if there was nothing to do.
void pace_turn(struct pace *p, struct engine *e, unsigned sent);
// Only answers, for a time.
void pace_hold(struct engine *e, double seconds);
