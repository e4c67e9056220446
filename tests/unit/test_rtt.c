// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/rtt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { MAX_AGE = 6 * 3600000 };

static const uint8_t key[16] = "a key of sixteen";
static const uint64_t T = 1800000000000;
static struct rl_rtt table;

static void make(uint32_t figures)
{
	rl_rtt_init(&table, block_new(rl_rtt_size(figures)), figures, MAX_AGE, key);
}

static int fresh(void **state)
{
	(void)state;
	make(256);
	return 0;
}

static void down_fast_and_up_slowly(void **state)
{
	static const struct {
		const char *what;
		uint32_t sample;
		uint16_t after;
		bool tell;
	} rows[] = {
		{"the first", 1000, 1000, true},
		{"the same", 1000, 1000, false},
		{"half as long", 500, 750, true},
		{"again", 500, 625, true},
		{"a slow client", 2225, 725, true},
		{"a little slower", 757, 727, false},
		{"nothing is no sample", 0, 727, false},
		{"longer than there is room", 65536, 727, false},
		{"a small step down", 725, 726, false},
		{"as fast as can be", 1, 364, true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool tell = rl_rtt_learn(&table, 42, 5, rows[i].sample, T + i);
		uint16_t now = rl_rtt_get(&table, 42, 5, T + i);
		if (tell != rows[i].tell || now != rows[i].after)
			fail_msg("%s: %u, told %d", rows[i].what, now, tell);
	}
}

static void figures_never_reach_zero(void **state)
{
	(void)state;
	rl_rtt_learn(&table, 42, 5, 3, T);
	for (unsigned i = 0; i < 20; i++)
		rl_rtt_learn(&table, 42, 5, 1, T);
	assert_int_not_equal(rl_rtt_get(&table, 42, 5, T), RL_RTT_UNKNOWN);
}

static void prefixes_and_members_are_told_apart(void **state)
{
	uint16_t all[RL_MEMBER_IDS] = {[9] = 77};

	(void)state;
	rl_rtt_learn(&table, 42, 5, 100, T);
	rl_rtt_learn(&table, 42, 255, 200, T);
	rl_rtt_learn(&table, 43, 6, 300, T);
	rl_rtt_heard(&table, &(struct rl_rtt_news){42, 7, 400}, T);
	assert_int_equal(rl_rtt_all(&table, 42, T, all), 3);
	assert_true(all[5] == 100 && all[255] == 200 && all[6] == 0 && all[7] == 400 &&
		    all[9] == 77);
	assert_int_equal(rl_rtt_get(&table, 43, 5, T), RL_RTT_UNKNOWN);
	assert_false(rl_rtt_learn(&table, 42, RL_NOBODY, 100, T));
}

static void old_figures_are_not_believed(void **state)
{
	uint16_t all[RL_MEMBER_IDS] = {0};

	(void)state;
	rl_rtt_learn(&table, 42, 5, 100, T);
	assert_int_equal(rl_rtt_get(&table, 42, 5, T + MAX_AGE - 20000), 100);
	assert_int_equal(rl_rtt_get(&table, 42, 5, T + MAX_AGE + 20000), RL_RTT_UNKNOWN);
	assert_int_equal(rl_rtt_all(&table, 42, T + MAX_AGE + 20000, all), 0);
	// And are no start for new ones.
	assert_true(rl_rtt_learn(&table, 42, 5, 900, T + MAX_AGE + 20000));
	assert_int_equal(rl_rtt_get(&table, 42, 5, T + MAX_AGE + 20000), 900);
}

static void a_full_set_forgets_the_oldest(void **state)
{
	(void)state;
	make(1);
	for (unsigned i = 0; i < RL_RTT_WAYS; i++)
		rl_rtt_learn(&table, 42, (uint8_t)(i + 1), 100 + i, T + i * 20000);
	rl_rtt_learn(&table, 42, 1, 100, T + 400000); // heard again
	rl_rtt_learn(&table, 42, 100, 500, T + 420000);
	assert_int_equal(rl_rtt_get(&table, 42, 2, T + 420000), RL_RTT_UNKNOWN);
	assert_int_equal(rl_rtt_get(&table, 42, 1, T + 420000), 100);
	assert_int_equal(rl_rtt_get(&table, 42, 3, T + 420000), 102);
	assert_int_equal(rl_rtt_get(&table, 42, 100, T + 420000), 500);
}

static void on_the_wire(void **state)
{
	struct rl_rtt_news in = {0xff04000000c63364, 9, 1234}, out;
	uint8_t bytes[RL_RTT_NEWS_LEN + 1];
	struct rl_writer w = rl_writer(bytes, sizeof(bytes));

	(void)state;
	rl_rtt_put(&w, &in);
	assert_int_equal(rl_writer_len(&w), RL_RTT_NEWS_LEN);
	for (size_t len = 0; len <= RL_RTT_NEWS_LEN; len++) {
		struct rl_reader r = rl_reader(bytes, len);
		assert_int_equal(rl_rtt_take(&r, &out), len == RL_RTT_NEWS_LEN ? 0 : -EINVAL);
	}
	assert_true(out.prefix == in.prefix && out.member == in.member && out.rtt == in.rtt);
	rl_rtt_put(&w, &in);
	assert_true(w.bad);
	for (unsigned at = 8; at < RL_RTT_NEWS_LEN; at += at == 8 ? 1 : 2) {
		uint8_t copy[RL_RTT_NEWS_LEN];
		memcpy(copy, bytes, sizeof(copy));
		memset(copy + at, 0, at == 8 ? 1 : 2); // member 0, round trip 0
		struct rl_reader r = rl_reader(copy, sizeof(copy));
		assert_int_equal(rl_rtt_take(&r, &out), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(down_fast_and_up_slowly, fresh),
		cmocka_unit_test_setup(figures_never_reach_zero, fresh),
		cmocka_unit_test_setup(prefixes_and_members_are_told_apart, fresh),
		cmocka_unit_test_setup(old_figures_are_not_believed, fresh),
		cmocka_unit_test_setup(a_full_set_forgets_the_oldest, fresh),
		cmocka_unit_test_setup(on_the_wire, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
