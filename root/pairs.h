// SPDX-License-Identifier: BSD-3-Clause
// Which pairs of nodes were introduced when (docs/protocol.md 6.4): a fixed table of 64-bit words
// shared by all workers, eight to a cache line, found by a keyed hash of the unordered pair.
//
// A word is tag (31 bits) | repeat used (1 bit) | time in 64 ms ticks (32 bits). Any number of
// threads: looking reads relaxed words and writes nothing; claiming is one compare-and-swap, so of
// several who find a pair due one wins (pairs.c says why). A full set forgets its oldest pair: that
// one is introduced once more than needed.
#pragma once

#include "root/hash.h"
#include "root/prefetch.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct rl_pairs {
	_Atomic uint64_t *words;
	uint64_t key[2];
	uint64_t mask; // of the sets
};

enum { RL_PAIRS_WAYS = 8 };

// Bytes for this many pairs (rounded up to a power of two, at least one set).
size_t rl_pairs_size(uint32_t pairs);
// mem: zeroed, cache-line aligned, the caller's. key: 16 random bytes.
void rl_pairs_init(struct rl_pairs *p, void *mem, uint32_t pairs, const uint8_t key[static 16]);
// Of the pair, in either order; for all that follow, so that a packet computes it once.
static inline uint64_t rl_pairs_hash(const struct rl_pairs *p, uint64_t a, uint64_t b)
{
	return a < b ? rl_hash128(p->key, a, b) : rl_hash128(p->key, b, a);
}
static inline _Atomic uint64_t *rl_pairs_set(const struct rl_pairs *p, uint64_t hash)
{
	return p->words + (hash & p->mask) * RL_PAIRS_WAYS;
}
RL_PREFETCHES rl_pairs_prefetch(const struct rl_pairs *p, uint64_t hash)
{
	__builtin_prefetch((const void *)rl_pairs_set(p, hash));
}
// Is it interval_ms or longer since this pair was claimed? Writes nothing.
bool rl_pairs_due(const struct rl_pairs *p, uint64_t hash, uint64_t now_ms, uint32_t interval_ms);
// True for one of those who ask while it is due; starts the interval anew. (For none, if other
// pairs take its place in the set again and again at this very moment: the next packet asks again.)
bool rl_pairs_claim(struct rl_pairs *p, uint64_t hash, uint64_t now_ms, uint32_t interval_ms);
// True once after a claim, within within_ms of it.
bool rl_pairs_claim_repeat(struct rl_pairs *p, uint64_t hash, uint64_t now_ms, uint32_t within_ms);
