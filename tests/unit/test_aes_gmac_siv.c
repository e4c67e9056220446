// SPDX-License-Identifier: BSD-3-Clause
// The CPU's AES against libcrypto's, over all lengths that cross a boundary. Known answers:
// tests/vectors.
#include "root/aes_gmac_siv.h"
#include "root/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONGEST = 10000 };

static struct rl_siv ni, lib;
static struct rl_random dice;

static int setup(void **state)
{
	static const uint8_t seed[32] = {9};
	(void)state;
	rl_random_init(&dice, seed);
	if (rl_siv_init(&ni) || rl_siv_init(&lib))
		return -1;
	lib.ni = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rl_siv_free(&ni);
	rl_siv_free(&lib);
	return 0;
}

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rl_random64(&dice);
}

static void compare(size_t aad_len, size_t len)
{
	static uint8_t plain[LONGEST], a[LONGEST], b[LONGEST], aad[64];
	uint8_t k0[32], k1[32], iv[8], tag_a[16], tag_b[16];
	fill(k0, 32);
	fill(k1, 32);
	fill(iv, 8);
	fill(aad, aad_len);
	fill(plain, len);
	memcpy(a, plain, len);
	memcpy(b, plain, len);
	assert_true(rl_siv_seal(&ni, k0, k1, iv, aad, aad_len, a, len, tag_a));
	assert_true(rl_siv_seal(&lib, k0, k1, iv, aad, aad_len, b, len, tag_b));
	assert_memory_equal(tag_a, tag_b, 16);
	assert_memory_equal(a, b, len);
	assert_true(rl_siv_open(&lib, k0, k1, tag_a, aad, aad_len, a, len));
	assert_true(rl_siv_open(&ni, k0, k1, tag_b, aad, aad_len, b, len));
	assert_memory_equal(a, plain, len);
	assert_memory_equal(b, plain, len);
	if (len == 0)
		return;
	rl_siv_seal(&ni, k0, k1, iv, aad, aad_len, a, len, tag_a);
	a[rl_random_below(&dice, (uint32_t)len)] ^= 1;
	assert_false(rl_siv_open(&ni, k0, k1, tag_a, aad, aad_len, a, len));
}

static void need_ni(void)
{
	if (!ni.ni) {
		print_message("this CPU has no AES instructions\n");
		skip();
	}
}

static void both_agree_at_all_lengths(void **state)
{
	(void)state;
	need_ni();
	for (size_t len = 0; len < 300; len++)
		compare(11, len);
	for (size_t len = 1380; len < 1440; len++)
		compare(11, len);
	compare(11, LONGEST - 1);
	for (size_t aad = 0; aad < 40; aad++)
		compare(aad, 77);
}

static void the_plain_counter_mode_agrees(void **state)
{
	(void)state;
	need_ni();
	for (size_t len = 0; len < 300; len++) {
		uint8_t key[32], counter[16], a[300], b[300];
		fill(key, 32);
		fill(counter, 12);
		memset(counter + 12, 0, 4);
		fill(a, len);
		memcpy(b, a, len);
		assert_true(rl_aes_ctr(&ni, key, counter, a, len));
		assert_true(rl_aes_ctr(&lib, key, counter, b, len));
		assert_memory_equal(a, b, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_agree_at_all_lengths),
		cmocka_unit_test(the_plain_counter_mode_agrees),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
