// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/abroad.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t key[2] = {0x1234, 0x5678}, start = 1700000000000;

static int setup(void **state)
{
	struct rl_abroad *a = malloc(sizeof(*a));
	size_t size = rl_abroad_size(64);
	void *mem = aligned_alloc(64, size);
	memset(mem, 0, size);
	rl_abroad_init(a, mem, 64, key);
	*state = a;
	return 0;
}

static int teardown(void **state)
{
	struct rl_abroad *a = *state;
	free(a->sets);
	free(a);
	return 0;
}

static void notes_hold_for_their_time(void **state)
{
	struct rl_abroad *a = *state;
	static const struct {
		enum rl_abroad_state note;
		uint64_t later_ms;
		enum rl_abroad_state want;
	} rows[] = {
		{RL_ABROAD_ASKED, 0, RL_ABROAD_ASKED},
		{RL_ABROAD_ASKED, 1900, RL_ABROAD_ASKED},
		{RL_ABROAD_ASKED, 2100, RL_ABROAD_UNKNOWN},
		{RL_ABROAD_AT, 59000, RL_ABROAD_AT},
		{RL_ABROAD_AT, 61000, RL_ABROAD_OLD},
		{RL_ABROAD_AT, 119000, RL_ABROAD_OLD},
		{RL_ABROAD_AT, 121000, RL_ABROAD_UNKNOWN},
		{RL_ABROAD_OLD, 1900, RL_ABROAD_AT},
		{RL_ABROAD_OLD, 2100, RL_ABROAD_OLD},
		{RL_ABROAD_OLD, 63000, RL_ABROAD_UNKNOWN},
		{RL_ABROAD_NOBODY, 4900, RL_ABROAD_NOBODY},
		{RL_ABROAD_NOBODY, 5100, RL_ABROAD_UNKNOWN},
		{RL_ABROAD_NOBODY, 3600000, RL_ABROAD_UNKNOWN},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned sibling = 9;
		uint64_t address = 0x1000000001 + i;
		assert_int_equal(rl_abroad_find(a, address, start, &sibling), RL_ABROAD_UNKNOWN);
		rl_abroad_note(a, address, rows[i].note, 2, start);
		assert_int_equal(rl_abroad_find(a, address, start + rows[i].later_ms, &sibling),
				 rows[i].want);
		if (rows[i].want == RL_ABROAD_AT || rows[i].want == RL_ABROAD_OLD)
			assert_int_equal(sibling, 2);
	}
}

static void asking_does_not_unsettle_what_is_known(void **state)
{
	struct rl_abroad *a = *state;
	unsigned sibling;
	rl_abroad_note(a, 5, RL_ABROAD_AT, 1, start);
	rl_abroad_note(a, 5, RL_ABROAD_ASKED, 0, start + 1000);
	assert_int_equal(rl_abroad_find(a, 5, start + 1000, &sibling), RL_ABROAD_AT);
	rl_abroad_note(a, 5, RL_ABROAD_NOBODY, 0, start + 2000);
	assert_int_equal(rl_abroad_find(a, 5, start + 2000, &sibling), RL_ABROAD_NOBODY);
	rl_abroad_note(a, 5, RL_ABROAD_ASKED, 0, start + 9000);
	assert_int_equal(rl_abroad_find(a, 5, start + 9000, &sibling), RL_ABROAD_ASKED);
	// Another thread's clock may be a little behind.
	assert_int_equal(rl_abroad_find(a, 5, start + 8900, &sibling), RL_ABROAD_ASKED);
}

static void a_flood_pushes_out_the_oldest_alone(void **state)
{
	struct rl_abroad *a = *state;
	unsigned sibling, kept = 0;
	for (uint64_t i = 0; i < 100000; i++)
		rl_abroad_note(a, 0x2000000000 + i, RL_ABROAD_AT, 0, start + i / 10);
	for (uint64_t i = 0; i < 100000; i++)
		kept += rl_abroad_find(a, 0x2000000000 + i, start + 10000, &sibling) !=
			RL_ABROAD_UNKNOWN;
	assert_int_equal(kept, 64); // as many as there is room for
	rl_abroad_note(a, 7, RL_ABROAD_AT, 1, start + 10200);
	for (uint64_t i = 0; i < 7; i++) // fewer than a set has places
		rl_abroad_note(a, 0x3000000000 + i, RL_ABROAD_AT, 0, start + 10264);
	assert_int_equal(rl_abroad_find(a, 7, start + 10264, &sibling), RL_ABROAD_AT);
}

static void *writes(void *arg)
{
	for (uint64_t i = 0; i < 200000; i++)
		rl_abroad_note(arg, 1 + i % 300, RL_ABROAD_AT, (unsigned)(1 + i % 300) % 3, start);
	return NULL;
}

// A word is one node's or another's, never half of each.
static void threads_see_whole_words(void **state)
{
	struct rl_abroad *a = *state;
	pthread_t writer[2];
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&writer[i], NULL, writes, a), 0);
	for (uint64_t i = 0; i < 200000; i++) {
		unsigned sibling;
		uint64_t address = 1 + i % 300;
		if (rl_abroad_find(a, address, start, &sibling) != RL_ABROAD_UNKNOWN)
			assert_int_equal(sibling, address % 3);
	}
	for (unsigned i = 0; i < 2; i++)
		pthread_join(writer[i], NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(notes_hold_for_their_time),
		T(asking_does_not_unsettle_what_is_known),
		T(a_flood_pushes_out_the_oldest_alone),
		T(threads_see_whole_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
