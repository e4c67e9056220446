// SPDX-License-Identifier: BSD-3-Clause
// Every vector width this CPU has, against libsodium.
#include "root/salsa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/widths.h"

#include <sodium.h>

#include <stdlib.h>
#include <string.h>

enum { LEN_MAX = 3 * 16 * RL_SALSA_BLOCK + 2 };

static uint8_t key[32];
static uint8_t nonce[8];

static void every_length(void **state)
{
	width_begin(state);
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

// Blocks of streams that have nothing to do with each other.
static void blocks_of_many_streams(void **state)
{
	enum { STREAMS = 40, BLOCKS = 5 };
	uint8_t keys[STREAMS][32], nonces[STREAMS][8], whole[BLOCKS * RL_SALSA_BLOCK];
	struct rl_salsa_lane lane[STREAMS];

	width_begin(state);
	randombytes_buf(keys, sizeof(keys));
	randombytes_buf(nonces, sizeof(nonces));
	for (unsigned n = 0; n <= STREAMS; n++) {
		uint8_t(*out)[RL_SALSA_BLOCK] = malloc((n + !n) * sizeof(*out));

		for (unsigned i = 0; i < n; i++)
			lane[i] = (struct rl_salsa_lane){nonces[i], keys[i], (i + n) % BLOCKS};
		rl_salsa12_blocks(out, lane, n);
		for (unsigned i = 0; i < n; i++) {
			crypto_stream_salsa2012(whole, sizeof(whole), nonces[i], keys[i]);
			assert_memory_equal(out[i], whole + lane[i].block * RL_SALSA_BLOCK,
					    RL_SALSA_BLOCK);
		}
		free(out);
	}
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
		WIDTHS(every_length),
		WIDTHS(blocks_of_many_streams),
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
