// SPDX-License-Identifier: BSD-3-Clause
// At which other members a multicast group has listeners, so that a GATHER asks those alone, and
// most ask nobody. Members tell which groups clients of theirs listen to (SUBSCRIBE): new ones at
// once, all of them in each round. What is told is a keyed hash of the group, and holds for a
// while; that the last listener has gone is not told.
//
// This may say yes of a group that nobody there listens to: somebody is then asked in vain. It does
// not say no of one that was told: what finds no room makes its line say yes of its member, and a
// member that has not told all of its groups without a gap, or not for long, counts as one that has
// any group.
//
// Threads: rl_audience_elsewhere and _hash: any, without a lock; all else: one.
#pragma once

#include "cluster/location.h"
#include "root/group.h"

struct rl_member_set {
	uint64_t bits[RL_MEMBER_IDS / 64];
};

static inline void rl_member_set_add(struct rl_member_set *s, uint8_t id)
{
	s->bits[id / 64] |= UINT64_C(1) << id % 64;
}

static inline void rl_member_set_remove(struct rl_member_set *s, uint8_t id)
{
	s->bits[id / 64] &= ~(UINT64_C(1) << id % 64);
}

static inline bool rl_member_set_has(const struct rl_member_set *s, uint8_t id)
{
	return s->bits[id / 64] >> id % 64 & 1;
}

static inline bool rl_member_set_any(const struct rl_member_set *s)
{
	return (s->bits[0] | s->bits[1] | s->bits[2] | s->bits[3]) != 0;
}

enum {
	RL_AUDIENCE_ROUND_MS = 120000, // between the starts of two rounds of a member
	RL_AUDIENCE_WALK_MS = 60000,   // a round takes no longer
	RL_AUDIENCE_LEASE_MS = 300000, // what is told holds for once to twice this time
	RL_AUDIENCE_SWEEP_MS = 60000,  // then it is cleared within this time
	RL_AUDIENCE_AGAIN_MS = 30000,  // between two questions to tell all again
	RL_AUDIENCE_WAYS = 7,          // groups of one line
};

enum rl_audience_mode {
	RL_AUDIENCE_ALONE, // no other member lives: nobody is asked
	RL_AUDIENCE_KNOWN, // by the table
	RL_AUDIENCE_ANY,   // one of them may have any group
};

// What another member has told.
struct rl_audience_peer {
	uint32_t number;   // of its last batch
	bool clean;        // no batch is missing since a round began
	bool missed;       // one is missing: it had better tell all again
	uint64_t whole_ms; // when a round ended that was clean; 0: none yet, or a batch is missing
	uint64_t asked_ms; // to tell all again
};

// The members that have a group, or of the last in a line, groups that found no room there. Bits
// stand for members' numbers modulo 32, so that of more members than that some are asked in vain.
struct rl_audience_entry {
	_Atomic uint64_t name; // 48 bits of the hash, 16 of the lease it was told in last; 0: free
	uint32_t now, before;  // members that told it in that lease, and in the one before
};

struct rl_audience {
	struct rl_audience_entry (*line)[RL_AUDIENCE_WAYS + 1];
	uint64_t mask; // of lines
	uint64_t key[2];
	_Atomic uint8_t mode; // enum rl_audience_mode
	struct rl_member_set alive, unsure;
	struct rl_audience_peer peer[RL_MEMBER_IDS];
	uint64_t swept; // lines, counted on over the rounds
	uint64_t count; // groups
	uint64_t full;  // found no room
	uint64_t gaps;  // batches missing
};

// Room for `groups` groups of all other members: 37 to 73 bytes each.
size_t rl_audience_size(uint64_t groups);
// mem: zeroed, 64-byte aligned, stays the caller's. key: the same at all members.
void rl_audience_init(struct rl_audience *a, void *mem, uint64_t groups, const uint64_t key[2],
		      uint64_t now_ms);

static inline uint64_t rl_audience_hash(const struct rl_audience *a, const struct rl_group_key *g)
{
	return rl_hash192(a->key, g->network, g->mac, g->adi);
}

// Is it worth asking?
bool rl_audience_elsewhere(const struct rl_audience *a, uint64_t hash);
// Who is to be asked: members that live and have the group, as far as known.
struct rl_member_set rl_audience_find(const struct rl_audience *a, uint64_t hash);

// A batch of another member is about to be taken: its number, from 1 without gaps for all batches
// of that start; is it the first, or the last, of a round.
void rl_audience_batch(struct rl_audience *a, uint8_t from, uint32_t number, bool first, bool last,
		       uint64_t now_ms);
void rl_audience_put(struct rl_audience *a, uint64_t hash, uint8_t from, uint64_t now_ms);
// Is this member to be asked to tell all again? Says so once, and not soon again.
bool rl_audience_wants(struct rl_audience *a, uint8_t from, uint64_t now_ms);
// Every 20 ms or so: who lives now, without this member; clears what holds no more.
void rl_audience_turn(struct rl_audience *a, const struct rl_member_set *alive, uint64_t now_ms);
