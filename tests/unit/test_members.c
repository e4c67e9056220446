// SPDX-License-Identifier: BSD-3-Clause
#include "root/members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { TIMEOUT = 600000, TICK = 4096, MODEL = 3000 };

static const uint64_t T = 1800000000000 / TICK * TICK;
static struct rl_members_pool pool;
static struct rl_members set;
static uint64_t seed = 1;

static void make(uint64_t words)
{
	pool = (struct rl_members_pool){.key = {0x123456789abcdef, 42}, .timeout_ms = TIMEOUT};
	rl_arena_init(&pool.arena, block_new(rl_arena_size(words)), words);
	memset(&set, 0, sizeof(set));
}

static int fresh(void **state)
{
	(void)state;
	make(65536);
	return 0;
}

static uint64_t dice(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t node(uint32_t n)
{
	return 0xa000000001 + (uint64_t)n * 0x10001;
}

static enum rl_like put(uint32_t n, uint64_t now)
{
	return rl_members_put(&pool, &set, node(n), now);
}

static enum rl_like refresh(uint32_t n, uint64_t now)
{
	return rl_members_refresh(&pool, &set, node(n), rl_members_hash(&pool, node(n)), now);
}

static void a_member_lives_for_the_timeout(void **state)
{
	static const struct {
		uint64_t after_ms;
		enum rl_like refresh;
	} rows[] = {
		{0, RL_LIKE_REFRESHED},
		{1, RL_LIKE_REFRESHED},
		{TIMEOUT - TICK, RL_LIKE_REFRESHED},
		{TIMEOUT + TICK, RL_LIKE_ABSENT},
		{86400000, RL_LIKE_ABSENT},
		{86400000ULL * 300, RL_LIKE_ABSENT},
	};

	(void)state;
	// In place, and in a set of the arena.
	for (unsigned others = 0; others <= 100; others += 100)
		for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			make(65536);
			for (unsigned n = 0; n < others; n++)
				assert_int_equal(put(1000 + n, T), RL_LIKE_NEW);
			assert_int_equal(put(1, T), RL_LIKE_NEW);
			assert_int_equal(refresh(1, T + rows[i].after_ms), rows[i].refresh);
			assert_int_equal(put(1, T + rows[i].after_ms),
					 rows[i].refresh == RL_LIKE_ABSENT ? RL_LIKE_NEW
									   : RL_LIKE_REFRESHED);
			assert_int_equal(set.count, others + 1);
		}
}

static void a_refresh_counts_from_then_on(void **state)
{
	(void)state;
	put(1, T);
	put(1, T + TIMEOUT / 2);
	assert_int_equal(refresh(1, T + TIMEOUT), RL_LIKE_REFRESHED);
	assert_int_equal(refresh(1, T + 2 * TIMEOUT - 2 * TICK), RL_LIKE_REFRESHED);
}

static void strangers_are_absent(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 200; n++) {
		assert_int_equal(refresh(n, T), RL_LIKE_ABSENT);
		put(n, T);
		assert_int_equal(refresh(n, T), RL_LIKE_REFRESHED);
	}
	assert_int_equal(set.count, 200);
}

static void another_clock_and_a_clock_set_back(void **state)
{
	(void)state;
	put(1, T);
	assert_int_equal(refresh(1, T - 2 * TICK), RL_LIKE_REFRESHED);
	put(1, T);
	// An hour back: nobody stays in because of a time that is yet to come.
	assert_int_equal(rl_members_total(&pool, &set, T - 3600000), 0);
	assert_int_equal(put(1, T - 3600000), RL_LIKE_NEW);
	assert_int_equal(rl_members_expire(&pool, &set, T - 3600000), 1);
}

static void grows_and_gives_all_memory_back(void **state)
{
	uint64_t all = pool.arena.unused;

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		assert_int_equal(put(n, T), RL_LIKE_NEW);
		assert_int_equal(set.count, n + 1);
		unsigned log = rl_members_log(&set);
		assert_true(n < 3 ? log == 0 : set.count * 4ULL <= 3ULL << log);
		assert_int_equal(pool.arena.unused + (log ? 1ULL << log : 0), all);
	}
	assert_int_equal(atomic_load(&pool.count), 20000);
	assert_int_equal(rl_members_total(&pool, &set, T), 20000);
	rl_members_free(&pool, &set);
	assert_int_equal(pool.arena.unused, all);
	assert_int_equal(atomic_load(&pool.count), 0);
}

static void shrinks_as_members_die(void **state)
{
	static const unsigned stay[] = {5000, 600, 70, 8, 3, 1};

	(void)state;
	for (unsigned n = 0; n < 20000; n++)
		put(n, T);
	uint64_t now = T;
	for (unsigned i = 0; i < sizeof(stay) / sizeof(stay[0]); i++) {
		uint64_t used = pool.arena.size - pool.arena.unused;

		now += TIMEOUT / 2;
		for (unsigned n = 0; n < stay[i]; n++)
			put(n, now);
		now += TIMEOUT / 2 + 2 * TICK;
		assert_int_equal(rl_members_expire(&pool, &set, now), stay[i]);
		assert_int_equal(set.count, stay[i]);
		assert_true(pool.arena.size - pool.arena.unused <= used);
		assert_true(pool.arena.size - pool.arena.unused <= stay[i] * 8ULL);
		for (unsigned n = 0; n < stay[i]; n++)
			assert_int_equal(refresh(n, now), RL_LIKE_REFRESHED);
	}
	assert_int_equal(rl_members_log(&set), 0);
	assert_int_equal(rl_members_expire(&pool, &set, now + 2 * TIMEOUT), 0);
	assert_int_equal(pool.arena.unused, pool.arena.size);
}

static void full_is_said_and_harmless(void **state)
{
	unsigned n = 0;

	(void)state;
	make(64);
	while (put(n, T) == RL_LIKE_NEW)
		n++;
	// 32 words, since the next larger block does not fit beside them.
	assert_int_equal(n, 24);
	assert_int_equal(put(1000, T), RL_LIKE_FULL);
	for (unsigned k = 0; k < n; k++)
		assert_int_equal(put(k, T + 1), RL_LIKE_REFRESHED);
	// When some have died the newcomer takes their room, without any more memory.
	for (unsigned k = 1; k < n; k++)
		put(k, T + TIMEOUT);
	assert_int_equal(put(1000, T + TIMEOUT + 2 * TICK), RL_LIKE_NEW);
	assert_int_equal(put(1001, T + TIMEOUT + 2 * TICK), RL_LIKE_FULL);
	assert_int_equal(rl_members_total(&pool, &set, T + TIMEOUT + 2 * TICK), n);

	// A set in place cannot leave it while others hold the arena.
	struct rl_members other = {0};
	struct rl_members_pool *p = &pool;
	while (rl_arena_take(&p->arena, RL_ARENA_LOG_MIN) != RL_ARENA_FULL)
		;
	for (unsigned k = 0; k < 3; k++)
		assert_int_equal(rl_members_put(p, &other, node(k), T), RL_LIKE_NEW);
	assert_int_equal(rl_members_put(p, &other, node(3), T), RL_LIKE_FULL);
	assert_int_equal(rl_members_put(p, &other, node(3), T + 2 * TIMEOUT), RL_LIKE_NEW);
}

// Everything at random, beside a plain array of when each was heard last.
static void does_what_a_plain_array_does(void **state)
{
	static uint64_t heard[MODEL], out[MODEL + 1];
	uint64_t now = T;

	(void)state;
	memset(heard, 0, sizeof(heard));
	for (unsigned step = 0; step < 60000; step++) {
		unsigned n = (unsigned)(dice() % MODEL);

		// Busy and quiet times in turn, so that it grows and shrinks.
		now += step / 10000 % 2 ? TICK * 8 : dice() % 3 * TICK;
		bool alive = heard[n] && now - heard[n] <= TIMEOUT;
		if (refresh(n, now) != (alive ? RL_LIKE_REFRESHED : RL_LIKE_ABSENT))
			fail_msg("step %u: refresh of %u", step, n);
		if (alive || dice() % 2) {
			if (put(n, now) != (alive ? RL_LIKE_REFRESHED : RL_LIKE_NEW))
				fail_msg("step %u: put of %u", step, n);
			heard[n] = now;
		}
		if (step % 500 != 0)
			continue;
		uint32_t want = 0;
		for (unsigned k = 0; k < MODEL; k++)
			want += heard[k] && now - heard[k] <= TIMEOUT;
		assert_int_equal(rl_members_expire(&pool, &set, now), want);
		assert_int_equal(rl_members_total(&pool, &set, now), want);
		assert_int_equal(rl_members_pick(&pool, &set, 0, MODEL + 1, now, dice(), out),
				 want);
		assert_int_equal(atomic_load(&pool.count), want);
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void picks_are_distinct_live_and_not_the_asker(void **state)
{
	static const unsigned sizes[] = {1, 2, 3, 4, 6, 7, 50, 97, 1000};
	static uint64_t out[2000];

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make(65536);
		for (unsigned n = 3; n < sizes[i]; n += 4)
			put(n, T - 2 * TIMEOUT); // every fourth is dead by now
		for (unsigned n = 0; n < sizes[i]; n++)
			if (n % 4 != 3)
				put(n, T);
		unsigned alive = sizes[i] - sizes[i] / 4;
		for (unsigned turn = 0; turn < 200; turn++) {
			unsigned max = turn % 2 ? 2000 : 1 + (unsigned)(dice() % 40);
			unsigned others = alive - 1, want = max < others ? max : others;
			unsigned got = rl_members_pick(&pool, &set, node(0), max, T, dice(), out);

			assert_int_equal(got, want);
			qsort(out, got, sizeof(*out), by_value);
			for (unsigned k = 0; k < got; k++) {
				uint64_t n = (out[k] - node(0)) / 0x10001;

				assert_int_equal(out[k], node((uint32_t)n));
				assert_true(n != 0 && n < sizes[i] && n % 4 != 3);
				assert_true(k == 0 || out[k] != out[k - 1]);
			}
		}
		assert_int_equal(rl_members_pick(&pool, &set, node(0), 0, T, dice(), out), 0);
	}
}

static void picks_meet_everybody_alike(void **state)
{
	static const struct {
		unsigned size, max;
	} rows[] = {
		{3, 2},   {10, 2},   {40, 2},   {300, 2},   {40, 15},
		{40, 16}, {300, 16}, {300, 32}, {1000, 40}, {1000, 255},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned seen[1000] = {0}, total = 0, size = rows[i].size, max = rows[i].max;
		unsigned turns = size * 200 / max;
		uint64_t out[255];

		make(65536);
		for (unsigned n = 0; n < size; n++)
			put(n, T);
		for (unsigned turn = 0; turn < turns; turn++) {
			unsigned got = rl_members_pick(&pool, &set, 0, max, T, dice(), out);
			for (unsigned k = 0; k < got; k++, total++)
				seen[(out[k] - node(0)) / 0x10001]++;
		}
		// 200 each on average; in a hash set, who stands behind a gap or in a line with few
		// others is met more often.
		for (unsigned n = 0; n < size; n++)
			if (seen[n] < 100 || seen[n] > 300)
				fail_msg("%u of %u: number %u was met %u times", max, size, n,
					 seen[n]);
		assert_int_equal(total, turns * max);
	}
}

// What is left of a large set before it is cleared: the search ends, and finds nothing that is not
// there.
static void a_deserted_set_is_not_searched_for_ever(void **state)
{
	uint64_t out[4];

	(void)state;
	for (unsigned n = 0; n < 20000; n++)
		put(n, T);
	put(7, T + TIMEOUT);
	for (unsigned turn = 0; turn < 100; turn++) {
		unsigned got =
			rl_members_pick(&pool, &set, 0, 4, T + TIMEOUT + 2 * TICK, dice(), out);
		assert_true(got == 0 || (got == 1 && out[0] == node(7)));
	}
	rl_members_expire(&pool, &set, T + TIMEOUT + 2 * TICK);
	assert_int_equal(rl_members_pick(&pool, &set, 0, 4, T + TIMEOUT + 2 * TICK, dice(), out),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_member_lives_for_the_timeout, fresh),
		cmocka_unit_test_setup(a_refresh_counts_from_then_on, fresh),
		cmocka_unit_test_setup(strangers_are_absent, fresh),
		cmocka_unit_test_setup(another_clock_and_a_clock_set_back, fresh),
		cmocka_unit_test_setup(grows_and_gives_all_memory_back, fresh),
		cmocka_unit_test_setup(shrinks_as_members_die, fresh),
		cmocka_unit_test_setup(full_is_said_and_harmless, fresh),
		cmocka_unit_test_setup(does_what_a_plain_array_does, fresh),
		cmocka_unit_test_setup(picks_are_distinct_live_and_not_the_asker, fresh),
		cmocka_unit_test_setup(picks_meet_everybody_alike, fresh),
		cmocka_unit_test_setup(a_deserted_set_is_not_searched_for_ever, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
