// SPDX-License-Identifier: BSD-3-Clause
// Addresses that speak for many: the front addresses of other members of the cluster, and of
// siblings. All clients' packets that one of them passes on come from it, so it would soon be over
// the budget of a single address (relay_pps, known_pps). What it sends beyond that is taken out of
// a budget of its own, forwarder_pps. A front address can be forged like any other: hence a budget,
// and no free pass.
//
// Only a packet that is over the ordinary budget is looked up here: others cost nothing.
//
// Threads: one writer per group (rl_root_forwarders, root.h); any worker reads, without a lock.
// While a set is being replaced an address may be missed, which costs it a packet.
#pragma once

#include "root/root.h"

enum {
	RL_FORWARDER_SLOTS = 4 * RL_FORWARDERS_MAX, // of a group
	RL_FORWARDER_NONE = RL_FORWARDER_GROUPS * RL_FORWARDER_SLOTS,
};

struct rl_forwarders {
	uint64_t key[2];
	_Atomic uint64_t at[RL_FORWARDER_GROUPS][RL_FORWARDER_SLOTS]; // prefixes; 0: free
};

// Replaces a group; nil addresses are left out. 0; -ENOSPC: more than RL_FORWARDERS_MAX, nothing
// changed.
int rl_forwarders_set(struct rl_forwarders *f, enum rl_forwarder_group group,
		      const struct rl_inet *addr, unsigned count);
// Where it stands, below RL_FORWARDER_NONE; that: it is none of them.
unsigned rl_forwarders_find(const struct rl_forwarders *f, const struct rl_inet *from);
