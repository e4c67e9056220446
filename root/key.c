// SPDX-License-Identifier: BSD-3-Clause
// Keys between two nodes (docs/protocol.md 1.7); declared in armor.h.
#include "root/armor.h"

#include <sodium.h>

#include <errno.h>

enum {
	K48_LEN = 48,
	SHA512_BLOCK = 128,
};

int rl_key_agree48(uint8_t k48[static 48], const struct rl_secret *mine,
		   const uint8_t their_public[static ZT_PUBLIC_LEN])
{
	uint8_t shared[crypto_scalarmult_BYTES];
	uint8_t hash[crypto_hash_sha512_BYTES];
	int ret = -EINVAL;

	// Fails for points of small order, whose result would be a key that everybody knows.
	if (crypto_scalarmult(shared, mine->key, their_public) == 0) {
		crypto_hash_sha512(hash, shared, sizeof(shared));
		memcpy(k48, hash, K48_LEN);
		ret = 0;
	}
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(hash, sizeof(hash));
	return ret;
}

// libsodium has no SHA-384. It is SHA-512 from other initial words, cut to 48 bytes (FIPS
// 180-4 6.5), and the state is a public struct. Unlike a call into libcrypto this neither allocates
// nor fails.
static void sha384_init(crypto_hash_sha512_state *s)
{
	static const uint64_t initial[8] = {
		0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
		0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
	};

	crypto_hash_sha512_init(s);
	memcpy(s->state, initial, sizeof(initial));
}

// HMAC-SHA-384 (RFC 2104) with a key shorter than a block.
static void hmac384(uint8_t out[static K48_LEN], const uint8_t key[static K48_LEN],
		    const uint8_t *msg, size_t len)
{
	uint8_t pad[SHA512_BLOCK];
	uint8_t hash[crypto_hash_sha512_BYTES];
	crypto_hash_sha512_state s;

	memset(pad, 0x36, sizeof(pad));
	for (unsigned i = 0; i < K48_LEN; i++)
		pad[i] ^= key[i];
	sha384_init(&s);
	crypto_hash_sha512_update(&s, pad, sizeof(pad));
	crypto_hash_sha512_update(&s, msg, len);
	crypto_hash_sha512_final(&s, hash);

	for (unsigned i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha384_init(&s);
	crypto_hash_sha512_update(&s, pad, sizeof(pad));
	crypto_hash_sha512_update(&s, hash, K48_LEN);
	crypto_hash_sha512_final(&s, hash);
	memcpy(out, hash, K48_LEN);

	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(hash, sizeof(hash));
	sodium_memzero(&s, sizeof(s));
}

void rl_kbkdf(const uint8_t k48[static 48], uint8_t label, uint8_t out[static 48])
{
	// Iteration, "ZT" and label, separator, context, length of the result in bits.
	const uint8_t msg[13] = {0, 0, 0, 0, 'Z', 'T', label, 0, 0, 0, 0, 0x01, 0x80};

	hmac384(out, k48, msg, sizeof(msg));
}

void rl_key_from48(struct rl_key *key, const uint8_t k48[static 48])
{
	uint8_t derived[K48_LEN];

	memcpy(key->salsa, k48, sizeof(key->salsa));
	rl_kbkdf(k48, '0', derived);
	memcpy(key->aes0, derived, sizeof(key->aes0));
	rl_kbkdf(k48, '1', derived);
	memcpy(key->aes1, derived, sizeof(key->aes1));
	sodium_memzero(derived, sizeof(derived));
}

int rl_key_agree(struct rl_key *key, const struct rl_secret *mine,
		 const uint8_t their_public[static ZT_PUBLIC_LEN])
{
	uint8_t k48[K48_LEN];
	int ret = rl_key_agree48(k48, mine, their_public);

	if (ret == 0)
		rl_key_from48(key, k48);
	sodium_memzero(k48, sizeof(k48));
	return ret;
}
