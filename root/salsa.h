// SPDX-License-Identifier: BSD-3-Clause
// Salsa20/12 key streams for packets (docs/protocol.md 2.3, 4.3.2): 256-bit key, 8-byte nonce,
// 64-bit block counter. In counter mode the blocks do not depend on each other, so 4, 8 or 16 are
// made at once, as the CPU allows. Pure; any thread. For the 20 rounds of the address derivation
// see salsa_sums.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RL_SALSA_BLOCK = 64 };

// From block 0.
void rl_salsa12_stream(uint8_t *out, size_t len, const uint8_t nonce[static 8],
		       const uint8_t key[static 32]);
void rl_salsa12_xor(uint8_t *p, size_t len, const uint8_t nonce[static 8],
		    const uint8_t key[static 32]);

// The state before the first round of block 0, however many rounds follow. Word 8 is the number
// of the block; streams have less than 2^32, so that word 9 stays 0.
void rl_salsa_start(uint32_t in[static 16], const uint8_t nonce[static 8],
		    const uint8_t key[static 32]);

// One block each of many key streams of 12 rounds: what short packets need, side by side.
struct rl_salsa_lane {
	const uint8_t *nonce; // 8 bytes
	const uint8_t *key;   // 32 bytes
	uint32_t block;       // number in its stream
};
void rl_salsa12_blocks(uint8_t out[][RL_SALSA_BLOCK], const struct rl_salsa_lane *lane, unsigned n);

// How many blocks are made at once: picked before main() starts.
unsigned rl_salsa_lanes(void);
// For tests and measurements, with no other thread about: 4, 8 or 16. False, and nothing changed,
// if this CPU cannot.
bool rl_salsa_use_lanes(unsigned lanes);
