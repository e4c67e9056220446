// SPDX-License-Identifier: BSD-3-Clause
// A client that two members claim in turn: all agree on the claim that was stamped last, and
// however long it goes on the client is not sent back and forth, nor gets more PUSHes than its
// software takes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/steward_rig.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, CONTESTED = 7 };
enum { LONG = 10 * MINUTE, CHAIN_MS = 30 * SECOND };

static int open_rig(void **state)
{
	(void)state;
	rig_open(1000);
	return 0;
}

// How the client is told to move while it is contested: seldom enough that rescues are never kept
// back, and never away from `best`.
static void expect_calm(const char *what, uint64_t start, uint8_t best)
{
	unsigned n = 0, longest = 0, chain = 0;
	uint64_t last = 0;
	for (unsigned i = 0; i < rig.pushes; i++) {
		if (rig.push[i].client != RIG_CLIENT + CONTESTED || rig.push[i].at < start)
			continue;
		if (!(rig.push[i].named & 1u << best))
			fail_msg("%s: sent away from its best member", what);
		chain = rig.push[i].at - last <= CHAIN_MS ? chain + 1 : 1;
		longest = chain > longest ? chain : longest;
		last = rig.push[i].at;
		n++;
	}
	if (n > 1 + (rig.now - start) / RL_REDIRECT_RETRY_MS)
		fail_msg("%s: %u PUSHes", what, n);
	if (longest > RL_PUSHES_MAX - RL_REDIRECT_RESERVE)
		fail_msg("%s: a chain of %u PUSHes", what, longest);
}

static void expect_agreement(uint8_t home)
{
	struct rl_location first = rig_at(AMS, RIG_CLIENT + CONTESTED);
	if (first.home != home)
		fail_msg("home %u", first.home);
	for (uint8_t m = AMS; m <= RIG_MEMBERS; m++) {
		struct rl_location l = rig_at(m, RIG_CLIENT + CONTESTED);
		assert_true(rl_location_live(&l));
		assert_int_equal(l.home, first.home);
		assert_int_equal(l.stamp_ms, first.stamp_ms);
	}
}

// Its packets reach two members in turn: two NATs, or software of another kind.
static void who_speaks_at_two_is_not_sent_back_and_forth(void **state)
{
	static const struct {
		const char *what;
		uint8_t one, other, best;
		unsigned every_ms;
		double lat, lon;
	} rows[] = {
		{"faster than claims go round", NYC, SIN, AMS, 300, 52.4, 4.9},
		{"a third is better than both", NYC, SIN, AMS, 5000, 52.4, 4.9},
		{"one of them is better by far", AMS, SIN, AMS, 15000, 52.4, 4.9},
		{"one of them is a little better", AMS, NYC, AMS, 1000, 51, -34},
		{"nobody knows where it is", NYC, SIN, AMS, 5000, 0, 0},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rig_close(NULL);
		rig_open(1000);
		rig.place =
			rows[i].lat != 0 ? rl_geo_at(rows[i].lat, rows[i].lon) : (struct rl_geo){0};
		uint64_t start = rig.now;
		for (unsigned n = 0; rig.now - start < LONG; n++) {
			rig_speak(n % 2 ? rows[i].other : rows[i].one, CONTESTED);
			rig_run(rows[i].every_ms);
		}
		expect_calm(rows[i].what, start, rows[i].best);
		rig_speak(rows[i].one, CONTESTED);
		rig_run(SECOND);
		expect_agreement(rows[i].one);
	}
}

// Another member claims it each second, and has never heard it.
static void who_is_claimed_by_a_liar_stays_where_it_speaks(void **state)
{
	(void)state;
	uint64_t start = rig.now;
	for (unsigned n = 0; rig.now - start < LONG; n++) {
		struct rl_location lie = {.address = RIG_CLIENT + CONTESTED,
					  .v4 = rig_addr(CONTESTED)};
		if (n % 15 == 0)
			rig_speak(AMS, CONTESTED);
		rl_sync_claim(&rig.m[SIN].s.sync, &lie, rig.now);
		rig_run(SECOND);
		// It claims anew when it has heard of another claim.
		expect_agreement(n == 0 || n % 15 ? SIN : AMS);
	}
	expect_calm("a liar", start, AMS);
	rig_speak(AMS, CONTESTED);
	rig_run(SECOND);
	expect_agreement(AMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_speaks_at_two_is_not_sent_back_and_forth,
						open_rig, rig_close),
		cmocka_unit_test_setup_teardown(who_is_claimed_by_a_liar_stays_where_it_speaks,
						open_rig, rig_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
