// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/quest_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t key[2] = {0x1234, 0x5678}, start = 1700000000000;
static const struct rl_group_key G = {1, 0xffffffffffff, 7};
enum { ROOM = 16, FIRST = 0x100 };

struct rig {
	struct rl_quest_groups q;
	unsigned reached, asks, tells;
	struct {
		struct rl_quest_waiter who;
		struct rl_group_key group;
		uint32_t total;
		unsigned n;
		uint64_t member[RL_SIBLING_GATHER_MAX];
	} told[16];
};

static unsigned ask(void *ctx, const struct rl_group_key *group)
{
	struct rig *r = ctx;
	(void)group;
	r->asks++;
	return r->reached;
}

static void answer(void *ctx, const struct rl_quest_waiter *w, const struct rl_group_key *group,
		   uint32_t total, const uint64_t *member, unsigned n)
{
	struct rig *r = ctx;
	assert_in_range(n, 1, RL_SIBLING_GATHER_MAX);
	assert_in_range(r->tells, 0, 15);
	r->told[r->tells].who = *w;
	r->told[r->tells].group = *group;
	r->told[r->tells].total = total;
	r->told[r->tells].n = n;
	memcpy(r->told[r->tells++].member, member, n * sizeof(*member));
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	const struct rl_quest_group_host host = {.ctx = r, .ask = ask, .answer = answer};
	size_t size = (rl_quest_group_size(ROOM) + 63) / 64 * 64;
	r->reached = 1;
	rl_quest_group_init(&r->q, memset(aligned_alloc(64, size), 0, size), ROOM, key, &host);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	free(r->q.at);
	free(r);
	return 0;
}

static void asks(struct rig *r, uint64_t client, uint64_t id, uint32_t limit, uint64_t now_ms)
{
	struct rl_quest_waiter w = {.client = client, .id = id};
	rl_quest_group_ask(&r->q, &G, limit, &w, now_ms);
}

// A sibling knows `count` listeners from FIRST + from on.
static void says(struct rig *r, unsigned sibling, unsigned from, unsigned count, uint64_t now_ms)
{
	struct rl_sibling_listeners l = {.group = G, .total = count, .count = (uint16_t)count};
	for (unsigned i = 0; i < count; i++)
		rl_store40(l.member[i], FIRST + from + i);
	rl_quest_group_found(&r->q, sibling, &l, now_ms);
}

static void many_ask_at_once_and_each_is_told(void **state)
{
	struct rig *r = *state;
	for (unsigned i = 0; i < 3; i++)
		asks(r, 1 + i, 10 + i, 50, start);
	asks(r, 2, 99, 50, start + 1);
	assert_int_equal(r->asks, 1);
	says(r, 0, 0, 5, start + 50);
	assert_int_equal(r->tells, 3);
	assert_int_equal(r->told[1].who.id, 99); // its newer question
	assert_int_equal(r->told[0].n, 5);
	assert_int_equal(r->told[0].total, 5);
	assert_int_equal(r->told[0].member[4], FIRST + 4);
	assert_int_equal(r->told[0].group.adi, 7);
	assert_int_equal(r->q.open, 0);
	says(r, 0, 5, 5, start + 51); // a copy
	assert_int_equal(r->tells, 3);
	assert_int_equal(r->q.counters.unasked, 1);
}

static void limits_are_kept_and_nobody_is_told_of_himself(void **state)
{
	struct rig *r = *state;
	asks(r, FIRST, 1, 3, start);
	asks(r, FIRST + 9, 2, 1, start);
	says(r, 0, 0, 5, start + 50);
	assert_int_equal(r->told[0].n, 3);
	assert_int_equal(r->told[0].member[0], FIRST + 1);
	assert_int_equal(r->told[1].n, 1);
	assert_int_equal(r->told[1].member[0], FIRST);
}

static void what_was_found_is_kept_for_a_moment(void **state)
{
	struct rig *r = *state;
	asks(r, 1, 1, 50, start);
	says(r, 0, 0, 2, start);
	asks(r, 2, 2, 50, start + 4900);
	assert_int_equal(r->asks, 1);
	assert_int_equal(r->tells, 2);
	asks(r, 2, 3, 50, start + 5100);
	assert_int_equal(r->asks, 2);
	assert_int_equal(r->tells, 2);
	says(r, 0, 0, 2, start + 5200);
	assert_int_equal(r->tells, 3);
}

static void siblings_add_up(void **state)
{
	struct rig *r = *state;
	r->reached = 2;
	asks(r, 1, 1, 50, start);
	says(r, 1, 0, 2, start + 10);
	says(r, 1, 0, 2, start + 11); // it has had its say
	assert_int_equal(r->q.open, 1);
	asks(r, 2, 2, 50, start + 12); // what has come so far, and then the rest
	says(r, 0, 10, 64, start + 20);
	assert_int_equal(r->q.open, 0);
	assert_int_equal(r->tells, 4);
	assert_int_equal(r->told[2].n, 50);
	assert_int_equal(r->told[2].member[0], FIRST + 10);
	assert_int_equal(r->told[2].total, 66);
}

static void silence_is_remembered_if_somebody_was_asked(void **state)
{
	for (unsigned reached = 0; reached < 2; reached++) {
		struct rig *r = *state;
		unsigned before = r->asks;
		uint64_t now = start + reached * 100000;
		r->reached = reached;
		asks(r, 1, 1, 50, now);
		for (unsigned i = 0; i < 15; i++)
			rl_quest_group_tick(&r->q, now += 100);
		assert_int_equal(r->q.open, 0);
		assert_int_equal(r->asks - before, RL_QUEST_GROUP_TRIES);
		asks(r, 1, 2, 50, now);
		assert_int_equal(r->asks - before, RL_QUEST_GROUP_TRIES + !reached);
		assert_int_equal(r->tells, 0);
		for (unsigned i = 0; i < 15; i++)
			rl_quest_group_tick(&r->q, now += 100);
	}
}

static void a_flood_is_bounded(void **state)
{
	struct rig *r = *state;
	struct rl_quest_waiter w = {.client = 1};
	for (uint32_t i = 0; i < 1000; i++) {
		struct rl_group_key g = {1, 2, i};
		rl_quest_group_ask(&r->q, &g, 1, &w, start);
	}
	assert_int_equal(r->q.open, ROOM);
	assert_int_equal(r->q.counters.full, 1000 - ROOM);
	for (unsigned i = 0; i < 20; i++)
		asks(r, 100 + i, i, 5, start);
	for (unsigned i = 1; i < 20; i++)
		rl_quest_group_tick(&r->q, start + 100 * i);
	for (unsigned i = 0; i < 20; i++)
		asks(r, 100 + i, i, 5, start + 10000);
	says(r, 0, 0, 1, start + 10001);
	assert_int_equal(r->tells, RL_QUEST_GROUP_WAITERS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(many_ask_at_once_and_each_is_told),
		T(limits_are_kept_and_nobody_is_told_of_himself),
		T(what_was_found_is_kept_for_a_moment),
		T(siblings_add_up),
		T(silence_is_remembered_if_somebody_was_asked),
		T(a_flood_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
