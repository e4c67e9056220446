// SPDX-License-Identifier: BSD-3-Clause
#include "root/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>

#include <stdbool.h>
#include <string.h>

// The stream is ChaCha20 under the seed, one nonce per refill, without gaps or repetition.
static void numbers_are_the_key_stream(void **state)
{
	uint8_t seed[32] = {1, 2, 3};
	uint8_t want[1024];
	struct rl_random r;

	(void)state;
	rl_random_init(&r, seed);
	for (uint64_t block = 0; block < 3; block++) {
		uint8_t nonce[8];

		memcpy(nonce, &block, 8);
		crypto_stream_chacha20(want, sizeof(want), nonce, seed);
		for (unsigned at = 0; at < sizeof(want); at += 8) {
			uint64_t v = rl_random64(&r);

			assert_memory_equal(&v, want + at, 8);
		}
	}
}

static void seeds_decide(void **state)
{
	uint8_t seed[32] = {0};
	struct rl_random a, b, c;

	(void)state;
	rl_random_init(&a, seed);
	rl_random_init(&b, seed);
	seed[31] = 1;
	rl_random_init(&c, seed);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t v = rl_random64(&a);

		assert_true(v == rl_random64(&b));
		assert_true(v != rl_random64(&c));
	}
}

// 32-bit and 64-bit draws in any order: a refill must never read beyond the pool.
static void mixed_widths(void **state)
{
	uint8_t seed[32] = {9};
	struct rl_random r;

	(void)state;
	rl_random_init(&r, seed);
	for (unsigned i = 0; i < 10000; i++) {
		if (i % 3)
			rl_random64(&r);
		else
			rl_random_below(&r, 10);
		assert_true(r.at <= sizeof(r.pool));
	}
}

static void below_is_uniform(void **state)
{
	// Around powers of two, and where two thirds of the naive products would be biased.
	static const uint32_t limits[] = {1, 2, 3, 7, 8, 9, 255, 256, 257, 0x80000001, 0xffffffff};
	uint8_t seed[32] = {4};
	struct rl_random r;

	(void)state;
	rl_random_init(&r, seed);
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		enum { DRAWS = 30000 };
		unsigned thirds[3] = {0};
		bool low = false, high = false;

		for (unsigned k = 0; k < DRAWS; k++) {
			uint32_t v = rl_random_below(&r, limits[i]);

			assert_true(v < limits[i]);
			thirds[(uint64_t)v * 3 / limits[i]]++;
			low |= v == 0;
			high |= v == limits[i] - 1;
		}
		if (limits[i] <= 257)
			assert_true(low && high);
		if (limits[i] < 255)
			continue;
		// 10000 expected; 400 off would be five standard deviations.
		for (unsigned k = 0; k < 3; k++)
			assert_in_range(thirds[k], 9600, 10400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_the_key_stream),
		cmocka_unit_test(seeds_decide),
		cmocka_unit_test(mixed_widths),
		cmocka_unit_test(below_is_uniform),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
