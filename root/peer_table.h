// SPDX-License-Identifier: BSD-3-Clause
// All peers, found by their 40-bit address: open addressing with 8-byte
// slots in buckets of a cache line over two arrays of
// fixed-size peers (hot and cold part, root/peer.h). Sized once; nothing here allocates after
// start.
//
// Threads: look-ups take no lock and may run beside inserts and removals. Inserting and removing
// take an internal lock (admission, control; never a worker). A removed peer's memory is used again
// only after rl_peer_table_reclaim, which the caller may call once every reader has passed a
// quiescent state.
#pragma once

#include "root/peer.h"
#include "root/prefetch.h"

// One cache line. `passed`: live peers that belong here or before but found this bucket full and
// live in a later one. A look-up goes on to the next bucket only if that is not zero, so a removed
// peer leaves a plain empty slot behind and nothing to trip over.
struct rl_bucket {
	_Atomic uint64_t slot[7]; // tag << 32 | index + 1; 0 empty
	_Atomic uint64_t passed;
};
_Static_assert(sizeof(struct rl_bucket) == 64, "a look-up reads one cache line of the table");

struct rl_peer_table {
	struct rl_bucket *buckets;
	struct rl_peer *hot;
	struct rl_peer_cold *cold;
	uint64_t key[2]; // of the hash: addresses are chosen by strangers
	uint64_t bucket_count;
	uint32_t max;           // peers there is room for
	_Atomic uint32_t top;   // peers 0..top-1 have been in use at some time
	_Atomic uint32_t count; // live ones
	uint32_t free_list;     // index + 1 of the first free one below top; under lock
	uint32_t unlinked;      // index + 1; under lock
	uint32_t unlinked_sealed;
	atomic_flag lock;
};

// Bytes of the buckets for max peers: two thirds full at most.
size_t rl_peer_table_slots_size(uint32_t max);
// The arrays are zeroed, cache-line aligned and stay the caller's. key: 16 random bytes.
void rl_peer_table_init(struct rl_peer_table *t, uint32_t max, void *buckets, void *hot, void *cold,
			const uint8_t key[static 16]);

uint64_t rl_peer_table_hash(const struct rl_peer_table *t, uint64_t address);
// The low half of the hash chooses the bucket, the high half tells slots apart.
static inline struct rl_bucket *rl_peer_table_bucket(const struct rl_peer_table *t, uint64_t hash)
{
	return &t->buckets[(hash & 0xffffffff) * t->bucket_count >> 32];
}

// The three steps of a look-up in a burst; each prefetches what the next one reads.
RL_PREFETCHES rl_peer_table_prefetch(const struct rl_peer_table *t, uint64_t hash)
{
	__builtin_prefetch(rl_peer_table_bucket(t, hash));
}
// Who it is in all likelihood; NULL: not in this bucket. Reads nothing of the peer, which the
// caller prefetches. One peer in fourteen of a full table lives in the next bucket, or beyond.
struct rl_peer *rl_peer_table_guess(const struct rl_peer_table *t, const struct rl_bucket *b,
				    uint64_t hash);
// All that a peer's keys, identity and counters lie on.
RL_PREFETCHES rl_peer_prefetch_cold(const struct rl_peer_cold *cold)
{
	for (size_t at = 0; at < sizeof(*cold); at += 64)
		__builtin_prefetch((const uint8_t *)cold + at);
	__builtin_prefetch((const uint8_t *)(cold + 1) - 1); // not aligned to lines
}
// The bucket to look at next; NULL: nothing lives beyond this one.
const struct rl_bucket *rl_peer_table_beyond(const struct rl_peer_table *t,
					     const struct rl_bucket *b);
// NULL: not here.
struct rl_peer *rl_peer_table_find(const struct rl_peer_table *t, uint64_t address, uint64_t hash);
// The same, beginning with a guess (or NULL) of the same burst, which is nearly always right.
static inline struct rl_peer *rl_peer_table_confirm(const struct rl_peer_table *t,
						    struct rl_peer *guess, uint64_t address,
						    uint64_t hash)
{
	if (guess && atomic_load_explicit(&guess->address, memory_order_relaxed) == address)
		return guess;
	return rl_peer_table_find(t, address, hash);
}

static inline struct rl_peer_cold *rl_peer_cold(const struct rl_peer_table *t,
						const struct rl_peer *hot)
{
	return &t->cold[hot - t->hot];
}

// Full of live peers: reserving would fail.
static inline bool rl_peer_table_full(const struct rl_peer_table *t)
{
	return atomic_load_explicit(&t->count, memory_order_relaxed) >= t->max;
}

// A free peer to fill in, not yet found by anybody; NULL: full. Then either publish or release it.
struct rl_peer *rl_peer_table_reserve(struct rl_peer_table *t);
void rl_peer_table_release(struct rl_peer_table *t, struct rl_peer *hot);
// Makes it found under this address. -EEXIST: somebody else was quicker (the caller releases its
// own).
int rl_peer_table_publish(struct rl_peer_table *t, struct rl_peer *hot, uint64_t address);
// Takes a peer out; it awaits rl_peer_table_seal and _reclaim.
void rl_peer_table_unlink(struct rl_peer_table *t, struct rl_peer *hot);
// Closes the batch of unlinked peers, then (after a grace period) wipes and frees that batch.
// Returns its size.
unsigned rl_peer_table_seal(struct rl_peer_table *t);
void rl_peer_table_reclaim(struct rl_peer_table *t);
