// SPDX-License-Identifier: BSD-3-Clause
// Signatures and key pairs (docs/protocol.md 1.1, 1.8); declared in identity.h.
#include "root/identity.h"

#include <sodium.h>

#include <errno.h>

enum {
	HALF = 32, // X25519 half, then Ed25519 half
	HASH_LEN = 32,
	ED25519_LEN = 64,
};
_Static_assert(ED25519_LEN + HASH_LEN == ZT_SIGNATURE_LEN, "R, S and the hash that was signed");

// What is signed in place of the message: the first half of its SHA-512.
static void message_hash(uint8_t hash[static HASH_LEN], const void *msg, size_t len)
{
	uint8_t full[crypto_hash_sha512_BYTES];

	crypto_hash_sha512(full, msg, len);
	memcpy(hash, full, HASH_LEN);
}

int rl_sign(const uint8_t private_blob[static ZT_PRIVATE_LEN], const void *msg, size_t len,
	    uint8_t sig[static ZT_SIGNATURE_LEN])
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	uint8_t expanded[crypto_sign_SECRETKEYBYTES];
	int ret = -EIO;

	message_hash(sig + ED25519_LEN, msg, len);
	if (crypto_sign_seed_keypair(public_key, expanded, private_blob + HALF) == 0 &&
	    crypto_sign_detached(sig, NULL, sig + ED25519_LEN, HASH_LEN, expanded) == 0)
		ret = 0;
	sodium_memzero(expanded, sizeof(expanded));
	return ret;
}

bool rl_verify(const uint8_t public_blob[static ZT_PUBLIC_LEN], const void *msg, size_t len,
	       const uint8_t *sig, size_t sig_len)
{
	uint8_t hash[HASH_LEN];

	if (sig_len != ZT_SIGNATURE_LEN)
		return false;
	message_hash(hash, msg, len);
	if (sodium_memcmp(hash, sig + ED25519_LEN, HASH_LEN))
		return false;
	// libsodium refuses S at or above the group order and keys of small order; no honest signer
	// makes them.
	return crypto_sign_verify_detached(sig, hash, HASH_LEN, public_blob + HALF) == 0;
}

int rl_keypair_public(const uint8_t private_blob[static ZT_PRIVATE_LEN],
		      uint8_t public_blob[static ZT_PUBLIC_LEN])
{
	uint8_t expanded[crypto_sign_SECRETKEYBYTES];
	int ret = -EIO;

	if (crypto_scalarmult_base(public_blob, private_blob) == 0 &&
	    crypto_sign_seed_keypair(public_blob + HALF, expanded, private_blob + HALF) == 0)
		ret = 0;
	sodium_memzero(expanded, sizeof(expanded));
	return ret;
}

int rl_keypair_generate(uint8_t public_blob[static ZT_PUBLIC_LEN],
			uint8_t private_blob[static ZT_PRIVATE_LEN])
{
	if (sodium_init() < 0)
		return -EIO;
	randombytes_buf(private_blob, ZT_PRIVATE_LEN);
	return rl_keypair_public(private_blob, public_blob);
}

bool rl_identity_matches(const struct rl_identity *id, const struct rl_secret *secret)
{
	uint8_t public_blob[ZT_PUBLIC_LEN];

	return rl_keypair_public(secret->key, public_blob) == 0 &&
	       sodium_memcmp(public_blob, id->public_key, ZT_PUBLIC_LEN) == 0;
}
