// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/cluster_fixture.h"

static struct rl_score score;

static int fresh(void **state)
{
	(void)state;
	fixture_new(AMS);
	return 0;
}

static void run(double latitude, double longitude, bool settled)
{
	struct rl_score_view v = fixture_view();
	struct rl_score_client c = {.where = rl_geo_at(latitude, longitude),
				    .prefix = {fixture_prefix()},
				    .settled = settled};
	rl_score(&v, &c, &score);
}

static void measured(uint8_t id, uint32_t ms)
{
	rl_rtt_heard(&fixture_rtt, &(struct rl_rtt_news){fixture_prefix(), id, (uint16_t)(ms * 10)},
		     FIXTURE_NOW);
}

static void expect(const uint8_t *order, unsigned n)
{
	assert_int_equal(score.count, n);
	for (unsigned i = 0; i < n; i++)
		if (score.order[i] != order[i])
			fail_msg("place %u: member %u, not %u", i, score.order[i], order[i]);
}

static void by_distance(void **state)
{
	(void)state;
	run(48.85, 2.35, false); // Paris
	expect((uint8_t[]){AMS, NYC, JNB, SFO, SAO, SIN}, 6);
	assert_int_equal(score.place, RL_PLACE_GOOD);
	assert_true(score.ms[AMS] > 12 && score.ms[AMS] < 25);
	run(35.68, 139.69, false); // Tokyo
	expect((uint8_t[]){SIN, SFO, AMS, NYC, JNB, SAO}, 6);
}

static void an_unknown_place_is_no_place(void **state)
{
	(void)state;
	run(999, 0, false);
	assert_int_equal(score.place, RL_PLACE_UNKNOWN);
	assert_int_equal(score.count, 0);
	assert_int_equal(score.target_count, SITES);
	// What was measured is known all the same.
	measured(SAO, 50);
	measured(SFO, 40);
	run(999, 0, false);
	expect((uint8_t[]){SFO, SAO}, 2);
}

static void measured_beats_predicted(void **state)
{
	(void)state;
	measured(AMS, 60);
	measured(NYC, 55);
	run(48.85, 2.35, false);
	assert_int_equal(score.order[0], NYC);
	assert_true(score.ms[AMS] > 59.9f && score.ms[AMS] < 60.1f);
}

static void a_slow_access_line_is_slow_to_all(void **state)
{
	(void)state;
	measured(AMS, 60); // 7 ms away: 50 ms of it are the client's own line
	run(48.85, 2.35, false);
	assert_int_equal(score.order[0], AMS);
	assert_true(score.ms[NYC] > 60 + 40);
}

static void places_that_figures_contradict(void **state)
{
	static const struct {
		const char *what;
		uint8_t member;
		uint32_t ms;
		enum rl_place place;
	} rows[] = {
		{"near, and fast", AMS, 9, RL_PLACE_GOOD},
		{"near, and rather slow", AMS, 70, RL_PLACE_GOOD},
		{"near, and far too slow", AMS, 90, RL_PLACE_DOUBTFUL},
		{"far, and slow", SIN, 300, RL_PLACE_GOOD},
		{"far, and as fast as light, nearly", SIN, 100, RL_PLACE_GOOD},
		{"far, and faster than light", SIN, 90, RL_PLACE_DOUBTFUL},
		{"far, and winding", SIN, 500, RL_PLACE_DOUBTFUL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(AMS);
		measured(rows[i].member, rows[i].ms);
		run(48.85, 2.35, false);
		if (score.place != rows[i].place)
			fail_msg("%s", rows[i].what);
		// Then only what was measured counts.
		assert_int_equal(score.count, rows[i].place == RL_PLACE_DOUBTFUL ? 1 : SITES);
	}
}

static void only_targets_with_room(void **state)
{
	(void)state;
	fixture_change(NYC, 0, 0, true);
	fixture_leave(JNB);
	fixture_change(SFO, 95, 100, false);
	run(48.85, 2.35, false);
	expect((uint8_t[]){AMS, SAO, SIN}, 3);
	fixture_members.at[SIN].news.front[RL_FAMILY_4].family = 0;
	run(48.85, 2.35, false);
	expect((uint8_t[]){AMS, SAO}, 2);
	// It compares with itself even while it drains.
	fixture_change(AMS, 0, 0, true);
	run(48.85, 2.35, false);
	expect((uint8_t[]){SAO}, 1);
	assert_true(score.ms[AMS] > 0);
}

static void its_own_room(void **state)
{
	static const struct {
		const char *what;
		uint32_t load;
		bool settled, full;
	} rows[] = {
		{"room for newcomers", 950, false, false},
		{"full for newcomers", 951, false, true},
		{"not for those settled", 990, true, false},
		{"over the brim for all", 991, true, true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_change(AMS, rows[i].load, 1000, false);
		run(48.85, 2.35, rows[i].settled);
		if (score.self_full != rows[i].full)
			fail_msg("%s", rows[i].what);
		assert_int_equal(score.order[0] == AMS, !rows[i].full);
	}
	// Those told to go count as gone, so that not more are told than need be.
	rl_room_tick(&fixture_room, FIXTURE_NOW);
	rl_room_promise(&fixture_room, &fixture_members, (uint8_t[]){NYC, SIN}, 2);
	run(48.85, 2.35, true);
	assert_false(score.self_full);
}

static void a_nearly_full_member_counts_as_further_away(void **state)
{
	(void)state;
	run(48.85, 2.35, false);
	float was = score.ms[NYC];
	fixture_change(NYC, 90000, 100000, false);
	run(48.85, 2.35, false);
	assert_true(score.ms[NYC] < was + 0.1f);
	fixture_change(NYC, 94000, 100000, false);
	run(48.85, 2.35, false);
	assert_true(score.ms[NYC] > was + 3 && score.ms[NYC] < was + 5);
}

static void both_families_see_figures(void **state)
{
	struct rl_score_view v = fixture_view();
	struct rl_score_client c = {.prefix = {fixture_prefix(), 1ULL << 63 | 7}};

	(void)state;
	rl_rtt_heard(&fixture_rtt, &(struct rl_rtt_news){c.prefix[1], SAO, 300}, FIXTURE_NOW);
	measured(JNB, 20);
	rl_score(&v, &c, &score);
	expect((uint8_t[]){JNB, SAO}, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(by_distance, fresh),
		cmocka_unit_test_setup(an_unknown_place_is_no_place, fresh),
		cmocka_unit_test_setup(measured_beats_predicted, fresh),
		cmocka_unit_test_setup(a_slow_access_line_is_slow_to_all, fresh),
		cmocka_unit_test_setup(places_that_figures_contradict, fresh),
		cmocka_unit_test_setup(only_targets_with_room, fresh),
		cmocka_unit_test_setup(its_own_room, fresh),
		cmocka_unit_test_setup(a_nearly_full_member_counts_as_further_away, fresh),
		cmocka_unit_test_setup(both_families_see_figures, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_done);
}
