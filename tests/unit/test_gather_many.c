// SPDX-License-Identifier: BSD-3-Clause
// Eight members with real groups and a backplane that loses: who GATHERs at one of them gets
// listeners of all, once.
#include "cluster/steward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

enum { MEMBERS = 8, QUEUE = 4096, GROUP_MEMBERS = 4000, ASKER = 0x99 };

struct batch {
	uint8_t from, to;
	uint64_t due_ms;
	size_t len;
	uint8_t *bytes;
};

struct member {
	struct cluster *c;
	struct rl_steward s;
	struct rl_groups groups;
	struct rl_random dice;
	void *mem, *group_mem;
	bool up;
	bool full; // its link takes nothing
	unsigned batches[RL_BATCH_KINDS_END];
	// The last answer.
	unsigned answers;
	uint64_t answered_ms;
	uint32_t total;
	unsigned n;
	uint64_t address[RL_GATHER_MAX];
};

struct cluster {
	uint64_t now;
	uint32_t lose;     // of 100 batches
	uint8_t lose_kind; // every one; 0: none
	struct rl_random dice;
	struct member m[MEMBERS]; // number i + 1
	uint8_t public[MEMBERS][RL_SEAL_PUBLIC], secret[MEMBERS][RL_SEAL_SECRET], key[RL_SEAL_KEY];
	unsigned queued;
	struct batch queue[QUEUE];
};

static unsigned no_paths(void *ctx, uint64_t client, struct rl_steward_path out[RL_STEWARD_PATHS])
{
	(void)ctx;
	(void)client;
	(void)out;
	return 0;
}

static bool host_send(void *ctx, uint8_t to, const uint8_t *bytes, size_t len)
{
	struct member *m = ctx;
	struct cluster *c = m->c;
	uint8_t kind = bytes[RL_BATCH_AT_KIND];
	if (m->full)
		return false;
	m->batches[kind]++;
	if (kind == c->lose_kind || rl_random_below(&c->dice, 100) < c->lose)
		return true;
	assert_true(c->queued < QUEUE);
	struct batch *b = &c->queue[c->queued++];
	*b = (struct batch){m->s.config.own.id, to, c->now + 60, len, malloc(len)};
	memcpy(b->bytes, bytes, len);
	return true;
}

static unsigned host_gather(void *ctx, const struct rl_group_key *group, uint64_t but, unsigned max,
			    uint64_t *out, uint32_t *total)
{
	struct member *m = ctx;
	return rl_group_gather(&m->groups, group, but, max, m->c->now, &m->dice, out, total);
}

static uint64_t host_group_sets(void *ctx)
{
	struct member *m = ctx;
	return rl_group_sets(&m->groups);
}

static unsigned host_groups(void *ctx, uint64_t set, struct rl_group_key out[RL_GROUP_WAYS])
{
	struct member *m = ctx;
	return rl_group_list(&m->groups, set, out);
}

static int host_gathered(void *ctx, const struct rl_gather_asker *who,
			 const struct rl_group_key *group, uint32_t total, const uint64_t *address,
			 unsigned n)
{
	struct member *m = ctx;
	assert_int_equal(group->network, 7);
	assert_true(n <= who->limit);
	m->answers++;
	m->answered_ms = m->c->now;
	m->total = total;
	m->n = n;
	memcpy(m->address, address, n * sizeof(*address));
	return 0;
}

static void start_member(struct cluster *c, unsigned i)
{
	struct member *m = &c->m[i];
	const struct rl_steward_host host = {.ctx = m,
					     .paths = no_paths,
					     .send = host_send,
					     .gather = host_gather,
					     .group_sets = host_group_sets,
					     .groups = host_groups,
					     .gathered = host_gathered};
	struct rl_steward_config o = rl_steward_config_default;
	uint64_t dice[8];
	randombytes_buf(dice, sizeof(dice));
	o.sync = rl_sync_config_default;
	o.sync.dirty_max = o.sync.history_max = o.sync.history_batches = 16;
	o.own = (struct rl_member_news){.id = (uint8_t)(i + 1), .run = (uint32_t)(c->now / 1000)};
	o.root = 0xaaaaaaaaaa;
	o.cluster = 7;
	o.directory_max = o.warm_max = o.rtt_max = o.timers_max = o.drain_max = 16;
	o.audience_max = 10000;
	o.gather.questions = 64;
	o.gather.askers = 256;
	o.epoch = c->now;
	memcpy(o.key, c->key, RL_SEAL_KEY);
	memcpy(o.secret, c->secret[i], RL_SEAL_SECRET);
	size_t size = (rl_steward_size(&o) + 63) / 64 * 64;
	free(m->mem);
	m->mem = aligned_alloc(64, size);
	memset(m->mem, 0, size);
	m->c = c;
	m->up = true;
	rl_steward_init(&m->s, &o, &host, m->mem, dice, c->now);
	for (unsigned k = 0; k < MEMBERS; k++)
		rl_steward_member(&m->s, (uint8_t)(k + 1), c->public[k]);
	size = (rl_groups_size(GROUP_MEMBERS) + 63) / 64 * 64;
	free(m->group_mem);
	m->group_mem = aligned_alloc(64, size);
	memset(m->group_mem, 0, size);
	rl_groups_init(&m->groups, m->group_mem, GROUP_MEMBERS, 600000, (const uint8_t *)dice);
	rl_random_init(&m->dice, (const uint8_t *)dice);
}

static void deliver(struct cluster *c)
{
	unsigned kept = 0, n = c->queued;
	for (unsigned i = 0; i < n; i++) {
		struct batch b = c->queue[i];
		if (b.due_ms > c->now) {
			c->queue[kept++] = b;
			continue;
		}
		for (unsigned k = 0; k < MEMBERS; k++) {
			if (!c->m[k].up || k + 1u == b.from || (b.to != RL_NOBODY && b.to != k + 1))
				continue;
			uint8_t *copy = malloc(b.len);
			memcpy(copy, b.bytes, b.len);
			rl_steward_batch(&c->m[k].s, copy, b.len, c->now);
			free(copy);
		}
		free(b.bytes);
	}
	memmove(&c->queue[kept], &c->queue[n], (c->queued - n) * sizeof(c->queue[0]));
	c->queued -= n - kept;
}

static void run_by(struct cluster *c, uint64_t ms, unsigned step_ms)
{
	for (uint64_t end = c->now + ms; c->now < end; c->now += step_ms) {
		for (unsigned k = 0; k < MEMBERS; k++)
			if (c->m[k].up)
				rl_steward_tick(&c->m[k].s, c->now);
		deliver(c);
	}
}

static void run(struct cluster *c, uint64_t ms)
{
	run_by(c, ms, RL_STEWARD_TURN_MS);
}

static struct rl_group_key group(uint32_t n)
{
	return (struct rl_group_key){7, 0xffffffffffff, n};
}

// A client of member m listens to a group; its root reports the group if it is new.
static void like(struct cluster *c, unsigned m, uint32_t n, uint64_t client)
{
	struct rl_group_key k = group(n);
	bool first = false;
	rl_group_like(&c->m[m].groups, &k, client, c->now, &first);
	if (first)
		rl_steward_new_groups(&c->m[m].s, &k, 1, c->now);
}

static bool elsewhere(struct cluster *c, unsigned m, uint32_t n)
{
	const struct rl_audience *a = &c->m[m].s.audience;
	struct rl_group_key k = group(n);
	return rl_audience_elsewhere(a, rl_audience_hash(a, &k));
}

static void ask(struct cluster *c, unsigned m, uint32_t n, uint16_t limit)
{
	struct rl_group_key k = group(n);
	struct rl_gather_asker who = {ASKER, 5, rl_inet4(0x0a000001, 9993), limit};
	c->m[m].answers = 0;
	rl_steward_gather(&c->m[m].s, &who, &k, c->now);
}

static int open_cluster(void **state)
{
	struct cluster *c = calloc(1, sizeof(*c));
	static const uint8_t seed[32] = "losses";
	assert_true(sodium_init() >= 0);
	c->now = 1700000000000;
	rl_random_init(&c->dice, seed);
	rl_seal_new_key(c->key);
	for (unsigned i = 0; i < MEMBERS; i++)
		rl_seal_new_member(c->public[i], c -> secret[i]);
	for (unsigned i = 0; i < MEMBERS; i++)
		start_member(c, i);
	run(c, 8000);
	*state = c;
	return 0;
}

static int close_cluster(void **state)
{
	struct cluster *c = *state;
	for (unsigned i = 0; i < MEMBERS; i++) {
		rl_steward_wipe(&c->m[i].s);
		free(c->m[i].mem);
		free(c->m[i].group_mem);
	}
	for (unsigned i = 0; i < c->queued; i++)
		free(c->queue[i].bytes);
	free(c);
	return 0;
}

static void members_learn_each_others_groups(void **state)
{
	struct cluster *c = *state;
	for (unsigned m = 0; m < MEMBERS; m++)
		assert_int_equal(c->m[m].s.audience.mode, RL_AUDIENCE_KNOWN);
	like(c, 3, 1, 0x301);
	run(c, 400);
	for (unsigned m = 0; m < MEMBERS; m++) {
		assert_int_equal(elsewhere(c, m, 1), m != 3);
		assert_false(elsewhere(c, m, 2));
	}
	// It stays known as long as somebody listens, and not for ever.
	for (unsigned minute = 0; minute < 12; minute++) {
		like(c, 3, 1, 0x301);
		run_by(c, 60000, 300);
		assert_true(elsewhere(c, 0, 1));
	}
	run_by(c, 600000 + 8000, 300);
	rl_group_expire(&c->m[3].groups, c->now, UINT32_MAX);
	run_by(c, 2 * RL_AUDIENCE_LEASE_MS + RL_AUDIENCE_SWEEP_MS + 10000, 300);
	assert_false(elsewhere(c, 0, 1));
	assert_int_equal(c->m[0].s.audience.count, 0);
}

static void one_answer_with_listeners_of_all(void **state)
{
	struct cluster *c = *state;
	for (unsigned m = 0; m < MEMBERS; m += 2)
		for (unsigned i = 0; i < 5; i++)
			like(c, m, 1, m * 0x100 + i + 1);
	like(c, 2, 1, 0x401); // a client of member 4 that has moved to 2
	run(c, 500);
	ask(c, 0, 1, 100);
	run(c, 100);
	assert_int_equal(c->m[0].answers, 0);
	uint64_t began = c->now - 100;
	run(c, 1000);
	assert_int_equal(c->m[0].answers, 1);
	assert_in_range(c->m[0].answered_ms - began, 120, 200); // a turn and a round trip
	assert_int_equal(c->m[0].n, 20);
	assert_int_equal(c->m[0].total, 20);
	// Only those were asked that have the group, each once.
	unsigned replied = 0;
	for (unsigned m = 0; m < MEMBERS; m++) {
		replied += c->m[m].batches[RL_BATCH_GATHER_REPLY];
		assert_true(m % 2 == 0 || c->m[m].batches[RL_BATCH_GATHER_REPLY] == 0);
	}
	assert_int_equal(replied, 3);
	ask(c, 0, 1, 7);
	assert_int_equal(c->m[0].answers, 1); // at once, as it was asked just now
	assert_int_equal(c->m[0].n, 7);
	assert_int_equal(c->m[0].total, 20);
}

// The answer does not wait for a member that died, nor for one whose word is lost, beyond 500 ms.
static void silence_of_one(void **state)
{
	struct cluster *c = *state;
	for (unsigned m = 0; m < MEMBERS; m++)
		like(c, m, 1, 0x100 + m);
	run(c, 500);
	c->m[7].up = false;
	ask(c, 0, 1, 100);
	uint64_t began = c->now;
	run(c, 1000);
	assert_int_equal(c->m[0].answers, 1);
	assert_in_range(c->m[0].answered_ms - began, 500, 540);
	assert_int_equal(c->m[0].n, 7);
	run(c, 10000); // its death is known
	ask(c, 0, 1, 100);
	began = c->now;
	run(c, 1000);
	assert_in_range(c->m[0].answered_ms - began, 120, 200);
	assert_int_equal(c->m[0].n, 7);
	c->lose_kind = RL_BATCH_GATHER_ASK;
	run(c, 6000);
	ask(c, 0, 1, 100);
	run(c, 1000);
	assert_int_equal(c->m[0].n, 1);
	assert_int_equal(c->m[0].answers, 1);
}

// A lost SUBSCRIBE denies nothing: its sender is asked for any group until it has told all again.
static void a_lost_batch_is_noticed(void **state)
{
	struct cluster *c = *state;
	c->lose_kind = RL_BATCH_SUBSCRIBE;
	like(c, 3, 1, 0x301);
	run(c, 400);
	c->lose_kind = 0;
	assert_false(elsewhere(c, 0, 1)); // not yet
	run(c, 1000);
	assert_true(elsewhere(c, 0, 1));
	assert_true(elsewhere(c, 0, 3)); // any
	ask(c, 0, 1, 10);
	run(c, 1000);
	assert_int_equal(c->m[0].n, 1);
	assert_int_equal(c->m[0].s.audience.gaps, 1);
	run(c, 6000);
	assert_true(elsewhere(c, 0, 1));
	assert_false(elsewhere(c, 0, 3));
}

// What the link does not take, the next round tells soon.
static void a_link_that_does_not_keep_up(void **state)
{
	struct cluster *c = *state;
	c->m[3].full = true;
	like(c, 3, 1, 0x301);
	run(c, 400);
	c->m[3].full = false;
	run(c, 6000);
	assert_true(elsewhere(c, 0, 1));
	assert_false(elsewhere(c, 0, 3));
}

// A member that starts anew knows of no groups, and is told all of them soon.
static void a_member_that_starts_anew(void **state)
{
	struct cluster *c = *state;
	for (unsigned m = 1; m < MEMBERS; m++)
		for (unsigned i = 0; i < 300; i++)
			like(c, m, 1 + i, m * 0x1000 + i);
	run(c, 20000);
	start_member(c, 0);
	run(c, 2000);
	ask(c, 0, 7, 100);
	run(c, 1000);
	assert_int_equal(c->m[0].n, MEMBERS - 1);
	run(c, 8000);
	assert_int_equal(c->m[0].s.audience.mode, RL_AUDIENCE_KNOWN);
	assert_true(elsewhere(c, 0, 7));
	assert_false(elsewhere(c, 0, 5000));
	assert_int_equal(c->m[0].s.audience.count, 300);
	// And the others know that it has nothing now.
	assert_int_equal(c->m[1].s.audience.mode, RL_AUDIENCE_KNOWN);
}

static void groups_that_were_missed_are_told_soon(void **state)
{
	struct cluster *c = *state;
	struct rl_group_key k = group(1);
	rl_group_like(&c->m[3].groups, &k, 0x301, c->now, NULL);
	rl_steward_all_groups(&c->m[3].s);
	run(c, 6000);
	assert_true(elsewhere(c, 0, 1));
}

// Everything is lost now and then, members ask all the time: each question is answered once and in
// time.
static void many_losses(void **state)
{
	struct cluster *c = *state;
	unsigned told = 0, asked = 0;
	c->lose = 5;
	for (unsigned m = 0; m < MEMBERS; m++)
		for (unsigned i = 0; i < 20; i++)
			like(c, m, i, m * 0x100 + i + 1);
	run(c, 1000);
	for (unsigned turn = 0; turn < 60; turn++) {
		unsigned m = turn % MEMBERS;
		ask(c, m, turn % 20, 255);
		uint64_t began = c->now;
		run(c, 1100);
		assert_int_equal(c->m[m].answers, 1);
		assert_true(c->m[m].answered_ms - began <= 540);
		assert_int_equal(c->m[m].n, c->m[m].total);
		asked += MEMBERS;
		told += c->m[m].n;
	}
	assert_true(told > asked * 3 / 4); // 0.95 * 0.95 is what a question gets
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_cluster, close_cluster)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(members_learn_each_others_groups),
		T(one_answer_with_listeners_of_all),
		T(silence_of_one),
		T(a_lost_batch_is_noticed),
		T(a_link_that_does_not_keep_up),
		T(a_member_that_starts_anew),
		T(groups_that_were_missed_are_told_soon),
		T(many_losses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
