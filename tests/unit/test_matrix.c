// SPDX-License-Identifier: BSD-3-Clause
// Round trips between members: the own row as it is measured, the others' as they are told.
#include "cluster/matrix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW UINT64_C(1700000000000)

static struct rl_matrix m;

static int fresh(void **state)
{
	(void)state;
	rl_matrix_init(&m, 2);
	return 0;
}

static void tell(uint8_t from, uint8_t to, uint32_t rtt_us)
{
	struct rl_front_rtt f = {to, rtt_us};
	rl_matrix_heard(&m, from, &f);
}

static void measured_figures_grow_old_one_by_one(void **state)
{
	(void)state;
	assert_int_equal(rl_matrix_get(&m, 2, 1, NOW), 0);
	rl_matrix_measured(&m, 1, 300, NOW);
	rl_matrix_measured(&m, 255, RL_FRONT_RTT_MAX, NOW + 5000);
	assert_int_equal(rl_matrix_get(&m, 2, 1, NOW + RL_MATRIX_LIFE_MS - 1), 300);
	assert_int_equal(rl_matrix_get(&m, 2, 1, NOW + RL_MATRIX_LIFE_MS), 0);
	assert_int_equal(rl_matrix_get(&m, 2, 255, NOW + RL_MATRIX_LIFE_MS), RL_FRONT_RTT_MAX);
	assert_int_equal(rl_matrix_get(&m, 1, 2, NOW), 0); // the way back is the other's to tell
}

static void what_could_not_be_told_is_not_taken(void **state)
{
	static const struct {
		uint8_t to;
		uint32_t rtt_us;
	} rows[] = {{2, 300}, {0, 300}, {1, 0}, {1, RL_FRONT_RTT_MAX + 1}};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rl_matrix_measured(&m, rows[i].to, rows[i].rtt_us, NOW);
		assert_int_equal(rl_matrix_get(&m, 2, rows[i].to, NOW), 0);
	}
}

static void a_row_replaces_the_one_before(void **state)
{
	(void)state;
	rl_matrix_row(&m, 1, NOW);
	tell(1, 2, 400);
	tell(1, 3, 500);
	assert_int_equal(rl_matrix_get(&m, 1, 2, NOW), 400);
	assert_int_equal(rl_matrix_get(&m, 1, 3, NOW), 500);
	rl_matrix_row(&m, 1, NOW + 4500);
	tell(1, 3, 600);
	assert_int_equal(rl_matrix_get(&m, 1, 2, NOW + 4500), 0);
	assert_int_equal(rl_matrix_get(&m, 1, 3, NOW + 4500), 600);
	assert_int_equal(rl_matrix_get(&m, 1, 3, NOW + 4500 + RL_MATRIX_LIFE_MS), 0);
	assert_int_equal(rl_matrix_get(&m, 3, 1, NOW), 0);
}

static void nobody_tells_the_own_row(void **state)
{
	(void)state;
	rl_matrix_measured(&m, 1, 300, NOW);
	rl_matrix_row(&m, 2, NOW);
	tell(2, 1, 9);
	assert_int_equal(rl_matrix_get(&m, 2, 1, NOW), 300);
}

static void it_is_told_every_few_seconds(void **state)
{
	(void)state;
	assert_true(rl_matrix_due(&m, NOW));
	assert_false(rl_matrix_due(&m, NOW + RL_MATRIX_TELL_MS - 1));
	assert_true(rl_matrix_due(&m, NOW + RL_MATRIX_TELL_MS));
	assert_true(rl_matrix_due(&m, NOW)); // a clock that was set back
}

#define T(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(measured_figures_grow_old_one_by_one), T(what_could_not_be_told_is_not_taken),
		T(a_row_replaces_the_one_before),        T(nobody_tells_the_own_row),
		T(it_is_told_every_few_seconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
