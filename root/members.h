// SPDX-License-Identifier: BSD-3-Clause
// The members of one multicast group: up to three in place, more in a hash set in an arena of
// power-of-two blocks, at most three quarters full. So a refresh is one probe however large the
// group is, and random members are found by walking the set line by line with a random stride,
// which meets no slot twice. Members unheard for timeout_ms are dead: they are skipped, replaced
// and cleared.
//
// A word is member << 24 | time in units of 4.096 s; 0: empty.
//
// Threads: the caller holds a lock on the set, but for the prefetches; the pool is shared by all.
#pragma once

#include "root/arena.h"
#include "root/hash.h"

#include <stdbool.h>

struct rl_members_pool {
	struct rl_arena arena;
	uint64_t key[2];
	uint32_t timeout_ms;
	_Atomic uint64_t count; // members of all sets, those dead but not cleared included
};

enum { RL_MEMBERS_INLINE = 3 };

// All zero is an empty set.
struct rl_members {
	// 0: members are in `few`; else 1 << (place & 31) words of the arena from place >> 5 on.
	// Written under the lock; read without it for prefetching alone.
	_Atomic uint64_t place;
	_Atomic uint32_t count; // words in use, dead members included; as place
	uint64_t few[RL_MEMBERS_INLINE];
};

// 0 for members in place, else log2 of the words of the hash set.
static inline unsigned rl_members_log(const struct rl_members *m)
{
	return atomic_load_explicit(&m->place, memory_order_relaxed) & 31;
}

enum rl_like {
	RL_LIKE_REFRESHED, // was a live member, is one for another timeout
	RL_LIKE_NEW,
	RL_LIKE_ABSENT, // only refreshing was asked for, and it is no live member
	RL_LIKE_FULL,   // no room
};

// Where a member is looked for; the same in all sets of a pool.
static inline uint64_t rl_members_hash(const struct rl_members_pool *p, uint64_t member)
{
	return rl_hash64(p->key, member);
}

// member: a node address, not zero.
enum rl_like rl_members_put(struct rl_members_pool *p, struct rl_members *m, uint64_t member,
			    uint64_t now_ms);
// hash: rl_members_hash of the member.
enum rl_like rl_members_refresh(struct rl_members_pool *p, struct rl_members *m, uint64_t member,
				uint64_t hash, uint64_t now_ms);
// Fetches where the word of a member with this hash would be. Needs no lock: others may change m
// meanwhile.
void rl_members_prefetch(const struct rl_members_pool *p, const struct rl_members *m,
			 uint64_t hash);
// Up to max distinct live members without `but`, at random as `dice` is. Looks at a bounded number
// of words: of a large set that is nearly all dead it may miss live ones.
unsigned rl_members_pick(const struct rl_members_pool *p, const struct rl_members *m, uint64_t but,
			 unsigned max, uint64_t now_ms, uint64_t dice, uint64_t *out);
// Fetches what rl_members_pick with the same max and dice is likely to look at. Needs no lock.
void rl_members_pick_prefetch(const struct rl_members_pool *p, const struct rl_members *m,
			      unsigned max, uint64_t dice);
// How many live: counted up to some dozens, above that as of the last rl_members_expire.
uint32_t rl_members_total(const struct rl_members_pool *p, const struct rl_members *m,
			  uint64_t now_ms);
// Clears the dead, moves to less memory if much of it is unused. How many are left.
uint32_t rl_members_expire(struct rl_members_pool *p, struct rl_members *m, uint64_t now_ms);
// Gives the memory back; the set is empty then.
void rl_members_free(struct rl_members_pool *p, struct rl_members *m);
