// SPDX-License-Identifier: BSD-3-Clause
// Checks every value of protocol-vectors.md against the code.
#include "tests/vectors/vec.h"

#include <string.h>

struct vectors *vec;
struct rl_cipher *vec_cipher;

const char *vec_name(const char *stem, const char *field)
{
	static char name[2][128];
	static unsigned turn;

	turn ^= 1;
	snprintf(name[turn], sizeof(name[turn]), "%s.%s", stem, field);
	return name[turn];
}

void vec_assert_bytes(const char *name, const uint8_t *got, size_t len)
{
	size_t want_len;
	const uint8_t *want = vectors_hex(vec, name, &want_len);

	if (len != want_len)
		fail_msg("%s: %zu bytes, not %zu", name, len, want_len);
	for (size_t i = 0; i < len; i++) {
		if (got[i] != want[i])
			fail_msg("%s: byte %zu is %02x, not %02x", name, i, got[i], want[i]);
	}
}

struct vec_node vec_node(char name)
{
	char field[] = "id.X_text";
	struct vec_node node;

	field[3] = name;
	assert_int_equal(rl_identity_parse(&node.id, &node.secret, vectors_text(vec, field)), 0);
	return node;
}

struct rl_key vec_key(char mine, char theirs)
{
	struct vec_node a = vec_node(mine);
	struct vec_node b = vec_node(theirs);
	struct rl_key key;

	assert_int_equal(rl_key_agree(&key, &a.secret, b.id.public_key), 0);
	return key;
}

// Last: a vector that nothing has read is a hole in this test.
static void every_vector_was_used(void **state)
{
	(void)state;
	assert_int_equal(vectors_unused(vec, stderr), 0);
	assert_true(vectors_count(vec) >= 203);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vec_selftest),
		cmocka_unit_test(vec_c25519),
		cmocka_unit_test(vec_agree),
		cmocka_unit_test(vec_kbkdf),
		cmocka_unit_test(vec_signatures),
		cmocka_unit_test(vec_gmacsiv),
		cmocka_unit_test(vec_gmacsiv11),
		cmocka_unit_test(vec_identities),
		cmocka_unit_test(vec_derive),
		cmocka_unit_test(vec_inet),
		cmocka_unit_test(vec_world),
		cmocka_unit_test(vec_earth),
		cmocka_unit_test(vec_hello),
		cmocka_unit_test(vec_xhello),
		cmocka_unit_test(vec_single_packets),
		cmocka_unit_test(vec_refused),
		cmocka_unit_test(vec_like),
		cmocka_unit_test(vec_plain_only),
		cmocka_unit_test(vec_fragments_tiny),
		cmocka_unit_test(vec_fragments_real),
		cmocka_unit_test(every_vector_was_used),
	};
	int failed;

	vec = vectors_load(VECTORS_FILE);
	vec_cipher = rl_cipher_new();
	if (!vec_cipher)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rl_cipher_free(vec_cipher);
	vectors_free(vec);
	return failed;
}
