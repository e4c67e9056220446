// SPDX-License-Identifier: BSD-3-Clause
#include "root/group.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { TIMEOUT = 600000, TICK = 4096, THREADS = 4, STEPS = 30000 };

static const uint64_t T = 1800000000000 / TICK * TICK;
static const uint64_t LATE = T + TIMEOUT + 2 * TICK; // all of T are dead by then
static const uint8_t key[16] = "a key of sixteen",
		     random_seed[32] = "another one, of thirty-two byte";
static struct rl_groups groups;
static struct rl_random rnd;

static void make(uint32_t members)
{
	rl_groups_init(&groups, block_new(rl_groups_size(members)), members, TIMEOUT, key);
	rl_random_init(&rnd, random_seed);
}

static int fresh(void **state)
{
	(void)state;
	make(4096);
	return 0;
}

static struct rl_group_key group(uint32_t n)
{
	return (struct rl_group_key){
		.network = 0x8056c2e21c000001, .mac = 0xffffffffffff, .adi = n};
}

static enum rl_like like(uint32_t n, uint64_t member, uint64_t now)
{
	struct rl_group_key k = group(n);
	return rl_group_like(&groups, &k, member, now, NULL);
}

static unsigned gather(uint32_t n, uint64_t asker, unsigned max, uint64_t now, uint64_t *out,
		       uint32_t *total)
{
	struct rl_group_key k = group(n);
	return rl_group_gather(&groups, &k, asker, max, now, &rnd, out, total);
}

static void expire_all(uint64_t now)
{
	rl_group_expire(&groups, now, UINT32_MAX);
}

static bool first(uint32_t n, uint64_t member, uint64_t now)
{
	struct rl_group_key k = group(n);
	bool f = false;
	rl_group_like(&groups, &k, member, now, &f);
	return f;
}

// The first member of a group is told from the others; so is one that comes when all have gone.
static void the_first_member_is_noticed(void **state)
{
	(void)state;
	assert_true(first(1, 5, T));
	assert_false(first(1, 5, T + TICK));
	assert_false(first(1, 6, T + TICK));
	assert_true(first(2, 5, T));
	expire_all(T + 3 * TIMEOUT);
	assert_true(first(1, 6, T + 3 * TIMEOUT));
	for (uint64_t m = 10; m < 30; m++)
		assert_false(first(1, m, T + 3 * TIMEOUT));
}

// Whoever goes through all sets finds each group with members once.
static void all_groups_are_listed(void **state)
{
	struct rl_group_key found[RL_GROUP_WAYS];
	bool seen[40] = {false};
	unsigned n = 0;
	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		like(i, 1, i < 30 ? T : T + TIMEOUT);
	expire_all(T + TIMEOUT + 2 * TICK); // of 30 all members are dead
	for (uint64_t s = 0; s < rl_group_sets(&groups); s++) {
		unsigned count = rl_group_list(&groups, s, found);
		for (unsigned i = 0; i < count; i++, n++) {
			assert_in_range(found[i].adi, 30, 39);
			assert_false(seen[found[i].adi]);
			seen[found[i].adi] = true;
		}
	}
	assert_int_equal(n, 10);
}

static void all_parts_of_the_key_count(void **state)
{
	static const struct rl_group_key rows[] = {
		{0x8056c2e21c000001, 0xffffffffffff, 0x0a000001},
		{0x8056c2e21c000002, 0xffffffffffff, 0x0a000001},
		{0x8056c2e21c000001, 0x3333ff000001, 0x0a000001},
		{0x8056c2e21c000001, 0xffffffffffff, 0x0a000002},
		{0x8056c2e21c000001, 0xffffffffffff, 0},
		{0, 0, 0},
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

	(void)state;
	for (unsigned i = 0; i < ROWS; i++)
		assert_int_equal(rl_group_like(&groups, &rows[i], 100 + i, T, NULL), RL_LIKE_NEW);
	assert_int_equal(rl_groups_count(&groups), ROWS);
	assert_int_equal(rl_groups_members(&groups), ROWS);
	for (unsigned i = 0; i < ROWS; i++) {
		uint64_t out[4];
		uint32_t total;

		assert_int_equal(rl_group_gather(&groups, &rows[i], 1, 4, T, &rnd, out, &total), 1);
		assert_int_equal(out[0], 100 + i);
		assert_int_equal(total, 1);
	}
}

static void the_asker_is_counted_but_not_told(void **state)
{
	uint64_t out[8];
	uint32_t total = 77;

	(void)state;
	assert_int_equal(gather(1, 5, 8, T, out, &total), 0); // no such group
	assert_int_equal(total, 0);
	like(1, 5, T);
	assert_int_equal(gather(1, 5, 8, T, out, &total), 0);
	assert_int_equal(total, 1);
	for (uint64_t m = 6; m < 10; m++)
		like(1, m, T);
	assert_int_equal(gather(1, 5, 8, T, out, &total), 4);
	assert_int_equal(total, 5);
	assert_int_equal(gather(1, 99, 8, T, out, &total), 5);
	assert_int_equal(total, 5);
	assert_int_equal(gather(1, 5, 3, T, out, &total), 3); // not counted against the limit
	assert_int_equal(total, 5);
	assert_int_equal(gather(1, 5, 0, T, out, &total), 0);
	assert_int_equal(total, 5);
}

static void a_large_group_tells_a_few_of_many(void **state)
{
	static uint64_t out[255];
	static bool met[10000];
	unsigned different = 0;
	uint32_t total;

	(void)state;
	make(20000);
	for (uint64_t m = 0; m < 10000; m++)
		assert_int_equal(like(1, 1000 + m, T), RL_LIKE_NEW);
	for (unsigned turn = 0; turn < 20; turn++) {
		assert_int_equal(gather(1, 1000, 255, T, out, &total), 255);
		assert_int_equal(total, 10000);
		for (unsigned i = 0; i < 255; i++) {
			assert_true(out[i] > 1000 && out[i] < 11000);
			different += !met[out[i] - 1000];
			met[out[i] - 1000] = true;
		}
	}
	assert_true(different > 3500); // of 5100 told, by chance about 4000 different ones
}

static void refreshing_only_helps_members(void **state)
{
	struct rl_group_key k = group(1);

	(void)state;
	assert_int_equal(rl_group_refresh(&groups, &k, 1, 5, T), 1);
	assert_int_equal(rl_groups_count(&groups), 0);
	like(1, 5, T);
	assert_int_equal(rl_group_refresh(&groups, &k, 1, 6, T), 1);
	assert_int_equal(rl_group_refresh(&groups, &k, 1, 5, T + TIMEOUT / 2), 0);
	assert_int_equal(like(1, 5, T + TIMEOUT + 2 * TICK), RL_LIKE_REFRESHED);
	assert_int_equal(rl_group_refresh(&groups, &k, 1, 5, T + 3 * TIMEOUT), 1);
	assert_int_equal(like(1, 5, T + 3 * TIMEOUT), RL_LIKE_NEW);
}

static void many_are_refreshed_at_once(void **state)
{
	struct rl_group_key k[RL_GROUP_BATCH];

	(void)state;
	for (unsigned n = 0; n <= RL_GROUP_BATCH; n++)
		for (unsigned odd = 0; odd < 2; odd++) {
			uint32_t absent = 0;

			make(4096);
			for (unsigned i = 0; i < n; i++) {
				k[i] = group(i);
				if (i % 2 == odd)
					absent |= 1U << i;
				else
					like(i, 5, T);
				// Some in place, some in the arena.
				for (uint64_t m = 0; m < i; m++)
					like(i, 100 + m, T);
			}
			uint64_t later = T + TIMEOUT / 2;
			assert_int_equal(rl_group_refresh(&groups, k, n, 5, later), absent);
			assert_int_equal(rl_group_refresh(&groups, k, n, 5, LATE), absent);
		}
	// One named twice is refreshed twice.
	make(4096);
	k[0] = k[1] = group(1);
	assert_int_equal(rl_group_refresh(&groups, k, 2, 5, T), 3);
	like(1, 5, T);
	assert_int_equal(rl_group_refresh(&groups, k, 2, 5, T), 0);
}

static void the_dead_are_not_told_and_soon_forgotten(void **state)
{
	uint64_t out[8];
	uint32_t total;

	(void)state;
	for (uint64_t m = 1; m <= 5; m++)
		like(1, m, T);
	like(1, 3, LATE);
	for (uint32_t n = 2; n < 500; n++)
		like(n, n, T);
	assert_int_equal(gather(1, 9, 8, LATE, out, &total), 1);
	assert_int_equal(out[0], 3);
	assert_int_equal(total, 1);
	expire_all(LATE);
	assert_int_equal(rl_groups_count(&groups), 1);
	assert_int_equal(rl_groups_members(&groups), 1);
	expire_all(LATE + TIMEOUT + 2 * TICK);
	assert_int_equal(rl_groups_count(&groups), 0);
	assert_int_equal(rl_groups_members(&groups), 0);
	assert_int_equal(groups.pool.arena.unused, groups.pool.arena.size);
}

static void expiry_goes_step_by_step(void **state)
{
	unsigned turns = 0;

	(void)state;
	for (uint32_t n = 0; n < 1000; n++)
		assert_int_equal(like(n, n + 1, T), RL_LIKE_NEW);
	rl_group_expire(&groups, LATE, 1);
	assert_true(rl_groups_count(&groups) >= 1000 - RL_GROUP_WAYS);
	while (rl_groups_count(&groups) != 0 && turns++ < 1000)
		rl_group_expire(&groups, LATE, 8);
	assert_true(turns >= 1000 / RL_GROUP_WAYS / 8 && turns < 1000);
	rl_group_expire(&groups, LATE, 0);
}

static void a_full_set_takes_no_group_until_one_dies(void **state)
{
	(void)state;
	make(1); // one set
	for (uint32_t n = 0; n < RL_GROUP_WAYS; n++)
		assert_int_equal(like(n, 1, T + n * 2 * TICK), RL_LIKE_NEW);
	assert_int_equal(like(100, 1, T + 40 * TICK), RL_LIKE_FULL);
	assert_int_equal(like(3, 1, T + 3 * 2 * TICK), RL_LIKE_REFRESHED);
	assert_int_equal(like(3, 2, T + 40 * TICK), RL_LIKE_NEW); // old groups go on
	uint64_t now = T + TIMEOUT + 2 * TICK;
	assert_int_equal(like(100, 1, now), RL_LIKE_NEW); // group 0 is dead
	assert_int_equal(like(101, 1, now), RL_LIKE_FULL);
	assert_int_equal(rl_groups_count(&groups), RL_GROUP_WAYS);
}

// One large group took the arena and died; nobody has cleaned up. Small ones too, if they died.
static void the_dead_make_room_when_the_arena_is_full(void **state)
{
	uint64_t now = T;
	unsigned full = 0, taken = 0;

	(void)state;
	make(60); // four sets of groups, 184 words
	for (uint32_t n = 0; n < 40; n++)
		for (uint64_t m = 1; m <= 5; m++)
			full += like(n, m, now) == RL_LIKE_FULL;
	assert_true(full != 0);
	for (uint32_t n = 100; n < 140; n++)
		for (uint64_t m = 1; m <= 4; m++)
			taken += like(n, m, LATE) == RL_LIKE_NEW;
	// Living groups of 4 take 8 words each, as long as there are words.
	assert_true(taken >= 184 / 8 * 4);
}

static void asks_for_no_more_memory_than_it_was_given(void **state)
{
	static const uint32_t rows[] = {1, 2, 15, 16, 1000};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = rl_groups_size(rows[i]);
		uint8_t *block = aligned_alloc(64, (size + 64 + 63) & ~(size_t)63);

		assert_non_null(block);
		memset(block, 0, size);
		memset(block + size, 0xa5, 64);
		rl_groups_init(&groups, block, rows[i], TIMEOUT, key);
		for (unsigned n = 0; n < 4 * rows[i] + 100; n++)
			like(n % 7 ? n : 0, 1 + n / 3, T);
		expire_all(T);
		for (unsigned k = 0; k < 64; k++)
			assert_int_equal(block[size + k], 0xa5);
		free(block);
	}
}

// Threads in the same few groups: members, askers and the cleaner. Each thread has members of its
// own, of which it knows what to expect.
// Moved on by one of them, by seconds in all: a thread that is held up does not fall far behind.
static _Atomic uint64_t clock_ms;

struct player {
	uint64_t id;
	unsigned wrong;
};

static void *play(void *arg)
{
	struct player *p = arg;
	struct rl_random r;
	uint8_t seed[32] = {(uint8_t)p->id};

	rl_random_init(&r, seed);
	for (unsigned step = 0; step < STEPS; step++) {
		struct rl_group_key k = group(rl_random_below(&r, 3)),
				    all[3] = {group(0), group(1), group(2)};
		uint64_t member = p->id << 20 | (1 + rl_random_below(&r, 300)), out[16];
		uint64_t now = clock_ms;
		uint32_t total;

		if (rl_group_like(&groups, &k, member, now, NULL) > RL_LIKE_NEW)
			p->wrong++;
		if (rl_group_refresh(&groups, all, 3, member, now) >> k.adi & 1)
			p->wrong++;
		unsigned n = rl_group_gather(&groups, &k, 0, 16, now, &r, out, &total);
		if (n == 0 || n > total)
			p->wrong++;
		for (unsigned i = 0; i < n; i++)
			p->wrong += out[i] >> 20 == 0 || out[i] >> 20 > THREADS ||
				    (out[i] & 0xfffff) > 300;
		if (p->id == 1) {
			clock_ms += step % 4 == 0;
			rl_group_expire(&groups, now, 4);
		}
	}
	return NULL;
}

static void threads_find_what_they_put_in(void **state)
{
	struct player p[THREADS] = {0};
	pthread_t t[THREADS];

	(void)state;
	make(30000);
	clock_ms = T;
	for (unsigned i = 0; i < THREADS; i++) {
		p[i].id = i + 1;
		assert_int_equal(pthread_create(&t[i], NULL, play, &p[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(p[i].wrong, 0);
	assert_int_equal(rl_groups_count(&groups), 3);
	assert_true(rl_groups_members(&groups) > 3 * 300);
	assert_true(rl_groups_members(&groups) <= 3 * 300 * THREADS);
	expire_all(T + 10 * TIMEOUT);
	assert_int_equal(rl_groups_members(&groups), 0);
	assert_int_equal(groups.pool.arena.unused, groups.pool.arena.size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_parts_of_the_key_count, fresh),
		cmocka_unit_test_setup(the_first_member_is_noticed, fresh),
		cmocka_unit_test_setup(all_groups_are_listed, fresh),
		cmocka_unit_test_setup(the_asker_is_counted_but_not_told, fresh),
		cmocka_unit_test_setup(a_large_group_tells_a_few_of_many, fresh),
		cmocka_unit_test_setup(refreshing_only_helps_members, fresh),
		cmocka_unit_test_setup(many_are_refreshed_at_once, fresh),
		cmocka_unit_test_setup(the_dead_are_not_told_and_soon_forgotten, fresh),
		cmocka_unit_test_setup(expiry_goes_step_by_step, fresh),
		cmocka_unit_test_setup(a_full_set_takes_no_group_until_one_dies, fresh),
		cmocka_unit_test_setup(the_dead_make_room_when_the_arena_is_full, fresh),
		cmocka_unit_test_setup(asks_for_no_more_memory_than_it_was_given, fresh),
		cmocka_unit_test_setup(threads_find_what_they_put_in, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
