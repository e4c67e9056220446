// SPDX-License-Identifier: BSD-3-Clause
// Multicast subscriptions: who listens to which group (docs/protocol.md 4.8, 4.9). Fixed memory,
// aged.
//
// Groups lie in sets of fifteen found by a keyed hash; up to three members are kept in the group
// itself, more in a hash set of members in an arena of power-of-two blocks. So a refresh is one
// probe however large the group is, and random members are found by walking the set with a random
// stride, which meets no slot twice.
//
// Threads: any. Each set of groups has a spin lock, the arena one of its own inside it; relaying
// never comes here.
#pragma once

#include "root/hash.h"
#include "root/random.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct rl_group_key {
	uint64_t network;
	uint64_t mac; // 48 bits
	uint32_t adi;
};

enum { RL_GROUP_WAYS = 15, RL_GROUP_INLINE = 3, RL_GROUP_CLASSES = 32 };

struct rl_group_set;
struct rl_group;

struct rl_groups {
	struct rl_group_set *sets;
	struct rl_group *groups; // RL_GROUP_WAYS for each set
	uint64_t *arena;         // member slots
	uint64_t key[2];
	uint64_t mask; // of the sets
	uint32_t timeout_ms;
	uint32_t expire_at; // control's cursor
	atomic_flag arena_lock;
	uint64_t arena_size;                   // slots
	uint64_t arena_top;                    // never used beyond
	uint64_t free_block[RL_GROUP_CLASSES]; // by log2 of the size: slot number + 1 of the first
	_Atomic uint64_t group_count;
	_Atomic uint64_t member_count;
};

enum rl_like {
	RL_LIKE_REFRESHED, // was a member, is one for another timeout
	RL_LIKE_NEW,
	RL_LIKE_ABSENT, // rl_group_refresh: is not a member
	RL_LIKE_FULL,   // no room for another group or member
};

// Bytes for about this many subscriptions.
size_t rl_groups_size(uint32_t members);
// mem: zeroed, cache-line aligned, the caller's. key: 16 random bytes.
void rl_groups_init(struct rl_groups *g, void *mem, uint32_t members, uint32_t timeout_ms,
		    const uint8_t key[static 16]);
enum rl_like rl_group_like(struct rl_groups *g, const struct rl_group_key *key, uint64_t member,
			   uint64_t now_ms);
// Only refreshes a live membership: RL_LIKE_REFRESHED or RL_LIKE_ABSENT.
enum rl_like rl_group_refresh(struct rl_groups *g, const struct rl_group_key *key, uint64_t member,
			      uint64_t now_ms);
// Up to max distinct live members at random, without the asker. total: members known, the asker
// counted in; it may count some that died since the last rl_group_expire. Returns how many are in
// out.
unsigned rl_group_gather(struct rl_groups *g, const struct rl_group_key *key, uint64_t asker,
			 unsigned max, uint64_t now_ms, struct rl_random *random, uint64_t *out,
			 uint32_t *total);
// Control: looks at `budget` sets of groups; frees dead members and empty groups, shrinks thin
// ones.
void rl_group_expire(struct rl_groups *g, uint64_t now_ms, unsigned budget);
