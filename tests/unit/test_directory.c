// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/directory.h"
#include "root/random.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SELF = 1, S = 1000, MIN = 60 * S };

static struct rl_directory d;
static void *mem;

static void make(uint64_t max)
{
	static const uint8_t key[16] = {3, 1, 4, 1, 5};
	size_t size = (rl_directory_size(max) + 63) & ~(size_t)63;
	free(mem);
	mem = aligned_alloc(64, size);
	assert_non_null(mem);
	memset(mem, 0, size);
	rl_directory_init(&d, max, mem, key, SELF, &rl_directory_limits_default);
}

static int drop(void **state)
{
	(void)state;
	free(mem);
	mem = NULL;
	return 0;
}

static struct rl_location claim(uint64_t address, uint8_t home, uint64_t stamp_ms)
{
	return (struct rl_location){.address = address,
				    .home = home,
				    .stamp_ms = stamp_ms,
				    .v4 = rl_inet4(0x0a000001, (uint16_t)(1 + stamp_ms % 60000))};
}

static int put(uint64_t address, uint8_t home, uint64_t stamp_ms)
{
	struct rl_location l = claim(address, home, stamp_ms);
	return rl_directory_merge(&d, &l, true, stamp_ms, NULL);
}

static bool find(uint64_t address, struct rl_location *l)
{
	return rl_directory_find(&d, address, rl_directory_hash(&d, address), l);
}

static bool has(uint64_t address)
{
	struct rl_location l;
	return find(address, &l);
}

static void what_is_told_is_found(void **state)
{
	(void)state;
	make(10);
	struct rl_location l, before;
	assert_false(find(5, &l));
	assert_int_equal(put(5, 2, 1000), RL_CHANGE_CLAIM | RL_CHANGE_HOME | RL_CHANGE_PLACE);
	assert_true(find(5, &l));
	struct rl_location want = claim(5, 2, 1000);
	assert_true(rl_location_equal(&l, &want));
	assert_int_equal(put(5, 2, 1000), 0);
	assert_int_equal(put(5, 3, 900), 0);
	assert_int_equal(d.live[2], 1);
	l = claim(5, 3, 2000);
	assert_true(rl_directory_merge(&d, &l, true, 2000, &before) & RL_CHANGE_HOME);
	assert_true(rl_location_equal(&before, &want));
	assert_int_equal(d.live[2], 0);
	assert_int_equal(d.live[3], 1);
	l.gone = true;
	l.stamp_ms++;
	assert_true(rl_directory_merge(&d, &l, true, 2000, NULL) & RL_CHANGE_PLACE);
	assert_int_equal(d.live[3], 0);
	assert_int_equal(d.count, 1);
	assert_true(find(5, &l));
	assert_false(rl_location_live(&l));
	rl_directory_erase(&d, 5);
	assert_false(has(5));
	assert_int_equal(d.count, 0);
	rl_directory_erase(&d, 5);
}

static void nothing_said_is_nothing_kept(void **state)
{
	(void)state;
	make(10);
	struct rl_location l = {.address = 5};
	assert_int_equal(rl_directory_merge(&d, &l, true, 0, NULL), 0);
	assert_false(has(5));
	assert_int_equal(d.count, 0);
}

static void full_of_the_living_it_refuses(void **state)
{
	(void)state;
	make(20);
	for (uint64_t a = 1; a <= 20; a++)
		assert_true(put(a, 2, 1000) > 0);
	assert_int_equal(put(21, 2, 1000), -ENOSPC);
	assert_int_equal(d.refused, 1);
	for (uint64_t a = 1; a <= 20; a++)
		assert_true(has(a));
	assert_true(put(20, 2, 2000) > 0); // those in it go on being told
}

static void the_longest_unconfirmed_makes_room(void **state)
{
	(void)state;
	make(20); // less than the sample: the choice is exact
	for (uint64_t a = 1; a <= 20; a++)
		assert_true(put(a, 2, a * S) > 0);
	assert_true(put(21, 2, 16 * MIN) > 0);
	assert_false(has(1));
	struct rl_location l = claim(2, 2, 2 * S); // told again, unchanged
	assert_int_equal(rl_directory_merge(&d, &l, true, 16 * MIN, NULL), 0);
	assert_true(put(22, 2, 16 * MIN) > 0);
	assert_true(has(2));
	assert_false(has(3));
	assert_int_equal(d.count, 20);
	assert_int_equal(d.evicted, 2);
}

static void tombstones_go_first_and_ones_own_never(void **state)
{
	(void)state;
	make(20);
	for (uint64_t a = 1; a <= 19; a++)
		assert_true(put(a, SELF, 1 * S) > 0);
	struct rl_location l = claim(20, 2, 59 * MIN);
	l.gone = true;
	rl_directory_merge(&d, &l, true, 59 * MIN, NULL);
	assert_true(put(21, 3, 60 * MIN) > 0);
	assert_false(has(20));
	assert_int_equal(put(22, 3, 60 * MIN), -ENOSPC);
	assert_true(put(22, 3, 75 * MIN) > 0); // 21 is old now, the others are its own
	assert_false(has(21));
	for (uint64_t a = 1; a <= 19; a++)
		assert_true(has(a));
}

static void of_a_full_one_nobody_keeps_more_than_half(void **state)
{
	(void)state;
	make(20);
	for (uint64_t a = 1; a <= 20; a++)
		assert_true(put(a, a <= 12 ? 2 : 3, 1000) > 0);
	assert_int_equal(put(21, 2, 2000), -ENOSPC); // not for itself
	assert_true(put(22, 3, 2000) > 0);
	assert_true(put(23, 4, 2000) > 0);
	assert_int_equal(d.live[2], 10);
	assert_int_equal(put(24, 4, 2000), -ENOSPC);
	assert_int_equal(d.live[3], 9);
	// Own claims find room as long as there are others, first among those of whom are most.
	for (uint64_t a = 31; a <= 50; a++)
		assert_true(put(a, SELF, 3000) > 0);
	assert_int_equal(d.live[SELF], 20);
	assert_int_equal(put(51, SELF, 3000), -ENOSPC);
	assert_int_equal(put(52, 2, 3000), -ENOSPC);
	assert_int_equal(d.count, 20);
}

static void age_all(uint64_t now_ms)
{
	struct rl_directory_aging a = {0};
	while (a.rounds == 0)
		rl_directory_age(&d, &a, 1, now_ms, now_ms);
}

static void each_part_has_its_time(void **state)
{
	(void)state;
	make(10);
	struct rl_location l = claim(5, 2, 1000);
	l.fingerprint = 99;
	rl_pushes_note(&l.pushes, 1000);
	l.push_port4 = 7;
	rl_directory_merge(&d, &l, true, 1000, NULL);
	age_all(24 * MIN);
	assert_true(find(5, &l));
	assert_true(rl_location_live(&l));
	age_all(26 * MIN);
	assert_true(find(5, &l));
	assert_int_equal(l.home, RL_NOBODY);
	assert_int_equal(l.v4.family, 0);
	assert_int_equal(l.fingerprint, 99);
	assert_int_equal(l.pushes.count, 1);
	assert_int_equal(d.aged, 1);
	assert_int_equal(d.live[2], 0);
	age_all(121 * MIN);
	assert_true(find(5, &l));
	assert_int_equal(l.pushes.count, 0);
	assert_int_equal(l.push_port4, 0);
	age_all(UINT64_C(8) * 24 * 60 * MIN);
	assert_false(has(5));
	assert_int_equal(d.count, 0);
}

static void tombstones_are_short_lived(void **state)
{
	(void)state;
	make(10);
	struct rl_location l = claim(5, 2, 1000);
	l.gone = true;
	rl_directory_merge(&d, &l, true, 1000, NULL);
	age_all(119 * S);
	assert_true(has(5));
	assert_int_equal(put(5, 2, 900), 0); // what was on its way does not bring it back
	age_all(122 * S);
	assert_false(has(5));
}

static void forgetting_a_member_keeps_identities(void **state)
{
	(void)state;
	make(100);
	for (uint64_t a = 1; a <= 60; a++) {
		struct rl_location l = claim(a, (uint8_t)(2 + a % 3), 1000);
		l.fingerprint = a % 2;
		rl_directory_merge(&d, &l, true, 1000, NULL);
	}
	struct rl_directory_cursor c = rl_directory_walk_all(&d);
	while (!rl_directory_forget(&d, &c, 1, 3)) {
	}
	for (uint64_t a = 1; a <= 60; a++) {
		struct rl_location l = {0};
		bool there = find(a, &l);
		if (a % 3 != 1)
			assert_int_equal(l.home, 2 + a % 3);
		else if (a % 2)
			assert_int_equal(l.fingerprint, 1);
		else
			assert_false(there);
	}
	assert_int_equal(d.live[3], 0);
	assert_int_equal(d.live[2], 20);
}

// Against a plain list, at loads up to the limit.
static void churn_loses_and_invents_nothing(void **state)
{
	(void)state;
	enum { MAX = 2000, NAMES = 3 * MAX, STEPS = 200000 };
	static bool in[NAMES];
	static const uint8_t seed[32] = {9};
	struct rl_random r;
	unsigned count = 0;
	memset(in, 0, sizeof(in));
	rl_random_init(&r, seed);
	make(MAX);
	for (unsigned n = 0; n < STEPS; n++) {
		uint32_t a = rl_random_below(&r, NAMES);
		if (in[a]) {
			rl_directory_erase(&d, a + 1);
			count--;
		} else if (count == MAX) {
			continue;
		} else {
			assert_true(put(a + 1, 2, 1 + n) > 0);
			count++;
		}
		in[a] = !in[a];
		assert_int_equal(d.count, count);
	}
	for (unsigned a = 0; a < NAMES; a++)
		assert_int_equal(has(a + 1), in[a]);
	for (unsigned a = 0; a < NAMES; a++)
		rl_directory_erase(&d, a + 1);
	for (uint64_t g = 0; g < d.groups; g++)
		assert_int_equal(d.words[g], 0); // nothing to trip over
}

static void shards_are_a_partition(void **state)
{
	(void)state;
	enum { MAX = 3000 };
	static uint8_t met[MAX + 1];
	make(MAX);
	memset(met, 0, sizeof(met));
	for (uint64_t a = 1; a <= MAX; a++)
		assert_true(put(a, 2, 1000) > 0);
	for (unsigned s = 0; s < RL_SHARDS; s++) {
		struct rl_directory_cursor c = rl_directory_walk_shard(&d, (uint8_t)s);
		while (!c.done) {
			struct rl_location out[RL_GROUP_ENTRIES];
			unsigned n = rl_directory_step(&d, &c, out);
			for (unsigned i = 0; i < n; i++) {
				assert_int_equal(rl_directory_shard(&d, out[i].address), s);
				met[out[i].address]++;
			}
		}
		assert_true(c.walked < d.groups); // a shard is a part
	}
	for (unsigned a = 1; a <= MAX; a++)
		assert_int_equal(met[a], 1);
}

static void a_tiny_one_works(void **state)
{
	(void)state;
	make(1);
	assert_true(put(1, 2, 1000) > 0);
	assert_true(has(1));
	assert_int_equal(put(2, 2, 1000), -ENOSPC);
	struct rl_location all[RL_GROUP_ENTRIES];
	unsigned n = 0;
	for (struct rl_directory_cursor c = rl_directory_walk_all(&d); !c.done;)
		n += rl_directory_step(&d, &c, all);
	assert_int_equal(n, 1);
}

enum { HOT = 8, STILL = 200 };
static atomic_bool stop;

// Every field of the claim says the same number, so that a mixture shows.
static struct rl_location marked(uint64_t address, uint64_t stamp_ms)
{
	uint16_t mark = (uint16_t)(1 + stamp_ms % 60000);
	struct rl_location l = {.address = address,
				.stamp_ms = stamp_ms,
				.home = (uint8_t)(1 + mark % 200),
				.backup = (uint8_t)(1 + mark % 100),
				.v4 = rl_inet4(mark, mark),
				.v6 = {.family = 6, .port = mark}};
	for (unsigned i = 0; i < 16; i += 2)
		rl_store16(l.v6.ip + i, mark);
	return l;
}

static void *reader(void *ctx)
{
	uintptr_t met = 0;
	for (uint64_t n = 0; !atomic_load(&stop); n++) {
		struct rl_location l;
		uint64_t address = 1 + n % HOT;
		if (find(address, &l)) {
			struct rl_location want = marked(address, l.stamp_ms);
			if (!rl_location_equal(&l, &want))
				return (void *)(uintptr_t)-1;
			met++;
		}
		// Those that nobody touches are always found, whatever comes and goes around them.
		if (!has(1000 + n % STILL))
			return (void *)(uintptr_t)-2;
	}
	(void)ctx;
	return (void *)met;
}

static void readers_never_see_half_a_record(void **state)
{
	(void)state;
	enum { READERS = 2, STEPS = 4000000 };
	make(STILL + HOT);
	for (unsigned i = 0; i < STILL; i++)
		assert_true(put(1000 + i, SELF, 1) > 0);
	pthread_t t[READERS];
	atomic_store(&stop, false);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, reader, NULL), 0);
	for (unsigned n = 0; n < STEPS; n++) {
		uint64_t address = 1 + n % HOT;
		if (n % 5 == 0) {
			rl_directory_erase(&d, address);
			continue;
		}
		struct rl_location l = marked(address, 1 + n);
		assert_true(rl_directory_merge(&d, &l, true, 1, NULL) > 0);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < READERS; i++) {
		void *met;
		pthread_join(t[i], &met);
		assert_true((intptr_t)met >= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_is_found),
		cmocka_unit_test(nothing_said_is_nothing_kept),
		cmocka_unit_test(full_of_the_living_it_refuses),
		cmocka_unit_test(the_longest_unconfirmed_makes_room),
		cmocka_unit_test(tombstones_go_first_and_ones_own_never),
		cmocka_unit_test(of_a_full_one_nobody_keeps_more_than_half),
		cmocka_unit_test(each_part_has_its_time),
		cmocka_unit_test(tombstones_are_short_lived),
		cmocka_unit_test(forgetting_a_member_keeps_identities),
		cmocka_unit_test(churn_loses_and_invents_nothing),
		cmocka_unit_test(shards_are_a_partition),
		cmocka_unit_test(a_tiny_one_works),
		cmocka_unit_test(readers_never_see_half_a_record),
	};
	return cmocka_run_group_tests(tests, NULL, drop);
}
