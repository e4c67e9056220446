// SPDX-License-Identifier: BSD-3-Clause
#include "root/known_bad.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/block.h"

static const uint64_t T = 1800000000000;
static const uint8_t key[16] = "a key of sixteen";
static struct rl_known_bad bad;

static void make(uint32_t cells)
{
	rl_known_bad_init(&bad, block_new(rl_known_bad_size(cells)), cells, key);
}

static int fresh(void **state)
{
	(void)state;
	make(64);
	return 0;
}

static struct rl_identity identity(uint32_t n)
{
	struct rl_identity id = {.address = 0x1000000000 + n};
	for (unsigned i = 0; i < sizeof(id.public_key); i++)
		id.public_key[i] = (uint8_t)(n + i);
	return id;
}

static void remembered_for_ten_minutes(void **state)
{
	static const struct {
		uint64_t after_ms;
		bool has;
	} rows[] = {
		{0, true},
		{1, true},
		{RL_KNOWN_BAD_MS - 1, true},
		{RL_KNOWN_BAD_MS, false},
		{RL_KNOWN_BAD_MS + 1, false},
		{86400000, false},
	};
	struct rl_identity id = identity(1);

	(void)state;
	assert_false(rl_known_bad_has(&bad, &id, T));
	rl_known_bad_add(&bad, &id, T);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rl_known_bad_has(&bad, &id, T + rows[i].after_ms), rows[i].has);
}

static void shown_again_it_is_remembered_anew(void **state)
{
	struct rl_identity id = identity(1);

	(void)state;
	rl_known_bad_add(&bad, &id, T);
	rl_known_bad_add(&bad, &id, T + RL_KNOWN_BAD_MS - 1);
	assert_true(rl_known_bad_has(&bad, &id, T + RL_KNOWN_BAD_MS + 1));
}

static void every_bit_of_the_identity_counts(void **state)
{
	struct rl_identity id = identity(1);

	(void)state;
	rl_known_bad_add(&bad, &id, T);
	for (unsigned bit = 0; bit < 8 * ZT_PUBLIC_LEN; bit++) {
		struct rl_identity other = id;
		other.public_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(rl_known_bad_has(&bad, &other, T));
	}
	for (unsigned bit = 0; bit < 40; bit++) {
		struct rl_identity other = id;
		other.address ^= 1ULL << bit;
		assert_false(rl_known_bad_has(&bad, &other, T));
	}
	assert_true(rl_known_bad_has(&bad, &id, T));
}

static void a_full_set_forgets_its_oldest(void **state)
{
	(void)state;
	make(1); // one set of four
	for (uint32_t i = 0; i < RL_KNOWN_BAD_WAYS; i++) {
		struct rl_identity id = identity(i);
		rl_known_bad_add(&bad, &id, T + (i ^ 2));
	}
	struct rl_identity again = identity(2), more = identity(9);
	rl_known_bad_add(&bad, &again, T + 10); // no longer the oldest, and no second cell
	rl_known_bad_add(&bad, &more, T + 11);
	for (uint32_t i = 0; i < RL_KNOWN_BAD_WAYS; i++) {
		struct rl_identity id = identity(i);
		assert_int_equal(rl_known_bad_has(&bad, &id, T + 12), i != 3);
	}
	assert_true(rl_known_bad_has(&bad, &more, T + 12));
}

static void a_flood_neither_fills_nor_breaks_it(void **state)
{
	unsigned kept = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		struct rl_identity id = identity(i);
		rl_known_bad_add(&bad, &id, T + i);
		assert_true(rl_known_bad_has(&bad, &id, T + i));
	}
	for (uint32_t i = 0; i < 10000; i++) {
		struct rl_identity id = identity(i);
		kept += rl_known_bad_has(&bad, &id, T + 10000);
	}
	assert_int_equal(kept, 64); // just as many as there are cells
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(remembered_for_ten_minutes, fresh),
		cmocka_unit_test_setup(shown_again_it_is_remembered_anew, fresh),
		cmocka_unit_test_setup(every_bit_of_the_identity_counts, fresh),
		cmocka_unit_test_setup(a_full_set_forgets_its_oldest, fresh),
		cmocka_unit_test_setup(a_flood_neither_fills_nor_breaks_it, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
