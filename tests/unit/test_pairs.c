// SPDX-License-Identifier: BSD-3-Clause
#include "root/pairs.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { THREADS = 4, ROUNDS = 3000, EVERY = 30000 };

static const uint64_t A = 0x89e92ceee5, B = 0x1122334455, C = 0xfedcba9876;
static const uint64_t T = 1800000000000; // ms, some day
static const uint8_t key[16] = "a key of sixteen";
static struct rl_pairs pairs;

static bool due(uint64_t a, uint64_t b, uint64_t now, uint32_t every)
{
	return rl_pairs_due(&pairs, rl_pairs_hash(&pairs, a, b), now, every);
}

static bool claim(uint64_t a, uint64_t b, uint64_t now, uint32_t every)
{
	return rl_pairs_claim(&pairs, rl_pairs_hash(&pairs, a, b), now, every);
}

static bool claim_repeat(uint64_t a, uint64_t b, uint64_t now, uint32_t within)
{
	return rl_pairs_claim_repeat(&pairs, rl_pairs_hash(&pairs, a, b), now, within);
}

static void make(uint32_t n)
{
	rl_pairs_init(&pairs, block_new(rl_pairs_size(n)), n, key);
}

static int fresh(void **state)
{
	(void)state;
	make(64);
	return 0;
}

static void a_pair_is_due_once_an_interval(void **state)
{
	static const struct {
		const char *what;
		uint64_t after_ms;
		bool due;
	} rows[] = {
		{"never seen", 0, true},
		{"at once again", 0, false},
		{"a second later", 1000, false},
		{"just before the interval ends", EVERY - 64, false},
		{"just after", EVERY + 64, true},
		{"right after that", EVERY + 65, false},
		{"an interval later again", 2 * EVERY + 128, true},
		{"a day later", 86400000, true},
		{"a year later", 31536000000, true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t now = T + rows[i].after_ms;

		// Asking changes nothing, and the order of the two is nothing.
		if (due(B, A, now, EVERY) != rows[i].due || due(A, B, now, EVERY) != rows[i].due ||
		    claim(i % 2 ? A : B, i % 2 ? B : A, now, EVERY) != rows[i].due)
			fail_msg("%s", rows[i].what);
	}
}

static void pairs_are_told_apart(void **state)
{
	(void)state;
	assert_true(claim(A, B, T, EVERY));
	assert_true(claim(A, C, T, EVERY));
	assert_true(claim(C, B, T, EVERY));
	assert_false(claim(A, B, T, EVERY));
	assert_false(claim(C, A, T, EVERY));
	assert_false(claim(B, C, T, EVERY));
}

static void what_is_not_due_is_not_written(void **state)
{
	uint8_t before[512];

	(void)state;
	assert_int_equal(rl_pairs_size(64), sizeof(before));
	claim(A, B, T, EVERY);
	memcpy(before, table_block, sizeof(before));
	claim(A, B, T + 5000, EVERY);
	due(A, B, T + 5000, EVERY);
	due(A, C, T + 5000, EVERY);
	claim_repeat(A, C, T + 5000, 10000);
	assert_memory_equal(before, table_block, sizeof(before));
}

static void a_repeat_is_granted_once_and_soon(void **state)
{
	(void)state;
	assert_false(claim_repeat(A, B, T, 10000)); // nothing to repeat
	claim(A, B, T, EVERY);
	assert_true(claim_repeat(B, A, T + 9000, 10000));
	assert_false(claim_repeat(A, B, T + 9000, 10000));
	// It neither ends nor begins an interval.
	assert_false(claim(A, B, T + EVERY - 64, EVERY));
	assert_true(claim(A, B, T + EVERY + 64, EVERY));
	// The next introduction has a repeat of its own, for as long.
	assert_false(claim_repeat(A, B, T + EVERY + 64 + 10100, 10000));
	assert_true(claim_repeat(A, B, T + EVERY + 64 + 5000, 10000));
}

static void a_clock_a_moment_behind_sees_the_claim(void **state)
{
	(void)state;
	claim(A, B, T, EVERY);
	assert_false(claim(A, B, T - 3000, EVERY));
	assert_true(claim_repeat(A, B, T - 3000, 10000));
}

static void a_clock_set_back_does_not_silence_pairs(void **state)
{
	(void)state;
	claim(A, B, T, EVERY);
	assert_true(claim(A, B, T - 3600000, EVERY));
	assert_false(claim(A, B, T - 3600000 + 1000, EVERY));
	claim(A, C, T + 31536000000 * 3, EVERY);
	assert_true(claim(A, C, T, EVERY));
}

static void a_full_set_forgets_its_oldest(void **state)
{
	(void)state;
	make(1); // eight places
	for (uint64_t i = 0; i < RL_PAIRS_WAYS; i++)
		assert_true(claim(A, 100 + i, T + (i ^ 5) * 100, EVERY));
	// Number 5 is the oldest, then 4, 7, 6, 1, 0, 3, 2.
	assert_true(claim(A, 200, T + 1000, EVERY));
	assert_true(claim(A, 201, T + 1100, EVERY));
	for (uint64_t i = 0; i < RL_PAIRS_WAYS; i++)
		assert_int_equal(due(A, 100 + i, T + 1200, EVERY), i == 5 || i == 4);
	assert_false(due(A, 200, T + 1200, EVERY));
	assert_false(due(A, 201, T + 1200, EVERY));
}

static void as_many_pairs_as_asked_for_are_mostly_kept(void **state)
{
	unsigned kept = 0;

	(void)state;
	make(4096);
	for (uint64_t i = 0; i < 2048; i++)
		claim(A, 1000 + i, T, EVERY);
	for (uint64_t i = 0; i < 2048; i++)
		kept += !due(A, 1000 + i, T, EVERY);
	assert_true(kept > 2000);
}

// Threads claim the same pairs at the same time, in a table where they also push each other out.
static _Atomic unsigned claims[ROUNDS], repeats[ROUNDS];
static pthread_barrier_t gate;

static void *claimer(void *arg)
{
	uint64_t me = (uint64_t)(uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t now = T + i * 200;

		if (i % 16 == 0)
			pthread_barrier_wait(&gate);
		claims[i] += claim(A, 5000 + i, now, EVERY);
		repeats[i] += claim_repeat(5000 + i, A, now, 10000);
		// A pair of its own, so that places are taken from under the others.
		claim(7000000 + me, 5000 + i, now, EVERY);
	}
	return NULL;
}

static void of_many_threads_one_wins(void **state)
{
	pthread_t t[THREADS];

	(void)state;
	make(1024);
	pthread_barrier_init(&gate, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, claimer, (void *)(uintptr_t)(i + 1)),
				 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	pthread_barrier_destroy(&gate);
	for (unsigned i = 0; i < ROUNDS; i++)
		if (claims[i] != 1 || repeats[i] != 1)
			fail_msg("pair %u: %u claims, %u repeats", i, claims[i], repeats[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_pair_is_due_once_an_interval, fresh),
		cmocka_unit_test_setup(pairs_are_told_apart, fresh),
		cmocka_unit_test_setup(what_is_not_due_is_not_written, fresh),
		cmocka_unit_test_setup(a_repeat_is_granted_once_and_soon, fresh),
		cmocka_unit_test_setup(a_clock_a_moment_behind_sees_the_claim, fresh),
		cmocka_unit_test_setup(a_clock_set_back_does_not_silence_pairs, fresh),
		cmocka_unit_test_setup(a_full_set_forgets_its_oldest, fresh),
		cmocka_unit_test_setup(as_many_pairs_as_asked_for_are_mostly_kept, fresh),
		cmocka_unit_test_setup(of_many_threads_one_wins, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
