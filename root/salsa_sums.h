// SPDX-License-Identifier: BSD-3-Clause
// The key stream of the address derivation (docs/protocol.md 1.4): Salsa20/20, each block xored
// with all before it. 4, 8 or 16 blocks are made at once, as many as rl_salsa_lanes says. Pure; one
// thread for each struct.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { RL_SALSA_SUMS_BATCH = 16 };

struct rl_salsa_sums {
	uint32_t start[16]; // state before the first round; word 8 is the number of the next block
	uint32_t mid[16];   // what the first two rounds make of it, as far as no number enters
	uint32_t column4, row8, row12; // what they add to words that a number did enter
	uint64_t sum[8];               // of all blocks so far
};

// From block 0.
void rl_salsa_sums_init(struct rl_salsa_sums *s, const uint8_t nonce[static 8],
			const uint8_t key[static 32]);
// Forgets the sum, not the number of the next block.
void rl_salsa_sums_clear(struct rl_salsa_sums *s);
// The next `blocks` sums, 64 bytes each; a multiple of RL_SALSA_SUMS_BATCH.
void rl_salsa_sums_next(struct rl_salsa_sums *s, uint64_t *out, size_t blocks);
