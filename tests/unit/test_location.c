// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/entry.h"
#include "root/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 20000 };

static struct rl_random dice;

static int throw_dice(void **state)
{
	(void)state;
	static const uint8_t seed[32] = {4};
	rl_random_init(&dice, seed);
	return 0;
}

static uint32_t below(uint32_t n)
{
	return rl_random_below(&dice, n);
}

static struct rl_inet inet(uint8_t family, uint8_t host)
{
	struct rl_inet a = {.family = family, .port = (uint16_t)(9000 + host)};
	a.ip[0] = family == 4 ? 10 : 0x20;
	a.ip[family == 4 ? 3 : 15] = host;
	return a;
}

// Few values, so that claims meet their equals often.
static struct rl_location any(void)
{
	struct rl_location l = {.address = 7};
	if (below(8) != 0) {
		l.home = (uint8_t)(1 + below(3));
		l.stamp_ms = 1000 + below(4);
		l.backup = (uint8_t)below(3);
		l.gone = below(3) == 0;
		if (below(2))
			l.v4 = inet(4, (uint8_t)below(3));
		if (below(2))
			l.v6 = inet(6, (uint8_t)below(3));
	}
	if (below(3) == 0) {
		rl_pushes_note(&l.pushes, 100000 + below(5) * 1000);
		l.push_port4 = (uint16_t)(below(3) * 11);
		l.push_port6 = (uint16_t)(below(3) * 13);
	}
	if (below(3) == 0)
		l.fingerprint = 1 + below(3);
	return l;
}

static void a_merge_gives_the_same_in_any_order(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		struct rl_location a = any(), b = any(), c = any();
		struct rl_location ab = a, ba = b, ab_c = a, bc = b, a_bc = a;
		rl_location_merge(&ab, &b);
		rl_location_merge(&ba, &a);
		assert_true(rl_location_equal(&ab, &ba));
		rl_location_merge(&ab_c, &b);
		rl_location_merge(&ab_c, &c);
		rl_location_merge(&bc, &c);
		rl_location_merge(&a_bc, &bc);
		assert_true(rl_location_equal(&ab_c, &a_bc));
		assert_int_equal(rl_location_merge(&ab, &b), RL_CHANGE_NONE);
		assert_int_equal(rl_location_merge(&ab, &a), RL_CHANGE_NONE);
	}
}

static void one_of_two_claims_wins_unless_they_are_one(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		struct rl_location a = any(), b = any();
		bool ab = rl_location_beats(&a, &b), ba = rl_location_beats(&b, &a);
		assert_false(ab && ba);
		assert_false(rl_location_beats(&a, &a));
	}
}

static const struct {
	const char *what;
	struct rl_location have, told;
	unsigned change;
	uint8_t home;
} claims[] = {
	{"the first", {0}, {.home = 2, .stamp_ms = 5}, RL_CHANGE_CLAIM | RL_CHANGE_HOME, 2},
	{"a later one",
	 {.home = 1, .stamp_ms = 4},
	 {.home = 2, .stamp_ms = 5},
	 RL_CHANGE_CLAIM | RL_CHANGE_HOME,
	 2},
	{"an earlier one", {.home = 1, .stamp_ms = 6}, {.home = 2, .stamp_ms = 5}, 0, 1},
	{"at once, greater member",
	 {.home = 1, .stamp_ms = 5},
	 {.home = 2, .stamp_ms = 5},
	 RL_CHANGE_CLAIM | RL_CHANGE_HOME,
	 2},
	{"at once, lesser member", {.home = 2, .stamp_ms = 5}, {.home = 1, .stamp_ms = 5}, 0, 2},
	{"its own, again", {.home = 2, .stamp_ms = 5}, {.home = 2, .stamp_ms = 5}, 0, 2},
	{"its own, later",
	 {.home = 2, .stamp_ms = 5},
	 {.home = 2, .stamp_ms = 6},
	 RL_CHANGE_CLAIM,
	 2},
	{"its end",
	 {.home = 2, .stamp_ms = 5},
	 {.home = 2, .stamp_ms = 6, .gone = true},
	 RL_CHANGE_CLAIM | RL_CHANGE_PLACE,
	 2},
	{"its end, late",
	 {.home = 2, .stamp_ms = 7},
	 {.home = 2, .stamp_ms = 6, .gone = true},
	 0,
	 2},
	{"an end does not undo a move",
	 {.home = 3, .stamp_ms = 7},
	 {.home = 2, .stamp_ms = 6, .gone = true},
	 0,
	 3},
	{"another backup",
	 {.home = 2, .stamp_ms = 5, .backup = 1},
	 {.home = 2, .stamp_ms = 6, .backup = 3},
	 RL_CHANGE_CLAIM | RL_CHANGE_PLACE,
	 2},
	{"no claim", {.home = 2, .stamp_ms = 5}, {.stamp_ms = 9}, 0, 2},
	{"an identity", {.home = 2, .stamp_ms = 5}, {.fingerprint = 9}, RL_CHANGE_IDENTITY, 2},
	{"a lesser identity", {.fingerprint = 9}, {.fingerprint = 8}, RL_CHANGE_IDENTITY, 0},
	{"a greater identity", {.fingerprint = 8}, {.fingerprint = 9}, 0, 0},
};

static void claims_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		struct rl_location have = claims[i].have;
		unsigned change = rl_location_merge(&have, &claims[i].told);
		if (change != claims[i].change || have.home != claims[i].home)
			fail_msg("%s: change %u, home %u", claims[i].what, change, have.home);
	}
}

static void a_move_keeps_the_pushes(void **state)
{
	(void)state;
	struct rl_location have = {.address = 1, .home = 1, .stamp_ms = 5};
	rl_pushes_note(&have.pushes, 1000000);
	have.push_port4 = 4444;
	struct rl_location moved = have; // the member it moves to knows of it
	moved.home = 2;
	moved.stamp_ms = 6;
	rl_pushes_note(&moved.pushes, 1005000);
	moved.push_port6 = 6666;
	assert_int_equal(rl_location_merge(&have, &moved),
			 RL_CHANGE_CLAIM | RL_CHANGE_HOME | RL_CHANGE_PUSHES);
	assert_int_equal(rl_pushes_in_chain(&have.pushes, 1006000), 2);
	assert_int_equal(have.push_port4, 4444);
	assert_int_equal(have.push_port6, 6666);
}

static void packing_loses_nothing(void **state)
{
	(void)state;
	static struct rl_entry e;
	struct rl_location out;
	assert_true(rl_entry_read(&e, &out));
	assert_int_equal(out.address, 0);
	for (unsigned n = 0; n < ROUNDS; n++) {
		struct rl_location l = any();
		l.address = rl_random64(&dice) >> 24;
		l.stamp_ms = n % 2 ? RL_STAMP_MAX : rl_random64(&dice) & RL_STAMP_MAX;
		for (uint32_t more = below(9); more > 0; more--)
			rl_pushes_note(&l.pushes, (n + more * below(20)) * 1000);
		uint32_t second = below(1 << 24);
		rl_entry_write(&e, &l, second);
		assert_true(rl_entry_read(&e, &out));
		assert_true(rl_location_equal(&l, &out));
		assert_int_equal(rl_entry_seen(&e), second);
		assert_int_equal(rl_entry_address(&e), l.address);
	}
}

static void a_fingerprint_is_never_zero_and_tells_keys_apart(void **state)
{
	(void)state;
	uint8_t key[64] = {0};
	const uint64_t shared[2] = {1, 2}, other[2] = {1, 3};
	uint64_t first = rl_location_fingerprint(shared, key);
	assert_int_not_equal(first, 0);
	assert_int_equal(first, rl_location_fingerprint(shared, key));
	assert_int_not_equal(first, rl_location_fingerprint(other, key));
	key[63] = 1;
	assert_int_not_equal(first, rl_location_fingerprint(shared, key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_merge_gives_the_same_in_any_order, throw_dice),
		cmocka_unit_test_setup(one_of_two_claims_wins_unless_they_are_one, throw_dice),
		cmocka_unit_test(claims_in_a_table),
		cmocka_unit_test(a_move_keeps_the_pushes),
		cmocka_unit_test_setup(packing_loses_nothing, throw_dice),
		cmocka_unit_test(a_fingerprint_is_never_zero_and_tells_keys_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
