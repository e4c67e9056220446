// SPDX-License-Identifier: BSD-3-Clause
// When a client was last sent a PUSH_DIRECT_PATHS. It counts those that reach it at most 30 s after
// the one before and takes a redirect only while that count is low, so the members together keep
// the newest few of an unbroken chain. Merging two memories is their union, cut to the newest: it
// does not matter in which order members hear of each other's.
//
// Times are ticks of 128 ms of the cluster's clock, cut to 24 bits (24 days): whoever stores them
// clears those older than some hours. Plain values; no thread may write one that another reads.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	RL_PUSHES_MAX = 6,    // the gate: no client gets more in one chain
	RL_PUSHES_PARTED = 3, // of those for each half of a cluster that is parted
	RL_PUSHES_REST_MS = 64000,
	RL_PUSH_TICK_BITS = 24,
	RL_PUSH_TICK_MS = 128,
	RL_PUSH_CHAIN_TICKS = 250, // 32 s: the client's 30 s, and 2 s for clocks and transit
};

// All zero: none.
struct rl_pushes {
	uint32_t last;                  // tick of the newest; nothing if count is 0
	uint8_t count;                  // of the chain that ends with it; up to RL_PUSHES_MAX
	uint8_t gap[RL_PUSHES_MAX - 1]; // ticks, 1..250: from each to the one before, newest first
};

static inline uint32_t rl_push_tick(uint64_t ms)
{
	return (uint32_t)(ms / RL_PUSH_TICK_MS) & ((1u << RL_PUSH_TICK_BITS) - 1);
}

// How many ticks a lies after b; negative: before.
static inline int32_t rl_push_tick_diff(uint32_t a, uint32_t b)
{
	return (int32_t)((a - b) << (32 - RL_PUSH_TICK_BITS)) >> (32 - RL_PUSH_TICK_BITS);
}

// How many of the chain a PUSH sent now would add to: 0..RL_PUSHES_MAX. At RL_PUSHES_MAX the gate
// is shut.
unsigned rl_pushes_in_chain(const struct rl_pushes *p, uint64_t now_ms);
// How many may follow now. parted is rl_member_parted: of two halves neither knows of the other's
// PUSHes, so each keeps to its share, and then rests until the other's cannot link two chains.
unsigned rl_pushes_left(const struct rl_pushes *p, uint64_t now_ms, bool parted);
// One was sent. Call it per packet, also for the second of two sent at once.
void rl_pushes_note(struct rl_pushes *p, uint64_t now_ms);
// Milliseconds since the newest; UINT64_MAX if there is none, or only one that a wrong clock has
// put far ahead.
uint64_t rl_pushes_age(const struct rl_pushes *p, uint64_t now_ms);
// into becomes the union of both. True if that changed it.
bool rl_pushes_merge(struct rl_pushes *into, const struct rl_pushes *from);
bool rl_pushes_equal(const struct rl_pushes *a, const struct rl_pushes *b);
// What came over a wire: counts and gaps within their bounds.
bool rl_pushes_ok(const struct rl_pushes *p);
