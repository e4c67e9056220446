// SPDX-License-Identifier: BSD-3-Clause
// What the bodies of salsa_lanes.h and salsa_sums_lanes.h share: vectors of LANES words (4, 8, 16),
// in which word w of all blocks lies in vector w, and how to turn them into rows: parts of one
// block as long as a vector. Vector extensions of gcc and clang. No #pragma once: it is meant to be
// included once for each LANES, with TARGET (function attribute, may be empty).

#undef VECTOR
#undef PIECES
#undef PARTS
#undef EACH_PIECE
#undef ROWS
#undef PART

#ifndef QUARTER
#define CONCAT2(a, b) a##b
#define CONCAT(a, b)  CONCAT2(a, b)
// Of the state x, whose words are numbers or vectors of them.
#define ROTL(v, n)        ((v) << (n) | (v) >> (32 - (n)))
#define STEP(to, a, b, n) (x[to] ^= ROTL(x[a] + x[b], n))
#define QUARTER(a, b, c, d)        \
	do {                       \
		STEP(b, a, d, 7);  \
		STEP(c, b, a, 9);  \
		STEP(d, c, b, 13); \
		STEP(a, d, c, 18); \
	} while (0)
#define TWO_ROUNDS()                     \
	do {                             \
		QUARTER(0, 4, 8, 12);    \
		QUARTER(5, 9, 13, 1);    \
		QUARTER(10, 14, 2, 6);   \
		QUARTER(15, 3, 7, 11);   \
		QUARTER(0, 1, 2, 3);     \
		QUARTER(5, 6, 7, 4);     \
		QUARTER(10, 11, 8, 9);   \
		QUARTER(15, 12, 13, 14); \
	} while (0)
// Patterns of shuffles. Interleave, within each 16 bytes, the low or high halves of two vectors by
// 32 or 64 bits; and all 16 bytes of one or two vectors in other orders.
#define SHUFFLE(a, b, pattern) __builtin_shufflevector(a, b, EACH_PIECE(pattern))
#define LOW32(i)               (i), (i) + LANES, (i) + 1, (i) + 1 + LANES
#define HIGH32(i)              (i) + 2, (i) + 2 + LANES, (i) + 3, (i) + 3 + LANES
#define LOW64(i)               (i), (i) + 1, (i) + LANES, (i) + 1 + LANES
#define HIGH64(i)              (i) + 2, (i) + 3, (i) + 2 + LANES, (i) + 3 + LANES
#define NUMBERS(i)             (i), (i) + 1, (i) + 2, (i) + 3
#define NUMBERS2(i, j)         NUMBERS(i), NUMBERS(j)
#define NUMBERS4(i, j, k, l)   NUMBERS2(i, j), NUMBERS2(k, l)
#endif

#define VECTOR CONCAT(salsa_lanes_, LANES)
#define ROWS   CONCAT(salsa_rows_, LANES)
#define PART   CONCAT(salsa_part_, LANES)
#define PIECES (LANES / 4)  // of 16 bytes in a vector
#define PARTS  (4 / PIECES) // rows in a block
#if LANES == 4
#define EACH_PIECE(pattern) pattern(0)
#elif LANES == 8
#define EACH_PIECE(pattern) pattern(0), pattern(4)
#else
#define EACH_PIECE(pattern) pattern(0), pattern(4), pattern(8), pattern(12)
#endif

typedef uint32_t VECTOR __attribute__((vector_size(4 * LANES)));

// Piece q of v[g][lane] belongs to block 4q + lane. Makes row[4q + lane] of the pieces q of all
// v[..][lane].
TARGET static inline __attribute__((always_inline)) void ROWS(VECTOR row[LANES],
							      VECTOR v[PIECES][4])
{
#pragma GCC unroll 4
	for (unsigned lane = 0; lane < 4; lane++) {
#if LANES == 4
		row[lane] = v[0][lane];
#elif LANES == 8
		const VECTOR a = v[0][lane], b = v[1][lane];

		row[lane] = __builtin_shufflevector(a, b, NUMBERS2(0, 8));
		row[4 + lane] = __builtin_shufflevector(a, b, NUMBERS2(4, 12));
#else
		const VECTOR a = v[0][lane], b = v[1][lane], c = v[2][lane], d = v[3][lane];
		const VECTOR ab01 = __builtin_shufflevector(a, b, NUMBERS4(0, 4, 16, 20));
		const VECTOR ab23 = __builtin_shufflevector(a, b, NUMBERS4(8, 12, 24, 28));
		const VECTOR cd01 = __builtin_shufflevector(c, d, NUMBERS4(0, 4, 16, 20));
		const VECTOR cd23 = __builtin_shufflevector(c, d, NUMBERS4(8, 12, 24, 28));

		row[lane] = __builtin_shufflevector(ab01, cd01, NUMBERS4(0, 8, 16, 24));
		row[4 + lane] = __builtin_shufflevector(ab01, cd01, NUMBERS4(4, 12, 20, 28));
		row[8 + lane] = __builtin_shufflevector(ab23, cd23, NUMBERS4(0, 8, 16, 24));
		row[12 + lane] = __builtin_shufflevector(ab23, cd23, NUMBERS4(4, 12, 20, 28));
#endif
	}
}

// Row `part` of each block.
TARGET static inline __attribute__((always_inline)) void PART(VECTOR row[LANES], const VECTOR x[16],
							      unsigned part)
{
	VECTOR v[PIECES][4];

#pragma GCC unroll 4
	for (unsigned p = 0; p < PIECES; p++) {
		const VECTOR *w = &x[4 * (part * PIECES + p)];
		const VECTOR ab_low = SHUFFLE(w[0], w[1], LOW32);
		const VECTOR ab_high = SHUFFLE(w[0], w[1], HIGH32);
		const VECTOR cd_low = SHUFFLE(w[2], w[3], LOW32);
		const VECTOR cd_high = SHUFFLE(w[2], w[3], HIGH32);

		v[p][0] = SHUFFLE(ab_low, cd_low, LOW64);
		v[p][1] = SHUFFLE(ab_low, cd_low, HIGH64);
		v[p][2] = SHUFFLE(ab_high, cd_high, LOW64);
		v[p][3] = SHUFFLE(ab_high, cd_high, HIGH64);
	}
	ROWS(row, v);
}
