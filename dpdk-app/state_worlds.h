// SPDX-License-Identifier: BSD-3-Clause
// The planet and the moons in the state directory: read at start and at every SIGHUP, checked
// against what this root is. Control thread.
#pragma once

#include "config/config.h"
#include "root/root.h"

struct state_worlds {
	unsigned count; // in `world`; the planet, if there is one, comes first
	bool has_planet;
	struct rl_world *world; // RL_WORLDS_MAX of them
};

// What the planet should say about this root.
struct state_self {
	const struct rl_identity *id;
	const struct rl_inet *endpoint; // every address with every port
	unsigned endpoint_count;
	const struct config_members *members; // that answer as this root, itself too; or NULL
};

// planet: a file, missing is fine. moons_dir: its *.moon files; missing is fine; a broken moon is
// logged and left out. 0, -EINVAL (broken planet, logged), -errno. On failure *w is empty.
int state_worlds_load(struct state_worlds *w, const char *planet, const char *moons_dir);
void state_worlds_free(struct state_worlds *w);

// Logs what clients would stumble over: no planet, a planet that does not name this identity, or
// none or not all of its endpoints; in a cluster, not all members or others. Returns the number of
// warnings.
unsigned state_worlds_check(const struct state_worlds *w, const char *planet,
			    const struct state_self *self);

// "PLANET", "MOON" or "LEAF": what a node is in these worlds.
const char *state_worlds_role(const struct state_worlds *w, uint64_t address);
