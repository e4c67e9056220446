// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/front.h"
#include "root/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#define ROOT UINT64_C(0xaabbccddee)
#define NOW  UINT64_C(1700000000000000)

static struct rl_front a, b;
static uint8_t ping[RL_FRONT_LEN], pong[RL_FRONT_LEN], none[RL_FRONT_LEN];
static uint8_t from;

static int pair(void **state)
{
	static const uint8_t key[32] = "of one cluster";
	(void)state;
	rl_front_init(&a, key, ROOT, 1);
	rl_front_init(&b, key, ROOT, 2);
	rl_front_ping(&a, 2, 77, NOW, ping);
	return 0;
}

static void a_ping_is_answered_and_measures_the_way(void **state)
{
	(void)state;
	assert_true(rl_front_looks(ping, sizeof(ping), ROOT));
	assert_int_equal(rl_front_take(&b, ping, sizeof(ping), NOW + 20000, &from, pong),
			 RL_FRONT_PING);
	assert_int_equal(from, 1);
	assert_int_equal(rl_front_take(&a, pong, sizeof(pong), NOW + 41000, &from, none),
			 RL_FRONT_PONG);
	assert_int_equal(from, 2);
	assert_int_equal(a.member[2].rtt_us, 41000);
	assert_int_equal(a.member[2].heard_us, NOW + 41000);
	assert_int_equal(b.member[1].rtt_us, 0); // an answer has shown nothing to it yet
	assert_int_equal(a.refused + b.refused, 0);
}

static void clocks_may_differ_a_little(void **state)
{
	(void)state;
	assert_int_equal(rl_front_take(&b, ping, sizeof(ping), NOW - 9000000, &from, pong),
			 RL_FRONT_PING);
	assert_int_equal(rl_front_take(&a, pong, sizeof(pong), NOW + 30000, &from, none),
			 RL_FRONT_PONG);
	assert_int_equal(a.member[2].rtt_us, 30000); // by its own clock alone
	pair(NULL);
	assert_int_equal(rl_front_take(&b, ping, sizeof(ping), NOW + 11000000, &from, pong),
			 RL_FRONT_NOT_OURS);
}

static void nothing_is_taken_twice(void **state)
{
	(void)state;
	rl_front_take(&b, ping, sizeof(ping), NOW, &from, pong);
	assert_int_equal(rl_front_take(&b, ping, sizeof(ping), NOW + 1, &from, none),
			 RL_FRONT_NOT_OURS);
	assert_int_equal(rl_front_take(&a, pong, sizeof(pong), NOW + 2, &from, none),
			 RL_FRONT_PONG);
	assert_int_equal(rl_front_take(&a, pong, sizeof(pong), NOW + 3, &from, none),
			 RL_FRONT_NOT_OURS);
	// A later PING makes the answer to the earlier one worthless.
	rl_front_ping(&a, 2, 78, NOW + 10, ping);
	rl_front_take(&b, ping, sizeof(ping), NOW + 11, &from, pong);
	rl_front_ping(&a, 2, 79, NOW + 12, ping);
	assert_int_equal(rl_front_take(&a, pong, sizeof(pong), NOW + 13, &from, none),
			 RL_FRONT_NOT_OURS);
}

static void every_byte_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < RL_FRONT_LEN; i++) {
		uint8_t bad[RL_FRONT_LEN];
		memcpy(bad, ping, sizeof(bad));
		bad[i] ^= 1;
		assert_int_equal(rl_front_take(&b, bad, sizeof(bad), NOW, &from, pong),
				 RL_FRONT_NOT_OURS);
	}
	for (size_t len = 0; len < RL_FRONT_LEN; len++)
		assert_int_equal(rl_front_take(&b, ping, len, NOW, &from, pong), RL_FRONT_NOT_OURS);
	assert_int_equal(b.refused, 2 * RL_FRONT_LEN);
	assert_int_equal(rl_front_take(&b, ping, sizeof(ping), NOW, &from, pong), RL_FRONT_PING);
}

static void others_are_turned_away(void **state)
{
	static const uint8_t other_key[32] = "of another";
	struct rl_front c;
	uint8_t out[RL_FRONT_LEN];
	(void)state;
	rl_front_init(&c, other_key, ROOT, 1);
	rl_front_ping(&c, 2, 1, NOW, out);
	assert_int_equal(rl_front_take(&b, out, sizeof(out), NOW, &from, pong), RL_FRONT_NOT_OURS);
	rl_front_ping(&a, 3, 1, NOW, out); // meant for another member
	assert_int_equal(rl_front_take(&b, out, sizeof(out), NOW, &from, pong), RL_FRONT_NOT_OURS);
	rl_front_ping(&a, 1, 1, NOW, out); // its own, sent back
	assert_int_equal(rl_front_take(&a, out, sizeof(out), NOW, &from, pong), RL_FRONT_NOT_OURS);
	rl_store40(ping + ZT_AT_FROM, 0x1234567890);
	assert_false(rl_front_looks(ping, sizeof(ping), ROOT));
}

// Each PING is answered or lost; the newest may still be under way.
static void losses_are_those_of_the_last_pings(void **state)
{
	(void)state;
	rl_front_init(&a, (const uint8_t[32]){1}, ROOT, 1);
	rl_front_init(&b, (const uint8_t[32]){1}, ROOT, 2);
	assert_int_equal(rl_front_loss(&a, 2), -1);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t now = NOW + i * 5000000;
		rl_front_ping(&a, 2, i, now, ping);
		if (i == 0)
			assert_int_equal(rl_front_loss(&a, 2), -1);
		if (i == 1)
			assert_int_equal(rl_front_loss(&a, 2), 100);
		if (i % 4 == 0 && i < 64)
			continue;
		assert_int_equal(rl_front_take(&b, ping, sizeof(ping), now + 1, &from, pong),
				 RL_FRONT_PING);
		assert_int_equal(rl_front_take(&a, pong, sizeof(pong), now + 2, &from, none),
				 RL_FRONT_PONG);
		if (i == 3 || i == 63)
			assert_int_equal(rl_front_loss(&a, 2), 25);
	}
	assert_int_equal(rl_front_loss(&a, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_ping_is_answered_and_measures_the_way, pair),
		cmocka_unit_test_setup(clocks_may_differ_a_little, pair),
		cmocka_unit_test_setup(nothing_is_taken_twice, pair),
		cmocka_unit_test_setup(every_byte_counts, pair),
		cmocka_unit_test_setup(others_are_turned_away, pair),
		cmocka_unit_test(losses_are_those_of_the_last_pings),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
