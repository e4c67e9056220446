// SPDX-License-Identifier: BSD-3-Clause
// Which members have listeners of a group: what was told is known while it holds, and what is not
// known for sure is asked.
#include "cluster/audience.h"
#include "root/random.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GROUPS = 1000, A = 1, B = 70, C = 255 };
#define NOW UINT64_C(1800000000000)

static struct rl_audience a;
static struct rl_random dice;
static void *memory;
static uint64_t now;

static const uint64_t key[2] = {5, 6};

static int fresh(void **state)
{
	static const uint8_t seed[32] = "groups";
	size_t size = rl_audience_size(GROUPS);
	(void)state;
	memory = aligned_alloc(64, size);
	memset(memory, 0, size);
	now = NOW;
	rl_audience_init(&a, memory, GROUPS, key, now);
	rl_random_init(&dice, seed);
	return 0;
}

static int done(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static uint64_t group(uint32_t n)
{
	return rl_audience_hash(&a, &(struct rl_group_key){n, 0xffffffffffff, n});
}

static struct rl_member_set set(uint8_t x, uint8_t y)
{
	struct rl_member_set s = {0};
	if (x)
		rl_member_set_add(&s, x);
	if (y)
		rl_member_set_add(&s, y);
	return s;
}

static void live(uint8_t x, uint8_t y)
{
	struct rl_member_set s = set(x, y);
	rl_audience_turn(&a, &s, now);
}

static bool only(uint32_t n, uint8_t x, uint8_t y)
{
	struct rl_member_set want = set(x, y), got = rl_audience_find(&a, group(n));
	return memcmp(&want, &got, sizeof(got)) == 0;
}

// A whole round of a member with one batch.
static void round_of(uint8_t from)
{
	rl_audience_batch(&a, from, a.peer[from].number + 1, true, true, now);
}

static void who_has_told_is_asked(void **state)
{
	(void)state;
	round_of(A);
	rl_audience_put(&a, group(1), A, now);
	rl_audience_put(&a, group(2), A, now);
	round_of(C);
	rl_audience_put(&a, group(2), C, now);
	live(A, C);
	assert_int_equal(a.mode, RL_AUDIENCE_KNOWN);
	assert_true(only(1, A, 0));
	assert_true(only(2, A, C));
	assert_true(only(3, 0, 0));
	assert_true(rl_audience_elsewhere(&a, group(1)));
	assert_true(rl_audience_elsewhere(&a, group(2)));
	assert_false(rl_audience_elsewhere(&a, group(3)));
	live(C, 0); // A is dead
	assert_true(only(1, 0, 0));
	assert_true(only(2, C, 0));
	live(0, 0);
	assert_int_equal(a.mode, RL_AUDIENCE_ALONE);
	assert_false(rl_audience_elsewhere(&a, group(2)));
	assert_int_equal(a.count, 2);
}

// Whoever has not told all its groups may have any.
static void rounds_without_a_gap(void **state)
{
	static const struct {
		uint32_t number;
		bool first, last, whole;
	} rows[] = {
		{7, false, true, false}, // the end of a round whose beginning was not heard
		{8, true, false, false},   {9, false, false, false},
		{10, false, true, true},   {11, false, false, true}, // new groups between rounds
		{13, false, false, false},                           // one is missing
		{14, false, true, false},  {15, true, true, true},
		{16, true, false, true}, // the round before is good enough
		{17, false, false, true},  {19, false, false, false},
		{20, false, true, false},  {1, true, true, true}, // a new start
		{1, false, false, false},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rl_audience_batch(&a, A, rows[i].number, rows[i].first, rows[i].last, now);
		live(A, 0);
		if (only(3, A, 0) == rows[i].whole ||
		    rl_audience_elsewhere(&a, group(3)) == rows[i].whole)
			fail_msg("row %u", i);
	}
	assert_int_equal(a.gaps, 4);
}

static void it_holds_for_a_while(void **state)
{
	(void)state;
	round_of(A);
	rl_audience_put(&a, group(1), A, now);
	for (unsigned s = 0; s < 230; s++, now += 1000) {
		live(A, 0);
		assert_int_equal(a.mode, RL_AUDIENCE_KNOWN);
		assert_true(only(1, A, 0));
	}
	for (unsigned s = 230; s < 670; s++, now += 1000) {
		live(A, 0);
		if (s > 241)
			assert_int_equal(a.mode, RL_AUDIENCE_ANY); // no round for so long
	}
	assert_int_equal(a.count, 0);
	round_of(A);
	live(A, 0);
	assert_true(only(1, 0, 0));
}

static void told_again_it_holds_on(void **state)
{
	(void)state;
	for (unsigned s = 0; s < 1200; s++, now += 1000) {
		if (s % 120 == 0) {
			round_of(A);
			rl_audience_put(&a, group(1), A, now);
		}
		live(A, 0);
		assert_true(only(1, A, 0));
	}
	assert_int_equal(a.count, 1);
}

// Of the members of a group each is forgotten by itself.
static void members_of_a_group_come_and_go(void **state)
{
	(void)state;
	for (unsigned s = 0; s < 1500; s++, now += 1000) {
		if (s % 120 == 0) {
			round_of(A);
			round_of(B);
			rl_audience_put(&a, group(1), A, now);
			if (s < 500)
				rl_audience_put(&a, group(1), B, now);
		}
		live(A, B);
		if (s < 480 + RL_AUDIENCE_LEASE_MS / 1000)
			assert_true(only(1, A, B));
		else if (s > 480 + 2 * RL_AUDIENCE_LEASE_MS / 1000)
			assert_true(only(1, A, 0));
	}
	assert_int_equal(a.count, 1);
}

// More than fit: nothing told is denied, and all is well again when they are no more.
static void too_many(void **state)
{
	(void)state;
	round_of(A);
	round_of(B);
	for (uint32_t n = 0; n < 40 * GROUPS; n++)
		rl_audience_put(&a, group(n), n % 2 ? A : B, now);
	live(A, B);
	assert_true(a.full > 0);
	for (uint32_t n = 0; n < 40 * GROUPS; n++) {
		struct rl_member_set got = rl_audience_find(&a, group(n));
		assert_true(rl_member_set_has(&got, n % 2 ? A : B));
		assert_true(rl_audience_elsewhere(&a, group(n)));
	}
	for (unsigned s = 0; s < 670; s++, now += 1000) {
		if (s % 100 == 0) {
			round_of(A);
			round_of(B);
		}
		live(A, B);
	}
	assert_int_equal(a.count, 0);
	for (uint32_t n = 0; n < 1000; n++)
		assert_false(rl_audience_elsewhere(&a, group(n)));
}

// As many as it was made for: hardly a group that nobody has is asked for.
static void few_ask_in_vain(void **state)
{
	unsigned vain = 0;
	(void)state;
	round_of(A);
	for (uint32_t n = 0; n < GROUPS; n++)
		rl_audience_put(&a, group(n), A, now);
	live(A, 0);
	for (uint32_t n = 1000000; n < 1010000; n++)
		vain += rl_audience_elsewhere(&a, group(n));
	assert_in_range(vain, 0, 500);
}

static void a_clock_that_jumps(void **state)
{
	(void)state;
	round_of(A);
	rl_audience_put(&a, group(1), A, now);
	now -= 30000;
	live(A, 0);
	assert_true(only(1, A, 0));
	now += UINT64_C(86400000);
	live(A, 0);
	assert_int_equal(a.count, 0);
}

struct reader {
	atomic_bool stop;
	_Atomic uint64_t rounds, denied;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	for (; !atomic_load(&r->stop); atomic_fetch_add(&r->rounds, 1))
		for (uint32_t n = 0; n < 100; n++)
			if (!rl_audience_elsewhere(&a, group(n)))
				atomic_fetch_add(&r->denied, 1);
	return NULL;
}

// Readers take no lock: what holds is never denied while others come and go.
static void readers_beside_the_writer(void **state)
{
	struct reader r = {.stop = false};
	pthread_t t;
	(void)state;
	round_of(A);
	for (uint32_t n = 0; n < 100; n++)
		rl_audience_put(&a, group(n), A, now);
	live(A, 0);
	assert_int_equal(pthread_create(&t, NULL, read_on, &r), 0);
	for (unsigned turn = 0; turn < 300 || atomic_load(&r.rounds) < 10; turn++, now += 1000) {
		if (turn % 60 == 0)
			round_of(A);
		for (uint32_t n = 0; turn % 60 == 0 && n < 100; n++)
			rl_audience_put(&a, group(n), A, now);
		for (uint32_t n = 0; n < 200; n++)
			rl_audience_put(&a, rl_random64(&dice), B, now);
		live(A, 0);
	}
	atomic_store(&r.stop, true);
	pthread_join(t, NULL);
	assert_int_equal(r.denied, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(who_has_told_is_asked),
		T(rounds_without_a_gap),
		T(members_of_a_group_come_and_go),
		T(it_holds_for_a_while),
		T(told_again_it_holds_on),
		T(too_many),
		T(few_ask_in_vain),
		T(a_clock_that_jumps),
		T(readers_beside_the_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
