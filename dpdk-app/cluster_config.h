// SPDX-License-Identifier: BSD-3-Clause
// The section "cluster" of the config in the words of cluster/: what the steward of this member is
// started with, and whom it listens to. Control thread.
#pragma once

#include "cluster/steward.h"
#include "config/config.h"

struct cluster_config_member {
	uint8_t id;
	char name[RL_MEMBER_NAME];
	struct rl_inet front[RL_FAMILIES]; // nil: not in that family
	uint8_t public_key[RL_SEAL_PUBLIC];
};

struct cluster_members {
	unsigned count;
	struct cluster_config_member member[CONFIG_MEMBERS_MAX]; // this one is among them
	struct rl_member_news own; // id, capacity, version, place, fronts and name of this one
};

struct cluster_config {
	struct rl_steward_config steward;
	struct cluster_members members;
};

// Who the members are, without any secret; c: with a cluster, and config_finish() found no
// mistakes.
void cluster_config_members(struct cluster_members *m, const struct config *c);
// The same c. Reads both files with keys. What the
// config does not know is zero: own.run, root and epoch of the steward. It then holds secrets:
// cluster_config_wipe it once the steward has its copy. False: explained on `err`, and no secret is
// left.
bool cluster_config_read(struct cluster_config *k, const struct config *c, FILE *err);
void cluster_config_wipe(struct cluster_config *k);
