// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/dirty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAUSE = 250 };

static struct rl_dirty d;
static void *mem;

static void make(uint32_t max)
{
	static const uint64_t key[2] = {1, 2};
	free(mem);
	mem = calloc(1, rl_dirty_size(max));
	assert_non_null(mem);
	rl_dirty_init(&d, mem, max, PAUSE, key);
}

static int drop(void **state)
{
	(void)state;
	free(mem);
	mem = NULL;
	return 0;
}

static bool mark(uint64_t address, uint64_t now_ms)
{
	return rl_dirty_mark(&d, address, false, now_ms);
}

static void changes_are_told_in_order_and_once(void **state)
{
	(void)state;
	make(10);
	assert_int_equal(rl_dirty_next(&d, 0), 0);
	for (uint64_t a = 5; a >= 3; a--)
		assert_true(mark(a, 10));
	assert_true(mark(5, 20));
	uint32_t for_ms;
	assert_int_equal(rl_dirty_waiting(&d, 30, &for_ms), 3);
	assert_int_equal(for_ms, 20);
	assert_int_equal(rl_dirty_next(&d, 30), 5);
	assert_int_equal(rl_dirty_next(&d, 30), 4);
	assert_int_equal(rl_dirty_next(&d, 30), 3);
	assert_int_equal(rl_dirty_next(&d, 30), 0);
	assert_int_equal(rl_dirty_next(&d, 1000), 0);
}

static void a_flood_of_one_is_told_once_a_pause(void **state)
{
	(void)state;
	make(10);
	unsigned told = 0;
	for (uint64_t t = 0; t <= 10100; t++) {
		assert_true(mark(7, t));
		told += rl_dirty_next(&d, t) == 7;
	}
	assert_int_equal(told, 41);
	for (uint64_t t = 10101; t < 10400; t++) // the last state is told too, once
		told += rl_dirty_next(&d, t) == 7;
	assert_int_equal(told, 42);
}

static void a_new_home_goes_ahead_once_a_pause(void **state)
{
	(void)state;
	make(10);
	assert_true(mark(7, 0));
	assert_int_equal(rl_dirty_next(&d, 0), 7);
	assert_true(rl_dirty_mark(&d, 7, true, 10));
	assert_int_equal(rl_dirty_next(&d, 10), 7);
	assert_true(rl_dirty_mark(&d, 7, true, 20));
	assert_int_equal(rl_dirty_next(&d, 20), 0); // two members that fight for it
	assert_int_equal(rl_dirty_next(&d, 259), 0);
	assert_int_equal(rl_dirty_next(&d, 260), 7);
	assert_true(rl_dirty_mark(&d, 7, true, 270)); // after a full pause it may again
	assert_int_equal(rl_dirty_next(&d, 270), 7);
}

static void full_of_waiting_ones_it_refuses(void **state)
{
	(void)state;
	make(4);
	for (uint64_t a = 1; a <= 4; a++)
		assert_true(mark(a, 0));
	assert_false(mark(5, 0));
	assert_true(mark(4, 0)); // those in it
	assert_int_equal(rl_dirty_next(&d, 0), 1);
	assert_true(mark(5, 0)); // one that only rests makes room
	assert_false(mark(6, 0));
	for (uint64_t a = 2; a <= 5; a++)
		assert_int_equal(rl_dirty_next(&d, 0), a);
	assert_true(mark(3, 0));
	assert_true(mark(6, 0));
	assert_int_equal(rl_dirty_next(&d, 0), 6);
	assert_int_equal(rl_dirty_next(&d, 300), 3);
}

static void the_clock_comes_round(void **state)
{
	(void)state;
	make(4);
	uint64_t t = UINT64_C(0xffffffff) - 100;
	assert_true(mark(1, t));
	assert_int_equal(rl_dirty_next(&d, t), 1);
	assert_true(mark(1, t + 50));
	assert_int_equal(rl_dirty_next(&d, t + 249), 0);
	assert_int_equal(rl_dirty_next(&d, t + 250), 1);
}

// Any sequence: whoever is marked is told at that time or later, and nobody else.
static void nothing_marked_is_forgotten(void **state)
{
	(void)state;
	enum { NAMES = 50, STEPS = 100000 };
	static uint64_t marked[NAMES + 1], told[NAMES + 1];
	memset(marked, 0, sizeof(marked));
	memset(told, 0, sizeof(told));
	make(20);
	srand(3);
	uint64_t t = 1;
	for (unsigned n = 0; n < STEPS; n++) {
		uint64_t a = 1 + (unsigned)rand() % NAMES;
		t += (unsigned)rand() % 8;
		if (rand() % 3 == 0) {
			if ((a = rl_dirty_next(&d, t)) != 0) {
				assert_true(marked[a] > told[a]);
				told[a] = n + 1;
			}
		} else if (rl_dirty_mark(&d, a, rand() % 4 == 0, t)) {
			marked[a] = n + 1;
		}
	}
	for (uint64_t a; (a = rl_dirty_next(&d, t)) != 0; t += 50)
		told[a] = STEPS + 1;
	for (uint64_t a; (a = rl_dirty_next(&d, t + PAUSE)) != 0;)
		told[a] = STEPS + 1;
	for (unsigned a = 1; a <= NAMES; a++)
		assert_true(told[a] > marked[a]);
	uint32_t for_ms;
	assert_int_equal(rl_dirty_waiting(&d, t + 3 * PAUSE, &for_ms), 0);
	assert_int_equal(d.resting.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_told_in_order_and_once),
		cmocka_unit_test(a_flood_of_one_is_told_once_a_pause),
		cmocka_unit_test(a_new_home_goes_ahead_once_a_pause),
		cmocka_unit_test(full_of_waiting_ones_it_refuses),
		cmocka_unit_test(the_clock_comes_round),
		cmocka_unit_test(nothing_marked_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, drop);
}
