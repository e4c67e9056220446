// SPDX-License-Identifier: BSD-3-Clause
// Questions about groups: answered once, with listeners of all members that were asked.
#include "cluster/gather.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 12, ANSWERS = 256, ASKER = 0x99 };
#define NOW UINT64_C(1800000000000)

static const struct rl_group_key group = {7, 0x33330000fb, 9};

struct answer {
	struct rl_gather_asker who;
	uint32_t total;
	unsigned n;
	uint64_t address[RL_GATHER_MAX];
};

static struct rl_gather g;
static void *memory;
static uint64_t now;
static unsigned answers;
static struct answer answer[ANSWERS];
// Listeners here: first, first + 1 and so on.
static uint64_t here_first;
static uint32_t here;
static struct rl_random dice;

// As root/group.h does: up to max of them at random, without one.
static unsigned sample(uint64_t first, uint32_t count, uint64_t but, unsigned max, uint64_t *out)
{
	unsigned n = 0;
	uint32_t start = count ? rl_random_below(&dice, count) : 0;
	for (uint32_t i = 0; i < count && n < max; i++) {
		uint64_t node = first + (start + i) % count;
		if (node != but)
			out[n++] = node;
	}
	return n;
}

static unsigned local(void *ctx, const struct rl_group_key *k, uint64_t but, unsigned max,
		      uint64_t *out, uint32_t *total)
{
	assert_ptr_equal(ctx, &g);
	assert_int_equal(k->network, group.network);
	*total = here;
	return sample(here_first, here, but, max, out);
}

static void answered(void *ctx, const struct rl_gather_asker *who, const struct rl_group_key *k,
		     uint32_t total, const uint64_t *address, unsigned n)
{
	assert_ptr_equal(ctx, &g);
	assert_int_equal(k->mac, group.mac);
	assert_true(answers < ANSWERS && n <= who->limit);
	struct answer *a = &answer[answers++];
	*a = (struct answer){.who = *who, .total = total, .n = n};
	memcpy(a->address, address, n * sizeof(*address));
	for (unsigned i = 0; i < n; i++)
		for (unsigned k2 = 0; k2 < i; k2++)
			assert_int_not_equal(address[i], address[k2]);
}

static void start(const struct rl_gather_config *c)
{
	static const uint8_t seed[32] = "questions";
	struct rl_gather_host host = {&g, local, answered};
	free(memory);
	memory = calloc(1, rl_gather_size(c));
	rl_gather_init(&g, c, &host, memory, seed);
	rl_random_init(&dice, seed);
	now = NOW;
	answers = 0;
	here = 0;
	here_first = 1000;
}

static const struct rl_gather_config usual = {
	.questions = 16, .askers = 32, .wait_ms = 500, .keep_ms = 5000, .part_ms = 1000, .each = 8};

static int fresh(void **state)
{
	(void)state;
	start(&usual);
	return 0;
}

static int done(void **state)
{
	(void)state;
	free(memory);
	memory = NULL;
	return 0;
}

static struct rl_member_set members(unsigned n)
{
	struct rl_member_set s = {0};
	for (unsigned i = 1; i <= n; i++)
		rl_member_set_add(&s, (uint8_t)(i * 20)); // in all words
	return s;
}

static uint64_t hash_of(const struct rl_group_key *k)
{
	return rl_hash192((uint64_t[]){1, 2}, k->network, k->mac, k->adi);
}

static void ask_about(uint32_t adi, uint64_t client, uint16_t limit, unsigned n)
{
	struct rl_group_key k = group;
	struct rl_member_set have = members(n);
	struct rl_gather_asker who = {client, client + 1, rl_inet4(0x0a000001, 9993), limit};
	k.adi = adi;
	rl_gather_ask(&g, hash_of(&k), &k, &who, &have, now);
}

static void ask(uint64_t client, uint16_t limit, unsigned n)
{
	ask_about(group.adi, client, limit, n);
}

// Member number i (from 1) says that it has so many listeners, from `first` on.
static void reply(unsigned i, uint64_t first, uint32_t count, uint32_t total)
{
	uint64_t node[RL_GATHER_MAX];
	uint8_t bytes[RL_GATHER_MAX * ZT_ADDRESS_LEN];
	struct rl_gather_reply r = {.group = group, .total = total, .addresses = bytes};
	r.count = (uint8_t)sample(first, count, 0, RL_GATHER_MAX, node);
	for (unsigned k = 0; k < r.count; k++)
		rl_store40(bytes + k * (size_t)ZT_ADDRESS_LEN, node[k]);
	rl_gather_reply(&g, hash_of(&group), (uint8_t)(i * 20), &r, now);
}

static void pass(uint64_t ms)
{
	rl_gather_sent(&g);
	now += ms;
	rl_gather_tick(&g, now);
}

static bool named(const struct answer *a, uint64_t node)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->address[i] == node)
			return true;
	return false;
}

static void one_answer_with_all_listeners(void **state)
{
	(void)state;
	here = 2;
	ask(ASKER, 100, 2);
	reply(1, 5000, 3, 3);
	assert_int_equal(answers, 0);
	reply(2, 6000, 1, 1);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].n, 6);
	assert_int_equal(answer[0].total, 6);
	assert_int_equal(answer[0].who.client, ASKER);
	assert_int_equal(answer[0].who.id, ASKER + 1);
	for (unsigned i = 0; i < 3; i++)
		assert_true(named(&answer[0], 5000 + i));
	assert_true(named(&answer[0], 1000) && named(&answer[0], 1001) && named(&answer[0], 6000));
	pass(500);
	assert_int_equal(answers, 1);
	assert_int_equal(g.counters.whole, 1);
	assert_int_equal(g.counters.late, 0);
}

// The member that does not reply is missed after 500 ms, and its late word still counts.
static void one_member_is_silent(void **state)
{
	(void)state;
	ask(ASKER, 100, 3);
	reply(1, 5000, 3, 3);
	reply(3, 7000, 2, 2);
	pass(499);
	assert_int_equal(answers, 0);
	pass(1);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].n, 5);
	assert_int_equal(g.counters.late, 1);
	reply(2, 6000, 4, 4);
	reply(2, 6000, 4, 4); // twice
	ask(ASKER, 100, 3);
	assert_int_equal(answer[1].n, 9);
	assert_int_equal(answer[1].total, 9);
	assert_int_equal(g.counters.unasked, 1);
	pass(1000); // part of an answer is not good for long
	ask(ASKER, 100, 3);
	assert_int_equal(answers, 2);
	assert_int_equal(g.counters.asked, 2);
}

static void nobody_replies(void **state)
{
	(void)state;
	here = 1;
	ask(ASKER, 5, 1);
	pass(500);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].n, 1);
	here = 0;
	start(&usual);
	ask(ASKER, 5, 1);
	pass(500);
	assert_int_equal(answer[0].n, 0); // is told, too: the client is the host's
}

static void no_other_member_has_it(void **state)
{
	(void)state;
	here = 3;
	ask(1001, 9, 0);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].n, 2);
	assert_int_equal(answer[0].total, 3); // the asker is one of them
	assert_int_equal(g.counters.alone, 1);
}

// Only who was asked is heard, about what it was asked.
static void strangers_are_not_heard(void **state)
{
	(void)state;
	reply(1, 5000, 3, 3); // before anything
	ask(ASKER, 100, 1);
	reply(2, 5000, 3, 3);
	assert_int_equal(answers, 0);
	reply(1, 6000, 1, 1);
	assert_int_equal(answer[0].n, 1);
	reply(2, 5000, 3, 3);
	ask(ASKER, 100, 1);
	assert_int_equal(answer[1].n, 1);
	assert_int_equal(g.counters.unasked, 3);
}

// Who moved is named at its old member, too: it is named and counted once, the asker not named.
static void who_moved_is_named_once(void **state)
{
	(void)state;
	here = 10; // 1000..1009
	ask(1004, 100, 2);
	reply(1, 1000, 5, 5);   // 1000..1004
	reply(2, 1003, 10, 10); // 1003..1012
	assert_int_equal(answer[0].n, 12);
	assert_false(named(&answer[0], 1004));
	assert_int_equal(answer[0].total, 13 + 1); // the asker's old membership is not seen here
	ask(ASKER, 100, 2);
	assert_int_equal(answer[1].n, 13);
	assert_int_equal(answer[1].total, 13);
}

static void clients_share_a_question(void **state)
{
	(void)state;
	uint32_t at = 0;
	struct rl_group_key k;
	for (unsigned i = 0; i < 20; i++)
		ask(5000 + i, 100, 1);
	assert_true(rl_gather_next(&g, 20, &at, &k));
	assert_int_equal(k.mac, group.mac);
	assert_int_equal(k.adi, group.adi);
	assert_false(rl_gather_next(&g, 20, &at, &k));
	reply(1, 5000, 30, 30);
	assert_int_equal(answers, 20);
	assert_int_equal(g.counters.joined, 19);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(answer[i].n, 29);
		assert_false(named(&answer[i], answer[i].who.client));
	}
	pass(4999);
	ask(ASKER, 100, 1);
	assert_int_equal(answers, 21); // from memory
	pass(1);
	ask(ASKER, 100, 1);
	assert_int_equal(answers, 21); // too old: asked again
	at = 0;
	assert_true(rl_gather_next(&g, 20, &at, &k));
}

static void each_member_is_asked_what_it_has(void **state)
{
	(void)state;
	struct rl_group_key k;
	uint32_t at = 0;
	ask_about(1, ASKER, 9, 1);
	ask_about(2, ASKER, 9, 2);
	ask_about(3, ASKER, 9, 3);
	assert_true(rl_gather_next(&g, 40, &at, &k));
	assert_int_equal(k.adi, 2);
	assert_true(rl_gather_next(&g, 40, &at, &k));
	assert_int_equal(k.adi, 3);
	assert_false(rl_gather_next(&g, 40, &at, &k));
	at = 0;
	assert_false(rl_gather_next(&g, 80, &at, &k));
	rl_gather_sent(&g);
	at = 0;
	assert_false(rl_gather_next(&g, 20, &at, &k));
}

// More listeners than are wanted: the limit is kept, and each has the same chance, those of small
// members as those of large ones.
static void all_have_the_same_chance(void **state)
{
	(void)state;
	enum { TURNS = 4000, LIMIT = 10, LOCAL = 40 };
	static const uint32_t has[] = {200, 120, 40};
	unsigned got[4] = {0};
	here = LOCAL;
	for (unsigned t = 0; t < TURNS; t++) {
		answers = 0;
		ask(ASKER, LIMIT, 3);
		for (unsigned i = 0; i < 3 && t % 50 == 0; i++)
			reply(i + 1, 10000 * (i + 1), has[i], has[i]);
		assert_int_equal(answers, 1);
		assert_int_equal(answer[0].n, LIMIT);
		assert_int_equal(answer[0].total, 400);
		for (unsigned i = 0; i < LIMIT; i++)
			got[answer[0].address[i] / 10000]++;
		pass(100); // fifty of them live on one question
	}
	// 4000, 20000, 12000, 4000 are right, to within five times the deviation.
	assert_in_range(got[0], 4000 - 300, 4000 + 300);
	assert_in_range(got[1], 20000 - 520, 20000 + 520);
	assert_in_range(got[2], 12000 - 470, 12000 + 470);
	assert_in_range(got[3], 4000 - 300, 4000 + 300);
}

// Of a million at one member and a thousand at another, of which 255 each are named.
static void large_members_count_as_large(void **state)
{
	(void)state;
	unsigned large = 0;
	for (unsigned t = 0; t < 200; t++) {
		answers = 0;
		ask(ASKER, 255, 2);
		reply(1, 10000, 1000, 1000);
		reply(2, 1000000, 9000, 9000);
		assert_int_equal(answer[0].n, 255);
		assert_int_equal(answer[0].total, 10000);
		for (unsigned i = 0; i < 255; i++)
			large += answer[0].address[i] >= 1000000;
		pass(6000);
	}
	assert_in_range(large, 200 * 255 * 88 / 100, 200 * 255 * 92 / 100);
}

static void any_order_and_losses(void **state)
{
	(void)state;
	for (unsigned t = 0; t < 500; t++) {
		unsigned heard = 0;
		uint32_t total = here = rl_random_below(&dice, 4);
		answers = 0;
		ask(ASKER, 255, MEMBERS);
		for (unsigned i = 0, at = rl_random_below(&dice, MEMBERS); i < MEMBERS; i++) {
			unsigned m = (at + i * 5) % MEMBERS + 1;
			uint32_t n = rl_random_below(&dice, 9);
			if (rl_random_below(&dice, 5) == 0)
				continue; // lost
			heard++;
			total += n;
			reply(m, m * 10000, n, n);
		}
		assert_int_equal(answers, heard == MEMBERS);
		pass(500);
		assert_int_equal(answers, 1);
		assert_int_equal(answer[0].total, total);
		assert_int_equal(answer[0].n, total);
		pass(6000);
	}
	assert_true(g.counters.late > 0 && g.counters.whole > 0);
}

// A client has its share, and others do not suffer from it.
static void shares_of_clients(void **state)
{
	struct rl_gather_config c = usual;
	(void)state;
	c.questions = 4096;
	start(&c);
	for (unsigned i = 0; i < 10; i++)
		ask_about(100 + i, ASKER, 9, 1);
	assert_int_equal(g.counters.greedy, 2);
	assert_int_equal(answers, 2);
	ask_about(200, 0x5000, 9, 1);
	assert_int_equal(g.counters.asked, 9);
	pass(500);
	assert_int_equal(answers, 11);
	ask_about(300, ASKER, 9, 1);
	assert_int_equal(g.counters.asked, 10);
}

// Whoever finds no room is answered at once with who is here.
static void bounds(void **state)
{
	(void)state;
	here = 1;
	for (unsigned i = 0; i < 200; i++)
		ask_about(1000 + i, 0x5000 + i * 77, 9, 1);
	assert_int_equal(g.counters.asked, 16); // all questions
	assert_int_equal(g.counters.full, 184);
	assert_int_equal(answers, 184);
	pass(500);
	assert_int_equal(answers, 200); // everybody, once
	answers = 0;
	for (unsigned i = 0; i < 50; i++)
		ask(0x5000 + i * 77, 9, 1);
	assert_int_equal(g.counters.asked, 17);
	assert_int_equal(answers, 50 - 32); // no more may wait
	pass(500);
	assert_int_equal(answers, 50);
	for (unsigned i = 0; i < RL_GATHER_SHARES; i++)
		assert_int_equal(g.share[i], 0);
}

static void a_clock_that_steps_back(void **state)
{
	(void)state;
	ask(ASKER, 9, 1);
	now -= 1000;
	rl_gather_tick(&g, now);
	assert_int_equal(answers, 0);
	now += 1500;
	rl_gather_tick(&g, now);
	assert_int_equal(answers, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_answer_with_all_listeners),
		T(one_member_is_silent),
		T(nobody_replies),
		T(no_other_member_has_it),
		T(strangers_are_not_heard),
		T(who_moved_is_named_once),
		T(clients_share_a_question),
		T(each_member_is_asked_what_it_has),
		T(all_have_the_same_chance),
		T(large_members_count_as_large),
		T(any_order_and_losses),
		T(shares_of_clients),
		T(bounds),
		T(a_clock_that_steps_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
