// SPDX-License-Identifier: BSD-3-Clause
// Sections 1, 3 and 4 of the vectors: primitives, keys, signatures, raw AES-GMAC-SIV.
#include "root/aes_gmac_siv.h"
#include "root/salsa.h"
#include "root/salsa_sums.h"
#include "tests/vectors/vec.h"

#include <openssl/sha.h>
#include <sodium.h>

#include <stdlib.h>
#include <string.h>

void vec_selftest(void **state)
{
	const uint8_t *key = vectors_bytes(vec, "selftest.salsa20.key", 32);
	const uint8_t *nonce = vectors_bytes(vec, "selftest.salsa20.nonce", 8);
	const char *text = vectors_text(vec, "selftest.sha512.msg_ascii");
	struct rl_scratch *s = rl_scratch_new();
	struct rl_identity id;
	struct rl_secret secret;
	struct rl_salsa_sums sums;
	uint64_t blocks[RL_SALSA_SUMS_BATCH * RL_SALSA_BLOCK / 8];
	uint8_t out[64];

	(void)state;
	rl_salsa_sums_init(&sums, nonce, key);
	rl_salsa_sums_next(&sums, blocks, RL_SALSA_SUMS_BATCH);
	vec_assert_bytes("selftest.salsa20_20.keystream64", (const uint8_t *)blocks, 64);
	rl_salsa12_stream(out, 64, nonce, key);
	vec_assert_bytes("selftest.salsa20_12.keystream64", out, 64);

	for (unsigned i = 0; i < 2; i++) {
		char stem[] = "selftest.poly1305.0";
		size_t len;
		const uint8_t *msg;

		stem[18] = (char)('0' + i);
		msg = vectors_hex(vec, vec_name(stem, "msg"), &len);
		crypto_onetimeauth_poly1305(out, msg, len,
					    vectors_bytes(vec, vec_name(stem, "key"), 32));
		vec_assert_bytes(vec_name(stem, "tag"), out, 16);
	}
	crypto_hash_sha512(out, (const uint8_t *)text, strlen(text));
	vec_assert_bytes("selftest.sha512.digest", out, 64);

	assert_int_equal(
		rl_identity_parse(&id, &secret, vectors_text(vec, "selftest.identity.good_text")),
		0);
	assert_true(rl_identity_validate(s, &id));
	assert_true(rl_identity_matches(&id, &secret));
	assert_int_equal(
		rl_identity_parse(&id, &secret, vectors_text(vec, "selftest.identity.bad_text")),
		0);
	assert_false(rl_identity_validate(s, &id));
	rl_scratch_free(s);
}

static void check_signature(const char *name, const uint8_t *private_blob,
			    const uint8_t *public_blob, const uint8_t *msg, size_t len)
{
	uint8_t sig[ZT_SIGNATURE_LEN];

	assert_int_equal(rl_sign(private_blob, msg, len, sig), 0);
	vec_assert_bytes(name, sig, sizeof(sig));
	assert_true(rl_verify(public_blob, msg, len, sig, sizeof(sig)));
}

void vec_c25519(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char stem[] = "c25519.0";
		struct rl_secret one;
		struct rl_secret two;
		uint8_t shared[32];
		uint8_t agreement[64];
		uint8_t k48[48];
		uint8_t blob[64];
		const uint8_t *public1, *public2;

		stem[7] = (char)('0' + i);
		public1 = vectors_bytes(vec, vec_name(stem, "pub1"), 64);
		public2 = vectors_bytes(vec, vec_name(stem, "pub2"), 64);
		memcpy(one.key, vectors_bytes(vec, vec_name(stem, "priv1"), 64), 64);
		memcpy(two.key, vectors_bytes(vec, vec_name(stem, "priv2"), 64), 64);
		assert_int_equal(rl_keypair_public(one.key, blob), 0);
		assert_memory_equal(blob, public1, 64);
		assert_int_equal(rl_keypair_public(two.key, blob), 0);
		assert_memory_equal(blob, public2, 64);

		assert_int_equal(crypto_scalarmult(shared, one.key, public2), 0);
		crypto_hash_sha512(agreement, shared, sizeof(shared));
		vec_assert_bytes(vec_name(stem, "agreement"), agreement, 64);
		assert_int_equal(rl_key_agree48(k48, &one, public2), 0);
		assert_memory_equal(k48, agreement, 48);
		assert_int_equal(rl_key_agree48(k48, &two, public1), 0);
		assert_memory_equal(k48, agreement, 48);

		check_signature(vec_name(stem, "sig1"), one.key, public1, agreement, 64);
		check_signature(vec_name(stem, "sig2"), two.key, public2, agreement, 64);
	}
}

void vec_agree(void **state)
{
	static const char *const pairs[] = {"AR", "BR", "AB"};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		char stem[] = "agree.XY";
		struct vec_node a = vec_node(pairs[i][0]);
		struct vec_node b = vec_node(pairs[i][1]);
		struct rl_key key;
		uint8_t k48[48];
		uint8_t out[48];

		memcpy(stem + 6, pairs[i], 2);
		assert_int_equal(rl_key_agree48(k48, &b.secret, a.id.public_key), 0);
		vec_assert_bytes(vec_name(stem, "k48"), k48, 48);
		assert_int_equal(rl_key_agree48(k48, &a.secret, b.id.public_key), 0);
		vec_assert_bytes(vec_name(stem, "k48"), k48, 48);
		assert_int_equal(rl_key_agree(&key, &a.secret, b.id.public_key), 0);
		assert_memory_equal(key.salsa, k48, 32);
		rl_kbkdf(k48, '0', out);
		vec_assert_bytes(vec_name(stem, "kbkdf_0"), out, 48);
		assert_memory_equal(key.aes0, out, 32);
		rl_kbkdf(k48, '1', out);
		vec_assert_bytes(vec_name(stem, "kbkdf_1"), out, 48);
		assert_memory_equal(key.aes1, out, 32);
	}
}

void vec_kbkdf(void **state)
{
	uint8_t key[48];
	uint8_t out[48];

	(void)state;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	rl_kbkdf(key, '0', out);
	vec_assert_bytes("kbkdf.seq.label_0", out, 48);
	rl_kbkdf(key, '1', out);
	vec_assert_bytes("kbkdf.seq.label_1", out, 48);
}

void vec_signatures(void **state)
{
	struct vec_node a = vec_node('A');
	const char *text = vectors_text(vec, "sig.A.0.msg_ascii");

	(void)state;
	check_signature("sig.A.0.signature", a.secret.key, a.id.public_key, (const uint8_t *)text,
			strlen(text));
	check_signature("sig.A.1.signature", a.secret.key, a.id.public_key,
			vectors_bytes(vec, "sig.A.1.msg", 0), 0);
}

static void check_siv(const char *stem, const uint8_t iv[8], size_t aad_len, size_t len)
{
	struct rl_siv siv;
	uint8_t k0[32], k1[32], tag[16];
	uint8_t digest[SHA384_DIGEST_LENGTH];
	uint8_t *aad = malloc(aad_len + 1);
	uint8_t *text = malloc(len + 1);

	memset(k0, '0', sizeof(k0));
	memset(k1, '1', sizeof(k1));
	for (size_t i = 0; i < aad_len; i++)
		aad[i] = (uint8_t)i;
	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)i;
	assert_int_equal(rl_siv_init(&siv), 0);
	assert_true(rl_siv_seal(&siv, k0, k1, iv, aad, aad_len, text, len, tag));
	vec_assert_bytes(vec_name(stem, "T"), tag, 16);
	if (len > 0 && len < 100)
		vec_assert_bytes(vec_name(stem, "ct"), text, len);
	if (aad_len == len) {
		SHA384(text, len, digest);
		vec_assert_bytes(vec_name(stem, "ct_sha384"), digest, sizeof(digest));
	}
	assert_true(rl_siv_open(&siv, k0, k1, tag, aad, aad_len, text, len));
	for (size_t i = 0; i < len; i++)
		assert_int_equal(text[i], (uint8_t)i);
	rl_siv_free(&siv);
	free(aad);
	free(text);
}

void vec_gmacsiv(void **state)
{
	static const uint16_t lengths[] = {0, 1, 15, 16, 17, 777, 1554, 10101};

	(void)state;
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		// Little-endian, as in the generator of these vectors.
		uint8_t iv[8] = {(uint8_t)lengths[i], (uint8_t)(lengths[i] >> 8)};
		char stem[32];

		snprintf(stem, sizeof(stem), "gmacsiv.%u", lengths[i]);
		check_siv(stem, iv, lengths[i], lengths[i]);
	}
}

void vec_gmacsiv11(void **state)
{
	static const uint8_t iv[8] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};

	(void)state;
	check_siv("gmacsiv11.1", iv, 11, 1);
	check_siv("gmacsiv11.16", iv, 11, 16);
	check_siv("gmacsiv11.31", iv, 11, 31);
}
