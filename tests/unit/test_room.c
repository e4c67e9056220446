// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/cluster_fixture.h"

static int fresh(void **state)
{
	(void)state;
	fixture_new(AMS);
	rl_room_tick(&fixture_room, FIXTURE_NOW);
	return 0;
}

// How many clients this member may send there now.
static unsigned gives(uint8_t id)
{
	unsigned n = 0;
	while (n < 100000 && rl_room_left(&fixture_room, &fixture_members, id)) {
		rl_room_promise(&fixture_room, &fixture_members, &id, 1);
		n++;
	}
	return n;
}

static void no_more_than_its_share(void **state)
{
	static const struct {
		const char *what;
		uint32_t load, capacity;
		unsigned share;
	} rows[] = {
		{"no limit", 1000000, 0, 100000},
		{"empty: a sixth of 95 percent", 0, 6000, 950},
		{"some", 3000, 6000, 450},
		{"nearly full", 5694, 6000, 1},
		{"less than one each", 5695, 6000, 0},
		{"full", 5700, 6000, 0},
		{"over the brim", 7000, 6000, 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh(state);
		fixture_change(SIN, rows[i].load, rows[i].capacity, false);
		unsigned got = gives(SIN);
		if (got != rows[i].share)
			fail_msg("%s: %u", rows[i].what, got);
	}
}

static void the_dead_share_nothing(void **state)
{
	(void)state;
	fixture_change(SIN, 0, 6000, false);
	fixture_leave(JNB);
	fixture_leave(SAO);
	assert_int_equal(gives(SIN), 5700 / 4);
}

static void promises_end_after_ten_seconds(void **state)
{
	(void)state;
	fixture_change(SIN, 0, 6000, false);
	assert_int_equal(gives(SIN), 950);
	rl_room_tick(&fixture_room, FIXTURE_NOW + 5000);
	assert_int_equal(gives(SIN), 0);
	fixture_change(SIN, 900, 6000, false); // most have arrived
	assert_int_equal(gives(SIN), 0);
	rl_room_tick(&fixture_room, FIXTURE_NOW + 9999);
	assert_int_equal(gives(SIN), 0);
	rl_room_tick(&fixture_room, FIXTURE_NOW + 10000);
	assert_int_equal(gives(SIN), 800);
}

static void a_clock_that_jumps_forgets(void **state)
{
	static const int64_t jumps[] = {-3600000, 3600000, 86400000000};

	for (unsigned i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		fresh(state);
		fixture_change(SIN, 0, 6000, false);
		gives(SIN);
		rl_room_tick(&fixture_room, FIXTURE_NOW + (uint64_t)jumps[i]);
		assert_int_equal(fixture_room.total[SIN], 0);
		assert_int_equal(fixture_room.leaving, 0);
		assert_int_equal(gives(SIN), 950);
	}
}

static void who_may_stay_is_not_leaving(void **state)
{
	(void)state;
	fixture_change(AMS, 10, 100, false);
	rl_room_promise(&fixture_room, &fixture_members, (uint8_t[]){SIN, AMS}, 2);
	assert_int_equal(rl_room_own(&fixture_room, &fixture_members), 10);
	rl_room_promise(&fixture_room, &fixture_members, (uint8_t[]){SIN, JNB}, 2);
	assert_int_equal(rl_room_own(&fixture_room, &fixture_members), 9);
	assert_int_equal(fixture_room.total[SIN], 2);
	assert_int_equal(fixture_room.total[AMS], 0);
	fixture_change(AMS, 0, 100, false);
	assert_int_equal(rl_room_own(&fixture_room, &fixture_members), 0);
	rl_room_tick(&fixture_room, FIXTURE_NOW + 10000);
	assert_int_equal(fixture_room.leaving, 0);
}

static void how_full(void **state)
{
	(void)state;
	fixture_change(SIN, 50, 100, false);
	rl_room_promise(&fixture_room, &fixture_members, (uint8_t[]){SIN}, 1);
	double fill = rl_room_fill(&fixture_room, &fixture_members, SIN);
	assert_true(fill > 0.509 && fill < 0.511);
	assert_true(rl_room_fill(&fixture_room, &fixture_members, JNB) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_more_than_its_share, fresh),
		cmocka_unit_test_setup(the_dead_share_nothing, fresh),
		cmocka_unit_test_setup(promises_end_after_ten_seconds, fresh),
		cmocka_unit_test_setup(a_clock_that_jumps_forgets, fresh),
		cmocka_unit_test_setup(who_may_stay_is_not_leaving, fresh),
		cmocka_unit_test_setup(how_full, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_done);
}
