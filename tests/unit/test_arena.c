// SPDX-License-Identifier: BSD-3-Clause
#include "root/arena.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { BLOCKS = 200, STEPS = 20000, THREADS = 4 };

static struct rl_arena arena;

static void make(uint64_t words)
{
	rl_arena_init(&arena, block_new(rl_arena_size(words)), words);
}

// All that was given back must be takeable in the largest blocks there are room for.
static void assert_whole(uint64_t words)
{
	uint64_t left = words, at[64];
	unsigned n = 0, logs[64];

	assert_int_equal(arena.unused, words);
	for (unsigned log = 20; log >= RL_ARENA_LOG_MIN; log--)
		if (left >> log) {
			at[n] = rl_arena_take(&arena, log);
			if (at[n] == RL_ARENA_FULL)
				fail_msg("no block of %u words", 1u << log);
			logs[n++] = log;
			left -= 1ULL << log;
		}
	assert_int_equal(left, 0);
	assert_int_equal(rl_arena_take(&arena, RL_ARENA_LOG_MIN), RL_ARENA_FULL);
	while (n--)
		rl_arena_give(&arena, at[n], logs[n]);
}

static void any_size_can_be_used_up(void **state)
{
	static const struct {
		uint64_t asked, words;
	} rows[] = {{1, 8},   {8, 8},       {9, 16},      {64, 64},
		    {72, 72}, {1000, 1000}, {1023, 1024}, {65528, 65528}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(rows[i].asked);
		assert_whole(rows[i].words);
		for (uint64_t n = 0; n < rows[i].words / 8; n++)
			assert_int_not_equal(rl_arena_take(&arena, 3), RL_ARENA_FULL);
		assert_int_equal(rl_arena_take(&arena, 3), RL_ARENA_FULL);
		for (uint64_t n = 0; n < rows[i].words; n += 8)
			rl_arena_give(&arena, n, 3);
		assert_whole(rows[i].words);
	}
}

static void too_large_is_full(void **state)
{
	(void)state;
	make(1000);
	assert_int_equal(rl_arena_take(&arena, 10), RL_ARENA_FULL);
	assert_int_equal(rl_arena_take(&arena, 31), RL_ARENA_FULL);
	assert_int_not_equal(rl_arena_take(&arena, 9), RL_ARENA_FULL);
	assert_int_equal(rl_arena_take(&arena, 9), RL_ARENA_FULL);
	assert_int_not_equal(rl_arena_take(&arena, 8), RL_ARENA_FULL);
}

static void blocks_are_zeroed(void **state)
{
	(void)state;
	make(64);
	for (unsigned turn = 0; turn < 3; turn++) {
		uint64_t at = rl_arena_take(&arena, 4 + turn % 2);
		for (unsigned i = 0; i < 16; i++) {
			assert_int_equal(arena.words[at + i], 0);
			arena.words[at + i] = UINT64_MAX;
		}
		rl_arena_give(&arena, at, 4 + turn % 2);
	}
}

struct block {
	uint64_t at;
	unsigned log; // 0: none
	uint64_t mark;
};

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return *seed >> 33;
}

// Takes and gives back blocks at random; every word of a block holds the block's own mark.
static unsigned churn(uint64_t seed)
{
	struct block b[BLOCKS] = {0};
	unsigned wrong = 0;

	for (unsigned step = 0; step < STEPS + BLOCKS; step++) {
		struct block *x = &b[step < STEPS ? next(&seed) % BLOCKS : step - STEPS];

		if (x->log) {
			for (uint64_t i = 0; i < 1ULL << x->log; i++)
				wrong += arena.words[x->at + i] != x->mark;
			rl_arena_give(&arena, x->at, x->log);
			x->log = 0;
		} else if (step < STEPS) {
			unsigned log = 3 + (unsigned)(next(&seed) % 6);
			x->at = rl_arena_take(&arena, log);
			if (x->at == RL_ARENA_FULL)
				continue;
			wrong += x->at % (1ULL << log) != 0;
			wrong += x->at + (1ULL << log) > arena.size;
			x->log = log;
			x->mark = seed;
			for (uint64_t i = 0; i < 1ULL << log; i++)
				arena.words[x->at + i] = x->mark;
		}
	}
	return wrong;
}

static void blocks_do_not_overlap_and_grow_together_again(void **state)
{
	(void)state;
	make(5000);
	for (uint64_t seed = 1; seed <= 5; seed++) {
		assert_int_equal(churn(seed), 0);
		assert_whole(5000);
	}
}

static void *churner(void *arg)
{
	return (void *)(uintptr_t)churn((uint64_t)(uintptr_t)arg);
}

static void threads_do_not_disturb_each_other(void **state)
{
	pthread_t t[THREADS];

	(void)state;
	make(9000);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, churner, (void *)(i + 1)), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *wrong;
		pthread_join(t[i], &wrong);
		assert_null(wrong);
	}
	assert_whole(9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_size_can_be_used_up),
		cmocka_unit_test(too_large_is_full),
		cmocka_unit_test(blocks_are_zeroed),
		cmocka_unit_test(blocks_do_not_overlap_and_grow_together_again),
		cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
