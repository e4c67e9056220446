// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/warm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { SIZE = 1000, PERIOD = RL_WARM_PERIOD_MS };

static const uint8_t key[16] = "a key of sixteen";
static const uint64_t T = 1800000000000, FIRST = 0x1000000000;
static struct rl_warm warm;
static uint64_t last[SIZE]; // ECHO to each
static unsigned echoes[SIZE];
static bool answers; // all clients do

static int fresh(void **state)
{
	(void)state;
	rl_warm_init(&warm, block_new(rl_warm_size(SIZE)), SIZE, key, T);
	memset(last, 0, sizeof(last));
	memset(echoes, 0, sizeof(echoes));
	answers = false;
	return 0;
}

static void run(uint64_t from, uint64_t to, uint64_t step)
{
	uint64_t out[7];
	unsigned n;

	for (uint64_t t = from; t <= to; t += step)
		while ((n = rl_warm_due(&warm, t, out, 7)) > 0)
			for (unsigned i = 0; i < n; i++) {
				last[out[i] - FIRST] = t;
				echoes[out[i] - FIRST]++;
				if (answers)
					rl_warm_answered(&warm, out[i], t + 1);
			}
}

static void each_every_period(void **state)
{
	(void)state;
	answers = true;
	for (unsigned i = 0; i < SIZE; i++)
		assert_true(rl_warm_put(&warm, FIRST + i, 3));
	for (unsigned k = 1; k <= 4; k++) {
		run(T + (k - 1) * PERIOD + 20, T + k * PERIOD, 20);
		for (unsigned i = 0; i < SIZE; i++)
			assert_int_equal(echoes[i], k);
	}
}

static void the_first_in_time_whenever_it_came(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIZE; i++) {
		uint64_t t = T + i * 37;

		run(t, t + 36, 18);
		rl_warm_put(&warm, FIRST + i, 3);
		last[i] = t; // it counts from here
	}
	for (unsigned k = 0; k < 40; k++) {
		uint64_t t = T + SIZE * 37 + k * 1000;

		run(t, t + 999, 20);
		for (unsigned i = 0; i < SIZE; i++)
			assert_true(t + 999 - last[i] <= PERIOD + 1100);
	}
}

// Of 25 s in which a NAT may forget 15 are over when the next one comes: too late if that is lost.
static void the_first_that_is_lost_is_said_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIZE; i++)
		rl_warm_put(&warm, FIRST + i, 3);
	run(T + 20, T + PERIOD, 20);
	run(T + PERIOD + 20, T + PERIOD + RL_WARM_REPEAT_MS, 20);
	for (unsigned i = 0; i < SIZE; i++)
		assert_in_range(echoes[i], 2, 3);
	run(T + PERIOD + RL_WARM_REPEAT_MS + 20, T + 4 * PERIOD, 20);
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(echoes[i], 5);
}

static void a_pause_is_made_up_for_once(void **state)
{
	(void)state;
	answers = true;
	for (unsigned i = 0; i < SIZE; i++)
		rl_warm_put(&warm, FIRST + i, 3);
	run(T + 3600000, T + 3600000, 1);
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(echoes[i], 1);
	run(T - 3600000, T - 3600000, 1); // a clock set back
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(echoes[i], 1);
	run(T - 3600000, T - 3600000 + PERIOD, 20);
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(echoes[i], 2);
}

static void full_is_refused_and_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIZE; i++)
		rl_warm_put(&warm, FIRST + i, 3);
	assert_false(rl_warm_put(&warm, FIRST + SIZE, 3));
	assert_int_equal(warm.refused, 1);
	assert_true(rl_warm_put(&warm, FIRST + 5, 4)); // known: another home
	assert_int_equal(rl_warm_find(&warm, FIRST + 5)->home, 4);
	rl_warm_remove(&warm, FIRST + 6);
	assert_true(rl_warm_put(&warm, FIRST + SIZE, 3));
	assert_null(rl_warm_find(&warm, FIRST + 6));
	rl_warm_remove(&warm, FIRST + 6);
	assert_int_equal(warm.count, SIZE);
}

// Against a plain array, in an order that makes gaps in the middle of runs.
static void puts_and_removes(void **state)
{
	static bool in[4 * SIZE];
	uint64_t dice = 88172645463325252;
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
		unsigned k = dice % (4 * SIZE);
		bool there = rl_warm_find(&warm, FIRST + k) != NULL;
		assert_int_equal(there, in[k]);
		if (there) {
			rl_warm_remove(&warm, FIRST + k);
			in[k] = false;
			count--;
		} else {
			in[k] = rl_warm_put(&warm, FIRST + k, (uint8_t)(k % 5 + 1));
			count += in[k];
		}
		assert_int_equal(warm.count, count);
	}
	for (unsigned k = 0; k < 4 * SIZE; k++)
		assert_int_equal(rl_warm_find(&warm, FIRST + k) != NULL, in[k]);
}

static void round_trips(void **state)
{
	(void)state;
	rl_warm_put(&warm, FIRST, 3);
	assert_int_equal(rl_warm_answered(&warm, FIRST, T), 0); // to nothing
	assert_int_equal(rl_warm_answered(&warm, FIRST + 1, T), 0);
	run(T + 20, T + PERIOD, 20);
	assert_int_equal(rl_warm_answered(&warm, FIRST, last[0] + 83), 830);
	assert_int_equal(rl_warm_answered(&warm, FIRST, last[0] + 84), 0); // a second answer
	run(T + PERIOD + 20, T + 2 * PERIOD, 20);
	assert_int_equal(rl_warm_answered(&warm, FIRST, last[0]), 5);
	run(T + 2 * PERIOD + 20, T + 3 * PERIOD, 20);
	assert_int_equal(rl_warm_answered(&warm, FIRST, last[0] + PERIOD), 0); // whose is it?
}

static void who_does_not_answer_is_cold(void **state)
{
	unsigned cold = 0;

	(void)state;
	rl_warm_put(&warm, FIRST, 3);
	for (unsigned k = 1; k <= 10; k++) {
		run(T + (k - 1) * PERIOD + 20, T + k * PERIOD, 20);
		bool now = rl_warm_cold(rl_warm_find(&warm, FIRST));
		// Three went unanswered when the fourth leaves, and so on.
		assert_int_equal(now, k == 4 || k == 7 || k == 10);
		cold += now;
	}
	assert_int_equal(cold, 3);
	rl_warm_answered(&warm, FIRST, last[0] + 20);
	assert_false(rl_warm_cold(rl_warm_find(&warm, FIRST)));
	for (unsigned k = 11; k <= 600; k++) // the count does not run over into "answered"
		run(T + (k - 1) * PERIOD + 20, T + k * PERIOD, PERIOD / 3);
	assert_true(rl_warm_find(&warm, FIRST)->missed > 0);
}

static void the_clients_of_one_home(void **state)
{
	struct rl_warm_walk walk = {.home = 2};
	uint64_t out[16];
	unsigned n, sum = 0;

	(void)state;
	for (unsigned i = 0; i < SIZE; i++)
		rl_warm_put(&warm, FIRST + i, (uint8_t)(i % 3 + 1));
	rl_warm_remove(&warm, FIRST + 1);
	while ((n = rl_warm_of(&warm, &walk, out, 16)) > 0)
		for (unsigned i = 0; i < n; i++, sum++)
			assert_int_equal((out[i] - FIRST) % 3, 1);
	assert_int_equal(sum, 332);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_every_period, fresh),
		cmocka_unit_test_setup(the_first_in_time_whenever_it_came, fresh),
		cmocka_unit_test_setup(the_first_that_is_lost_is_said_again, fresh),
		cmocka_unit_test_setup(a_pause_is_made_up_for_once, fresh),
		cmocka_unit_test_setup(full_is_refused_and_counted, fresh),
		cmocka_unit_test_setup(puts_and_removes, fresh),
		cmocka_unit_test_setup(round_trips, fresh),
		cmocka_unit_test_setup(who_does_not_answer_is_cold, fresh),
		cmocka_unit_test_setup(the_clients_of_one_home, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
