// SPDX-License-Identifier: BSD-3-Clause
// Blocks of 8, 16, 32, ... words out of one fixed piece of memory: a buddy allocator. Halves that
// are both free again become the whole again, so that memory used by many small blocks serves a
// large one later and the other way round. Steps of one call: at most the number of sizes.
//
// Threads: any; a spin lock inside. A block belongs to whoever took it.
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RL_ARENA_LOG_MIN = 3,
	RL_ARENA_LOGS = 32, // sizes are 1 << 3 to 1 << 31 words
};

#define RL_ARENA_FULL UINT64_MAX

struct rl_arena {
	uint64_t *words; // free blocks hold the list of their size in their first two
	uint8_t *start;  // per 8 words: the size (log) of the free block that starts here, or 0
	uint64_t size;   // words
	uint64_t unused; // words in free blocks
	uint64_t list[RL_ARENA_LOGS]; // first free block of a size + 1; 0: none
	atomic_flag lock;
};

// Bytes for this many words (rounded up to 8).
size_t rl_arena_size(uint64_t words);
// mem: zeroed, cache-line aligned, the caller's.
void rl_arena_init(struct rl_arena *a, void *mem, uint64_t words);
// A zeroed block of 1 << log words: the number of its first, or RL_ARENA_FULL. log >=
// RL_ARENA_LOG_MIN.
uint64_t rl_arena_take(struct rl_arena *a, unsigned log);
// at, log: as taken.
void rl_arena_give(struct rl_arena *a, uint64_t at, unsigned log);
