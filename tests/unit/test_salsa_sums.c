// SPDX-License-Identifier: BSD-3-Clause
// Every vector width this CPU has, against libsodium and against a whole identity.
#include "root/salsa_sums.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "root/identity_derive.h"
#include "tests/unit/widths.h"

#include <sodium.h>

#include <stdlib.h>
#include <string.h>

enum { BATCH = RL_SALSA_SUMS_BATCH, BLOCKS = 64 * BATCH, WORDS = RL_SALSA_BLOCK / 8 };

#define IDENTITY                                                           \
	"f14a310d4b:0:"                                                    \
	"443f7e9d14079f7ced5c498e2a5af97019cc42575c0390409468d16fc65c4175" \
	"6cdee46e10a3ce4c8ab19d06f362a776f5393c15c4dc7f4c56f999c5ee5b03ae"

static uint8_t key[32];
static uint8_t nonce[8];
static uint64_t want[BLOCKS * WORDS]; // libsodium's blocks, each xored with all before it

static int make_wanted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(29 * i + 5);
	for (unsigned i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(0xe7 + i);
	crypto_stream_salsa20((uint8_t *)want, sizeof(want), nonce, key);
	for (unsigned w = WORDS; w < BLOCKS * WORDS; w++)
		want[w] ^= want[w - WORDS];
	return 0;
}

static void sums_are_those_of_libsodium(void **state)
{
	static const size_t steps[] = {BATCH, 2 * BATCH, 5 * BATCH, BLOCKS};
	uint64_t *out;

	width_begin(state);
	out = malloc(sizeof(want)); // exact, so that a sanitizer sees each byte beyond
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct rl_salsa_sums s;

		rl_salsa_sums_init(&s, nonce, key);
		memset(out, 0, sizeof(want));
		for (size_t b = 0; b < BLOCKS; b += steps[i])
			rl_salsa_sums_next(&s, out + b * WORDS,
					   steps[i] < BLOCKS - b ? steps[i] : BLOCKS - b);
		assert_memory_equal(out, want, sizeof(want));
		assert_memory_equal(s.sum, &want[(BLOCKS - 1) * WORDS], sizeof(s.sum));
	}
	free(out);
}

static void a_cleared_sum_goes_on_with_the_next_block(void **state)
{
	uint64_t out[BATCH * WORDS];
	struct rl_salsa_sums s;

	width_begin(state);
	rl_salsa_sums_init(&s, nonce, key);
	rl_salsa_sums_next(&s, out, BATCH);
	rl_salsa_sums_clear(&s);
	rl_salsa_sums_next(&s, out, BATCH);
	for (unsigned w = 0; w < BATCH * WORDS; w++)
		assert_true((out[w] ^ want[(BATCH - 1) * WORDS + w % WORDS]) ==
			    want[BATCH * WORDS + w]);
}

// Other keys and nonces: each word of both matters to what is made ready before the first block.
static void any_key(void **state)
{
	uint8_t k[32] = {0}, n[8] = {0};
	uint64_t out[BATCH * WORDS], first[WORDS];
	struct rl_salsa_sums s;

	width_begin(state);
	for (unsigned bit = 0; bit < 8 * (sizeof(k) + sizeof(n)); bit++) {
		uint8_t *byte = bit < 256 ? &k[bit / 8] : &n[(bit - 256) / 8];

		*byte ^= (uint8_t)(1 << bit % 8);
		rl_salsa_sums_init(&s, n, k);
		rl_salsa_sums_next(&s, out, BATCH);
		crypto_stream_salsa20((uint8_t *)first, sizeof(first), n, k);
		assert_memory_equal(out, first, sizeof(first));
		crypto_stream_salsa20_xor_ic((uint8_t *)first, (uint8_t *)first, sizeof(first), n,
					     1, k);
		assert_memory_equal(out + WORDS, first, sizeof(first));
	}
}

// A fixed vector through all of it: what the stock tool made and accepts.
static void an_identity(void **state)
{
	struct rl_scratch *s;
	struct rl_identity id;

	width_begin(state);
	s = rl_scratch_new();
	assert_non_null(s);
	assert_int_equal(rl_identity_parse(&id, NULL, IDENTITY), 0);
	assert_true(rl_identity_validate(s, &id));
	for (unsigned bit = 0; bit < 8; bit++) {
		struct rl_identity bad = id;

		bad.public_key[9 * bit] ^= (uint8_t)(1 << bit);
		assert_false(rl_identity_validate(s, &bad));
	}
	rl_scratch_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIDTHS(sums_are_those_of_libsodium),
		WIDTHS(a_cleared_sum_goes_on_with_the_next_block),
		WIDTHS(any_key),
		WIDTHS(an_identity),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, make_wanted, NULL);
}
