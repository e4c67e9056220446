// SPDX-License-Identifier: BSD-3-Clause
// One body for all vector widths: salsa.c includes this with LANES (4, 8, 16: blocks made at once),
// TARGET (function attribute, may be empty) and NAME. No #pragma once: it is meant to be included
// several times.
#include "root/salsa_vector.h"

// LANES blocks of 12 rounds, from the one whose number is in word 8 of `in`.
TARGET static void NAME(uint8_t *out, const uint32_t in[static 16])
{
	static const VECTOR number = {EACH_PIECE(NUMBERS)};
	const VECTOR zero = {0};
	VECTOR x[16], row[LANES];

	for (unsigned w = 0; w < 16; w++)
		x[w] = zero + in[w];
	x[8] += number;
	for (unsigned r = 0; r < 12; r += 2)
		TWO_ROUNDS();
	for (unsigned w = 0; w < 16; w++)
		x[w] += in[w];
	x[8] += number;
#pragma GCC unroll 4
	for (unsigned part = 0; part < PARTS; part++) {
		PART(row, x, part);
#pragma GCC unroll 16
		for (unsigned b = 0; b < LANES; b++)
			memcpy(out + RL_SALSA_BLOCK * b + sizeof(VECTOR) * part, &row[b],
			       sizeof(VECTOR));
	}
}

#undef LANES
#undef TARGET
#undef NAME
