// SPDX-License-Identifier: BSD-3-Clause
// What must be done again and again beside the workers, in small portions: clock, expiry of peers
// and of ways, addresses of the interfaces, new planets, moons and databases of places. Control
// thread.
#pragma once

#include "dpdk-app/app.h"

struct upkeep {
	struct app *app;
	uint64_t refreshed_ms; // ports_refresh
	bool refresh_failed;   // and that has been said

	// Expiry, and the grace period after it.
	bool waiting;
	uint64_t token;
	struct rl_worlds *retired;  // to be freed after the grace period at hand
	struct rl_worlds *replaced; // after the next one

	// Ways in use, collected over many turns.
	uint8_t *used; // ADJACENCY_USED_BYTES
	uint32_t sweep_at;
	uint64_t swept_ms;
	bool sweeping;

	bool reload; // asked for, not yet done
};

enum { UPKEEP_MS = 100 };

// 0 or -ENOMEM.
int upkeep_init(struct upkeep *u, struct app *a);
// When no worker runs any more.
void upkeep_free(struct upkeep *u);

// Every UPKEEP_MS.
void upkeep_turn(struct upkeep *u, uint64_t now_ms);

// Reads planet and moons again at the next turn that can. What is broken leaves the old in force.
void upkeep_reload(struct upkeep *u);

// Gives the root the worlds of app->worlds: at start. 0 or -ENOMEM.
int upkeep_first_worlds(struct app *a);
// Warns about a planet that does not fit this root.
void upkeep_check_worlds(const struct app *a);
