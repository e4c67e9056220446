// SPDX-License-Identifier: BSD-3-Clause
// Who listens to which multicast groups here, for a host whose root has other members elsewhere: it
// tells them which groups have listeners here, and gives them some when they ask.
#pragma once

#include "root/group.h"

struct rl_root;
struct rl_worker;

enum { RL_NEW_GROUPS = 1024 }; // of one call of the core

// Groups that got their first listener. more: there were others. Only for hosts with the hook
// groups_elsewhere (root/root.h). Valid until the next rl_receive_burst, rl_admit or rl_tick of
// this worker, whose thread calls this.
const struct rl_group_key *rl_worker_new_groups(const struct rl_worker *w, unsigned *count,
						bool *more);

// Any thread. All groups lie in so many sets. The groups of one of them that have listeners, or had
// until a short while ago: how many.
uint64_t rl_root_group_sets(const struct rl_root *r);
unsigned rl_root_groups(struct rl_root *r, uint64_t set,
			struct rl_group_key out[static RL_GROUP_WAYS]);
// The worker's thread: as rl_group_gather.
unsigned rl_worker_gather(struct rl_worker *w, const struct rl_group_key *group, uint64_t but,
			  unsigned max, uint64_t now_ms, uint64_t *out, uint32_t *total);
