// SPDX-License-Identifier: BSD-3-Clause
// Random numbers for the packet path: ChaCha20 key stream from a seed of the system, refilled in
// blocks, so that no system call is made per packet. One per thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rl_random {
	uint8_t key[32];
	uint64_t block; // number of the next refill
	uint32_t at;    // next unused byte of pool
	uint8_t pool[1024];
};

// seed: 32 bytes from the caller (tests: fixed; programs: randombytes_buf).
void rl_random_init(struct rl_random *r, const uint8_t seed[static 32]);
uint64_t rl_random64(struct rl_random *r);
// Uniform in 0..n-1, n > 0.
uint32_t rl_random_below(struct rl_random *r, uint32_t n);
