// SPDX-License-Identifier: BSD-3-Clause
// Budgets of packets per source prefix: token buckets in a fixed table (docs/protocol.md 8.1 row
// 2). A bucket holds two seconds' worth. Cells live in sets of four found by a keyed hash; a new
// prefix takes the cell that is fullest again, that is, the one used least: a flood of forged
// prefixes cannot lock anybody out for long, and cannot make the table grow. One thread only.
#pragma once

#include "root/hash.h"
#include "root/inet.h"
#include "root/prefetch.h"

struct rl_budget_cell {
	uint32_t tag;  // of the prefix; 0 free
	uint32_t full; // tick at which the bucket will be full again: the later, the emptier
};

enum { RL_BUDGET_WAYS = 4 };

struct rl_budget {
	struct rl_budget_cell (*sets)[RL_BUDGET_WAYS];
	uint64_t key[2];
	uint32_t mask;
	uint32_t pps;  // for which `each` was worked out
	uint32_t each; // ticks that one packet costs
};

// A bucket for all of something together.
struct rl_budget_total {
	uint32_t full;
};

enum rl_prefix_len {
	RL_PREFIX_HOST, // IPv4 /32, IPv6 /64
	RL_PREFIX_SITE, // IPv4 /24, IPv6 /48
};

// The prefix of an address as a number. IPv4 looks like IPv6 multicast, which is nobody's source
// address: families do not mix.
static inline uint64_t rl_prefix(const struct rl_inet *a, enum rl_prefix_len len)
{
	if (a->family == 4)
		return 0xff04ULL << 48 |
		       (len == RL_PREFIX_HOST ? rl_load32(a->ip) : rl_load32(a->ip) >> 8);
	return len == RL_PREFIX_HOST ? rl_load64(a->ip) : 1ULL << 63 | rl_load64(a->ip) >> 16;
}

// Bytes for this many cells (rounded up to a power of two, at least one set).
size_t rl_budget_size(uint32_t cells);
// mem: zeroed, 16-byte aligned, the caller's. key: 16 random bytes.
void rl_budget_init(struct rl_budget *b, void *mem, uint32_t cells, const uint8_t key[static 16]);
// Of a prefix, for the two that follow, so that a burst computes it once.
static inline uint64_t rl_budget_hash(const struct rl_budget *b, uint64_t prefix)
{
	return rl_hash64(b->key, prefix);
}
RL_PREFETCHES rl_budget_prefetch(const struct rl_budget *b, uint64_t hash)
{
	__builtin_prefetch(&b->sets[hash & b->mask]);
}
// Takes `cost` packets from this prefix's bucket, which fills at pps a second (kept within 3
// percent up to 500000, roughly up to 4 million); pps 0: no limit. now_ms: the low bits of any
// millisecond clock. False: not enough left, nothing taken.
bool rl_budget_take(struct rl_budget *b, uint64_t hash, uint32_t now_ms, uint32_t pps,
		    uint32_t cost);
bool rl_budget_total_take(struct rl_budget_total *b, uint32_t now_ms, uint32_t pps, uint32_t cost);
