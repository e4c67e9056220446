// SPDX-License-Identifier: BSD-3-Clause
// Multicast subscriptions: who listens to which group (docs/protocol.md 4.8, 4.9). Fixed memory,
// aged. Groups lie in sets of fifteen found by a keyed hash; their members are kept as
// root/members.h says.
//
// Threads: any. Each set of groups has a spin lock; relaying never comes here.
#pragma once

#include "root/members.h"
#include "root/random.h"

struct rl_group_key {
	uint64_t network;
	uint64_t mac; // 48 bits
	uint32_t adi;
};

enum {
	RL_GROUP_WAYS = 15,
	RL_GROUP_BATCH = 16,
};

struct rl_group_set;
struct rl_group;

// Groups to be looked at, see rl_group_look_sets.
struct rl_group_look {
	unsigned n; // at most RL_GROUP_BATCH; this and the keys are the caller's
	struct rl_group_key key[RL_GROUP_BATCH];
	uint64_t hash[RL_GROUP_BATCH];
	const struct rl_group *likely[RL_GROUP_BATCH]; // for prefetching alone
};

struct rl_groups {
	struct rl_group_set *sets;
	struct rl_group *groups; // RL_GROUP_WAYS for each set
	struct rl_members_pool pool;
	uint64_t key[2];
	uint64_t mask;               // of the sets
	uint64_t expire_at;          // control's cursor
	_Atomic uint64_t reclaim_at; // of those who found the arena full
	_Atomic uint64_t group_count;
};

// Bytes for about this many subscriptions.
size_t rl_groups_size(uint32_t members);
// mem: zeroed, cache-line aligned, the caller's. key: 16 random bytes.
void rl_groups_init(struct rl_groups *g, void *mem, uint32_t members, uint32_t timeout_ms,
		    const uint8_t key[static 16]);
// first: it is the group's only member; not changed otherwise. NULL is fine.
enum rl_like rl_group_like(struct rl_groups *g, const struct rl_group_key *key, uint64_t member,
			   uint64_t now_ms, bool *first);
// Only refreshes live memberships, of one member in n groups (at most RL_GROUP_BATCH): together, so
// that what has to be fetched from memory is fetched at once. Returns a bit for each key, counted
// from the lowest: no such membership.
uint32_t rl_group_refresh(struct rl_groups *g, const struct rl_group_key *keys, unsigned n,
			  uint64_t member, uint64_t now_ms);
// Up to max distinct live members at random, without the asker. total: live members known, the
// asker counted in if it is one; of a group of more than some dozens it may count those that died
// since the last rl_group_expire. Returns how many are in out.
unsigned rl_group_gather(struct rl_groups *g, const struct rl_group_key *key, uint64_t asker,
			 unsigned max, uint64_t now_ms, struct rl_random *random, uint64_t *out,
			 uint32_t *total);

// The same in steps: each prefetches what the next one reads, so that a caller who does something
// else between them waits for nothing. Only the last step takes locks; the groups may change at
// any time before.
void rl_group_look_sets(const struct rl_groups *g, struct rl_group_look *l);
void rl_group_look_groups(const struct rl_groups *g, struct rl_group_look *l);
// Then either of one member in all of them,
void rl_group_look_member(const struct rl_groups *g, const struct rl_group_look *l,
			  uint64_t member);
uint32_t rl_group_look_refresh(struct rl_groups *g, const struct rl_group_look *l, uint64_t member,
			       uint64_t now_ms);
// or of members of the first at random; `max` and `dice`, 64 random bits, are the same in both.
void rl_group_look_picks(const struct rl_groups *g, const struct rl_group_look *l, unsigned max,
			 uint64_t dice);
unsigned rl_group_look_gather(struct rl_groups *g, const struct rl_group_look *l, uint64_t asker,
			      unsigned max, uint64_t now_ms, uint64_t dice, uint64_t *out,
			      uint32_t *total);

// Control: looks at `budget` sets of groups; frees dead members and empty groups, shrinks thin
// ones.
void rl_group_expire(struct rl_groups *g, uint64_t now_ms, unsigned budget);
// Any thread. How many sets of groups there are; the groups of one that have members, dead ones
// that are not cleared included: how many.
uint64_t rl_group_sets(const struct rl_groups *g);
unsigned rl_group_list(struct rl_groups *g, uint64_t set,
		       struct rl_group_key out[static RL_GROUP_WAYS]);
// For statistics, from any thread. Dead ones count until they are cleared.
uint64_t rl_groups_count(const struct rl_groups *g);
uint64_t rl_groups_members(const struct rl_groups *g);
