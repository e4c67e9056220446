// SPDX-License-Identifier: BSD-3-Clause
#include "root/salsa_sums.h"

#include "root/salsa.h"

#include <stdbool.h>
#include <string.h>

#define LANES 4
#define TARGET
#define NAME sums4
#include "root/salsa_sums_lanes.h"

#ifdef __x86_64__
#define LANES  8
#define TARGET __attribute__((target("avx2")))
#define NAME   sums8
#include "root/salsa_sums_lanes.h"

#define LANES  16
#define TARGET __attribute__((target("avx512f")))
#define NAME   sums16
#include "root/salsa_sums_lanes.h"
#endif

// The number of the block is in words 8 and 9, and word 9 is always zero here. It takes a while to
// reach the other words: of the 32 steps of the first two rounds, 21 come out the same for all
// blocks. They are done here, once for each key.
static void head(struct rl_salsa_sums *s)
{
	uint32_t x[16];

	memcpy(x, s->start, sizeof(x));
	QUARTER(5, 9, 13, 1);
	QUARTER(10, 14, 2, 6);
	QUARTER(15, 3, 7, 11);
	STEP(4, 0, 12, 7);
	x[8] = ROTL(x[4] + x[0], 9);
	s->column4 = x[4];
	QUARTER(5, 6, 7, 4);
	STEP(11, 10, 9, 7);
	s->row8 = ROTL(x[11] + x[10], 9);
	s->row12 = ROTL(x[15] + x[14], 7);
	memcpy(s->mid, x, sizeof(x));
}

void rl_salsa_sums_init(struct rl_salsa_sums *s, const uint8_t nonce[static 8],
			const uint8_t key[static 32])
{
	memset(s, 0, sizeof(*s));
	rl_salsa_start(s->start, nonce, key);
	head(s);
}

void rl_salsa_sums_clear(struct rl_salsa_sums *s)
{
	memset(s->sum, 0, sizeof(s->sum));
}

void rl_salsa_sums_next(struct rl_salsa_sums *s, uint64_t *out, size_t blocks)
{
	switch (rl_salsa_lanes()) {
#ifdef __x86_64__
	case 16:
		sums16(s, (uint8_t *)out, blocks);
		return;
	case 8:
		sums8(s, (uint8_t *)out, blocks);
		return;
#endif
	default:
		sums4(s, (uint8_t *)out, blocks);
	}
}
