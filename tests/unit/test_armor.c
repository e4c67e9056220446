// SPDX-License-Identifier: BSD-3-Clause
#include "root/armor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <sodium.h>

#include <errno.h>
#include <stdlib.h>

static struct rl_cipher *cipher;
static struct rl_key key;
static const unsigned suites[] = {
	ZT_SUITE_POLY1305,
	ZT_SUITE_SALSA_POLY1305,
	ZT_SUITE_AES_GMAC_SIV,
};

// Points of small order, and the same with bit 255 set, which is ignored.
static const uint8_t low_order[][32] = {
	{0},
	{1},
	{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
	{0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

enum { LOW_ORDER = sizeof(low_order) / sizeof(low_order[0]) };

// A buffer of exactly len bytes, so that the sanitizers see any step beyond it.
static uint8_t *packet(size_t len)
{
	uint8_t *p = malloc(len);

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + 1);
	p[ZT_AT_FLAGS] = 0;
	return p;
}

static void sealed_packets_open(void **state)
{
	static const uint16_t lengths[] = {28, 29, 43, 44, 90, 91, 92, 155, 1432, 10023, 10024};

	(void)state;
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]) * 3; i++) {
		const size_t len = lengths[i / 3];
		const unsigned suite = suites[i % 3];
		uint8_t *plain = packet(len);
		uint8_t *p = packet(len);

		rl_armor_seal(cipher, &key, p, len, suite);
		assert_memory_equal(p + ZT_AT_TO, plain + ZT_AT_TO, 10);
		assert_int_equal(p[ZT_AT_FLAGS], suite == 1 ? 0x88 : suite << 3);
		assert_int_equal(!memcmp(p, plain, 8), suite != ZT_SUITE_AES_GMAC_SIV);
		if (suite == ZT_SUITE_POLY1305)
			assert_memory_equal(p + ZT_AT_VERB, plain + ZT_AT_VERB, len - ZT_AT_VERB);
		else if (len > 40)
			assert_memory_not_equal(p + ZT_AT_VERB, plain + ZT_AT_VERB,
						len - ZT_AT_VERB);
		memcpy(plain, p, 8);
		assert_true(rl_armor_open(cipher, &key, p, len));
		assert_memory_equal(p, plain, 8); // the ID stays as it is on the wire
		assert_memory_equal(p + ZT_AT_VERB, plain + ZT_AT_VERB, len - ZT_AT_VERB);
		free(plain);
		free(p);
	}
}

// All suites mixed, more than any batch holds, some damaged: as one by one. Lengths that no packet
// has are refused like a wrong MAC.
static void many_are_as_one_by_one(void **state)
{
	enum { MANY = 70 };
	struct rl_armor_job job[MANY];
	struct rl_key keys[MANY];
	uint8_t *one[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		const uint16_t len = (uint16_t)(ZT_HDR_LEN + i * i % 700);

		for (unsigned k = 0; k < sizeof(keys[i]); k++)
			((uint8_t *)&keys[i])[k] = (uint8_t)(k * 5 + i);
		one[i] = packet(len);
		job[i] = (struct rl_armor_job){.key = &keys[i],
					       .p = packet(len),
					       .len = len,
					       .suite = (uint8_t)suites[i * i % 5 % 3]};
		rl_armor_seal(cipher, &keys[i], one[i], len, job[i].suite);
	}
	rl_armor_seal_many(cipher, job, 0);
	rl_armor_seal_many(cipher, job, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		assert_memory_equal(job[i].p, one[i], job[i].len);
		if (i % 7 == 3)
			job[i].p[job[i].len - 1] ^= 1;
		if (i % 9 == 4)
			job[i].len = i % 2 ? ZT_HDR_LEN - 1 : ZT_PACKET_MAX + 1;
		else
			memcpy(one[i], job[i].p, job[i].len);
	}
	rl_armor_open_many(cipher, job, 0);
	rl_armor_open_many(cipher, job, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(job[i].ok, i % 7 != 3 && i % 9 != 4);
		if (i % 9 != 4) {
			assert_int_equal(rl_armor_open(cipher, &keys[i], one[i], job[i].len),
					 job[i].ok);
			assert_memory_equal(job[i].p, one[i], job[i].len);
		}
		free(job[i].p);
		free(one[i]);
	}
}

static void every_flipped_byte_is_noticed(void **state)
{
	enum { LEN = 137 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		uint8_t *sealed = packet(LEN);

		rl_armor_seal(cipher, &key, sealed, LEN, suites[i]);
		for (unsigned bit = 0; bit < 8 * LEN; bit++) {
			uint8_t p[LEN];
			bool hop_bit = bit / 8 == ZT_AT_FLAGS && bit % 8 < 3;

			memcpy(p, sealed, LEN);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (rl_armor_open(cipher, &key, p, LEN) != hop_bit)
				fail_msg("suite %u, bit %u", suites[i], bit);
		}
		free(sealed);
	}
}

static void length_is_covered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		uint8_t p[201] = {0};
		uint8_t copy[201];

		rl_armor_seal(cipher, &key, p, 200, suites[i]);
		for (size_t len = 0; len <= 201; len++) {
			memcpy(copy, p, sizeof(p));
			assert_int_equal(rl_armor_open(cipher, &key, copy, len), len == 200);
		}
	}
}

static void sizes_out_of_bounds_are_refused(void **state)
{
	uint8_t *p = packet(ZT_PACKET_MAX + 1);

	(void)state;
	for (unsigned suite = 0; suite < 8; suite++) {
		p[ZT_AT_FLAGS] = (uint8_t)(suite << ZT_SUITE_SHIFT);
		assert_false(rl_armor_open(cipher, &key, p, ZT_PACKET_MAX + 1));
		assert_false(rl_armor_open(cipher, &key, p, SIZE_MAX));
	}
	free(p);
}

static void other_suites_are_refused(void **state)
{
	(void)state;
	for (unsigned suite = 0; suite < 8; suite++) {
		for (unsigned i = 0; i < 3; i++) {
			uint8_t *p = packet(100);

			rl_armor_seal(cipher, &key, p, 100, suites[i]);
			p[ZT_AT_FLAGS] = (uint8_t)((p[ZT_AT_FLAGS] & ~ZT_SUITE_MASK) |
						   suite << ZT_SUITE_SHIFT);
			assert_int_equal(rl_armor_open(cipher, &key, p, 100), suite == suites[i]);
			free(p);
		}
	}
}

// Senders other than the stock node leave the legacy mark out of suite 1; it is covered, but not
// required.
static void flags_are_kept(void **state)
{
	static const uint8_t flags[] = {0, ZT_FLAG_ENCRYPTED, ZT_FLAG_FRAGMENTED, 0xc0};

	(void)state;
	for (unsigned i = 0; i < 3 * 4; i++) {
		uint8_t *p = packet(64);
		uint8_t want = flags[i / 3];

		p[ZT_AT_FLAGS] = want;
		rl_armor_seal(cipher, &key, p, 64, suites[i % 3]);
		want |= (uint8_t)(suites[i % 3] << 3);
		if (suites[i % 3] == ZT_SUITE_SALSA_POLY1305)
			want |= ZT_FLAG_ENCRYPTED;
		assert_int_equal(p[ZT_AT_FLAGS], want);
		p[ZT_AT_FLAGS] |= 5;
		assert_true(rl_armor_open(cipher, &key, p, 64));
		assert_int_equal(p[ZT_AT_FLAGS], want | 5);
		free(p);
	}
}

static void other_keys_do_not_open(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned part = 0; part < 3; part++) {
			struct rl_key other = key;
			uint8_t *p = packet(64);
			bool used = suites[i] == ZT_SUITE_AES_GMAC_SIV ? part > 0 : part == 0;

			((uint8_t *)&other)[32 * part] ^= 1;
			rl_armor_seal(cipher, &key, p, 64, suites[i]);
			assert_int_equal(rl_armor_open(cipher, &other, p, 64), !used);
			free(p);
		}
	}
}

static void hello_part_is_its_own_inverse(void **state)
{
	uint8_t *plain = packet(183);
	uint8_t *p = packet(183);
	uint8_t sealed[183];

	(void)state;
	rl_armor_hello_seal(&key, p, 147, 183);
	assert_memory_equal(p, plain, 147);
	assert_memory_not_equal(p + 147, plain + 147, 183 - 147);
	memcpy(sealed, p, 183);
	rl_armor_hello_seal(&key, p, 147, 183);
	assert_memory_equal(p, plain, 183);

	// The three low bits of the ID are no part of the nonce; the others are.
	p[7] ^= 7;
	rl_armor_hello_seal(&key, p, 147, 183);
	assert_memory_equal(p + 147, sealed + 147, 183 - 147);
	memcpy(p, plain, 183);
	p[7] ^= 8;
	rl_armor_hello_seal(&key, p, 147, 183);
	assert_memory_not_equal(p + 147, sealed + 147, 183 - 147);

	// Nothing there, or offsets that make no sense: untouched.
	memcpy(p, plain, 183);
	rl_armor_hello_seal(&key, p, 183, 183);
	rl_armor_hello_seal(&key, p, 184, 183);
	rl_armor_hello_seal(&key, p, 27, 183);
	rl_armor_hello_seal(&key, p, SIZE_MAX, 183);
	assert_memory_equal(p, plain, 183);
	free(plain);
	free(p);
}

static void key_pair(uint8_t public_blob[64], struct rl_secret *secret)
{
	assert_int_equal(rl_keypair_generate(public_blob, secret->key), 0);
}

static void encrypted_hello(void **state)
{
	const uint8_t ephemeral[32] = {1, 2, 3};
	uint8_t public_blob[64], other_public[64];
	struct rl_secret mine, other;
	uint8_t p[ZT_PACKET_MAX + 1], wire[200], inner[200];
	size_t len;

	(void)state;
	key_pair(public_blob, &mine);
	key_pair(other_public, &other);
	memset(p, 0, sizeof(p));
	p[ZT_AT_FLAGS] = ZT_FLAG_ENCRYPTED;
	rl_armor_seal(cipher, &key, p, 137, ZT_SUITE_POLY1305);
	assert_int_equal(p[ZT_AT_FLAGS], 0x80);
	memcpy(inner, p, 137);
	len = rl_armor_xhello_seal(cipher, public_blob, ephemeral, p, 137);
	assert_int_equal(len, 169);
	assert_memory_equal(p, inner, ZT_AT_MAC);
	memcpy(wire, p, len);

	p[ZT_AT_FLAGS] |= 3; // relayed
	assert_int_equal(rl_armor_xhello_open(cipher, &mine, p, len), 137);
	assert_true(rl_armor_open(cipher, &key, p, 137));
	p[ZT_AT_FLAGS] &= 0xf8;
	assert_memory_equal(p, inner, 137);

	// Any change, and any other root, shows in the inner MAC.
	for (size_t at = 0; at < len; at++) {
		memcpy(p, wire, len);
		p[at] ^= at == ZT_AT_FLAGS ? 0x40 : 0x20;
		if (rl_armor_xhello_open(cipher, &mine, p, len))
			assert_false(rl_armor_open(cipher, &key, p, 137));
	}
	memcpy(p, wire, len);
	assert_int_equal(rl_armor_xhello_open(cipher, &other, p, len), 137);
	assert_false(rl_armor_open(cipher, &key, p, 137));
}

static void encrypted_hello_bounds(void **state)
{
	const uint8_t ephemeral[32] = {1};
	uint8_t public_blob[64];
	struct rl_secret mine;
	uint8_t *p = packet(ZT_PACKET_MAX + 1);

	(void)state;
	key_pair(public_blob, &mine);
	for (size_t len = 0; len < 60; len++)
		assert_int_equal(rl_armor_xhello_open(cipher, &mine, p, len), 0);
	assert_int_equal(rl_armor_xhello_open(cipher, &mine, p, 60), 28);
	assert_int_equal(rl_armor_xhello_open(cipher, &mine, p, ZT_PACKET_MAX), ZT_PACKET_MAX - 32);
	assert_int_equal(rl_armor_xhello_open(cipher, &mine, p, ZT_PACKET_MAX + 1), 0);
	assert_int_equal(rl_armor_xhello_open(cipher, &mine, p, SIZE_MAX), 0);
	assert_int_equal(rl_armor_xhello_seal(cipher, public_blob, ephemeral, p, 27), 0);
	assert_int_equal(
		rl_armor_xhello_seal(cipher, public_blob, ephemeral, p, ZT_PACKET_MAX - 31), 0);
	assert_int_equal(
		rl_armor_xhello_seal(cipher, public_blob, ephemeral, p, ZT_PACKET_MAX - 32),
		ZT_PACKET_MAX);
	for (unsigned i = 0; i < 2 * LOW_ORDER; i++) {
		memcpy(p + 137, low_order[i / 2], 32);
		p[168] |= i % 2 ? 0x80 : 0;
		assert_int_equal(rl_armor_xhello_open(cipher, &mine, p, 169), 0);
	}
	free(p);
}

static void agreement(void **state)
{
	uint8_t a_public[64], b_public[64], weak[64] = {0};
	struct rl_secret a, b;
	struct rl_key ab, ba;

	(void)state;
	key_pair(a_public, &a);
	key_pair(b_public, &b);
	assert_int_equal(rl_key_agree(&ab, &a, b_public), 0);
	assert_int_equal(rl_key_agree(&ba, &b, a_public), 0);
	assert_memory_equal(&ab, &ba, sizeof(ab));
	assert_memory_not_equal(ab.aes0, ab.aes1, 32);
	b_public[31] ^= 0x80; // ignored, RFC 7748
	b_public[40] ^= 1;    // the Ed25519 half plays no part
	assert_int_equal(rl_key_agree(&ba, &a, b_public), 0);
	assert_memory_equal(&ab, &ba, sizeof(ab));
	for (unsigned i = 0; i < 2 * LOW_ORDER; i++) {
		memcpy(weak, low_order[i / 2], 32);
		weak[31] |= i % 2 ? 0x80 : 0;
		ba = ab;
		assert_int_equal(rl_key_agree(&ba, &a, weak), -EINVAL);
		assert_memory_equal(&ab, &ba, sizeof(ab));
	}
}

static unsigned allocations;

static void *count_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(n);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(p, n);
}

static void count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static void packets_cost_no_allocation(void **state)
{
	const uint8_t ephemeral[32] = {1};
	uint8_t public_blob[64];
	struct rl_secret mine;
	uint8_t p[512] = {0};
	unsigned before;

	(void)state;
	key_pair(public_blob, &mine);
	assert_true(allocations > 0); // or the count means nothing
	before = allocations;
	for (unsigned i = 0; i < 300; i++) {
		rl_armor_seal(cipher, &key, p, 300, suites[i % 3]);
		assert_true(rl_armor_open(cipher, &key, p, 300));
		assert_true(rl_armor_xhello_seal(cipher, public_blob, ephemeral, p, 137));
		assert_true(rl_armor_xhello_open(cipher, &mine, p, 169));
	}
	assert_int_equal(allocations, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_packets_open),
		cmocka_unit_test(many_are_as_one_by_one),
		cmocka_unit_test(every_flipped_byte_is_noticed),
		cmocka_unit_test(length_is_covered),
		cmocka_unit_test(sizes_out_of_bounds_are_refused),
		cmocka_unit_test(other_suites_are_refused),
		cmocka_unit_test(flags_are_kept),
		cmocka_unit_test(other_keys_do_not_open),
		cmocka_unit_test(hello_part_is_its_own_inverse),
		cmocka_unit_test(encrypted_hello),
		cmocka_unit_test(encrypted_hello_bounds),
		cmocka_unit_test(agreement),
		cmocka_unit_test(packets_cost_no_allocation),
	};
	int failed;

	// Before libcrypto is used at all, or it refuses.
	if (!CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free))
		return 1;
	cipher = rl_cipher_new();
	if (!cipher)
		return 1;
	for (unsigned i = 0; i < sizeof(key); i++)
		((uint8_t *)&key)[i] = (uint8_t)(i * 3);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rl_cipher_free(cipher);
	rl_cipher_free(NULL);
	return failed;
}
