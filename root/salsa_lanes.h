// SPDX-License-Identifier: BSD-3-Clause
// One body for all vector widths: salsa.c includes this with LANES (4, 8, 16: blocks made at once),
// TARGET (function attribute, may be empty) and NAME. Word w of all blocks lives in vector w.
// Vector extensions of gcc and clang. No #pragma once: it is meant to be included several times.

#define VECTOR                 CONCAT(lanes_, LANES)
#define ROTL(v, n)             ((v) << (n) | (v) >> (32 - (n)))
#define SHUFFLE(a, b, pattern) __builtin_shufflevector(a, b, EACH_PIECE(pattern))
#if LANES == 4
#define EACH_PIECE(pattern) pattern(0)
#elif LANES == 8
#define EACH_PIECE(pattern) pattern(0), pattern(4)
#else
#define EACH_PIECE(pattern) pattern(0), pattern(4), pattern(8), pattern(12)
#endif
// Interleave, within each 16 bytes, the low or high halves of two vectors by 32 or 64 bits.
#define LOW32(i)   (i), (i) + LANES, (i) + 1, (i) + 1 + LANES
#define HIGH32(i)  (i) + 2, (i) + 2 + LANES, (i) + 3, (i) + 3 + LANES
#define LOW64(i)   (i), (i) + 1, (i) + LANES, (i) + 1 + LANES
#define HIGH64(i)  (i) + 2, (i) + 3, (i) + 2 + LANES, (i) + 3 + LANES
#define NUMBERS(i) (i), (i) + 1, (i) + 2, (i) + 3

typedef uint32_t VECTOR __attribute__((vector_size(4 * LANES)));

#define QUARTER(a, b, c, d)                    \
	do {                                   \
		x[b] ^= ROTL(x[a] + x[d], 7);  \
		x[c] ^= ROTL(x[b] + x[a], 9);  \
		x[d] ^= ROTL(x[c] + x[b], 13); \
		x[a] ^= ROTL(x[d] + x[c], 18); \
	} while (0)

// 16 bytes, words 4g..4g+3, of block 4q + lane.
#define STORE_PIECE(v, q, lane)                                                                  \
	do {                                                                                     \
		lanes_4 piece = __builtin_shufflevector(v, v, 4 * (q), 4 * (q) + 1, 4 * (q) + 2, \
							4 * (q) + 3);                            \
		memcpy(out + RL_SALSA_BLOCK * (4 * (q) + (lane)) + 16 * g, &piece, 16);          \
	} while (0)
#if LANES == 4
#define STORE(v, lane) STORE_PIECE(v, 0, lane)
#elif LANES == 8
#define STORE(v, lane)                   \
	do {                             \
		STORE_PIECE(v, 0, lane); \
		STORE_PIECE(v, 1, lane); \
	} while (0)
#else
#define STORE(v, lane)                   \
	do {                             \
		STORE_PIECE(v, 0, lane); \
		STORE_PIECE(v, 1, lane); \
		STORE_PIECE(v, 2, lane); \
		STORE_PIECE(v, 3, lane); \
	} while (0)
#endif

// LANES blocks, from the one whose number is in words 8 and 9 of `in`.
TARGET static void NAME(uint8_t *out, const uint32_t in[static 16], unsigned rounds)
{
	static const VECTOR number = {EACH_PIECE(NUMBERS)};
	const VECTOR zero = {0};
	const VECTOR low = zero + in[8] + number;
	// A comparison that holds is all ones, minus one: subtracting it carries.
	const VECTOR high = zero + in[9] - (VECTOR)(low < number);
	VECTOR x[16];

	for (unsigned w = 0; w < 16; w++)
		x[w] = zero + in[w];
	x[8] = low;
	x[9] = high;
	for (unsigned r = 0; r < rounds; r += 2) {
		QUARTER(0, 4, 8, 12);
		QUARTER(5, 9, 13, 1);
		QUARTER(10, 14, 2, 6);
		QUARTER(15, 3, 7, 11);
		QUARTER(0, 1, 2, 3);
		QUARTER(5, 6, 7, 4);
		QUARTER(10, 11, 8, 9);
		QUARTER(15, 12, 13, 14);
	}
#pragma GCC unroll 4
	for (unsigned g = 0; g < 4; g++) {
		const VECTOR a = x[4 * g] + (g == 2 ? low : zero + in[4 * g]);
		const VECTOR b = x[4 * g + 1] + (g == 2 ? high : zero + in[4 * g + 1]);
		const VECTOR c = x[4 * g + 2] + in[4 * g + 2];
		const VECTOR d = x[4 * g + 3] + in[4 * g + 3];
		const VECTOR ab_low = SHUFFLE(a, b, LOW32), ab_high = SHUFFLE(a, b, HIGH32);
		const VECTOR cd_low = SHUFFLE(c, d, LOW32), cd_high = SHUFFLE(c, d, HIGH32);
		const VECTOR one = SHUFFLE(ab_low, cd_low, LOW64);
		const VECTOR two = SHUFFLE(ab_low, cd_low, HIGH64);
		const VECTOR three = SHUFFLE(ab_high, cd_high, LOW64);
		const VECTOR four = SHUFFLE(ab_high, cd_high, HIGH64);

		STORE(one, 0);
		STORE(two, 1);
		STORE(three, 2);
		STORE(four, 3);
	}
}

#undef VECTOR
#undef ROTL
#undef SHUFFLE
#undef EACH_PIECE
#undef LOW32
#undef HIGH32
#undef LOW64
#undef HIGH64
#undef NUMBERS
#undef QUARTER
#undef STORE_PIECE
#undef STORE
#undef LANES
#undef TARGET
#undef NAME
