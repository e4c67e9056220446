// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/quest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t key[2] = {0x1234, 0x5678}, start = 1700000000000;
enum { X = 0x1111111111, ROOM = 16 };

struct rig {
	struct rl_quests q;
	struct rl_abroad abroad;
	unsigned reached; // siblings
	unsigned asks, tells;
	uint64_t asked;
	struct rl_quest_waiter told[8];
	struct rl_identity id;
};

static unsigned ask(void *ctx, uint64_t address)
{
	struct rig *r = ctx;
	r->asks += r->reached != 0;
	r->asked = address;
	return r->reached;
}

static void answer(void *ctx, const struct rl_quest_waiter *w, const struct rl_identity *id)
{
	struct rig *r = ctx;
	r->told[r->tells++ % 8] = *w;
	r->id = *id;
}

static void *memory(size_t size)
{
	size = (size + 63) / 64 * 64;
	return memset(aligned_alloc(64, size), 0, size);
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct rl_quest_host host = {.ctx = r, .ask = ask, .answer = answer};
	r->reached = 1;
	rl_abroad_init(&r->abroad, memory(rl_abroad_size(64)), 64, key);
	rl_quest_init(&r->q, memory(rl_quest_size(ROOM)), ROOM, key, &r->abroad, &host);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	free(r->abroad.sets);
	free(r->q.at);
	free(r);
	return 0;
}

static struct rl_quest_waiter client(uint64_t n, uint64_t id)
{
	return (struct rl_quest_waiter){.client = n, .id = id, .by = rl_inet4(0x0a000001, 1)};
}

static struct rl_identity identity(uint64_t address)
{
	struct rl_identity id = {.address = address};
	memset(id.public_key, 0x5a, sizeof(id.public_key));
	return id;
}

static enum rl_abroad_state known(const struct rig *r, uint64_t now_ms, unsigned *sibling)
{
	return rl_abroad_find(&r->abroad, X, now_ms, sibling);
}

static void clients_wait_together_and_are_told_once(void **state)
{
	struct rig *r = *state;
	struct rl_identity id = identity(X);
	unsigned sibling;
	for (unsigned i = 0; i < 6; i++) {
		struct rl_quest_waiter w = client(i % 3, i);
		rl_quest_ask(&r->q, X, &w, start + i);
	}
	assert_int_equal(r->asks, 1);
	assert_int_equal(r->asked, X);
	assert_int_equal(known(r, start, &sibling), RL_ABROAD_ASKED);
	rl_quest_found(&r->q, 2, &id, start + 80);
	assert_int_equal(r->tells, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(r->told[i].client, i);
		assert_int_equal(r->told[i].id, 3 + i); // the question it asked last
	}
	assert_true(rl_identity_equal(&r->id, &id));
	assert_int_equal(known(r, start + 80, &sibling), RL_ABROAD_AT);
	assert_int_equal(sibling, 2);
	rl_quest_found(&r->q, 1, &id, start + 90); // a second sibling, or a copy
	assert_int_equal(r->tells, 3);
	assert_int_equal(r->q.open, 0);
}

static void what_was_found_is_kept_for_the_next(void **state)
{
	struct rig *r = *state;
	struct rl_identity id = identity(X);
	struct rl_quest_waiter w = client(1, 1);
	rl_quest_ask(&r->q, X, &w, start);
	rl_quest_found(&r->q, 0, &id, start);
	rl_quest_ask(&r->q, X, &w, start + 59000);
	assert_int_equal(r->asks, 1);
	assert_int_equal(r->tells, 2);
	rl_quest_ask(&r->q, X, &w, start + 61000);
	assert_int_equal(r->asks, 2);
	assert_int_equal(r->tells, 2);
	rl_quest_found(&r->q, 0, &id, start + 61000);
	assert_int_equal(r->tells, 3);
	rl_quest_ask(&r->q, X, NULL, start + 61001); // a worker whose note is old
	assert_int_equal(r->asks, 3);
}

static void unanswered_questions_end(void **state)
{
	struct rig *r = *state;
	struct rl_quest_waiter w = client(1, 1);
	struct rl_identity id = identity(X);
	unsigned sibling;
	uint64_t now = start;
	rl_quest_ask(&r->q, X, &w, now);
	for (; r->q.open != 0 && now < start + 60000; now += 100)
		rl_quest_tick(&r->q, now);
	assert_int_equal(r->asks, RL_QUEST_TRIES);
	assert_in_range(now - start, 1500, 1700);
	assert_int_equal(known(r, now, &sibling), RL_ABROAD_NOBODY);
	rl_quest_found(&r->q, 0, &id, now); // too late
	assert_int_equal(r->tells, 0);
	assert_int_equal(r->q.counters.unasked, 1);
	assert_int_equal(known(r, now, &sibling), RL_ABROAD_NOBODY);
}

static void siblings_out_of_reach_say_nothing_of_anybody(void **state)
{
	struct rig *r = *state;
	unsigned sibling;
	r->reached = 0;
	rl_quest_ask(&r->q, X, NULL, start);
	for (uint64_t now = start; now < start + 3000; now += 100)
		rl_quest_tick(&r->q, now);
	assert_int_equal(r->q.open, 0);
	assert_int_equal(known(r, start + 2500, &sibling), RL_ABROAD_UNKNOWN);
}

static void a_flood_of_questions_is_bounded(void **state)
{
	struct rig *r = *state;
	for (uint64_t i = 0; i < 1000; i++)
		rl_quest_ask(&r->q, 0x2000000000 + i, NULL, start);
	assert_int_equal(r->q.open, ROOM);
	assert_int_equal(r->asks, ROOM);
	assert_int_equal(r->q.counters.full, 1000 - ROOM);
	for (uint64_t now = start; now < start + 3000; now += 100)
		rl_quest_tick(&r->q, now);
	rl_quest_ask(&r->q, X, NULL, start + 3000);
	assert_int_equal(r->q.open, 1);
}

static void one_client_leaves_room_for_others(void **state)
{
	struct rig *r = *state;
	struct rl_quest_waiter w = client(1, 1), other = client(2, 1);
	struct rl_identity id = identity(0x2000000000);
	free(r->q.at);
	r->q.at = memory(rl_quest_size(4096));
	r->q.mask = 4096 / RL_QUEST_WAYS - 1;
	for (uint64_t i = 0; i < 1000; i++)
		rl_quest_ask(&r->q, 0x2000000000 + i, &w, start);
	assert_int_equal(r->q.open, RL_QUEST_EACH);
	assert_int_equal(r->q.counters.over, 1000 - RL_QUEST_EACH);
	rl_quest_ask(&r->q, X, &other, start);
	assert_int_equal(r->q.open, RL_QUEST_EACH + 1);
	rl_quest_found(&r->q, 0, &id, start);
	rl_quest_ask(&r->q, 0x3000000000, &w, start);
	rl_quest_ask(&r->q, 0x3000000001, &w, start);
	assert_int_equal(r->q.open, RL_QUEST_EACH + 1); // one ended, one began
	for (uint64_t now = start; now < start + 3000; now += 100)
		rl_quest_tick(&r->q, now);
	rl_quest_ask(&r->q, 0x3000000002, &w, start + 3000);
	assert_int_equal(r->q.open, 1);
}

static void nobody_can_be_foisted(void **state)
{
	struct rig *r = *state;
	struct rl_identity id = identity(X + 1);
	struct rl_quest_waiter w = client(1, 1);
	unsigned sibling;
	rl_quest_ask(&r->q, X, &w, start);
	rl_quest_found(&r->q, 0, &id, start);
	assert_int_equal(r->tells, 0);
	assert_int_equal(r->q.counters.unasked, 1);
	assert_int_equal(rl_abroad_find(&r->abroad, X + 1, start, &sibling), RL_ABROAD_UNKNOWN);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(clients_wait_together_and_are_told_once),
		T(what_was_found_is_kept_for_the_next),
		T(unanswered_questions_end),
		T(siblings_out_of_reach_say_nothing_of_anybody),
		T(a_flood_of_questions_is_bounded),
		T(one_client_leaves_room_for_others),
		T(nobody_can_be_foisted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
