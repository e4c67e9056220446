// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/rescue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/cluster_fixture.h"

static struct rl_plan plan;
static char out[512];
static bool equal;
static unsigned round_of;

static int fresh(void **state)
{
	(void)state;
	fixture_new(AMS);
	fixture_location.home = SIN;
	fixture_location.backup = AMS;
	fixture_leave(SIN);
	equal = true;
	round_of = 0;
	return 0;
}

static enum rl_rescue_why run(double latitude, double longitude)
{
	struct rl_score_view v = fixture_view();
	struct rl_rescue_way way = {.equal = equal, .round = round_of};
	way.by[RL_FAMILY_4] = fixture_location.v4.family != 0;
	way.by[RL_FAMILY_6] = fixture_location.v6.family != 0;
	enum rl_rescue_why why =
		rl_rescue(&v, &fixture_location, rl_geo_at(latitude, longitude), &way, &plan);
	size_t at = 0;

	out[0] = 0;
	for (unsigned i = 0; i < plan.count; i++) {
		const struct rl_action *a = &plan.action[i];
		bool dead = a->count == 2 && a->to[0] == SIN;
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%c%d%s+%u", i ? " " : "",
				       "PNRE"[a->kind], a -> family == RL_FAMILY_4 ? 4 : 6,
				       dead ? "!" : "", a->delay_ms);
		// Only a PUSH names any: this member twice, or the dead one and this member.
		assert_int_equal(a->count, a->kind == RL_ACTION_PUSH ? 2 : 0);
		assert_true(a->count == 0 || a->to[1] == fixture_members.self);
		assert_true(a->count == 0 || dead || a->to[0] == fixture_members.self);
	}
	return why;
}

static void expect(const char *what, enum rl_rescue_why why, enum rl_rescue_why want,
		   const char *want_plan)
{
	if (why != want || strcmp(out, want_plan) != 0)
		fail_msg("%s: %s, \"%s\"", what, rl_rescue_name(why), out);
}

static void by_what_the_gate_leaves(void **state)
{
	static const struct {
		const char *what;
		unsigned sent;
		bool v4, v6;
		enum rl_rescue_why why;
		const char *plan;
	} rows[] = {
		{"one family", 0, true, false, RL_RESCUE_BACKUP, "P4!+0 P4+150 P4+300 P4+450"},
		{"the other", 0, false, true, RL_RESCUE_BACKUP, "P6!+0 P6+150 P6+300 P6+450"},
		{"both", 0, true, true, RL_RESCUE_BACKUP, "P4!+0 P6!+300 P6+450 P6+600 P6+750"},
		{"right after a redirect of both", 2, true, true, RL_RESCUE_BACKUP,
		 "P4!+0 P6!+300 P6+450 P6+600"},
		{"three left, both", 3, true, true, RL_RESCUE_BACKUP, "P4+0 P6+300 P6+450"},
		{"three left, one", 3, true, false, RL_RESCUE_BACKUP, "P4!+0 P4+150 P4+300"},
		{"two left: one family, twice", 4, true, true, RL_RESCUE_BACKUP, "P4+0 P4+150"},
		{"one left: of no use", 5, true, false, RL_RESCUE_GATE, ""},
		{"none left", 6, true, true, RL_RESCUE_GATE, ""},
		{"no address", 0, false, false, RL_RESCUE_NO_PATH, ""},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh(state);
		for (unsigned k = 0; k < rows[i].sent; k++)
			rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW - 2000 + 200 * k);
		fixture_location.v4.family = rows[i].v4 ? 4 : 0;
		fixture_location.v6.family = rows[i].v6 ? 6 : 0;
		expect(rows[i].what, run(999, 0), rows[i].why, rows[i].plan);
		assert_true(rows[i].sent + plan.count <= RL_PUSHES_MAX);
	}
}

// A client whose home stands above its backup: the dead one is brought down first.
static void the_dead_one_is_named_before_one_that_stands_lower(void **state)
{
	(void)state;
	equal = false;
	expect("one family", run(999, 0), RL_RESCUE_BACKUP, "P4!+0 P4+150 P4+300 P4+450");
	fixture_location.v6 = (struct rl_inet){.family = 6, .port = 9993, .ip = {0x2a}};
	expect("both", run(999, 0), RL_RESCUE_BACKUP, "P4!+0 P6!+300 P6+450 P6+600 P6+750");
	for (unsigned k = 0; k < 4; k++)
		rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW - 2000 + 200 * k);
	expect("two left", run(999, 0), RL_RESCUE_BACKUP, "P4!+0 P4+150");
}

// One that is cut off, and answers by its front address, may tell the same clients the same.
static void half_of_the_gate_while_parted(void **state)
{
	(void)state;
	fixture_location.v6 = (struct rl_inet){.family = 6, .port = 9993, .ip = {0x2a}};
	rl_member_front(&fixture_members, NYC, FIXTURE_NOW);
	expect("whole", run(999, 0), RL_RESCUE_BACKUP, "P4!+0 P6!+300 P6+450 P6+600 P6+750");
	fixture_members.at[NYC].state = RL_MEMBER_DEAD;
	expect("parted", run(999, 0), RL_RESCUE_BACKUP, "P4+0 P6+300 P6+450");
	for (unsigned k = 0; k < 2; k++)
		rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW - 2000 + 200 * k);
	expect("one left", run(999, 0), RL_RESCUE_GATE, "");
}

static void only_of_the_lost(void **state)
{
	(void)state;
	rl_member_front(&fixture_members, SIN, FIXTURE_NOW - RL_MEMBER_DEAD_MS + 1);
	expect("its front address answers", run(999, 0), RL_RESCUE_ALIVE, "");
	rl_member_front(&fixture_members, SIN, FIXTURE_NOW - RL_MEMBER_DEAD_MS);
	expect("and no more", run(999, 0), RL_RESCUE_BACKUP, "P4!+0 P4+150 P4+300 P4+450");
	fixture_location.home = NYC;
	expect("it lives", run(999, 0), RL_RESCUE_ALIVE, "");
	fixture_location.home = AMS;
	expect("it is this member's", run(999, 0), RL_RESCUE_ALIVE, "");
	fixture_location.home = SIN;
	fixture_location.gone = true;
	expect("let go of", run(999, 0), RL_RESCUE_ALIVE, "");
}

static void one_member_rescues(void **state)
{
	static const struct {
		const char *what;
		uint8_t self, backup;
		double latitude, longitude;
		enum rl_rescue_why why;
		const char *plan;
	} rows[] = {
		{"another is the backup", AMS, NYC, 48.85, 2.35, RL_RESCUE_NOT_MINE, ""},
		{"the backup is the dead one itself", AMS, SIN, 48.85, 2.35, RL_RESCUE_DEPUTY,
		 "N4+0 P4+500 P4+650"},
		{"none, and this is the nearest", AMS, RL_NOBODY, 48.85, 2.35, RL_RESCUE_DEPUTY,
		 "N4+0 P4+500 P4+650"},
		{"none, and another is nearer", NYC, RL_NOBODY, 48.85, 2.35, RL_RESCUE_NOT_MINE,
		 ""},
		{"none, and nobody knows: the lowest number", AMS, RL_NOBODY, 999, 0,
		 RL_RESCUE_DEPUTY, "N4+0 P4+500 P4+650"},
		{"the same seen by another", NYC, RL_NOBODY, 999, 0, RL_RESCUE_NOT_MINE, ""},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(rows[i].self);
		fixture_leave(SIN);
		fixture_location.home = SIN;
		fixture_location.backup = rows[i].backup;
		expect(rows[i].what, run(rows[i].latitude, rows[i].longitude), rows[i].why,
		       rows[i].plan);
	}
}

static void a_backup_that_left_is_replaced(void **state)
{
	(void)state;
	fixture_location.backup = JNB;
	expect("it lives", run(48.85, 2.35), RL_RESCUE_NOT_MINE, "");
	fixture_leave(JNB);
	expect("and no more", run(48.85, 2.35), RL_RESCUE_DEPUTY, "N4+0 P4+500 P4+650");
}

// The nearest may have no path to the client, and only that one itself knows.
static void each_deputy_has_its_round(void **state)
{
	enum { ROUNDS = 16 };
	static const uint8_t all[] = {AMS, JNB, NYC, SAO, SFO};
	unsigned acts[ROUNDS] = {0}, nearest = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(all); i++)
		for (round_of = 0; round_of < ROUNDS; round_of++) {
			fixture_new(all[i]);
			fixture_leave(SIN);
			fixture_location.home = SIN;
			fixture_location.backup = RL_NOBODY;
			bool acted = run(48.85, 2.35) == RL_RESCUE_DEPUTY;
			acts[round_of] += acted;
			nearest += acted && round_of == 0 && all[i] == AMS;
		}
	assert_int_equal(nearest, 1);
	for (unsigned k = 0; k < ROUNDS; k++)
		assert_int_equal(acts[k], 1);
}

// It sees the same death; what it does then is not heard of.
static void a_backup_that_is_cut_off_acts(void **state)
{
	(void)state;
	fixture_location.backup = NYC;
	fixture_members.at[NYC].state = RL_MEMBER_DEAD;
	rl_member_front(&fixture_members, NYC, FIXTURE_NOW);
	expect("cut off", run(48.85, 2.35), RL_RESCUE_NOT_MINE, "");
	rl_member_front(&fixture_members, NYC, FIXTURE_NOW - RL_MEMBER_DEAD_MS);
	expect("and dead", run(48.85, 2.35), RL_RESCUE_DEPUTY, "N4+0 P4+500 P4+650");
}

// The paths of a client to its root, by member; 0: none. As the stock software does with an entry
// of a PUSH that came by `from`'s path.
static void entry(unsigned worth[SITES + 1], uint8_t from, uint8_t target)
{
	unsigned now = (worth[from] ? worth[from] : 1) + 2;
	for (unsigned i = 1; i <= SITES; i++)
		if (worth[i] < now || i == target)
			worth[i] = 0;
	worth[target] = now;
}

// However often the client was moved, and whatever is believed of that, its old home ends below the
// backup; also if one of the later PUSHes is lost, as long as the gate leaves four.
static void however_often_it_was_moved(void **state)
{
	static const struct {
		unsigned sent, pushes, lost; // before; in the plan; the one that is, or more
		unsigned backup;             // worth of its path
		bool equal;
	} rows[] = {
		{0, 4, 9, 1, false}, {0, 4, 1, 1, false}, {0, 4, 2, 1, false}, {0, 4, 3, 1, false},
		{0, 4, 9, 3, true},  {0, 4, 1, 3, true},  {0, 4, 2, 3, true},  {0, 4, 3, 3, true},
		{0, 4, 9, 0, false}, {3, 3, 9, 1, true},  {3, 3, 9, 3, true},  {3, 3, 1, 1, false},
		{4, 2, 9, 1, false}, {4, 2, 9, 0, false}, {0, 4, 9, 5, false}, {0, 4, 1, 5, false},
		{0, 4, 9, 7, true},  {0, 4, 3, 7, true},  {3, 3, 9, 7, false}, {3, 3, 2, 3, true},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned home = 1; home < 100; home += 2) {
			unsigned worth[SITES + 1] = {[SIN] = home, [AMS] = rows[i].backup};
			fresh(state);
			equal = rows[i].equal;
			for (unsigned k = 0; k < rows[i].sent; k++)
				rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW - 2000);
			assert_int_equal(run(999, 0), RL_RESCUE_BACKUP);
			assert_int_equal(plan.count, rows[i].pushes);
			for (unsigned k = 0; k < plan.count; k++)
				for (unsigned e = 0; k != rows[i].lost && e < plan.action[k].count;
				     e++)
					entry(worth, AMS, plan.action[k].to[e]);
			if (worth[SIN] != 0)
				fail_msg("row %u: home %u ends at %u, backup at %u", i, home,
					 worth[SIN], worth[AMS]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(by_what_the_gate_leaves, fresh),
		cmocka_unit_test_setup(the_dead_one_is_named_before_one_that_stands_lower, fresh),
		cmocka_unit_test_setup(half_of_the_gate_while_parted, fresh),
		cmocka_unit_test_setup(however_often_it_was_moved, fresh),
		cmocka_unit_test_setup(only_of_the_lost, fresh),
		cmocka_unit_test_setup(one_member_rescues, fresh),
		cmocka_unit_test_setup(a_backup_that_left_is_replaced, fresh),
		cmocka_unit_test_setup(each_deputy_has_its_round, fresh),
		cmocka_unit_test_setup(a_backup_that_is_cut_off_acts, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_done);
}
