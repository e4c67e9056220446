// SPDX-License-Identifier: BSD-3-Clause
// Where every peer of the cluster is: open addressing over packed locations of 64 bytes, planned
// for 100 million (74 bytes a peer with tags and slack). Sized once, by its caller's memory;
// nothing here allocates.
//
// Seven entries make a group with one 8-byte word: a tag of each, and how many live entries that
// belong here or before it found it full and live further on (at 255 it stays). A look-up reads
// that word, the entries whose tag fits, and goes on only if the word says so: an unknown address
// costs one cache line, and a removed entry leaves nothing behind to trip over. Entries never move.
//
// The hash is keyed with a secret that all members share, so that outsiders cannot aim at a group,
// and a shard, a 256th of the hash's range, is the same peers at every member.
//
// Threads: rl_directory_find and the prefetches from any thread, without a lock; all else from one
// thread (control). What a reader gets is one whole record that was in there during the call.
#pragma once

#include "cluster/entry.h"
#include "root/hash.h"
#include "root/prefetch.h"

enum {
	RL_GROUP_ENTRIES = 7,
	RL_SHARDS = 256,
};

struct rl_directory_limits {
	uint32_t gone_ms;     // tombstones; longer than any batch can be under way
	uint32_t claim_ms;    // claims that their home confirms no more; > 2 rounds of its refresh
	uint32_t identity_ms; // valid identities that nobody claims
	uint32_t push_ms;     // memory of PUSHes; beyond 2 h they are not told
	uint32_t evict_ms;    // live claims confirmed within it, which is more than a round of the
			      // refresh, do not make room for others
};
// 2 min, 25 min, 7 days, 2 h, 15 min.
extern const struct rl_directory_limits rl_directory_limits_default;

struct rl_directory {
	_Atomic uint64_t *words; // tag of entry i in byte i, byte 7: how many have passed
	struct rl_entry *entries;
	uint64_t key[2];
	uint64_t groups;
	uint64_t max;
	struct rl_directory_limits limits;
	uint8_t self;
	// The writer's.
	uint64_t latest_ms;              // claims in here stamped after it are void; 0: no bound
	uint64_t count;                  // entries in use
	uint64_t live[RL_MEMBER_IDS];    // live claims by home
	uint64_t evicted, refused, aged; // ended by a full table, not taken for it, by time
};

// Bytes for max entries (1 or more).
size_t rl_directory_size(uint64_t max);
// mem: zeroed, aligned to 64, stays the caller's. key: the cluster's (rl_seal_directory_key). self:
// claims of this member are never evicted, though they age like all others.
void rl_directory_init(struct rl_directory *d, uint64_t max, void *mem,
		       const uint8_t key[static 16], uint8_t self,
		       const struct rl_directory_limits *limits);

static inline uint64_t rl_directory_hash(const struct rl_directory *d, uint64_t address)
{
	return rl_hash64(d->key, address);
}

static inline uint8_t rl_directory_shard(const struct rl_directory *d, uint64_t address)
{
	return (uint8_t)(rl_directory_hash(d, address) >> 24);
}

static inline uint64_t rl_directory_group(const struct rl_directory *d, uint64_t hash)
{
	return (hash & 0xffffffff) * d->groups >> 32;
}

// The steps of a look-up in a burst; each prefetches what the next one reads.
RL_PREFETCHES rl_directory_prefetch(const struct rl_directory *d, uint64_t hash)
{
	__builtin_prefetch((const void *)&d->words[rl_directory_group(d, hash)]);
}
void rl_directory_prefetch_entry(const struct rl_directory *d, uint64_t hash);
// False: not known. What is found may be a tombstone or an identity alone: ask rl_location_live.
bool rl_directory_find(const struct rl_directory *d, uint64_t address, uint64_t hash,
		       struct rl_location *out);

// Merges what a member told, or what this one claims. `confirmed`: its home itself says that it is
// (still) so. before: what was known until now (address 0: nothing), may be NULL. RL_CHANGE_*
// or'ed, or -ENOSPC: the table is full, and among the entries nearest to its place are only live
// claims confirmed within evict_ms; else the one of those unconfirmed for longest makes room,
// tombstones and identities without a claim first. Live claims of others make room for one of this
// member, and those of a member with more than half of a full table for any other's, so that one
// that tells too much shuts out nobody but itself.
int rl_directory_merge(struct rl_directory *d, const struct rl_location *l, bool confirmed,
		       uint64_t now_ms, struct rl_location *before);
// A later stamp for a claim; nothing else changes.
void rl_directory_restamp(struct rl_directory *d, uint64_t address, uint64_t stamp_ms);
// When it was last confirmed; UINT64_MAX: not known.
uint64_t rl_directory_unconfirmed_ms(const struct rl_directory *d, uint64_t address,
				     uint64_t now_ms);
void rl_directory_erase(struct rl_directory *d, uint64_t address);

// A walk, a group a step, so that its caller spends what it wants. What is merged or erased in the
// meantime may or may not be met; all else is, once.
struct rl_directory_cursor {
	uint64_t group;
	uint64_t walked; // groups
	uint64_t sure;   // groups of its range; the shard's entries may live beyond
	uint16_t shard;  // RL_SHARDS: all
	bool done;
};

struct rl_directory_cursor rl_directory_walk_shard(const struct rl_directory *d, uint8_t shard);
struct rl_directory_cursor rl_directory_walk_all(const struct rl_directory *d);
// How many of the next group were put to out. After the last one c->done is set.
unsigned rl_directory_step(const struct rl_directory *d, struct rl_directory_cursor *c,
			   struct rl_location out[static RL_GROUP_ENTRIES]);

// The next `groups` groups of an endless round: what is too old goes, by the limits. At 100 million
// entries and a round a minute that is 270 groups a millisecond. now_ms: the clock of all calls
// here; cluster_ms: that of PUSHes.
struct rl_directory_aging {
	uint64_t group;
	uint64_t rounds; // ended
};
void rl_directory_age(struct rl_directory *d, struct rl_directory_aging *a, uint64_t groups,
		      uint64_t now_ms, uint64_t cluster_ms);

// A member is no more and nobody will take over: forgets its claims, keeps the identities. Steps
// of a walk_all; true: done.
bool rl_directory_forget(struct rl_directory *d, struct rl_directory_cursor *c, uint64_t groups,
			 uint8_t member);
