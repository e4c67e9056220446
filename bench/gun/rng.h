// SPDX-License-Identifier: BSD-3-Clause
// Random numbers of the generator: SplitMix64. Fast, repeatable from its seed, and good enough to
// pick nodes and fill packets; keys and identities of real nodes come from the system instead.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rng {
	uint64_t state;
};

// One number from one input, without a state: what belongs to index i of a seed.
static inline uint64_t rng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint64_t rng_next(struct rng *r)
{
	return rng_mix(r->state += 0x9e3779b97f4a7c15);
}

// 0..n-1, n > 0.
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

// 0 <= x < 1.
static inline double rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

static inline void rng_fill(struct rng *r, void *out, size_t len)
{
	uint8_t *p = out;

	for (; len; p += 8) {
		uint64_t v = rng_next(r);
		size_t n = len < 8 ? len : 8;

		memcpy(p, &v, n);
		len -= n;
	}
}
