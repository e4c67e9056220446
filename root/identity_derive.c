// SPDX-License-Identifier: BSD-3-Clause
#include "root/identity_derive.h"

#include "root/salsa.h"

#include <sodium.h>

#include <errno.h>
#include <stdlib.h>

enum {
	WORDS = ZT_WORK_MEMORY / 8,
	BLOCK_WORDS = 8,
	BLOCKS = ZT_WORK_MEMORY / 64,
	CHUNK_BLOCKS = 1024, // of key stream made at once in the lookup pass: 64 KiB
};
_Static_assert((WORDS & (WORDS - 1)) == 0, "a word index is cut by a mask");
_Static_assert(RL_DERIVE_ROUNDS % CHUNK_BLOCKS == 0, "whole chunks");

struct rl_scratch {
	uint64_t memory[WORDS];
	// Key stream of the lookup pass, each block xored with all before it; block 0 is the last
	// of the chunk before.
	uint64_t sums[(1 + CHUNK_BLOCKS) * BLOCK_WORDS];
	// The digest without the key stream added so far: the real one is this xor the current sum.
	uint64_t bare[BLOCK_WORDS];
	uint64_t digest[BLOCK_WORDS]; // the real one, whenever a function returns
	uint8_t key[32];
	uint8_t nonce[8];
	uint32_t round; // of the lookup pass, 0..RL_DERIVE_ROUNDS
};

struct rl_scratch *rl_scratch_new(void)
{
	if (sodium_init() < 0)
		return NULL;
	return aligned_alloc(64, (sizeof(struct rl_scratch) + 63) & ~(size_t)63);
}

void rl_scratch_free(struct rl_scratch *s)
{
	free(s);
}

// Each block from number `from` on becomes the sum of itself and the one before.
static void chain(uint64_t *blocks, uint32_t from, uint32_t to)
{
	for (size_t w = from * BLOCK_WORDS; w < (size_t)to * BLOCK_WORDS; w++)
		blocks[w] ^= blocks[(ptrdiff_t)w - BLOCK_WORDS];
}

void rl_derive_fill(struct rl_scratch *s, const uint8_t public_key[static ZT_PUBLIC_LEN])
{
	crypto_hash_sha512((uint8_t *)s->digest, public_key, ZT_PUBLIC_LEN);
	memcpy(s->key, s->digest, sizeof(s->key));
	memcpy(s->nonce, (uint8_t *)s->digest + sizeof(s->key), sizeof(s->nonce));
	s->round = 0;

	memcpy(s->bare, s->digest, sizeof(s->bare));
	memset(&s->sums[CHUNK_BLOCKS * BLOCK_WORDS], 0, RL_SALSA_BLOCK);

	// Counter mode: the key stream does not depend on what it is added to, so it is made in big
	// pieces and chained afterwards, while the piece is in the cache.
	for (uint32_t b = 0; b < BLOCKS; b += CHUNK_BLOCKS) {
		uint64_t *m = s->memory + b * BLOCK_WORDS;

		rl_salsa20_stream((uint8_t *)m, CHUNK_BLOCKS, s->nonce, b, s->key);
		chain(m, b == 0 ? 1 : 0, CHUNK_BLOCKS);
	}
}

// The next piece of key stream for the lookup pass, summed up.
static void refill(struct rl_scratch *s)
{
	memcpy(s->sums, &s->sums[CHUNK_BLOCKS * BLOCK_WORDS], RL_SALSA_BLOCK);
	rl_salsa20_stream((uint8_t *)&s->sums[BLOCK_WORDS], CHUNK_BLOCKS, s->nonce,
			  BLOCKS + s->round, s->key);
	chain(s->sums, 1, 1 + CHUNK_BLOCKS);
}

// One round swaps a word of the memory with a word of the digest, then adds a block of key stream
// to the whole digest. Here the digest is kept apart from the sum of those blocks, so that a round
// touches two words alone.
void rl_derive_lookup(struct rl_scratch *s, uint32_t n)
{
	uint64_t *m = s->memory;
	// The sum after the round before; a chunk that begins is filled below, so look at the end
	// of the last.
	const uint64_t *sum =
		&s->sums[(s->round % CHUNK_BLOCKS ? s->round % CHUNK_BLOCKS : CHUNK_BLOCKS) *
			 BLOCK_WORDS];

	for (; n && s->round < RL_DERIVE_ROUNDS; n--, s->round++) {
		const uint32_t in_chunk = s->round % CHUNK_BLOCKS;
		const uint64_t *at = m + 2 * s->round;
		const uint64_t i = __builtin_bswap64(at[0]) % BLOCK_WORDS;
		const uint64_t j = __builtin_bswap64(at[1]) % WORDS;
		const uint64_t word = m[j];

		if (in_chunk == 0)
			refill(s);
		sum = &s->sums[in_chunk * BLOCK_WORDS];
		m[j] = s->bare[i] ^ sum[i];
		s->bare[i] = word ^ sum[i];
		sum += BLOCK_WORDS;
	}
	for (unsigned w = 0; w < BLOCK_WORDS; w++)
		s->digest[w] = s->bare[w] ^ sum[w];
}

const uint8_t *rl_derive_memory(const struct rl_scratch *s)
{
	return (const uint8_t *)s->memory;
}

const uint8_t *rl_derive_digest(const struct rl_scratch *s)
{
	return (const uint8_t *)s->digest;
}

void rl_identity_derive(struct rl_scratch *s, const uint8_t public_key[static ZT_PUBLIC_LEN],
			uint8_t digest[static 64])
{
	rl_derive_fill(s, public_key);
	rl_derive_lookup(s, RL_DERIVE_ROUNDS);
	memcpy(digest, s->digest, 64);
}

// The address that a key earns, or 0 if it earns none.
static uint64_t address_of(struct rl_scratch *s, const uint8_t public_key[static ZT_PUBLIC_LEN])
{
	uint8_t digest[64];
	uint64_t address;

	rl_identity_derive(s, public_key, digest);
	address = rl_load40(digest + 59);
	return digest[0] < ZT_WORK_LIMIT && rl_address_ok(address) ? address : 0;
}

bool rl_identity_validate(struct rl_scratch *s, const struct rl_identity *id)
{
	return rl_address_ok(id->address) && address_of(s, id->public_key) == id->address;
}

static bool vanity_possible(uint64_t vanity, unsigned bits)
{
	if (bits > 40)
		return false;
	if (bits >= 8 && vanity >> 32 >= ZT_ADDRESS_RESERVED)
		return false;
	return bits < 40 || rl_address_ok(vanity);
}

// Another X25519 scalar: add 1 to its second 64-bit word. Neither clamping nor the other half
// touches it.
static void step(struct rl_secret *secret)
{
	uint64_t word;

	memcpy(&word, secret->key + 8, 8);
	word++;
	memcpy(secret->key + 8, &word, 8);
}

int rl_identity_generate(struct rl_scratch *s, struct rl_identity *id, struct rl_secret *secret,
			 uint64_t vanity, unsigned vanity_bits, bool (*tick)(void *ctx), void *ctx)
{
	struct rl_identity out;
	struct rl_secret key;
	int ret;

	if (!vanity_possible(vanity, vanity_bits))
		return -EINVAL;
	ret = rl_keypair_generate(out.public_key, key.key);
	while (ret == 0) {
		if (tick && !tick(ctx)) {
			ret = -ECANCELED;
			break;
		}
		out.address = address_of(s, out.public_key);
		if (out.address && (out.address ^ vanity) >> (40 - vanity_bits) == 0) {
			*id = out;
			*secret = key;
			break;
		}
		step(&key);
		if (crypto_scalarmult_base(out.public_key, key.key))
			ret = -EIO;
	}
	sodium_memzero(&key, sizeof(key));
	return ret;
}
