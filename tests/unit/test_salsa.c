// SPDX-License-Identifier: BSD-3-Clause
// Every vector width this CPU has, against libsodium.
#include "root/salsa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>

#include <stdlib.h>
#include <string.h>

enum { LEN_MAX = 3 * 16 * RL_SALSA_BLOCK + 2 };

static const unsigned widths[] = {4, 8, 16};
static uint8_t key[32];
static uint8_t nonce[8];

// Calls check for each width; at least the narrow one must be there.
static void each_width(void (*check)(void))
{
	const unsigned before = rl_salsa_lanes();

	for (unsigned i = 0; i < 3; i++) {
		if (rl_salsa_use_lanes(widths[i])) {
			assert_int_equal(rl_salsa_lanes(), widths[i]);
			check();
		} else {
			assert_int_not_equal(widths[i], 4);
			print_message("this CPU cannot make %u blocks at once\n", widths[i]);
		}
	}
	assert_true(rl_salsa_use_lanes(before));
}

static void check_every_length(void)
{
	for (size_t len = 0; len <= LEN_MAX; len++) {
		uint8_t *out = malloc(len + !len);
		uint8_t want[LEN_MAX + 1];

		crypto_stream_salsa2012(want, len, nonce, key);
		rl_salsa12_stream(out, len, nonce, key);
		assert_memory_equal(out, want, len);
		memset(out, 0x5a, len);
		memset(want, 0x5a, len);
		crypto_stream_salsa2012_xor(want, want, len, nonce, key);
		rl_salsa12_xor(out, len, nonce, key);
		assert_memory_equal(out, want, len);
		free(out);
	}
}

static void every_length(void **state)
{
	(void)state;
	each_width(check_every_length);
}

// The counter has 64 bits: a carry out of the low word must reach each block of a batch.
static void check_counters(void)
{
	static const uint64_t around[] = {
		0, 1, 32768, UINT64_C(1) << 32, UINT64_C(0xffffffff00000000), 0};

	for (unsigned i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		for (uint64_t back = 0; back < 40; back++) {
			const uint64_t block = around[i] - back;
			uint8_t out[40 * RL_SALSA_BLOCK], want[40 * RL_SALSA_BLOCK] = {0};
			const size_t blocks = back % 40 + 1;

			rl_salsa20_stream(out, blocks, nonce, block, key);
			for (size_t b = 0; b < blocks; b++)
				crypto_stream_salsa20_xor_ic(want + 64 * b, want + 64 * b, 64,
							     nonce, block + b, key);
			assert_memory_equal(out, want, blocks * RL_SALSA_BLOCK);
		}
	}
}

static void counters_carry(void **state)
{
	(void)state;
	each_width(check_counters);
}

static void no_other_widths(void **state)
{
	const unsigned before = rl_salsa_lanes();

	(void)state;
	assert_false(rl_salsa_use_lanes(0));
	assert_false(rl_salsa_use_lanes(1));
	assert_false(rl_salsa_use_lanes(32));
	assert_int_equal(rl_salsa_lanes(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length),
		cmocka_unit_test(counters_carry),
		cmocka_unit_test(no_other_widths),
	};

	if (sodium_init() < 0)
		return 1;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(17 * i + 3);
	for (unsigned i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(0xf0 + i);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
