// SPDX-License-Identifier: BSD-3-Clause
// Questions that the root's host may answer better: which become asks, and how they are answered.
#include "root/ask.h"
#include "root/tell.h"
#include "tests/unit/core_fixture.h"

#include <errno.h>

static uint8_t buf[ZT_PACKET_MAX];
static struct node_event ev;
static uint64_t known_elsewhere[3];
static bool groups_elsewhere;
static unsigned looked_up;

static bool elsewhere(void *ctx, uint64_t address)
{
	(void)ctx;
	looked_up++;
	for (unsigned i = 0; i < 3; i++)
		if (known_elsewhere[i] == address)
			return true;
	return false;
}

static bool group_elsewhere(void *ctx, const struct rl_group_key *group)
{
	(void)ctx;
	return groups_elsewhere && group->network == 7;
}

static uint16_t via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	(void)p;
	return 3;
}

static void *take(void *ctx, size_t size)
{
	(void)ctx;
	size = (size + 63) & ~(size_t)63;
	return memset(aligned_alloc(64, size), 0, size);
}

static void give_back(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	(void)size;
	free(mem);
}

static int open_asked(void **state)
{
	static const struct rl_host host = {.via = via,
					    .elsewhere = elsewhere,
					    .groups_elsewhere = group_elsewhere,
					    .alloc = take,
					    .free = give_back};
	memset(known_elsewhere, 0, sizeof(known_elsewhere));
	groups_elsewhere = false;
	looked_up = 0;
	return bench_open_with(state, NULL, &host);
}

static uint64_t address(const struct bench *b, unsigned n)
{
	return b->node[n].id.address;
}

static const struct rl_ask *asks(struct bench *b, unsigned want)
{
	unsigned n;
	const struct rl_ask *a = rl_worker_asks(b->worker, &n);
	assert_int_equal(n, want);
	return a;
}

// The teller is a third worker in a program; the admission one does here.
static struct rl_worker *teller(struct bench *b)
{
	rl_tell_begin(b->admission, b->now);
	return b->admission;
}

static void whois(struct bench *b, unsigned n, const uint64_t *asked, unsigned count)
{
	bench_say(b, n, buf, node_whois(&b->node[n], 3, asked, count, buf));
}

static void what_is_unknown_here_and_elsewhere_is_answered_here(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	const uint64_t mixed[] = {address(b, 1), address(b, 5), b->id.address};
	whois(b, 0, mixed, 3);
	assert_int_equal(b->last.verdict, RL_REPLY);
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.whois_count, 2);
	asks(b, 0);
	assert_int_equal(looked_up, 1); // only for the unknown one
	whois(b, 0, &mixed[1], 1);
	bench_drops(b, RL_DROP_NO_ANSWER);
	assert_int_equal(rl_worker_stats(b->worker)->asked, 0);
}

static void a_list_with_one_from_elsewhere_is_asked_and_told_whole(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	known_elsewhere[0] = address(b, 5);
	const uint64_t list[] = {address(b, 1), address(b, 5), address(b, 6), b->id.address};
	whois(b, 0, list, 4);
	assert_int_equal(b->last.verdict, RL_DONE);
	assert_int_equal(b->sent_count, 0);
	const struct rl_ask *a = asks(b, 1);
	assert_int_equal(a->client, address(b, 0));
	assert_int_equal(a->verb, ZT_VERB_WHOIS);
	assert_int_equal(a->whois.count, 4);
	assert_memory_equal(a->whois.address, list, sizeof(list));
	assert_true(rl_inet_equal(&a->path.addr, &b->at[0]));
	assert_int_equal(a->path.via, 3);
	assert_int_equal(rl_worker_stats(b->worker)->asked, 1);

	struct rl_ask kept = *a;
	struct rl_worker *w = teller(b);
	assert_int_equal(rl_tell_whois(w, kept.client, &kept.path.addr, kept.id, kept.whois.address,
				       kept.whois.count, &b->node[5].id, 1),
			 0);
	bench_catch(b, w, NULL);
	assert_int_equal(b->sent_count, 1);
	bench_read(b, 0, 0, &ev); // which includes that it was expected
	assert_int_equal(ev.verb, ZT_VERB_OK);
	assert_int_equal(ev.in_verb, ZT_VERB_WHOIS);
	assert_int_equal(ev.in_id, kept.id);
	assert_int_equal(ev.whois_count, 3);
	assert_memory_equal(&ev.whois[0], &b->node[1].id, sizeof(ev.whois[0]));
	assert_memory_equal(&ev.whois[1], &b->node[5].id, sizeof(ev.whois[0]));
	assert_memory_equal(&ev.whois[2], &b->id, sizeof(ev.whois[0]));
	asks(b, 1); // of the other worker, untouched
	rl_tick(b->worker, b->now, 0, 1);
	asks(b, 0);
}

// What is not asked: the host answers by proven paths alone, and nobody who is being moved.
static void others_are_answered_here_as_ever(void **state)
{
	struct bench *b = *state;
	known_elsewhere[0] = address(b, 5);
	const uint64_t list[] = {b->id.address, address(b, 5)};
	bench_join(b, 0);
	bench_say(b, 4, buf, node_whois(&b->node[0], 3, list, 2, buf)); // from a new place
	bench_drops(b, RL_DROP_UNPROVEN);
	asks(b, 0);
	size_t len = node_whois(&b->node[0], 3, list, 2, buf);
	buf[ZT_AT_FLAGS] |= 1; // relayed here
	bench_say(b, 0, buf, len);
	bench_drops(b, RL_DROP_UNPROVEN);
	asks(b, 0);
	assert_true(rl_root_withhold(b->root, address(b, 0), true));
	whois(b, 0, list, 2);
	bench_drops(b, RL_DROP_WITHHELD);
	asks(b, 0);
	// Nor a stranger, whatever it asks.
	bench_say(b, 3, buf, node_whois(&b->node[3], 3, list, 2, buf));
	bench_drops(b, RL_DROP_UNKNOWN_SOURCE);
	asks(b, 0);
}

static void no_room_for_an_ask_is_an_answer_from_here(void **state)
{
	static uint8_t data[RL_ASKS + 1][ZT_MTU];
	struct rl_packet p[RL_ASKS + 1], *burst[RL_ASKS + 1];
	struct bench *b = *state;
	known_elsewhere[0] = address(b, 5);
	const uint64_t list[] = {b->id.address, address(b, 5)};
	bench_join(b, 0);
	for (unsigned i = 0; i <= RL_ASKS; i++) {
		size_t len = node_whois(&b->node[0], 3, list, 2, buf);
		memcpy(data[i], buf, len);
		p[i] = (struct rl_packet){
			.data = data[i], .len = (uint16_t)len, .room = ZT_MTU, .from = b->at[0]};
		burst[i] = &p[i];
	}
	rl_receive_burst(b->worker, b->now, burst, RL_ASKS + 1);
	asks(b, RL_ASKS);
	for (unsigned i = 0; i < RL_ASKS; i++)
		assert_int_equal(p[i].verdict, RL_DONE);
	assert_int_equal(p[RL_ASKS].verdict, RL_REPLY);
}

static void a_long_answer_takes_several_datagrams_or_none(void **state)
{
	struct bench *b = *state;
	struct rl_identity given[RL_ASK_WHOIS_MAX];
	uint64_t list[RL_ASK_WHOIS_MAX];
	unsigned seen = 0;
	bench_join(b, 0);
	for (unsigned i = 0; i < RL_ASK_WHOIS_MAX; i++) {
		given[i] = b->node[5].id;
		given[i].address = list[i] = 0x2000000000 + i;
	}
	known_elsewhere[0] = list[0];
	whois(b, 0, list, 32);
	const uint64_t id = asks(b, 1)->id;
	struct rl_worker *w = teller(b);
	assert_int_equal(rl_tell_whois(w, address(b, 0), &b->at[0], id, list, RL_ASK_WHOIS_MAX,
				       given, RL_ASK_WHOIS_MAX),
			 0);
	bench_catch(b, w, NULL);
	assert_int_equal(b->sent_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_in_range(b->sent[i].len, 100, ZT_MTU);
		node_expect(&b->node[0], b->id.address, ZT_VERB_WHOIS, id);
		bench_read(b, 0, i, &ev);
		for (unsigned k = 0; k < ev.whois_count; k++)
			assert_int_equal(ev.whois[k].address, list[seen++]);
	}
	assert_int_equal(seen, RL_ASK_WHOIS_MAX);
	w = teller(b);
	for (unsigned i = 0; i < RL_OUT_MAX - 3; i++)
		assert_int_equal(rl_tell_nop(w, address(b, 0), &b->at[0]), 0);
	assert_int_equal(rl_tell_whois(w, address(b, 0), &b->at[0], id, list, RL_ASK_WHOIS_MAX,
				       given, RL_ASK_WHOIS_MAX),
			 -ENOBUFS);
	bench_catch(b, w, NULL);
	assert_int_equal(b->sent_count, RL_OUT_MAX - 3);
}

static void answers_that_cannot_be_given_have_a_name(void **state)
{
	struct bench *b = *state;
	struct rl_group_key group = {.network = 7};
	uint64_t asked = address(b, 5), self = b->id.address;
	bench_join(b, 0);
	struct rl_worker *w = teller(b);
	const struct {
		uint64_t client;
		struct rl_inet by;
		uint64_t asked;
		unsigned n;
		int want;
	} rows[] = {
		{address(b, 0), b->at[0], self, 1, 0},
		{address(b, 0), b->at[0], asked, 1, -ENODATA},
		{address(b, 0), b->at[0], self, 0, -EINVAL},
		{address(b, 0), b->at[0], self, RL_ASK_WHOIS_MAX + 1, -EINVAL},
		{address(b, 0), b->at[1], self, 1, -ENOTCONN},
		{address(b, 1), b->at[1], self, 1, -ENOENT},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rl_tell_whois(w, rows[i].client, &rows[i].by, 1, &rows[i].asked,
					       rows[i].n, NULL, 0),
				 rows[i].want);
	assert_int_equal(rl_tell_gather(w, address(b, 0), &b->at[0], 1, &group, 0, &asked, 0),
			 -ENODATA);
	assert_int_equal(rl_tell_gather(w, address(b, 0), &b->at[0], 1, &group, 9, &asked,
					RL_TELL_GATHER_MAX + 1),
			 -EINVAL);
	assert_int_equal(rl_tell_gather(w, address(b, 1), &b->at[1], 1, &group, 1, &asked, 1),
			 -ENOENT);
	bench_catch(b, w, NULL);
	assert_int_equal(b->sent_count, 1);
	assert_true(rl_root_withhold(b->root, address(b, 0), true));
	assert_int_equal(rl_tell_whois(w, address(b, 0), &b->at[0], 1, &self, 1, NULL, 0), -EACCES);
	assert_int_equal(rl_tell_gather(w, address(b, 0), &b->at[0], 1, &group, 1, &asked, 1),
			 -EACCES);
	assert_int_equal(rl_worker_stats(w)->drop[RL_DROP_WITHHELD], 2);
	assert_int_equal(rl_worker_stats(w)->drop[RL_DROP_NO_ANSWER], 2);
}

// Two that were introduced, and then one asks who the other is: whoever answers, both are told
// again.
static void the_asked_are_introduced_again(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	size_t len = node_user_message(&b->node[0], &b->known[0][1], 1, 7, "hi", 2, buf);
	bench_say(b, 0, buf, len);
	assert_int_equal(rl_worker_stats(b->worker)->introductions, 1);
	known_elsewhere[0] = address(b, 5);
	const uint64_t list[] = {address(b, 0), address(b, 5)};
	whois(b, 1, list, 2);
	const uint64_t id = asks(b, 1)->id;
	struct rl_worker *w = teller(b);
	assert_int_equal(rl_tell_whois(w, address(b, 1), &b->at[1], id, list, 2, NULL, 0), 0);
	bench_catch(b, w, NULL);
	assert_int_equal(b->sent_count, 3);
	bench_read(b, 1, 0, &ev);
	assert_int_equal(ev.whois_count, 1);
	bench_read(b, 1, 2, &ev);
	assert_int_equal(ev.verb, ZT_VERB_RENDEZVOUS);
	assert_int_equal(ev.meet, address(b, 0));
	bench_read(b, 0, 1, &ev);
	assert_int_equal(ev.meet, address(b, 1));
	assert_int_equal(rl_worker_stats(w)->introductions_repeated, 1);
}

static void a_gather_of_groups_elsewhere_is_asked(void **state)
{
	struct bench *b = *state;
	const struct node_group here = {.network = 6, .adi = 1}, there = {.network = 7, .adi = 9};
	bench_join(b, 0);
	bench_join(b, 1);
	bench_say(b, 1, buf, node_like(&b->node[1], 3, &here, 1, buf));
	bench_say(b, 1, buf, node_like(&b->node[1], 3, &there, 1, buf));
	groups_elsewhere = true;
	bench_say(b, 0, buf, node_gather(&b->node[0], 3, &here, 10, 0, buf));
	assert_int_equal(b->last.verdict, RL_REPLY);
	asks(b, 0);
	bench_say(b, 0, buf, node_gather(&b->node[0], 3, &there, 0, 0, buf)); // wants nothing
	bench_drops(b, RL_DROP_NO_ANSWER);
	bench_say(b, 0, buf, node_gather(&b->node[0], 3, &there, 5000, 0, buf));
	assert_int_equal(b->last.verdict, RL_DONE);
	const struct rl_ask *a = asks(b, 1);
	assert_int_equal(a->verb, ZT_VERB_MULTICAST_GATHER);
	assert_int_equal(a->gather.group.network, 7);
	assert_int_equal(a->gather.group.adi, 9);
	assert_int_equal(a->gather.limit, 255);
	const uint64_t id = a->id, members[] = {address(b, 1), address(b, 6)};
	struct rl_worker *w = teller(b);
	assert_int_equal(
		rl_tell_gather(w, address(b, 0), &b->at[0], id, &a->gather.group, 40, members, 2),
		0);
	bench_catch(b, w, NULL);
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.in_verb, ZT_VERB_MULTICAST_GATHER);
	assert_int_equal(ev.in_id, id);
	assert_int_equal(ev.group.network, 7);
	assert_int_equal(ev.group.adi, 9);
	assert_int_equal(ev.gather_total, 40);
	assert_int_equal(ev.gather_count, 2);
	assert_int_equal(rl_load40(ev.gather), members[0]);
	assert_int_equal(rl_load40(ev.gather + 5), members[1]);
}

static void without_hooks_nothing_is_asked(void **state)
{
	struct bench *b = *state;
	const uint64_t list[] = {b->id.address, address(b, 5)};
	bench_join(b, 0);
	whois(b, 0, list, 2);
	assert_int_equal(b->last.verdict, RL_REPLY);
	asks(b, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
#define A(f) cmocka_unit_test_setup_teardown(f, open_asked, bench_teardown)
	const struct CMUnitTest tests[] = {
		A(what_is_unknown_here_and_elsewhere_is_answered_here),
		A(a_list_with_one_from_elsewhere_is_asked_and_told_whole),
		A(others_are_answered_here_as_ever),
		A(no_room_for_an_ask_is_an_answer_from_here),
		A(a_long_answer_takes_several_datagrams_or_none),
		A(answers_that_cannot_be_given_have_a_name),
		A(the_asked_are_introduced_again),
		A(a_gather_of_groups_elsewhere_is_asked),
		T(without_hooks_nothing_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
