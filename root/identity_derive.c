// SPDX-License-Identifier: BSD-3-Clause
#include "root/identity_derive.h"

#include "root/salsa_sums.h"

#include <sodium.h>

#include <errno.h>
#include <stdlib.h>

enum {
	WORDS = ZT_WORK_MEMORY / 8,
	BLOCK_WORDS = 8,
	BLOCKS = ZT_WORK_MEMORY / 64,
	CHUNK = 64, // rounds of the lookup pass whose key stream is made at once: 4 KiB
};
_Static_assert((WORDS & (WORDS - 1)) == 0, "a word index is cut by a mask");
_Static_assert(RL_DERIVE_ROUNDS % CHUNK == 0, "whole chunks");
_Static_assert(CHUNK % RL_SALSA_SUMS_BATCH == 0 && BLOCKS % RL_SALSA_SUMS_BATCH == 0,
	       "whole batches");

struct rl_scratch {
	uint64_t memory[WORDS];
	// Key stream of the lookup pass, each block xored with all before it; block 0 is the last
	// of the chunk before.
	uint64_t sums[(1 + CHUNK) * BLOCK_WORDS];
	// The digest without the key stream added so far: the real one is this xor the current sum.
	uint64_t bare[BLOCK_WORDS];
	uint64_t digest[BLOCK_WORDS]; // the real one, whenever a function returns
	struct rl_salsa_sums stream;
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

void rl_derive_fill(struct rl_scratch *s, const uint8_t public_key[static ZT_PUBLIC_LEN])
{
	const uint8_t *digest = (const uint8_t *)s->digest;

	crypto_hash_sha512((uint8_t *)s->digest, public_key, ZT_PUBLIC_LEN);
	memcpy(s->bare, s->digest, sizeof(s->bare));
	s->round = 0;
	rl_salsa_sums_init(&s->stream, digest + 32, digest);
	rl_salsa_sums_next(&s->stream, s->memory, BLOCKS);
	rl_salsa_sums_clear(&s->stream);
	memset(&s->sums[CHUNK * BLOCK_WORDS], 0, sizeof(s->stream.sum));
}

// The place in the memory that a round is about, and the word of the digest.
static uint64_t place(const struct rl_scratch *s, uint32_t round)
{
	return __builtin_bswap64(s->memory[2 * round + 1]) % WORDS;
}

static uint64_t digest_word(const struct rl_scratch *s, uint32_t round)
{
	return __builtin_bswap64(s->memory[2 * round]) % BLOCK_WORDS;
}

// Before a chunk of rounds: its key stream, and the lines of memory it will touch. A round may
// still change the place of one that follows; then this one line was fetched for nothing.
static void refill(struct rl_scratch *s)
{
	for (uint32_t n = 0; n < CHUNK; n++)
		__builtin_prefetch(&s->memory[place(s, s->round + n)], 1);
	memcpy(s->sums, &s->sums[CHUNK * BLOCK_WORDS], sizeof(s->stream.sum));
	rl_salsa_sums_next(&s->stream, &s->sums[BLOCK_WORDS], CHUNK);
}

// One round swaps a word of the memory with a word of the digest, then adds a block of key stream
// to the whole digest. Here the digest is kept apart from the sum of those blocks, so that a round
// touches two words alone.
void rl_derive_lookup(struct rl_scratch *s, uint32_t n)
{
	// The sum after the round before; a chunk that begins is filled below, so look at the end
	// of the last.
	const uint64_t *sum = &s->sums[(s->round % CHUNK ? s->round % CHUNK : CHUNK) * BLOCK_WORDS];

	for (; n && s->round < RL_DERIVE_ROUNDS; n--, s->round++) {
		const uint64_t i = digest_word(s, s->round), j = place(s, s->round);
		const uint64_t word = s->memory[j];

		if (s->round % CHUNK == 0)
			refill(s);
		sum = &s->sums[s->round % CHUNK * BLOCK_WORDS];
		s->memory[j] = s->bare[i] ^ sum[i];
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
