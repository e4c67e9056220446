// SPDX-License-Identifier: BSD-3-Clause
#include "root/salsa.h"

#include "root/wire.h"

#include <sodium.h>

#include <string.h>

enum { LANES_MAX = 16 };

#define LANES 4
#define TARGET
#define NAME make4
#define EACH each4
#include "root/salsa_lanes.h"

#ifdef __x86_64__
#define LANES  8
#define TARGET __attribute__((target("avx2")))
#define NAME   make8
#define EACH   each8
#include "root/salsa_lanes.h"

#define LANES  16
#define TARGET __attribute__((target("avx512f")))
#define NAME   make16
#define EACH   each16
#include "root/salsa_lanes.h"
#endif

typedef void (*make_fn)(uint8_t *out, const uint32_t in[static 16]);
typedef void (*each_fn)(uint8_t *out, const uint32_t word[16][LANES_MAX]);

static make_fn make = make4;
static each_fn each = each4;
static unsigned lanes = 4;

unsigned rl_salsa_lanes(void)
{
	return lanes;
}

bool rl_salsa_use_lanes(unsigned want)
{
	make_fn f = want == 4 ? make4 : NULL;
	each_fn e = each4;

#ifdef __x86_64__
	if (want == 8 && __builtin_cpu_supports("avx2")) {
		f = make8;
		e = each8;
	}
	if (want == 16 && __builtin_cpu_supports("avx512f")) {
		f = make16;
		e = each16;
	}
#endif
	if (!f)
		return false;
	make = f;
	each = e;
	lanes = want;
	return true;
}

__attribute__((constructor)) static void pick(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
#endif
	if (!rl_salsa_use_lanes(16))
		rl_salsa_use_lanes(8);
}

// The state before the first round; words are little-endian, as the whole core assumes of its host.
void rl_salsa_start(uint32_t in[static 16], const uint8_t nonce[static 8],
		    const uint8_t key[static 32])
{
	static const char constant[16] = "expand 32-byte k";

	memcpy(&in[0], constant, 4);
	memcpy(&in[1], key, 16);
	memcpy(&in[5], constant + 4, 4);
	memcpy(&in[6], nonce, 8);
	memset(&in[8], 0, 8);
	memcpy(&in[10], constant + 8, 4);
	memcpy(&in[11], key + 16, 16);
	memcpy(&in[15], constant + 12, 4);
}

// A batch costs the same however many of its blocks are used, and about as much as three blocks one
// by one.
static void stream(uint8_t *out, size_t len, uint32_t in[static 16], const uint8_t key[static 32])
{
	uint8_t spare[RL_SALSA_BLOCK * LANES_MAX];

	while (len) {
		bool few = len <= RL_SALSA_BLOCK * 2;
		unsigned blocks = few ? 1 : lanes;
		size_t n = RL_SALSA_BLOCK * (size_t)blocks;
		uint8_t *to = len < n ? spare : out;

		if (few)
			crypto_core_salsa2012(to, (const uint8_t *)&in[6], key, NULL);
		else
			make(to, in);
		if (to == spare)
			memcpy(out, spare, n = len);
		in[8] += blocks;
		out += n;
		len -= n;
	}
}

void rl_salsa12_stream(uint8_t *out, size_t len, const uint8_t nonce[static 8],
		       const uint8_t key[static 32])
{
	uint32_t in[16];

	rl_salsa_start(in, nonce, key);
	stream(out, len, in, key);
	sodium_memzero(in, sizeof(in));
}

void rl_salsa12_xor(uint8_t *p, size_t len, const uint8_t nonce[static 8],
		    const uint8_t key[static 32])
{
	uint8_t part[RL_SALSA_BLOCK * LANES_MAX];
	uint32_t in[16];

	rl_salsa_start(in, nonce, key);
	while (len) {
		size_t n = len < sizeof(part) ? len : sizeof(part);

		stream(part, n, in, key);
		for (size_t i = 0; i < n; i++)
			p[i] ^= part[i];
		p += n;
		len -= n;
	}
	sodium_memzero(in, sizeof(in));
}

static void each_batch(uint8_t out[][RL_SALSA_BLOCK], const struct rl_salsa_lane *lane, unsigned n)
{
	uint32_t word[16][LANES_MAX];
	uint8_t made[LANES_MAX][RL_SALSA_BLOCK];

	for (unsigned i = 0; i < lanes; i++) {
		const struct rl_salsa_lane *l = &lane[i < n ? i : 0]; // lanes to spare repeat one
		uint32_t in[16];

		rl_salsa_start(in, l->nonce, l->key);
		in[8] = l->block;
		for (unsigned w = 0; w < 16; w++)
			word[w][i] = in[w];
	}
	each(made[0], word);
	memcpy(out, made, (size_t)n * RL_SALSA_BLOCK);
	sodium_memzero(word, sizeof(word));
	sodium_memzero(made, sizeof(made));
}

void rl_salsa12_blocks(uint8_t out[][RL_SALSA_BLOCK], const struct rl_salsa_lane *lane, unsigned n)
{
	// Of a few, vectors would be slower.
	while (n > 2) {
		unsigned here = n < lanes ? n : lanes;

		each_batch(out, lane, here);
		out += here;
		lane += here;
		n -= here;
	}
	for (unsigned i = 0; i < n; i++) {
		uint8_t nonce_and_block[16] = {0};

		memcpy(nonce_and_block, lane[i].nonce, 8);
		memcpy(nonce_and_block + 8, &lane[i].block, sizeof(lane[i].block));
		crypto_core_salsa2012(out[i], nonce_and_block, lane[i].key, NULL);
	}
}
