// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/drain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/cluster_fixture.h"

enum { PLACES = 10, RATE = 5 };

static const uint8_t key[16] = "a key of sixteen";
static struct rl_drain drain;
static struct rl_plan plan;
static _Alignas(8) uint8_t memory[4096];

static void init(uint32_t clients, uint32_t rate)
{
	assert_true(rl_drain_size(clients) <= sizeof(memory));
	memset(memory, 0, sizeof(memory));
	rl_drain_init(&drain, memory, clients, rate, key, FIXTURE_NOW - 1000);
}

static int fresh(void **state)
{
	(void)state;
	fixture_new(AMS);
	fixture_change(AMS, 0, 0, true);
	init(PLACES, 1000);
	return 0;
}

static enum rl_drain_why start_at(uint64_t address, uint64_t now, enum rl_family f)
{
	struct rl_score_view v = fixture_view();
	v.now_ms = now;
	fixture_location.address = address;
	return rl_drain_start(&drain, &v, &fixture_location, rl_geo_at(48.85, 2.35), f, &plan);
}

static enum rl_drain_why start(uint64_t address)
{
	return start_at(address, FIXTURE_NOW, RL_FAMILY_4);
}

// The first client whose time is up, within a whole look at the table.
static uint64_t step(uint64_t now)
{
	uint64_t address = 0;
	for (unsigned i = 0; i < 8 && address == 0; i++)
		address = rl_drain_step(&drain, now, &plan);
	return address;
}

static void a_client_that_goes(void **state)
{
	(void)state;
	assert_int_equal(start(7), RL_DRAIN_SENT);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.action[0].kind, RL_ACTION_PUSH);
	assert_int_equal(plan.action[0].family, RL_FAMILY_4);
	assert_int_equal(plan.action[0].count, 2);
	assert_true(plan.action[0].to[0] == NYC && plan.action[0].to[1] == JNB);
	assert_int_equal(plan.backup, NYC);
	assert_true(rl_drain_withholds(&drain, 7));
	assert_false(rl_drain_withholds(&drain, 8));
	assert_int_equal(start(7), RL_DRAIN_KNOWN);
	// Its own claim, and its silence, are no arrival.
	assert_false(rl_drain_arrived(&drain, 7, AMS, AMS));
	assert_false(rl_drain_arrived(&drain, 7, AMS, RL_NOBODY));
	assert_false(rl_drain_arrived(&drain, 8, AMS, NYC));
	assert_int_equal(step(FIXTURE_NOW + RL_DRAIN_ARRIVE_MS - 1), 0);
	assert_true(rl_drain_arrived(&drain, 7, AMS, SIN)); // wherever it liked
	assert_false(rl_drain_withholds(&drain, 7));
	assert_int_equal(drain.count, 0);
	assert_int_equal(drain.arrived, 1);
}

static void a_client_that_does_not(void **state)
{
	uint64_t t = FIXTURE_NOW + RL_DRAIN_ARRIVE_MS;

	(void)state;
	start_at(7, FIXTURE_NOW, RL_FAMILY_6);
	assert_int_equal(step(t), 7);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.action[0].kind, RL_ACTION_NOP);
	assert_int_equal(plan.action[0].family, RL_FAMILY_6);
	assert_false(rl_drain_withholds(&drain, 7)); // answered again
	assert_int_equal(drain.returned, 1);
	assert_int_equal(start_at(7, t + RL_DRAIN_REST_MS - 1, RL_FAMILY_4), RL_DRAIN_KNOWN);
	assert_int_equal(step(t + RL_DRAIN_REST_MS - 1), 0);
	assert_int_equal(step(t + RL_DRAIN_REST_MS), 0); // and it may be tried anew
	assert_int_equal(start_at(7, t + RL_DRAIN_REST_MS, RL_FAMILY_4), RL_DRAIN_SENT);
	// One that arrives while it rests has arrived.
	assert_int_equal(step(t + RL_DRAIN_REST_MS + RL_DRAIN_ARRIVE_MS), 7);
	assert_true(rl_drain_arrived(&drain, 7, AMS, NYC));
	assert_int_equal(drain.count, 0);
}

static void the_pace(void **state)
{
	(void)state;
	init(PLACES, RATE);
	for (uint64_t i = 0; i < RATE; i++)
		assert_int_equal(start(100 + i), RL_DRAIN_SENT);
	assert_int_equal(start(200), RL_DRAIN_PACE);
	assert_int_equal(start_at(200, FIXTURE_NOW + 199, RL_FAMILY_4), RL_DRAIN_PACE);
	assert_int_equal(start_at(200, FIXTURE_NOW + 200, RL_FAMILY_4), RL_DRAIN_SENT);
	// However long nothing happens, one second's worth and no more; and no more than there are
	// places.
	for (uint64_t i = 0; i < PLACES - RATE - 1; i++)
		assert_int_equal(start_at(300 + i, FIXTURE_NOW + 60000, RL_FAMILY_4),
				 RL_DRAIN_SENT);
	assert_int_equal(start_at(400, FIXTURE_NOW + 120000, RL_FAMILY_4), RL_DRAIN_PACE);
	assert_true(rl_drain_arrived(&drain, 100, AMS, NYC));
	assert_int_equal(start_at(400, FIXTURE_NOW + 120000, RL_FAMILY_4), RL_DRAIN_SENT);
}

static void refusals(void **state)
{
	(void)state;
	fixture_location.home = NYC;
	assert_int_equal(start(7), RL_DRAIN_NO_PATH);
	fixture_location.home = AMS;
	fixture_location.gone = true;
	assert_int_equal(start(7), RL_DRAIN_NO_PATH);
	fixture_location.gone = false;
	for (unsigned i = 0; i < 3; i++)
		rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW - 3000 + i * 500);
	assert_int_equal(start(7), RL_DRAIN_SENT);
	rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW);
	assert_int_equal(start(8), RL_DRAIN_GATE);
	fixture_location.pushes = (struct rl_pushes){0};
	for (uint8_t id = 2; id <= SITES; id++)
		fixture_leave(id);
	assert_int_equal(start(8), RL_DRAIN_NO_TARGET);
	assert_int_equal(drain.count, 1);
	assert_int_equal(plan.count, 0);
}

// Against a plain array: gaps in the middle of runs close right.
static void many_come_and_go(void **state)
{
	static bool in[200];
	uint64_t dice = 88172645463325252;

	(void)state;
	init(60, 100000);
	for (unsigned i = 0; i < 20000; i++) {
		dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
		unsigned k = dice % 200;
		if (rl_drain_withholds(&drain, k + 1) != in[k])
			fail_msg("client %u after %u steps", k, i);
		if (in[k])
			in[k] = !rl_drain_arrived(&drain, k + 1, AMS, NYC);
		else
			in[k] = start_at(k + 1, FIXTURE_NOW + i / 10, RL_FAMILY_4) == RL_DRAIN_SENT;
	}
	assert_true(drain.count >= 50 && drain.count <= 60);
}

static void the_welcome(void **state)
{
	static const struct {
		const char *what;
		bool draining, v4, v6;
		enum rl_family by;
		unsigned sent;
		bool welcome;
	} rows[] = {
		{"both families, came by IPv4", true, true, true, RL_FAMILY_4, 1, true},
		{"by IPv6: IPv4's NAT is shut", true, true, true, RL_FAMILY_6, 1, false},
		{"no IPv6", true, true, false, RL_FAMILY_4, 1, false},
		{"not from a drain", false, true, true, RL_FAMILY_4, 1, false},
		{"just within the gate", true, true, true, RL_FAMILY_4, 4, true},
		{"beyond", true, true, true, RL_FAMILY_4, 5, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_new(AMS);
		fixture_change(SIN, 0, 0, rows[i].draining);
		fixture_location.home = SIN;
		fixture_location.v4.family = rows[i].v4 ? 4 : 0;
		fixture_location.v6.family = rows[i].v6 ? 6 : 0;
		for (unsigned k = 0; k < rows[i].sent; k++)
			rl_pushes_note(&fixture_location.pushes, FIXTURE_NOW - 2000 + 200 * k);
		struct rl_score_view v = fixture_view();
		if (rl_drain_welcome(&v, &fixture_location, rows[i].by, &plan) != rows[i].welcome)
			fail_msg("%s", rows[i].what);
		assert_int_equal(plan.count, rows[i].welcome ? 2 : 0);
		for (unsigned k = 0; k < plan.count; k++)
			assert_true(plan.action[k].family == RL_FAMILY_6 &&
				    plan.action[k].to[0] == AMS && plan.action[k].count == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_client_that_goes, fresh),
		cmocka_unit_test_setup(a_client_that_does_not, fresh),
		cmocka_unit_test_setup(the_pace, fresh),
		cmocka_unit_test_setup(refusals, fresh),
		cmocka_unit_test_setup(many_come_and_go, fresh),
		cmocka_unit_test_setup(the_welcome, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_done);
}
