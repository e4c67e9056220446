// SPDX-License-Identifier: BSD-3-Clause
#include "root/peer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rl_peer hot;
static struct rl_peer_cold cold;

static int fresh(void **state)
{
	(void)state;
	memset((void *)&hot, 0, sizeof(hot));
	memset((void *)&cold, 0, sizeof(cold));
	hot.best = RL_PATH_NONE;
	return 0;
}

static struct rl_path path(uint8_t family, uint8_t host, uint16_t port, uint16_t via)
{
	struct rl_path p = {.addr = {.family = family, .port = port}, .via = via};
	p.addr.ip[0] = family == 4 ? 10 : 0x20;
	p.addr.ip[family == 4 ? 3 : 15] = host;
	return p;
}

static void learn(struct rl_path p, uint32_t tick, bool moves)
{
	assert_int_equal(rl_peer_path_learn(&hot, &cold, &p, tick), moves);
}

static void expect_best(struct rl_path want)
{
	struct rl_path got;
	uint32_t heard;
	assert_true(hot.best < RL_PATH_V6B);
	assert_true(rl_peer_path_get(&hot, &cold, hot.best, &got, &heard));
	assert_true(rl_inet_equal(&got.addr, &want.addr));
	assert_int_equal(got.via, want.via);
}

static void nothing_at_first(void **state)
{
	(void)state;
	struct rl_path p;
	uint32_t heard;
	for (unsigned i = 0; i <= RL_PATHS; i++)
		assert_false(rl_peer_path_get(&hot, &cold, i, &p, &heard));
	assert_false(rl_peer_path_family(&hot, &cold, 4, 1, 1000, &p));
	struct rl_path want = path(4, 1, 1, 1);
	assert_int_equal(rl_peer_path_find(&hot, &cold, &want.addr), RL_PATH_NONE);
}

static void two_of_each_family_are_kept_and_the_last_proven_is_best(void **state)
{
	(void)state;
	struct rl_path all[] = {path(4, 1, 9993, 7), path(4, 1, 4444, 7), path(6, 1, 9993, 8),
				path(6, 2, 9993, 9)};
	for (unsigned i = 0; i < 4; i++) {
		learn(all[i], 100 + i, true);
		expect_best(all[i]);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_not_equal(rl_peer_path_find(&hot, &cold, &all[i].addr), RL_PATH_NONE);
	learn(all[3], 200, false); // the same again: nothing moves
	learn(all[2], 201, true);  // back from the cold part
	expect_best(all[2]);
	assert_int_not_equal(rl_peer_path_find(&hot, &cold, &all[3].addr), RL_PATH_NONE);
}

static void the_longest_silent_makes_room(void **state)
{
	(void)state;
	for (unsigned family = 4; family <= 6; family += 2) {
		struct rl_path a = path((uint8_t)family, 1, 1, 1),
			       b = path((uint8_t)family, 2, 1, 1),
			       c = path((uint8_t)family, 3, 1, 1);
		learn(a, 1000, true);
		learn(b, 1001, true);
		rl_peer_path_refresh(&hot, &cold, rl_peer_path_find(&hot, &cold, &a.addr), 2000);
		learn(c, 2001, true);
		assert_int_equal(rl_peer_path_find(&hot, &cold, &b.addr), RL_PATH_NONE);
		assert_int_not_equal(rl_peer_path_find(&hot, &cold, &a.addr), RL_PATH_NONE);
		expect_best(c);
	}
}

static void another_port_of_one_address_is_another_path(void **state)
{
	(void)state;
	learn(path(6, 1, 1, 1), 10, true);
	learn(path(6, 1, 2, 1), 11, true);
	learn(path(6, 1, 3, 1), 12, true);
	expect_best(path(6, 1, 3, 1));
}

static void family_path_is_the_one_heard_last_within_the_timeout(void **state)
{
	(void)state;
	struct rl_path got, a = path(4, 1, 1, 1), b = path(4, 2, 1, 2);
	learn(a, 1000, true);
	learn(b, 1100, true);
	assert_true(rl_peer_path_family(&hot, &cold, 4, 1100, 60000, &got));
	assert_true(rl_inet_equal(&got.addr, &b.addr));
	rl_peer_path_refresh(&hot, &cold, rl_peer_path_find(&hot, &cold, &a.addr), 1200);
	assert_true(rl_peer_path_family(&hot, &cold, 4, 1200, 60000, &got));
	assert_true(rl_inet_equal(&got.addr, &a.addr));
	assert_false(rl_peer_path_family(&hot, &cold, 4, 1200 + 60000 / 64 + 1, 60000, &got));
	assert_false(rl_peer_path_family(&hot, &cold, 6, 1200, 60000, &got));
}

static void ages_survive_the_wrap_of_the_tick(void **state)
{
	(void)state;
	assert_int_equal(rl_tick_age(5, UINT32_MAX - 4), 10 << 6);
	assert_int_equal(rl_tick_age(5, 6), 0); // a moment ahead, as between threads
	assert_int_equal(rl_tick_of(0), 1);     // 0 means never
}

static void budgets_are_per_second_and_per_minute(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_true(rl_peer_allow(&cold, 5000 + i, 3));
	assert_false(rl_peer_allow(&cold, 5999, 3));
	assert_true(rl_peer_allow(&cold, 6000, 3));
	assert_true(rl_peer_allow(&cold, 6000, 0)); // no limit
	assert_true(rl_peer_allow_like(&cold, 60000, 1));
	assert_false(rl_peer_allow_like(&cold, 119999, 1));
	assert_true(rl_peer_allow_like(&cold, 120000, 1));
}

// Two IPv6 paths whose address, port and way all carry the same number: a mixture shows.
static void *writer(void *arg)
{
	_Atomic bool *stop = arg;
	for (uint32_t n = 1; !*stop; n = n % 250 + 1) {
		struct rl_path p = {.addr = {.family = 6, .port = (uint16_t)n}, .via = (uint16_t)n};
		memset(p.addr.ip, (int)n, 16);
		rl_peer_path_learn(&hot, &cold, &p, n + 1);
		for (unsigned i = 0; i < 200; i++) // readers get a chance, as in life
			__builtin_ia32_pause();
	}
	return NULL;
}

static void no_reader_sees_half_a_path(void **state)
{
	(void)state;
	_Atomic bool stop = false;
	pthread_t t[2];
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, writer, &stop), 0);
	unsigned torn = 0, seen = 0;
	// Until enough was read between writes, however late the writers start.
	for (unsigned i = 0; seen < 20000; i++) {
		struct rl_path got;
		uint32_t heard;
		if (!rl_peer_path_get(&hot, &cold, RL_PATH_V6A + i % 2, &got, &heard))
			continue;
		seen++;
		torn += got.addr.ip[0] != got.addr.ip[15] || got.addr.ip[0] != got.addr.ip[8] ||
			got.addr.ip[0] != got.addr.port || got.via != got.addr.port;
	}
	stop = true;
	for (unsigned i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(torn, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_at_first, fresh),
		cmocka_unit_test_setup(two_of_each_family_are_kept_and_the_last_proven_is_best,
				       fresh),
		cmocka_unit_test_setup(the_longest_silent_makes_room, fresh),
		cmocka_unit_test_setup(another_port_of_one_address_is_another_path, fresh),
		cmocka_unit_test_setup(family_path_is_the_one_heard_last_within_the_timeout, fresh),
		cmocka_unit_test_setup(ages_survive_the_wrap_of_the_tick, fresh),
		cmocka_unit_test_setup(budgets_are_per_second_and_per_minute, fresh),
		cmocka_unit_test_setup(no_reader_sees_half_a_path, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
