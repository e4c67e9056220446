// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/derive_scalar.h"

#include <sodium.h>

struct stream {
	uint8_t key[32];
	uint8_t in[16]; // nonce, block number
};

static void xor_block(struct stream *s, uint8_t *block)
{
	uint8_t bytes[64];
	uint64_t number;
	crypto_core_salsa20(bytes, s->in, s->key, NULL);
	for (unsigned i = 0; i < 64; i++)
		block[i] ^= bytes[i];
	memcpy(&number, s->in + 8, 8);
	number++;
	memcpy(s->in + 8, &number, 8);
}

static void swap_words(uint8_t *a, uint8_t *b)
{
	uint64_t x, y;
	memcpy(&x, a, 8);
	memcpy(&y, b, 8);
	memcpy(a, &y, 8);
	memcpy(b, &x, 8);
}

void derive_scalar(uint8_t *memory, const uint8_t public_key[static ZT_PUBLIC_LEN],
		   uint8_t digest[static 64])
{
	struct stream s = {0};
	crypto_hash_sha512(digest, public_key, ZT_PUBLIC_LEN);
	memcpy(s.key, digest, 32);
	memcpy(s.in, digest + 32, 8);
	memset(memory, 0, 64);
	xor_block(&s, memory);
	for (size_t at = 64; at < ZT_WORK_MEMORY; at += 64) {
		memcpy(memory + at, memory + at - 64, 64);
		xor_block(&s, memory + at);
	}
	for (size_t at = 0; at < ZT_WORK_MEMORY; at += 16) {
		uint64_t i = rl_load64(memory + at) % 8;
		uint64_t j = rl_load64(memory + at + 8) % (ZT_WORK_MEMORY / 8);
		swap_words(memory + j * 8, digest + i * 8);
		xor_block(&s, digest);
	}
}
