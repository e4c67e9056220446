// SPDX-License-Identifier: BSD-3-Clause
#include "root/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/block.h"

static const uint8_t key[16] = "a key of sixteen";
static struct rl_budget budget;

static bool take(uint64_t prefix, uint32_t now, uint32_t pps, uint32_t cost)
{
	return rl_budget_take(&budget, rl_budget_hash(&budget, prefix), now, pps, cost);
}

static void make(uint32_t cells)
{
	rl_budget_init(&budget, block_new(rl_budget_size(cells)), cells, key);
}

static int fresh(void **state)
{
	(void)state;
	make(64);
	return 0;
}

// How many single packets of this prefix pass at one moment, up to a bound.
static uint32_t passes(uint64_t prefix, uint32_t now, uint32_t pps)
{
	uint32_t n = 0;
	while (n < 10000000 && take(prefix, now, pps, 1))
		n++;
	return n;
}

static void near(uint64_t got, uint64_t want, unsigned percent)
{
	if (got * 100 < want * (100 - percent) || got * 100 > want * (100 + percent))
		fail_msg("%llu packets, not about %llu", (unsigned long long)got,
			 (unsigned long long)want);
}

static void two_seconds_at_once_then_the_rate(void **state)
{
	static const struct {
		uint32_t pps;
		unsigned percent;
	} rows[] = {{1, 0},    {2, 0},      {50, 0},     {200, 0},
		    {5000, 0}, {200000, 0}, {300000, 3}, {470000, 3}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t pps = rows[i].pps, now = 5000;

		make(64);
		near(passes(7, now, pps), 2 * pps, rows[i].percent);
		near(passes(7, now + 1000, pps), pps, rows[i].percent);
		near(passes(7, now + 3000, pps), 2 * pps, rows[i].percent);
		near(passes(7, now + 90000, pps), 2 * pps, rows[i].percent);
	}
}

static void millisecond_steps_add_up(void **state)
{
	uint32_t n = 0, start = 1000;

	(void)state;
	passes(7, start, 3000);
	for (uint32_t t = start + 1; t <= start + 10000; t++)
		n += passes(7, t, 3000);
	near(n, 30000, 1);
}

static void no_rate_is_no_limit(void **state)
{
	struct rl_budget_total total = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		assert_true(take(7, 1, 0, 1000));
		assert_true(rl_budget_total_take(&total, 1, 0, 1000));
	}
}

static void cost_is_taken_whole_or_not(void **state)
{
	(void)state;
	assert_false(take(7, 1, 10, 21));
	assert_true(take(7, 1, 10, 15));
	assert_false(take(7, 1, 10, 6));
	assert_true(take(7, 1, 10, 5));
	assert_false(take(7, 1, 10, 1));
	assert_true(take(7, 101, 10, 1));
	assert_false(take(7, 101, 10, UINT32_MAX));
}

static void absurd_rates_still_pass_packets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_true(take(7, 1, UINT32_MAX, 1));
}

static void one_prefix_does_not_drain_another(void **state)
{
	(void)state;
	passes(7, 1, 100);
	assert_int_equal(passes(8, 1, 100), 200);
}

static void the_clock_may_wrap(void **state)
{
	uint32_t now = UINT32_MAX - 500;

	(void)state;
	assert_int_equal(passes(7, now, 100), 200);
	assert_int_equal(passes(7, now + 100, 100), 10);
	assert_int_equal(passes(7, now + 1100, 100), 100);
	assert_int_equal(passes(7, now + 1100, 100), 0);
}

// However long a drained bucket was left alone, it is usable again a few seconds later.
static void no_pause_locks_anybody_out(void **state)
{
	(void)state;
	for (uint32_t pause = 0; pause < 1800000; pause += 997) {
		uint32_t now = 40000 + pause;

		make(4);
		passes(7, 40000, 10);
		if (!take(7, now, 10, 1))
			assert_true(take(7, now + 4000, 10, 1));
	}
}

static void a_clock_set_back_locks_nobody_out(void **state)
{
	static const uint32_t back[] = {1, 100, 1999, 2000, 3000, 60000, 3600000, 86400000};

	(void)state;
	for (unsigned i = 0; i < sizeof(back) / sizeof(back[0]); i++) {
		uint32_t now = 900000000 - back[i];

		make(4);
		passes(7, 900000000, 10);
		assert_true(take(7, now + 4000, 10, 1));
	}
	// A small step back is no refill.
	make(4);
	passes(7, 900000000, 10);
	assert_false(take(7, 900000000 - 50, 10, 1));
}

// Far more forged prefixes than cells, one packet each.
static void a_flood_of_prefixes_locks_nobody_out_nor_frees_the_greedy(void **state)
{
	const uint64_t honest = 1, greedy = 2;
	uint64_t forged = 1000;
	uint32_t refused = 0, got = 0;

	(void)state;
	make(32);
	for (uint32_t now = 1; now <= 20000; now++) {
		for (unsigned k = 0; k < 5; k++)
			take(forged++, now, 100, 1);
		if (now % 100 == 0)
			refused += !take(honest, now, 100, 1);
		got += passes(greedy, now, 100);
	}
	assert_int_equal(refused, 0);
	// 20 s at 100 and the first two seconds' worth: its cell is the emptiest and stays.
	near(got, 2200, 2);
}

// Cells that were left alone long ago are taken before those in use, whatever their old time says,
// but for the few seconds in nine minutes that cannot be told from now.
static void idle_cells_are_taken_first(void **state)
{
	unsigned pauses = 0, wrong = 0;

	(void)state;
	for (uint32_t pause = 10000; pause < 5000000; pause += 7919) {
		uint32_t now = 40000 + pause;

		make(4);
		for (uint64_t old = 1; old <= 3; old++)
			passes(old, 40000, 100);
		passes(10, now, 100);
		assert_true(take(11, now, 100, 150));
		assert_true(take(12, now, 100, 150));
		wrong += take(10, now, 100, 1); // drained, but given away
		pauses++;
	}
	if (wrong * 100 > pauses)
		fail_msg("%u of %u", wrong, pauses);
}

static void total_is_one_bucket(void **state)
{
	struct rl_budget_total total = {0};
	unsigned n = 0;

	(void)state;
	while (n < 1000 && rl_budget_total_take(&total, 70000, 100, 1))
		n++;
	assert_int_equal(n, 200);
	assert_true(rl_budget_total_take(&total, 70010, 100, 1));
	assert_false(rl_budget_total_take(&total, 70010, 100, 1));
}

static void prefixes_are_told_apart(void **state)
{
	static const struct {
		const char *a, *b;
		bool same_host, same_site;
	} rows[] = {
		{"192.0.2.1/1", "192.0.2.1/2", true, true},
		{"192.0.2.1/1", "192.0.2.2/1", false, true},
		{"192.0.2.255/1", "192.0.3.0/1", false, false},
		{"2001:db8:1:2::1/1", "2001:db8:1:2:ffff::9/7", true, true},
		{"2001:db8:1:2::1/1", "2001:db8:1:3::1/1", false, true},
		{"2001:db8:1:2::1/1", "2001:db8:2:2::1/1", false, false},
		{"1.2.3.4/1", "::102:304/1", false, false},
		{"1.2.3.4/1", "0:0:102:304::/1", false, false},
		{"1.2.3.4/1", "0:100:102:304::/1", false, false},
		{"0.0.0.0/1", "::/1", false, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_inet a, b;

		assert_int_equal(rl_inet_parse(&a, rows[i].a), 0);
		assert_int_equal(rl_inet_parse(&b, rows[i].b), 0);
		if ((rl_prefix(&a, RL_PREFIX_HOST) == rl_prefix(&b, RL_PREFIX_HOST)) !=
			    rows[i].same_host ||
		    (rl_prefix(&a, RL_PREFIX_SITE) == rl_prefix(&b, RL_PREFIX_SITE)) !=
			    rows[i].same_site)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void memory_is_whole_sets(void **state)
{
	(void)state;
	assert_int_equal(rl_budget_size(1), 4 * sizeof(struct rl_budget_cell));
	assert_int_equal(rl_budget_size(4), 4 * sizeof(struct rl_budget_cell));
	assert_int_equal(rl_budget_size(5), 8 * sizeof(struct rl_budget_cell));
	assert_int_equal(rl_budget_size(16384), 16384 * sizeof(struct rl_budget_cell));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_seconds_at_once_then_the_rate, fresh),
		cmocka_unit_test_setup(millisecond_steps_add_up, fresh),
		cmocka_unit_test_setup(no_rate_is_no_limit, fresh),
		cmocka_unit_test_setup(cost_is_taken_whole_or_not, fresh),
		cmocka_unit_test_setup(absurd_rates_still_pass_packets, fresh),
		cmocka_unit_test_setup(one_prefix_does_not_drain_another, fresh),
		cmocka_unit_test_setup(the_clock_may_wrap, fresh),
		cmocka_unit_test_setup(no_pause_locks_anybody_out, fresh),
		cmocka_unit_test_setup(a_clock_set_back_locks_nobody_out, fresh),
		cmocka_unit_test_setup(a_flood_of_prefixes_locks_nobody_out_nor_frees_the_greedy,
				       fresh),
		cmocka_unit_test_setup(idle_cells_are_taken_first, fresh),
		cmocka_unit_test_setup(total_is_one_bucket, fresh),
		cmocka_unit_test(prefixes_are_told_apart),
		cmocka_unit_test(memory_is_whole_sets),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
