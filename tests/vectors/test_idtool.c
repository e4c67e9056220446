// SPDX-License-Identifier: BSD-3-Clause
// Checks every line of idtool-vectors.txt: identities, signatures and verdicts of the stock
// identity tool.
#include "root/identity.h"
#include "root/world.h"
#include "tests/lib/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>

#include <stdlib.h>
#include <string.h>

static struct vectors *vec;
static struct rl_scratch *scratch;

struct node {
	struct rl_identity id;
	struct rl_secret secret;
};

static struct node node(unsigned i)
{
	char name[32];
	struct node n;

	snprintf(name, sizeof(name), "identity%u.secret", i);
	assert_int_equal(rl_identity_parse(&n.id, &n.secret, vectors_text(vec, name)), 0);
	return n;
}

static void identities(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		struct node n = node(i);
		char text[RL_IDENTITY_SECRET_TEXT];
		char name[32];

		snprintf(name, sizeof(name), "identity%u.secret", i);
		assert_string_equal(rl_identity_text(&n.id, &n.secret, text),
				    vectors_text(vec, name));
		snprintf(name, sizeof(name), "identity%u.public", i);
		assert_string_equal(rl_identity_text(&n.id, NULL, text), vectors_text(vec, name));
		assert_true(rl_identity_matches(&n.id, &n.secret));
		assert_true(rl_identity_validate(scratch, &n.id));
	}
}

// The stock tool's exit status: 0 for a good signature.
static void check_verify(const char *name, const struct rl_identity *id, const uint8_t *msg,
			 size_t len, const uint8_t *sig)
{
	bool good = !strncmp(vectors_text(vec, name), "rc0 ", 4);

	assert_true(good || !strncmp(vectors_text(vec, name), "rc1 ", 4));
	assert_int_equal(rl_verify(id->public_key, msg, len, sig, ZT_SIGNATURE_LEN), good);
}

static void signatures(void **state)
{
	size_t len;
	const uint8_t *msg = vectors_hex(vec, "fixed_file_hex", &len);
	uint8_t digest[64];

	(void)state;
	crypto_hash_sha512(digest, msg, len);
	assert_memory_equal(digest, vectors_bytes(vec, "fixed_file_sha512", 64), 64);
	for (unsigned i = 0; i < 3; i++) {
		struct node n = node(i);
		struct node other = node(i + 1);
		uint8_t sig[ZT_SIGNATURE_LEN];
		uint8_t *want;
		char name[64];

		snprintf(name, sizeof(name), "sign%u", i);
		want = vectors_bytes(vec, name, ZT_SIGNATURE_LEN);
		assert_int_equal(rl_sign(n.secret.key, msg, len, sig), 0);
		assert_memory_equal(sig, want, sizeof(sig));
		snprintf(name, sizeof(name), "verify%u", i);
		check_verify(name, &n.id, msg, len, sig);
		snprintf(name, sizeof(name), "verify%u.with_identity%u", i, i + 1);
		check_verify(name, &other.id, msg, len, sig);
		snprintf(name, sizeof(name), "verify%u.sig_first_byte_flipped", i);
		sig[0] ^= 0xff;
		check_verify(name, &n.id, msg, len, sig);
		snprintf(name, sizeof(name), "verify%u.sig_last_byte_flipped", i);
		sig[0] ^= 0xff;
		sig[ZT_SIGNATURE_LEN - 1] ^= 0xff;
		check_verify(name, &n.id, msg, len, sig);
	}
}

// Text that the stock reader lets pass and ours refuses on purpose (protocol.md 1.2: be stricter).
static bool we_are_stricter(const char *label)
{
	return strstr(label, ":extra_2_hex") || strstr(label, ":trailing_colon");
}

// "validate LABEL IDENTITY", with "\n" written out.
static void check_verdict(const char *line, const char *verdict)
{
	const char *label = line + strlen("validate ");
	const char *text = strchr(label, ' ');
	bool want = !strncmp(verdict, "> rc0 ", 6) && !we_are_stricter(label);
	char copy[512];
	struct rl_identity id;
	size_t n;
	bool got;

	assert_true(want || !strncmp(verdict, "> rc1 ", 6) || we_are_stricter(label));
	assert_non_null(text);
	n = strcspn(text + 1, " ");
	assert_true(n < sizeof(copy));
	memcpy(copy, text + 1, n);
	copy[n] = 0;
	if (n > 2 && !strcmp(copy + n - 2, "\\n"))
		memcpy(copy + n - 2, "\n", 2);
	got = rl_identity_parse(&id, NULL, copy) == 0 && rl_identity_validate(scratch, &id);
	if (got != want)
		fail_msg("%s: %s", line, got ? "taken" : "refused");
}

static void verdicts(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < vectors_count(vec); i++) {
		const char *name = vectors_name(vec, i);

		if (strncmp(name, "validate ", 9))
			continue;
		check_verdict(name, vectors_text(vec, name));
		count++;
	}
	assert_int_equal(count, 51);
}

// The hex dump in the file must be the planet in the file.
static void check_dump(const uint8_t *planet, size_t len)
{
	for (size_t at = 0; at < len; at += 16) {
		char name[32];
		const char *text;

		snprintf(name, sizeof(name), "%08zx", at);
		text = vectors_text(vec, name);
		for (size_t i = at; i < len && i < at + 16; i++) {
			char digits[3] = {text[0], text[1], 0};

			assert_int_equal(strtoul(digits, NULL, 16), planet[i]);
			text += 2;
			text += *text == ' ';
		}
	}
}

static void planet(void **state)
{
	size_t len;
	const uint8_t *bytes = vectors_hex(vec, "planet_hex", &len);
	const uint8_t *private_blob = vectors_bytes(vec, "planet_key_priv", 64);
	const char *roots = vectors_text(vec, "planet_roots");
	struct rl_world w;
	uint8_t out[ZT_WORLD_MAX];
	uint8_t public_blob[64];
	char text[RL_IDENTITY_SECRET_TEXT + 2 * RL_INET_TEXT];

	(void)state;
	assert_int_equal(len, vectors_dec(vec, "planet_len"));
	assert_int_equal(rl_world_parse(&w, bytes, len), 0);
	assert_int_equal(w.timestamp, vectors_dec(vec, "planet_timestamp"));
	assert_int_equal(w.id, strtoull(vectors_text(vec, "planet_id"), NULL, 10));
	assert_int_equal(w.root_count, 1);
	assert_int_equal(w.root[0].endpoint_count, 2);
	rl_identity_text(&w.root[0].id, NULL, text);
	for (unsigned i = 0; i < 2; i++) {
		char buf[RL_INET_TEXT];

		strcat(text, " ");
		strcat(text, rl_inet_text(&w.root[0].endpoint[i], buf));
	}
	assert_string_equal(text, roots);

	assert_int_equal(rl_keypair_public(private_blob, public_blob), 0);
	assert_memory_equal(public_blob, vectors_bytes(vec, "planet_key_pub", 64), 64);
	assert_memory_equal(public_blob, w.next_key, 64);
	assert_true(rl_world_verify(&w, public_blob));
	memset(w.signature, 0, sizeof(w.signature));
	assert_int_equal(rl_world_sign(&w, private_blob), 0);
	assert_int_equal(rl_world_write(&w, out), len);
	assert_memory_equal(out, bytes, len);
	check_dump(bytes, len);
}

static void every_line_was_used(void **state)
{
	(void)state;
	assert_int_equal(vectors_unused(vec, stderr), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identities),
		cmocka_unit_test(signatures),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(planet),
		cmocka_unit_test(every_line_was_used),
	};
	int failed;

	vec = vectors_load_lines(VECTORS_DIR "/idtool-vectors.txt");
	scratch = rl_scratch_new();
	if (!scratch)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rl_scratch_free(scratch);
	vectors_free(vec);
	return failed;
}
