// SPDX-License-Identifier: BSD-3-Clause
// Where the other members of the cluster are reached, for workers that pass a client's packet on:
// a front address and the way there, learned from keepalives (cluster/front.h).
//
// One thread (the backplane's) writes; any number read, without a lock, one whole path or none.
#pragma once

#include "cluster/location.h"
#include "root/packet.h"

#include <stdatomic.h>
#include <stdbool.h>

struct member_way {
	_Atomic uint32_t seq;      // odd: being written
	_Atomic uint32_t port_via; // via << 16 | port; 0: not known
	_Atomic uint64_t ip[2];
	_Atomic uint8_t family;
};

struct member_ways {
	struct member_way at[RL_MEMBER_IDS];
};

// path NULL: not reached any more.
void member_ways_set(struct member_ways *w, uint8_t member, const struct rl_path *path);
// False: the way is not known, or is just being written.
bool member_ways_get(const struct member_ways *w, uint8_t member, struct rl_path *path);
