// SPDX-License-Identifier: BSD-3-Clause
#include "root/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ADDRESS "f14a310d4b"
#define PUBLIC                                                             \
	"443f7e9d14079f7ced5c498e2a5af97019cc42575c0390409468d16fc65c4175" \
	"6cdee46e10a3ce4c8ab19d06f362a776f5393c15c4dc7f4c56f999c5ee5b03ae"
#define SECRET                                                             \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define PUBLIC_TEXT ADDRESS ":0:" PUBLIC
#define SECRET_TEXT PUBLIC_TEXT ":" SECRET

static void addresses(void **state)
{
	static const struct {
		const char *text;
		uint64_t address; // 0: refused
	} rows[] = {
		{"f14a310d4b", 0xf14a310d4b},
		{"F14A310D4B", 0xf14a310d4b},
		{"0000000001", 1},
		{"00ffffffff", 0x00ffffffff},
		{"feffffffff", 0xfeffffffff},
		{"0000000000", 0}, // reserved
		{"ff00000000", 0},
		{"ffffffffff", 0},
		{"", 0},
		{"f14a310d4", 0},
		{"f14a310d4b0", 0},
		{"f14a310d4b\n", 0},
		{" 14a310d4b", 0},
		{"+14a310d4b", 0},
		{"0xf14a310d", 0},
		{"f14a310d4g", 0},
		{"f14a3-0d4b", 0},
		{"f14a31 d4b", 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t address = 0;
		char text[11];

		if (rl_address_parse(&address, rows[i].text) != (rows[i].address ? 0 : -EINVAL))
			fail_msg("\"%s\"", rows[i].text);
		assert_true(address == rows[i].address);
		if (address) {
			rl_address_text(address, text);
			assert_true(rl_address_ok(address));
			assert_int_equal(strncasecmp(text, rows[i].text, 11), 0);
		}
	}
	assert_false(rl_address_ok(0));
	assert_false(rl_address_ok(0xff00000000));
	assert_false(rl_address_ok(0x10000000000)); // more than 40 bits
	assert_true(rl_address_ok(0xfeffffffff));
}

static void text_is_read_and_written(void **state)
{
	static const char *const ends[] = {"", "\n", "\r\n"};
	struct rl_identity id;
	struct rl_secret secret;
	char text[RL_IDENTITY_SECRET_TEXT];
	char in[RL_IDENTITY_SECRET_TEXT + 2];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(in, sizeof(in), "%s%s", SECRET_TEXT, ends[i]);
		assert_int_equal(rl_identity_parse(&id, &secret, in), 0);
		assert_true(id.address == 0xf14a310d4b);
		assert_int_equal(secret.key[63], 0x3f);
		assert_ptr_equal(rl_identity_text(&id, &secret, text), text);
		assert_string_equal(text, SECRET_TEXT);
		assert_string_equal(rl_identity_text(&id, NULL, text), PUBLIC_TEXT);
		assert_int_equal(rl_identity_parse(&id, NULL, in), 0);
		snprintf(in, sizeof(in), "%s%s", PUBLIC_TEXT, ends[i]);
		assert_int_equal(rl_identity_parse(&id, NULL, in), 0);
		assert_int_equal(rl_identity_parse(&id, &secret, in), -ENOENT);
	}
	for (unsigned i = 0; SECRET_TEXT[i]; i++)
		in[i] = SECRET_TEXT[i] >= 'a' ? (char)(SECRET_TEXT[i] - 32) : SECRET_TEXT[i];
	in[RL_IDENTITY_SECRET_TEXT - 1] = 0;
	assert_int_equal(rl_identity_parse(&id, &secret, in), 0);
	assert_string_equal(rl_identity_text(&id, &secret, text), SECRET_TEXT);
}

static void bad_text_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"\n",
		"\r\n",
		":",
		":::",
		ADDRESS,
		ADDRESS ":0:",
		ADDRESS ":1:" PUBLIC,
		ADDRESS ":00:" PUBLIC,
		ADDRESS "::" PUBLIC,
		ADDRESS ":0" PUBLIC,
		"0000000000:0:" PUBLIC,
		"ff4a310d4b:0:" PUBLIC,
		"g14a310d4b:0:" PUBLIC,
		"14a310d4b:0:" PUBLIC "0",
		PUBLIC_TEXT ":",
		PUBLIC_TEXT "00",
		PUBLIC_TEXT "\n\n",
		PUBLIC_TEXT "\r",
		PUBLIC_TEXT " ",
		" " PUBLIC_TEXT,
		"\n" PUBLIC_TEXT,
		PUBLIC_TEXT ":00",
		PUBLIC_TEXT ":" PUBLIC "0",
		PUBLIC_TEXT " " SECRET,
		PUBLIC_TEXT "0" SECRET,
		SECRET_TEXT ":",
		SECRET_TEXT ":00",
		SECRET_TEXT "\n\n",
		SECRET_TEXT "\r",
		SECRET_TEXT " ",
		SECRET_TEXT "00",
		SECRET_TEXT ":" SECRET,
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_identity id = {.address = 7};
		struct rl_secret secret = {{7}};

		if (rl_identity_parse(&id, &secret, rows[i]) != -EINVAL ||
		    rl_identity_parse(&id, NULL, rows[i]) != -EINVAL)
			fail_msg("taken: \"%s\"", rows[i]);
		assert_int_equal(id.address, 7);
		assert_int_equal(secret.key[0], 7);
	}
}

// Any one character cut off or made a non-digit spoils either form.
static void every_character_counts(void **state)
{
	static const char *const forms[] = {PUBLIC_TEXT, SECRET_TEXT};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		size_t len = strlen(forms[i]);

		for (size_t at = 0; at < len; at++) {
			char *text = malloc(at + 1);
			struct rl_identity id;

			memcpy(text, forms[i], at);
			text[at] = 0;
			// The secret form cut behind its public half is the public form.
			if (at != RL_IDENTITY_PUBLIC_TEXT - 1)
				assert_int_equal(rl_identity_parse(&id, NULL, text), -EINVAL);
			free(text);
			text = strdup(forms[i]);
			text[at] = 'x';
			assert_int_equal(rl_identity_parse(&id, NULL, text), -EINVAL);
			free(text);
		}
	}
}

static void binary_form(void **state)
{
	static const struct {
		const char *what;
		uint8_t address0, type, private_len;
		size_t len;
		bool ok;
	} rows[] = {
		{"public", 0xf1, 0, 0, 71, true},
		{"public, something behind it", 0xf1, 0, 0, 135, true},
		{"with secret", 0xf1, 0, 64, 135, true},
		{"with secret, one byte short", 0xf1, 0, 64, 134, false},
		{"with secret, cut off", 0xf1, 0, 64, 71, false},
		{"type 1", 0xf1, 1, 0, 135, false},
		{"type 255", 0xf1, 255, 0, 135, false},
		{"private length 1", 0xf1, 0, 1, 135, false},
		{"private length 63", 0xf1, 0, 63, 135, false},
		{"private length 65", 0xf1, 0, 65, 136, false},
		{"private length 255", 0xf1, 0, 255, 136, false},
		{"reserved address", 0xff, 0, 0, 71, false},
		{"highest first byte", 0xfe, 0, 0, 71, true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *data = calloc(1, rows[i].len);
		struct rl_reader r = rl_reader(data, rows[i].len);
		struct rl_identity id = {.address = 7};

		data[0] = rows[i].address0;
		data[5] = rows[i].type;
		data[6] = 0x44;
		data[70] = rows[i].private_len;
		rl_identity_get(&r, &id);
		if (r.bad == rows[i].ok)
			fail_msg("%s", rows[i].what);
		assert_int_equal(id.address >> 32, rows[i].ok ? rows[i].address0 : 0);
		assert_int_equal(id.public_key[0], rows[i].ok ? 0x44 : 0);
		if (rows[i].ok)
			assert_int_equal(rl_reader_left(&r),
					 rows[i].len - 71 - rows[i].private_len);
		free(data);
	}
	for (size_t len = 0; len < ZT_IDENTITY_LEN; len++) {
		uint8_t *data = calloc(1, len + !len);
		struct rl_reader r = rl_reader(data, len);
		struct rl_identity id;

		data[0] = len > 0;
		rl_identity_get(&r, &id);
		assert_true(r.bad);
		free(data);
	}
}

static void all_zero_address_is_refused(void **state)
{
	uint8_t data[ZT_IDENTITY_LEN] = {0};
	struct rl_reader r = rl_reader(data, sizeof(data));
	struct rl_identity id;

	(void)state;
	rl_identity_get(&r, &id);
	assert_true(r.bad);
}

static void writing_needs_room(void **state)
{
	struct rl_identity id;

	(void)state;
	assert_int_equal(rl_identity_parse(&id, NULL, PUBLIC_TEXT), 0);
	for (size_t room = 0; room <= ZT_IDENTITY_LEN; room++) {
		uint8_t *out = malloc(room + !room);
		struct rl_writer w = rl_writer(out, room);

		rl_identity_put(&w, &id);
		assert_int_equal(w.bad, room < ZT_IDENTITY_LEN);
		free(out);
	}
}

static void order(void **state)
{
	struct rl_identity a = {.address = 1, .public_key = {9}};
	struct rl_identity b = {.address = 2, .public_key = {1}};
	struct rl_identity c = {.address = 2, .public_key = {0x80}};
	struct rl_identity d = {.address = 2, .public_key = {0x80, [63] = 1}};

	(void)state;
	assert_true(rl_identity_compare(&a, &b) < 0);
	assert_true(rl_identity_compare(&b, &a) > 0);
	assert_true(rl_identity_compare(&b, &c) < 0); // bytes are unsigned
	assert_true(rl_identity_compare(&c, &d) < 0);
	assert_int_equal(rl_identity_compare(&d, &d), 0);
	assert_true(rl_identity_equal(&d, &d));
	assert_false(rl_identity_equal(&c, &d));
	assert_false(rl_identity_equal(&a, &b));
}

static bool count_tries(void *ctx)
{
	unsigned *tries = ctx;

	return ++*tries < 2000;
}

static bool refuse(void *ctx)
{
	(void)ctx;
	return false;
}

static void generated_identities_are_valid(void **state)
{
	struct rl_scratch *s = rl_scratch_new();
	struct rl_identity id, first;
	struct rl_secret secret;
	unsigned tries = 0;

	(void)state;
	assert_int_equal(rl_identity_generate(s, &first, &secret, 0, 0, count_tries, &tries), 0);
	assert_true(tries >= 1);
	assert_true(rl_identity_validate(s, &first));
	assert_true(rl_identity_matches(&first, &secret));
	assert_int_equal(rl_identity_generate(s, &id, &secret, 0xa000000000, 2, NULL, NULL), 0);
	assert_int_equal(id.address >> 38, 2); // the first two bits of a
	assert_true(rl_identity_validate(s, &id));
	assert_true(rl_identity_matches(&id, &secret));
	assert_false(rl_identity_equal(&id, &first));
	assert_false(rl_identity_matches(&first, &secret));
	rl_scratch_free(s);
}

static void generation_can_be_refused(void **state)
{
	struct rl_scratch *s = rl_scratch_new();
	struct rl_identity id = {.address = 7};
	struct rl_secret secret = {{7}};

	(void)state;
	assert_int_equal(rl_identity_generate(s, &id, &secret, 0, 0, refuse, NULL), -ECANCELED);
	// Prefixes that no address can have would be looked for in vain.
	assert_int_equal(rl_identity_generate(s, &id, &secret, 0xff00000000, 8, NULL, NULL),
			 -EINVAL);
	assert_int_equal(rl_identity_generate(s, &id, &secret, 0xffffffffff, 40, NULL, NULL),
			 -EINVAL);
	assert_int_equal(rl_identity_generate(s, &id, &secret, 0, 40, NULL, NULL), -EINVAL);
	assert_int_equal(rl_identity_generate(s, &id, &secret, 0, 41, NULL, NULL), -EINVAL);
	assert_int_equal(rl_identity_generate(s, &id, &secret, 0xff00000000, 7, refuse, NULL),
			 -ECANCELED);
	assert_int_equal(id.address, 7);
	assert_int_equal(secret.key[0], 7);
	rl_scratch_free(s);
}

static void forged_identities_fail(void **state)
{
	struct rl_scratch *s = rl_scratch_new();
	struct rl_identity good, bad;
	uint8_t digest[64];
	unsigned weak = 0;

	(void)state;
	assert_int_equal(rl_identity_parse(&good, NULL, PUBLIC_TEXT), 0);
	assert_true(rl_identity_validate(s, &good));
	for (unsigned bit = 0; bit < 40; bit++) {
		bad = good;
		bad.address ^= UINT64_C(1) << bit;
		assert_false(rl_identity_validate(s, &bad));
	}
	// The address a key derives to is not enough: the work must have been done.
	for (uint8_t i = 0; i < 16; i++) {
		memset(bad.public_key, i, sizeof(bad.public_key));
		rl_identity_derive(s, bad.public_key, digest);
		bad.address = rl_load40(digest + 59);
		assert_int_equal(rl_identity_validate(s, &bad), digest[0] < ZT_WORK_LIMIT);
		weak += digest[0] >= ZT_WORK_LIMIT;
	}
	assert_true(weak > 8);
	rl_scratch_free(s);
}

static void matching_needs_both_halves(void **state)
{
	struct rl_identity id = {.address = 7};
	struct rl_secret secret;

	(void)state;
	assert_int_equal(rl_keypair_generate(id.public_key, secret.key), 0);
	assert_true(rl_identity_matches(&id, &secret));
	for (unsigned at = 8; at < 64; at += 55) {
		secret.key[at] ^= 1;
		assert_false(rl_identity_matches(&id, &secret));
		secret.key[at] ^= 1;
		id.public_key[at] ^= 1;
		assert_false(rl_identity_matches(&id, &secret));
		id.public_key[at] ^= 1;
	}
}

static void signatures_cover_everything(void **state)
{
	uint8_t public_blob[64], private_blob[64], other[64], spare[64];
	uint8_t sig[ZT_SIGNATURE_LEN + 1] = {0};
	const char msg[] = "message";

	(void)state;
	assert_int_equal(rl_keypair_generate(public_blob, private_blob), 0);
	assert_int_equal(rl_keypair_generate(other, spare), 0);
	assert_int_equal(rl_sign(private_blob, msg, 7, sig), 0);
	assert_true(rl_verify(public_blob, msg, 7, sig, ZT_SIGNATURE_LEN));
	assert_false(rl_verify(other, msg, 7, sig, ZT_SIGNATURE_LEN));
	assert_false(rl_verify(public_blob, msg, 6, sig, ZT_SIGNATURE_LEN));
	assert_false(rl_verify(public_blob, "messagf", 7, sig, ZT_SIGNATURE_LEN));
	assert_false(rl_verify(public_blob, msg, 7, sig, ZT_SIGNATURE_LEN - 1));
	assert_false(rl_verify(public_blob, msg, 7, sig, ZT_SIGNATURE_LEN + 1));
	assert_false(rl_verify(public_blob, msg, 7, sig, 64));
	assert_false(rl_verify(public_blob, msg, 7, NULL, 0));
	for (unsigned at = 0; at < ZT_SIGNATURE_LEN; at++) {
		sig[at] ^= 0x40;
		assert_false(rl_verify(public_blob, msg, 7, sig, ZT_SIGNATURE_LEN));
		sig[at] ^= 0x40;
	}
}

// The same signature with S + L in place of S: a lax verifier takes both.
static void signatures_have_one_form(void **state)
{
	static const uint8_t order_of_group[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,        0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
	};
	static const uint8_t weak_public[64] = {[32] = 1}; // Ed25519's neutral point
	uint8_t public_blob[64], private_blob[64], sig[ZT_SIGNATURE_LEN];
	unsigned carry = 0;

	(void)state;
	assert_int_equal(rl_keypair_generate(public_blob, private_blob), 0);
	assert_int_equal(rl_sign(private_blob, "m", 1, sig), 0);
	assert_true(rl_verify(public_blob, "m", 1, sig, sizeof(sig)));
	for (unsigned i = 0; i < 32; i++) {
		carry += sig[32 + i] + order_of_group[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(rl_verify(public_blob, "m", 1, sig, sizeof(sig)));

	// With the neutral point as key, R = neutral and S = 0 would sign everything.
	memset(sig, 0, 64);
	sig[0] = 1;
	assert_false(rl_verify(weak_public, "m", 1, sig, sizeof(sig)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(text_is_read_and_written),
		cmocka_unit_test(bad_text_is_refused),
		cmocka_unit_test(every_character_counts),
		cmocka_unit_test(binary_form),
		cmocka_unit_test(all_zero_address_is_refused),
		cmocka_unit_test(writing_needs_room),
		cmocka_unit_test(order),
		cmocka_unit_test(generated_identities_are_valid),
		cmocka_unit_test(generation_can_be_refused),
		cmocka_unit_test(forged_identities_fail),
		cmocka_unit_test(matching_needs_both_halves),
		cmocka_unit_test(signatures_cover_everything),
		cmocka_unit_test(signatures_have_one_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
