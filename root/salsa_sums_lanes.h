// SPDX-License-Identifier: BSD-3-Clause
// One body for all vector widths: salsa_sums.c includes this with LANES (4, 8, 16: blocks made at
// once), TARGET (function attribute, may be empty) and NAME. No #pragma once: it is meant to be
// included several times.
#include "root/salsa_vector.h"

// The blocks from s->start[8] on.
TARGET static inline __attribute__((always_inline)) void
CONCAT(batch_, LANES)(const struct rl_salsa_sums *s, VECTOR sum[PARTS], uint8_t *out)
{
	static const VECTOR number = {EACH_PIECE(NUMBERS)};
	const VECTOR zero = {0};
	VECTOR x[16], row[LANES];

	for (unsigned w = 0; w < 16; w++)
		x[w] = zero + s->mid[w];
	// What is left of the first two rounds.
	x[8] ^= s->start[8] + number;
	x[12] ^= ROTL(x[8] + s->column4, 13);
	STEP(0, 12, 8, 18);
	QUARTER(0, 1, 2, 3);
	x[8] ^= s->row8;
	STEP(9, 8, 11, 13);
	STEP(10, 9, 8, 18);
	x[12] ^= s->row12;
	STEP(13, 12, 15, 9);
	STEP(14, 13, 12, 13);
	STEP(15, 14, 13, 18);
	for (unsigned r = 2; r < 20; r += 2)
		TWO_ROUNDS();
	for (unsigned w = 0; w < 16; w++)
		x[w] += s->start[w];
	x[8] += number;
#pragma GCC unroll 4
	for (unsigned part = 0; part < PARTS; part++) {
		PART(row, x, part);
#pragma GCC unroll 16
		for (unsigned b = 0; b < LANES; b++) {
			sum[part] ^= row[b];
			memcpy(out + RL_SALSA_BLOCK * b + sizeof(VECTOR) * part, &sum[part],
			       sizeof(VECTOR));
		}
	}
}

TARGET static void NAME(struct rl_salsa_sums *s, uint8_t *out, size_t blocks)
{
	VECTOR sum[PARTS];

	memcpy(sum, s->sum, sizeof(sum));
	for (size_t b = 0; b < blocks; b += LANES) {
		CONCAT(batch_, LANES)(s, sum, out + RL_SALSA_BLOCK * b);
		s->start[8] += LANES;
	}
	memcpy(s->sum, sum, sizeof(sum));
}

#undef LANES
#undef TARGET
#undef NAME
