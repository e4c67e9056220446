// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/cluster_fixture.h"

static const double paris[2] = {48.85, 2.35}, chicago[2] = {41.88, -87.63}, nowhere[2] = {999, 0},
		    at_sea[2] = {39, -38};

static struct rl_plan plan;

static int fresh(void **state)
{
	(void)state;
	fixture_new(AMS);
	return 0;
}

static enum rl_redirect_why decide(const double where[2], uint8_t hops)
{
	struct rl_score_view v = fixture_view();
	struct rl_redirect_client c = {&fixture_location, rl_geo_at(where[0], where[1]), hops,
				       RL_FAMILY_4};
	return rl_redirect(&v, &c, &plan);
}

static void pushed(unsigned n, uint64_t ago)
{
	for (unsigned i = 0; i < n; i++)
		rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW - ago);
}

static void measured(uint8_t id, uint32_t ms)
{
	rl_rtt_heard(&fixture_rtt, &(struct rl_rtt_news){fixture_prefix(), id, (uint16_t)(ms * 10)},
		     FIXTURE_NOW);
}

// "P4+0:1,2" per action: kind, family, delay, members.
static const char *text(void)
{
	static char out[512];
	size_t at = 0;

	out[0] = 0;
	for (unsigned i = 0; i < plan.count; i++) {
		const struct rl_action *a = &plan.action[i];
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%c%d+%u:", i ? " " : "",
				       "PNRE"[a->kind], a -> family == RL_FAMILY_4 ? 4 : 6,
				       a -> delay_ms);
		for (unsigned j = 0; j < a->count; j++)
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%u", j ? "," : "",
					       a->to[j]);
	}
	return out;
}

static void expect(const char *what, enum rl_redirect_why why, enum rl_redirect_why want,
		   const char *want_plan, uint8_t backup)
{
	if (why != want || strcmp(text(), want_plan) != 0 || plan.backup != backup)
		fail_msg("%s: %s, \"%s\", backup %u", what, rl_redirect_name(why), text(),
			 plan.backup);
	assert_int_equal(plan.count == 0, rl_redirect_refused(why));
}

static void the_first_time(void **state)
{
	static const struct {
		const char *what;
		uint8_t self;
		const double *where;
		enum rl_redirect_why why;
		const char *plan;
		uint8_t backup;
	} rows[] = {
		{"at its best: its backup, then the member itself", AMS, paris, RL_REDIRECT_CONFIRM,
		 "P4+0:3,1", NYC},
		{"far from it: the two best", SIN, paris, RL_REDIRECT_MOVE, "P4+0:1,3", AMS},
		{"at the second best by far: the best, then itself", AMS, chicago, RL_REDIRECT_MOVE,
		 "P4+0:3,5", NYC},
		{"nearly as good as the best: it stays if it likes", AMS, at_sea,
		 RL_REDIRECT_CONFIRM, "P4+0:3,1", NYC},
		{"place unknown: all, itself last, backup the nearest", AMS, nowhere,
		 RL_REDIRECT_OFFER_ALL, "P4+0:2,3,4,5,6,1", NYC},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(rows[i].self);
		expect(rows[i].what, decide(rows[i].where, 0), rows[i].why, rows[i].plan,
		       rows[i].backup);
	}
}

static void a_doubtful_place_is_offered_all(void **state)
{
	(void)state;
	measured(AMS, 250);
	expect("too slow for Paris", decide(paris, 0), RL_REDIRECT_OFFER_ALL, "P4+0:2,3,4,5,6,1",
	       NYC);
}

static void both_families_or_none(void **state)
{
	(void)state;
	fixture_location.v6 = (struct rl_inet){.family = 6, .port = 9993, .ip = {0x2a}};
	expect("the one just used first", decide(paris, 0), RL_REDIRECT_CONFIRM,
	       "P4+0:3,1 P6+500:3,1", NYC);
	fixture_members.at[NYC].news.front[RL_FAMILY_6].family = 0;
	expect("a member without IPv6 is no target", decide(paris, 0), RL_REDIRECT_CONFIRM,
	       "P4+0:2,1 P6+500:2,1", JNB);
}

static void refusals(void **state)
{
	(void)state;
	expect("over another node", decide(paris, 1), RL_REDIRECT_HOPS, "", 0);
	fixture_location.home = NYC;
	expect("another's client", decide(paris, 0), RL_REDIRECT_NOT_HOME, "", 0);
	fixture_location.home = AMS;
	fixture_location.gone = true;
	expect("a tombstone", decide(paris, 0), RL_REDIRECT_NOT_HOME, "", 0);
	fixture_location.gone = false;
	for (uint8_t id = 2; id <= SITES; id++)
		fixture_leave(id);
	expect("alone", decide(paris, 0), RL_REDIRECT_NO_TARGET, "", 0);
	expect("alone, nowhere", decide(nowhere, 0), RL_REDIRECT_NO_TARGET, "", 0);
	fixture_location.v4.family = 0;
	expect("no address", decide(paris, 0), RL_REDIRECT_NO_PATH, "", 0);
}

// The claim was made a second ago.
static void a_push_not_long_before_the_claim_has_moved_it(void **state)
{
	static const struct {
		const char *what;
		unsigned sent;
		uint64_t ago;
		bool dual;
		enum rl_redirect_why why;
	} rows[] = {
		{"nothing sent", 0, 0, false, RL_REDIRECT_MOVE},
		{"just now", 1, 1000, false, RL_REDIRECT_BACKUP},
		{"a minute before", 2, RL_REDIRECT_ARRIVE_MS, false, RL_REDIRECT_BACKUP},
		{"longer before", 2, RL_REDIRECT_ARRIVE_MS + 2000, false, RL_REDIRECT_MOVE},
		{"six, both families", 6, RL_REDIRECT_ARRIVE_MS + 3000, true, RL_REDIRECT_MOVE},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(SIN);
		if (rows[i].dual)
			fixture_location.v6 =
				(struct rl_inet){.family = 6, .port = 9993, .ip = {0x2a}};
		pushed(rows[i].sent, rows[i].ago);
		enum rl_redirect_why why = decide(paris, 0);
		if (why != rows[i].why)
			fail_msg("%s: %s", rows[i].what, rl_redirect_name(why));
	}
	// At its best all the same, and without a backup: it gets one without a PUSH.
	fixture_new(AMS);
	pushed(1, 1000);
	expect("sent here", decide(paris, 0), RL_REDIRECT_BACKUP, "R4+0:3", NYC);
}

static void moved_before(void **state)
{
	static const struct {
		const char *what;
		uint8_t self, backup;
		const double *where;
		uint64_t ago;     // of the last PUSH; 0: forgotten
		uint64_t claimed; // ago
		enum rl_redirect_why why;
		const char *plan;
		uint8_t claim;
	} rows[] = {
		{"well placed", AMS, NYC, paris, 0, 1000, RL_REDIRECT_SETTLED, "", 0},
		{"another would be a little better", AMS, NYC, at_sea, 0, 1000, RL_REDIRECT_GAIN,
		 "", 0},
		{"it is its own backup", AMS, AMS, paris, 0, 1000, RL_REDIRECT_BACKUP, "R4+0:3",
		 NYC},
		{"badly placed", SIN, JNB, paris, 0, 1000, RL_REDIRECT_MOVE, "P4+0:1,3", AMS},
		{"badly placed, moved a while ago", SIN, JNB, paris, RL_REDIRECT_DWELL_MS + 1000,
		 1000, RL_REDIRECT_MOVE, "P4+0:1,3", AMS},
		{"badly placed, moved lately", SIN, JNB, paris, RL_REDIRECT_DWELL_MS - 1000, 1000,
		 RL_REDIRECT_DWELL, "", 0},
		{"and is its own backup", SIN, SIN, paris, RL_REDIRECT_DWELL_MS - 1000, 1000,
		 RL_REDIRECT_BACKUP, "R4+0:3", NYC},
		{"told to go there, and did not", SIN, AMS, paris, RL_REDIRECT_RETRY_MS + 1000,
		 RL_REDIRECT_RETRY_MS + 1000, RL_REDIRECT_MOVE, "P4+0:1,3", AMS},
		{"told so just now", SIN, AMS, paris, RL_REDIRECT_RETRY_MS - 1000,
		 RL_REDIRECT_RETRY_MS - 1000, RL_REDIRECT_DWELL, "", 0},
		{"has that one for a backup, and came a moment ago", SIN, AMS, paris,
		 RL_REDIRECT_RETRY_MS + 1000, RL_REDIRECT_RETRY_MS, RL_REDIRECT_DWELL, "", 0},
		{"and long ago: it is badly placed all the same", SIN, AMS, paris,
		 RL_REDIRECT_DWELL_MS + 1000, 1000, RL_REDIRECT_MOVE, "P4+0:1,3", AMS},
		{"place unknown: it has picked by itself", SIN, AMS, nowhere, 0, 1000,
		 RL_REDIRECT_SETTLED, "", 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(rows[i].self);
		fixture_location.backup = rows[i].backup;
		if (rows[i].ago)
			pushed(1, rows[i].ago);
		fixture_location.stamp_ms = FIXTURE_NOW - rows[i].claimed;
		expect(rows[i].what, decide(rows[i].where, 0), rows[i].why, rows[i].plan,
		       rows[i].claim);
	}
}

static void a_backup_that_is_gone_is_replaced(void **state)
{
	(void)state;
	fixture_location.backup = NYC;
	fixture_leave(NYC);
	expect("left", decide(paris, 0), RL_REDIRECT_BACKUP, "R4+0:2", JNB);
	fixture_new(AMS);
	fixture_location.backup = NYC;
	fixture_change(NYC, 0, 0, true);
	expect("drains", decide(nowhere, 0), RL_REDIRECT_BACKUP, "R4+0:5", SFO);
}

static void a_wrong_place_is_found_out(void **state)
{
	(void)state;
	// Said to be in Paris, and too slow for it: the others are measured first.
	fixture_location.backup = NYC;
	measured(AMS, 250);
	measured(NYC, 180);
	expect("asks the client to try", decide(paris, 0), RL_REDIRECT_PROBE, "R4+0:2,4,5,6", 0);
	measured(SIN, 40);
	expect("and is content with half of them", decide(paris, 0), RL_REDIRECT_MOVE, "P4+0:6,3",
	       SIN);
}

static void the_threshold(void **state)
{
	static const struct {
		const char *what;
		uint32_t here, there;
		bool moves;
	} rows[] = {
		{"14 ms of 40", 40, 26, false},
		{"15 ms of 40", 40, 25, true},
		{"24 percent of 100", 100, 76, false},
		{"25 percent of 100", 100, 75, true},
		{"worse", 40, 100, false},
		{"all of it, but under 15 ms", 14, 1, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(AMS);
		fixture_location.backup = NYC;
		measured(AMS, rows[i].here);
		measured(SIN, rows[i].there);
		enum rl_redirect_why why = decide(nowhere, 0);
		if ((why == RL_REDIRECT_MOVE) != rows[i].moves)
			fail_msg("%s: %s", rows[i].what, rl_redirect_name(why));
	}
}

// Figures of a prefix are those of its fast and of its slow clients.
static void figures_alone_send_nobody_to_its_backup(void **state)
{
	(void)state;
	fixture_location.backup = NYC;
	measured(AMS, 70);
	measured(NYC, 40);
	expect("at sea between the two", decide((double[]){44, -32}, 0), RL_REDIRECT_PICKED, "", 0);
	pushed(1, RL_REDIRECT_RETRY_MS + 1000);
	fixture_location.stamp_ms = FIXTURE_NOW - RL_REDIRECT_RETRY_MS - 1000;
	expect("though it looks as if it had not heard", decide((double[]){44, -32}, 0),
	       RL_REDIRECT_PICKED, "", 0);
	fixture_location.pushes = (struct rl_pushes){0};
	fixture_location.backup = JNB;
	expect("to another", decide((double[]){44, -32}, 0), RL_REDIRECT_MOVE, "P4+0:3,5", NYC);
}

static void a_full_member_sheds(void **state)
{
	(void)state;
	fixture_change(AMS, 960, 1000, false);
	expect("a newcomer goes to the next best two", decide(paris, 0), RL_REDIRECT_SHED,
	       "P4+0:3,2", NYC);
	fixture_location.backup = NYC;
	expect("who is settled stays", decide(paris, 0), RL_REDIRECT_SETTLED, "", 0);
	fixture_change(AMS, 1000, 1000, false);
	expect("until it is over the brim", decide(paris, 0), RL_REDIRECT_SHED, "P4+0:3,2", NYC);
	for (uint8_t id = 2; id <= SITES; id++)
		fixture_change(id, 100, 100, false);
	expect("and all others are full too", decide(paris, 0), RL_REDIRECT_NO_TARGET, "", 0);
}

static void who_comes_by_itself_starts_anew(void **state)
{
	static const struct {
		const char *what;
		uint8_t home, backup;
		uint64_t ago;
		uint8_t self, inherits;
	} rows[] = {
		{"its home writes again", AMS, NYC, 0, AMS, NYC},
		{"sent here a moment ago", SIN, NYC, 5000, AMS, NYC},
		{"to its backup, whenever", SIN, AMS, 0, AMS, AMS},
		{"comes by itself", SIN, NYC, 0, AMS, RL_NOBODY},
		{"comes long after a PUSH", SIN, NYC, RL_REDIRECT_ARRIVE_MS + 1000, AMS, RL_NOBODY},
		{"was never moved", SIN, RL_NOBODY, 0, AMS, RL_NOBODY},
		{"was just moved by another than its home", SIN, RL_NOBODY, 5000, AMS, AMS},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(AMS);
		fixture_location.home = rows[i].home;
		fixture_location.backup = rows[i].backup;
		if (rows[i].ago)
			pushed(1, rows[i].ago);
		if (rl_redirect_inherit(&fixture_location, rows[i].self, FIXTURE_NOW) !=
		    rows[i].inherits)
			fail_msg("%s", rows[i].what);
	}
}

static enum rl_redirect_why follow(const double where[2])
{
	struct rl_score_view v = fixture_view();
	struct rl_redirect_client c = {&fixture_location, rl_geo_at(where[0], where[1]), 0,
				       RL_FAMILY_6};
	return rl_redirect_follow(&v, &c, &plan);
}

static void the_other_family_follows(void **state)
{
	(void)state;
	fixture_location.v6 = (struct rl_inet){.family = 6, .port = 9993, .ip = {0x2a}};
	fixture_location.home = SIN;
	expect("nothing was sent", follow(paris), RL_REDIRECT_NOT_HOME, "", 0);
	fixture_location.backup = NYC;
	fixture_location.push_port4 = 9993;
	pushed(1, 1000);
	expect("this member among the best two: last", follow(paris), RL_REDIRECT_FOLLOW,
	       "P6+500:3,1", 0);
	expect("and else the best two", follow(chicago), RL_REDIRECT_FOLLOW, "P6+500:3,5", 0);
	expect("place unknown: all", follow(nowhere), RL_REDIRECT_FOLLOW, "P6+500:2,3,4,5,6,1", 0);
	fixture_location.push_port6 = 9993;
	expect("has followed", follow(paris), RL_REDIRECT_NOT_HOME, "", 0);
	fixture_location.push_port6 = 0;
	pushed(1, 500);
	expect("the gate", follow(paris), RL_REDIRECT_GATE, "", 0);
	fixture_location.pushes = (struct rl_pushes){0};
	pushed(1, RL_REDIRECT_FOLLOW_MS + 1000);
	expect("too late", follow(paris), RL_REDIRECT_NOT_HOME, "", 0);
}

static void a_cold_backup_is_opened_by_the_home_alone(void **state)
{
	(void)state;
	fixture_location.backup = NYC;
	assert_true(rl_redirect_reopen(&fixture_location, AMS, NYC, RL_FAMILY_6, &plan));
	assert_string_equal(text(), "R6+0:3");
	assert_false(rl_redirect_reopen(&fixture_location, SIN, NYC, RL_FAMILY_6, &plan));
	assert_false(rl_redirect_reopen(&fixture_location, AMS, SIN, RL_FAMILY_6, &plan));
	fixture_location.backup = AMS;
	assert_false(rl_redirect_reopen(&fixture_location, AMS, AMS, RL_FAMILY_6, &plan));
}

static void reasons_have_names(void **state)
{
	(void)state;
	assert_string_equal(rl_redirect_name(RL_REDIRECT_OFFER_ALL), "offer_all");
	assert_string_equal(rl_redirect_name(RL_REDIRECT_GATE), "gate");
	assert_string_equal(rl_redirect_name(RL_REDIRECT_WHY_COUNT), "?");
	for (unsigned i = 0; i < RL_REDIRECT_WHY_COUNT; i++)
		assert_int_equal(strncmp(rl_redirect_help((enum rl_redirect_why)i), "refused", 7) ==
					 0,
				 rl_redirect_refused((enum rl_redirect_why)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_time, fresh),
		cmocka_unit_test_setup(a_doubtful_place_is_offered_all, fresh),
		cmocka_unit_test_setup(both_families_or_none, fresh),
		cmocka_unit_test_setup(refusals, fresh),
		cmocka_unit_test_setup(a_push_not_long_before_the_claim_has_moved_it, fresh),
		cmocka_unit_test_setup(moved_before, fresh),
		cmocka_unit_test_setup(a_backup_that_is_gone_is_replaced, fresh),
		cmocka_unit_test_setup(a_wrong_place_is_found_out, fresh),
		cmocka_unit_test_setup(the_threshold, fresh),
		cmocka_unit_test_setup(figures_alone_send_nobody_to_its_backup, fresh),
		cmocka_unit_test_setup(a_full_member_sheds, fresh),
		cmocka_unit_test_setup(who_comes_by_itself_starts_anew, fresh),
		cmocka_unit_test_setup(the_other_family_follows, fresh),
		cmocka_unit_test_setup(a_cold_backup_is_opened_by_the_home_alone, fresh),
		cmocka_unit_test(reasons_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_done);
}
