// SPDX-License-Identifier: BSD-3-Clause
// One body for all vector widths: salsa.c includes this with LANES (4, 8, 16: blocks made at once),
// TARGET (function attribute, may be empty), NAME and EACH (names of the two functions). No #pragma
// once: it is meant to be included several times.
#include "root/salsa_vector.h"

// The blocks of 12 rounds that begin with the states in `in`, one in each lane.
TARGET static inline __attribute__((always_inline)) void CONCAT(blocks_, LANES)(uint8_t *out,
										const VECTOR in[16])
{
	VECTOR x[16], row[LANES];

	memcpy(x, in, sizeof(x));
	for (unsigned r = 0; r < 12; r += 2)
		TWO_ROUNDS();
	for (unsigned w = 0; w < 16; w++)
		x[w] += in[w];
#pragma GCC unroll 4
	for (unsigned part = 0; part < PARTS; part++) {
		PART(row, x, part);
#pragma GCC unroll 16
		for (unsigned b = 0; b < LANES; b++)
			memcpy(out + RL_SALSA_BLOCK * b + sizeof(VECTOR) * part, &row[b],
			       sizeof(VECTOR));
	}
}

// LANES blocks of one key stream, from the one whose number is in word 8 of `in`.
TARGET static void NAME(uint8_t *out, const uint32_t in[static 16])
{
	static const VECTOR number = {EACH_PIECE(NUMBERS)};
	const VECTOR zero = {0};
	VECTOR x[16];

	for (unsigned w = 0; w < 16; w++)
		x[w] = zero + in[w];
	x[8] += number;
	CONCAT(blocks_, LANES)(out, x);
}

// One block of each of LANES key streams. word[w] holds word w of all states.
TARGET static void EACH(uint8_t *out, const uint32_t word[16][LANES_MAX])
{
	VECTOR x[16];

	for (unsigned w = 0; w < 16; w++)
		memcpy(&x[w], word[w], sizeof(x[w]));
	CONCAT(blocks_, LANES)(out, x);
}

#undef LANES
#undef TARGET
#undef NAME
#undef EACH
