// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/pushes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { S = 1000, START = 5000 * S };

static struct rl_pushes noted(const uint32_t *seconds, unsigned n)
{
	struct rl_pushes p = {0};
	for (unsigned i = 0; i < n; i++)
		rl_pushes_note(&p, START + seconds[i] * S);
	assert_true(rl_pushes_ok(&p));
	return p;
}

static const struct {
	const char *what;
	uint32_t at[8]; // seconds of PUSHes
	unsigned n;
	uint32_t now;
	unsigned chain;
} gates[] = {
	{"never", {0}, 0, 10, 0},
	{"one, at once", {0}, 1, 0, 1},
	{"one, 30 s ago", {0}, 1, 30, 1},
	{"one, 33 s ago", {0}, 1, 33, 0},
	{"two at once", {0, 0}, 2, 1, 2},
	{"a chain of gaps of 30 s", {0, 30, 60, 90}, 4, 120, 4},
	{"a broken one", {0, 33, 60}, 3, 61, 2},
	{"six shut the gate", {0, 1, 2, 3, 4, 5}, 6, 6, 6},
	{"more are no more", {0, 1, 2, 3, 4, 5, 6, 7}, 8, 8, 6},
	{"it opens again", {0, 1, 2, 3, 4, 5}, 6, 38, 0},
	{"six, and one broke the chain since", {0, 1, 2, 3, 4, 5, 60}, 7, 61, 1},
};

static void the_gate_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(gates) / sizeof(*gates); i++) {
		struct rl_pushes p = noted(gates[i].at, gates[i].n);
		unsigned chain = rl_pushes_in_chain(&p, START + gates[i].now * S);
		if (chain != gates[i].chain)
			fail_msg("%s: %u", gates[i].what, chain);
	}
}

static const struct {
	const char *what;
	uint32_t a[6];
	unsigned na;
	uint32_t b[6];
	unsigned nb;
	uint32_t now;
	unsigned chain;
} unions[] = {
	{"nothing and nothing", {0}, 0, {0}, 0, 0, 0},
	{"nothing and one", {0}, 0, {3}, 1, 4, 1},
	{"the same one", {3}, 1, {3}, 1, 4, 1},
	{"one each", {3}, 1, {9}, 1, 10, 2},
	{"interleaved", {0, 10, 20}, 3, {5, 15, 25}, 3, 26, 6},
	{"newest six of eight", {0, 10, 20, 30}, 4, {5, 15, 25, 35}, 4, 36, 6},
	{"too far apart: the later", {0, 1, 2}, 3, {40}, 1, 41, 1},
	{"one knows what joins the other's", {0, 50}, 2, {25}, 1, 51, 2},
};

static void what_is_left(void **state)
{
	const uint64_t t = 1800000000000;
	struct rl_pushes p = {0};

	(void)state;
	assert_int_equal(rl_pushes_left(&p, t, false), RL_PUSHES_MAX);
	assert_int_equal(rl_pushes_left(&p, t, true), RL_PUSHES_PARTED);
	for (unsigned i = 0; i < 3; i++)
		rl_pushes_note(&p, t + 200 * i);
	assert_int_equal(rl_pushes_left(&p, t + 1000, false), RL_PUSHES_MAX - 3);
	assert_int_equal(rl_pushes_left(&p, t + 1000, true), 0);
	// A chain is over after 32 s; half a cluster waits for what the other may have sent in it.
	assert_int_equal(rl_pushes_left(&p, t + 40000, false), RL_PUSHES_MAX);
	assert_int_equal(rl_pushes_left(&p, t + 40000, true), 0);
	assert_int_equal(rl_pushes_left(&p, t + 66000, true), RL_PUSHES_PARTED);
}

static void unions_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(unions) / sizeof(*unions); i++) {
		struct rl_pushes a = noted(unions[i].a, unions[i].na);
		struct rl_pushes b = noted(unions[i].b, unions[i].nb), ab = a, ba = b;
		rl_pushes_merge(&ab, &b);
		rl_pushes_merge(&ba, &a);
		unsigned chain = rl_pushes_in_chain(&ab, START + unions[i].now * S);
		if (!rl_pushes_equal(&ab, &ba) || chain != unions[i].chain)
			fail_msg("%s: %u", unions[i].what, chain);
		assert_true(rl_pushes_ok(&ab));
		assert_false(rl_pushes_merge(&ab, &a));
		assert_false(rl_pushes_merge(&ab, &b));
	}
}

static void time_comes_round(void **state)
{
	(void)state;
	uint64_t round = (uint64_t)RL_PUSH_TICK_MS << RL_PUSH_TICK_BITS;
	struct rl_pushes p = {0};
	rl_pushes_note(&p, round - 1 * S);
	rl_pushes_note(&p, round + 1 * S);
	assert_true(rl_pushes_ok(&p));
	assert_int_equal(rl_pushes_in_chain(&p, round + 2 * S), 2);
	assert_in_range(rl_pushes_age(&p, round + 11 * S), 9800, 10200);
}

static void a_wrong_clock_does_not_shut_the_gate(void **state)
{
	(void)state;
	struct rl_pushes p = {0};
	rl_pushes_note(&p, START + 3600 * S);
	assert_int_equal(rl_pushes_in_chain(&p, START), 0);
	assert_true(rl_pushes_age(&p, START) == UINT64_MAX);
	rl_pushes_note(&p, START);
	assert_int_equal(rl_pushes_in_chain(&p, START), 1);
	rl_pushes_note(&p, START - 1 * S); // a little back: still counted
	assert_int_equal(rl_pushes_in_chain(&p, START), 2);
}

static void what_comes_over_a_wire_is_checked(void **state)
{
	(void)state;
	static const struct {
		struct rl_pushes p;
		bool ok;
	} t[] = {
		{{0}, true},
		{{.last = 1, .count = 1}, true},
		{{.last = 1 << 24, .count = 1}, false},
		{{.last = 1, .count = 2, .gap = {0}}, false},
		{{.last = 1, .count = 2, .gap = {250}}, true},
		{{.last = 1, .count = 2, .gap = {251}}, false},
		{{.last = 1, .count = 6, .gap = {1, 1, 1, 1, 1}}, true},
		{{.last = 1, .count = 7, .gap = {1, 1, 1, 1, 1}}, false},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_int_equal(rl_pushes_ok(&t[i].p), t[i].ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gate_in_a_table),
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(unions_in_a_table),
		cmocka_unit_test(time_comes_round),
		cmocka_unit_test(a_wrong_clock_does_not_shut_the_gate),
		cmocka_unit_test(what_comes_over_a_wire_is_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
