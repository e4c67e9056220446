// SPDX-License-Identifier: BSD-3-Clause
// Keyed hashes for tables whose keys strangers choose: fast, and without the key nobody can aim at
// a bucket. Not a MAC: outputs never leave the process.
#pragma once

#include <stdint.h>

static inline uint64_t rl_hash_fold(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

// Two folded multiplications, each by a secret odd number. The constants see to it that no key is a
// weak one.
static inline uint64_t rl_hash64(const uint64_t key[2], uint64_t v)
{
	uint64_t x = rl_hash_fold(v ^ key[0], (key[1] ^ 0x9e3779b97f4a7c15) | 1);
	return rl_hash_fold(x ^ key[1], (key[0] ^ 0xd6e8feb86659fd93) | 1);
}

static inline uint64_t rl_hash128(const uint64_t key[2], uint64_t a, uint64_t b)
{
	return rl_hash64(key, rl_hash64(key, a) ^ b);
}

static inline uint64_t rl_hash192(const uint64_t key[2], uint64_t a, uint64_t b, uint64_t c)
{
	return rl_hash64(key, rl_hash128(key, a, b) ^ c);
}
