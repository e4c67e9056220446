// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { S = 1000, H = 3600 * S };
#define NOW UINT64_C(1700000000000)

// Clocks of the others, in ms ahead of our own; ours shall be corrected by so much.
static const struct {
	const char *what;
	int64_t ahead[5];
	unsigned n;
	int64_t correction;
} clocks[] = {
	{"alone", {0}, 0, 0},
	{"two that agree", {100}, 1, 0},
	{"delay is no error", {-400}, 1, 0},
	{"two: the one behind stays", {H}, 1, 0},
	{"two: the one ahead gives in", {-H}, 1, -H},
	{"three: one other is wrong", {0, H}, 2, 0},
	{"three: ours is ahead", {-H, -H - 100}, 2, -H},
	{"three: ours is behind", {H, H + 100}, 2, H},
	{"three that all differ", {-H, H}, 2, 0},
	{"four, half of them ahead", {0, H, H}, 3, 0},
	{"four, ours among those ahead", {0, -H, -H}, 3, -H},
	{"most of six behind ours", {-3 * S, -3 * S, -2 * S, 5, 6}, 5, -2 * S},
};

static void clocks_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		struct rl_guard g = {0};
		for (unsigned m = 0; m < clocks[i].n; m++)
			rl_guard_heard(&g, (uint8_t)(m + 1), NOW + (uint64_t)clocks[i].ahead[m],
				       NOW);
		rl_guard_correct(&g, NOW);
		if (g.correction != clocks[i].correction)
			fail_msg("%s: %ld", clocks[i].what, (long)g.correction);
		assert_int_equal(g.counted, clocks[i].n + 1);
		assert_int_equal(rl_guard_now(&g, NOW), NOW + (uint64_t)clocks[i].correction);
	}
}

static void the_least_delayed_batch_counts(void **state)
{
	(void)state;
	struct rl_guard g = {0};
	static const int64_t seen[] = {-3 * S, -700, -80, -5 * S};
	for (unsigned i = 0; i < 4; i++)
		rl_guard_heard(&g, 1, NOW + (uint64_t)seen[i], NOW);
	assert_int_equal(rl_guard_ahead(&g, 1), -80);
	rl_guard_correct(&g, NOW);
	assert_int_equal(g.correction, 0);
	assert_int_equal(rl_guard_ahead(&g, 2), 0);
}

static void a_clock_set_right_is_believed(void **state)
{
	(void)state;
	struct rl_guard g = {0};
	rl_guard_heard(&g, 1, NOW - H, NOW);
	rl_guard_correct(&g, NOW);
	assert_int_equal(g.correction, -H);
	for (uint64_t t = NOW; t < NOW + 3 * RL_GUARD_SPAN_MS; t += S)
		rl_guard_heard(&g, 1, t, t);
	rl_guard_correct(&g, NOW + 3 * RL_GUARD_SPAN_MS);
	assert_int_equal(g.correction, 0);
}

static void the_silent_do_not_count(void **state)
{
	(void)state;
	struct rl_guard g = {0};
	rl_guard_heard(&g, 1, NOW - H, NOW);
	rl_guard_correct(&g, NOW + 3 * RL_GUARD_SPAN_MS);
	assert_int_equal(g.correction, 0);
	assert_int_equal(g.counted, 1);
}

static void two_seconds_ahead_are_allowed(void **state)
{
	(void)state;
	assert_true(rl_guard_allows(NOW - H, NOW));
	assert_true(rl_guard_allows(NOW + 2 * S, NOW));
	assert_false(rl_guard_allows(NOW + 2 * S + 1, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_in_a_table),
		cmocka_unit_test(the_least_delayed_batch_counts),
		cmocka_unit_test(a_clock_set_right_is_believed),
		cmocka_unit_test(the_silent_do_not_count),
		cmocka_unit_test(two_seconds_ahead_are_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
