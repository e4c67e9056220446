// SPDX-License-Identifier: BSD-3-Clause
// WHOIS across members, seen by one of them: a table says who may know what, the test plays the
// other members and owns the clock.
#include "cluster/whois.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { QUESTIONS = 4, CLIENT = 2, NODES = 8, SENT = 16, TOLD = 16, RATE = 5 };

static const struct rl_whois_config config = {.questions_max = QUESTIONS,
					      .client_max = CLIENT,
					      .nodes_max = NODES,
					      .wait_ms = 1000,
					      .retry_ms = 400,
					      .keep_ms = 60000,
					      .answer_rate = RATE};

static const uint64_t FIRST = 0x3000000000, LOCAL = 0x1111111111, NOBODYS = 0x2222222222;

static struct rl_whois w;
static uint64_t now;
static uint8_t home, backup; // of all nodes from FIRST on
static uint64_t other_key;   // the directory knows another identity of this node

static struct {
	uint8_t member;
	uint32_t request;
	unsigned n;
	uint64_t address[RL_WHOIS_BATCH];
} sent[SENT];
static unsigned sent_count;

static struct {
	uint64_t client, id;
	unsigned n;
	struct rl_identity given[RL_ASK_WHOIS_MAX];
} told[TOLD];
static unsigned told_count;

static bool host_here(void *ctx, uint64_t address)
{
	(void)ctx;
	return address == LOCAL;
}

static uint8_t host_next(void *ctx, uint64_t address, const uint8_t *asked, unsigned n)
{
	(void)ctx;
	bool home_asked = false, backup_asked = false;
	for (unsigned i = 0; i < n; i++) {
		home_asked |= asked[i] == home;
		backup_asked |= asked[i] == backup;
	}
	if (address < FIRST)
		return RL_NOBODY;
	return !home_asked ? home : !backup_asked ? backup : RL_NOBODY;
}

static bool host_fits(void *ctx, const struct rl_identity *id)
{
	(void)ctx;
	return id->address != other_key;
}

static void host_ask(void *ctx, uint8_t member, uint32_t request, const uint64_t *address,
		     unsigned n)
{
	(void)ctx;
	assert_true(sent_count < SENT);
	assert_in_range(n, 1, RL_WHOIS_BATCH);
	sent[sent_count].member = member;
	sent[sent_count].request = request;
	sent[sent_count].n = n;
	memcpy(sent[sent_count++].address, address, n * sizeof(*address));
}

static bool host_answer(void *ctx, const struct rl_whois_question *q,
			const struct rl_identity *given, unsigned n)
{
	(void)ctx;
	assert_true(told_count < TOLD);
	told[told_count].client = q->client;
	told[told_count].id = q->id;
	told[told_count].n = n;
	if (n > 0)
		memcpy(told[told_count].given, given, n * sizeof(*given));
	told_count++;
	for (unsigned i = 0; i < q->count; i++)
		if (q->address[i] == LOCAL)
			return true;
	return n > 0;
}

static void fresh_with(const struct rl_whois_config *c)
{
	static const struct rl_whois_host host = {NULL,      host_here, host_next,
						  host_fits, host_ask,  host_answer};
	static const uint64_t dice[2] = {UINT32_MAX, 7}; // the numbers of requests go round
	now = 1700000000000;
	home = 2;
	backup = 3;
	other_key = 0;
	sent_count = told_count = 0;
	rl_whois_init(&w, c, &host, block_new(rl_whois_size(c)), dice);
}

static int fresh(void **state)
{
	(void)state;
	fresh_with(&config);
	return 0;
}

static void ask(uint64_t client, uint64_t id, unsigned n, const uint64_t *address)
{
	struct rl_ask a = {.client = client, .id = id, .verb = ZT_VERB_WHOIS};
	a.whois.count = (uint8_t)n;
	memcpy(a.whois.address, address, n * sizeof(*address));
	rl_whois_ask(&w, &a, now);
}

static void ask_one(uint64_t client, uint64_t id, uint64_t address)
{
	ask(client, id, 1, &address);
}

static struct rl_identity identity(uint64_t address)
{
	struct rl_identity id = {.address = address};
	memset(id.public_key, (int)(address & 0xff) + 1, ZT_PUBLIC_LEN);
	return id;
}

// Member `from` replies to what was sent `i`th, as far as `known` of its nodes.
static void reply(unsigned i, uint8_t from, unsigned known)
{
	for (unsigned k = 0; k < sent[i].n && k < known; k++) {
		struct rl_identity id = identity(sent[i].address[k]);
		rl_whois_learn(&w, from, sent[i].request, &id, now);
	}
	rl_whois_replied(&w, from, sent[i].request, true, now);
	rl_whois_flush(&w);
}

static void pass(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end; now += 20) {
		rl_whois_tick(&w, now);
		rl_whois_flush(&w);
	}
}

static void one_answer_for_a_mixed_question(void **state)
{
	const uint64_t list[] = {LOCAL, FIRST, NOBODYS, FIRST + 1};
	(void)state;
	ask(1, 11, 4, list);
	assert_int_equal(sent_count, 0);
	rl_whois_flush(&w);
	assert_int_equal(sent_count, 1); // both in one batch
	assert_int_equal(sent[0].member, 2);
	assert_int_equal(sent[0].n, 2);
	assert_int_not_equal(sent[0].request, 0);
	assert_int_equal(told_count, 0);
	reply(0, 2, 2);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].client, 1);
	assert_int_equal(told[0].id, 11);
	assert_int_equal(told[0].n, 2);
	assert_int_equal(told[0].given[0].address, FIRST);
	assert_int_equal(told[0].given[1].address, FIRST + 1);
	struct rl_identity want = identity(FIRST + 1);
	assert_memory_equal(&told[0].given[1], &want, sizeof(want));
	assert_int_equal(w.counts.whole, 1);
	pass(3000);
	assert_int_equal(told_count, 1);
	assert_int_equal(sent_count, 1);
}

static void what_was_learned_is_remembered_for_a_while(void **state)
{
	(void)state;
	ask_one(1, 11, FIRST);
	rl_whois_flush(&w);
	reply(0, 2, 1);
	ask_one(2, 12, FIRST);
	assert_int_equal(told_count, 2); // at once
	assert_int_equal(told[1].n, 1);
	assert_int_equal(w.counts.remembered, 1);
	// Not if the directory has come to know another as the valid one.
	other_key = FIRST;
	ask_one(2, 13, FIRST);
	assert_int_equal(told_count, 2);
	rl_whois_flush(&w);
	assert_int_equal(sent_count, 2);
	other_key = 0;
	reply(1, 2, 1);
	assert_int_equal(told_count, 3);
	now += config.keep_ms + 1;
	ask_one(2, 14, FIRST);
	rl_whois_flush(&w);
	assert_int_equal(sent_count, 3);
}

static void equal_questions_share_one_reply(void **state)
{
	(void)state;
	ask_one(1, 11, FIRST);
	ask_one(2, 12, FIRST);
	ask_one(1, 13, FIRST); // the client repeats it
	rl_whois_flush(&w);
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent[0].n, 1);
	assert_int_equal(w.counts.shared, 2);
	reply(0, 2, 1);
	assert_int_equal(told_count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(told[i].n, 1);
}

static void the_backup_is_asked_when_the_home_is_silent(void **state)
{
	(void)state;
	ask_one(1, 11, FIRST);
	rl_whois_flush(&w);
	pass(380);
	assert_int_equal(sent_count, 1);
	pass(60);
	assert_int_equal(sent_count, 2);
	assert_int_equal(sent[1].member, 3);
	assert_int_equal(w.counts.retried, 1);
	reply(1, 3, 1);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].n, 1);
}

static void the_home_may_reply_late(void **state)
{
	(void)state;
	ask_one(1, 11, FIRST);
	rl_whois_flush(&w);
	pass(500);
	reply(0, 2, 1);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].n, 1);
	reply(1, 3, 1); // nobody waits for it
	assert_int_equal(w.counts.refused, 1);
	assert_int_equal(told_count, 1);
}

static void the_backup_is_asked_at_once_when_the_home_does_not_know(void **state)
{
	const uint64_t list[] = {FIRST, FIRST + 1};
	(void)state;
	ask(1, 11, 2, list);
	rl_whois_flush(&w);
	reply(0, 2, 1);
	assert_int_equal(told_count, 0);
	assert_int_equal(sent_count, 2);
	assert_int_equal(sent[1].member, 3);
	assert_int_equal(sent[1].n, 1);
	reply(1, 3, 0);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].n, 1);
	assert_int_equal(w.counts.whole, 1); // all that members know
	ask_one(1, 12, sent[1].address[0]);  // that nobody knows it is not remembered
	rl_whois_flush(&w);
	assert_int_equal(sent_count, 3);
}

static void with_nobody_else_to_ask_what_is_known_is_answered(void **state)
{
	const uint64_t list[] = {LOCAL, FIRST};
	(void)state;
	backup = 2;
	ask(1, 11, 2, list);
	ask_one(2, 12, FIRST);
	rl_whois_flush(&w);
	pass(380);
	assert_int_equal(told_count, 0);
	pass(40); // nobody else to ask
	assert_int_equal(told_count, 2);
	assert_int_equal(w.counts.whole, 1);
	assert_int_equal(w.counts.unanswered, 1);
	backup = 3;
	ask(1, 13, 2, list);
	rl_whois_flush(&w);
	pass(780);
	assert_int_equal(told_count, 2);
	pass(60); // both were asked
	assert_int_equal(told_count, 3);
	assert_int_equal(w.counts.whole, 2);
	assert_int_equal(w.count, 0);
}

// A member that replies to each but the last of its questions in time.
static void a_question_waits_no_longer_than_its_deadline(void **state)
{
	const uint64_t list[] = {FIRST, FIRST + 1};
	struct rl_whois_config c = config;
	(void)state;
	c.retry_ms = 5000;
	fresh_with(&c);
	ask_one(1, 11, FIRST);
	rl_whois_flush(&w);
	now += 900;
	ask(2, 12, 2, list);
	rl_whois_flush(&w);
	assert_int_equal(sent[1].n, 1);
	reply(1, 2, 1);
	assert_int_equal(told_count, 0);
	pass(140);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].client, 1);
	assert_int_equal(w.counts.unanswered, 1);
	pass(900);
	assert_int_equal(told_count, 2);
	assert_int_equal(told[1].n, 1);
	assert_int_equal(w.counts.late, 1);
	reply(0, 2, 1); // late, but good to know
	ask_one(3, 13, FIRST);
	assert_int_equal(told_count, 3);
	assert_int_equal(told[2].n, 1);
}

static void only_who_was_asked_is_believed(void **state)
{
	struct rl_identity id = identity(FIRST), stray = identity(FIRST + 5);
	(void)state;
	ask_one(1, 11, FIRST);
	rl_whois_learn(&w, 2, sent[0].request, &id, now); // not even sent
	rl_whois_flush(&w);
	uint32_t request = sent[0].request;
	rl_whois_learn(&w, 3, request, &id, now);
	rl_whois_learn(&w, 2, request + 1, &id, now);
	rl_whois_learn(&w, 2, 0, &id, now);
	rl_whois_learn(&w, 2, request, &stray, now);
	other_key = FIRST;
	rl_whois_learn(&w, 2, request, &id, now);
	assert_int_equal(w.counts.refused, 6);
	rl_whois_replied(&w, 3, request, true, now);
	assert_int_equal(told_count, 0);
	other_key = 0;
	rl_whois_learn(&w, 2, request, &id, now);
	id.public_key[0] ^= 1;
	rl_whois_learn(&w, 2, request, &id, now); // a second one
	assert_int_equal(w.counts.refused, 7);
	rl_whois_replied(&w, 2, request, true, now);
	assert_int_equal(told_count, 1);
	id.public_key[0] ^= 1;
	assert_memory_equal(&told[0].given[0], &id, sizeof(id));
}

static void without_room_it_is_answered_from_here(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLIENT; i++)
		ask_one(1, i, FIRST + i);
	ask_one(1, 9, FIRST + 9); // one client's share
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].id, 9);
	assert_int_equal(told[0].n, 0);
	assert_int_equal(w.counts.client_full, 1);
	for (unsigned i = 0; i < QUESTIONS - CLIENT; i++)
		ask_one(2 + i, 20 + i, FIRST + i);
	ask_one(7, 30, FIRST);
	assert_int_equal(told_count, 2);
	assert_int_equal(w.counts.full, 1);
	rl_whois_flush(&w);
	reply(0, 2, 100);
	assert_int_equal(told_count, 2 + QUESTIONS);
	ask_one(1, 40, FIRST + 20); // room again
	assert_int_equal(told_count, 2 + QUESTIONS);
}

// More nodes than there is room for: those remembered make room, those waited for do not.
static void the_remembered_make_room(void **state)
{
	uint64_t list[NODES + 3];
	(void)state;
	for (unsigned i = 0; i < 4 * NODES; i++) {
		told_count = sent_count = 0;
		ask_one(1, i, FIRST + i);
		rl_whois_flush(&w);
		assert_int_equal(sent_count, 1);
		reply(0, 2, 1);
		assert_int_equal(told_count, 1);
		assert_int_equal(told[0].n, 1);
	}
	told_count = sent_count = 0;
	for (unsigned i = 0; i < NODES + 3; i++)
		list[i] = FIRST + 1000 + i;
	ask(1, 1, NODES + 3, list);
	rl_whois_flush(&w);
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent[0].n, NODES);
	reply(0, 2, NODES);
	assert_int_equal(told[0].n, NODES);
}

static void a_sibling_may_ask_for_more(void **state)
{
	struct rl_whois_config c = config;
	(void)state;
	c.questions_max = 10;
	c.nodes_max = 2000;
	fresh_with(&c);
	for (unsigned i = 0; i < 8; i++) {
		struct rl_ask a = {.client = 1, .id = i, .verb = ZT_VERB_WHOIS, .sibling = true};
		a.whois.count = 1;
		a.whois.address[0] = FIRST + i;
		rl_whois_ask(&w, &a, now);
	}
	assert_int_equal(w.count, 5); // half of the room
	assert_int_equal(w.counts.client_full, 3);
	ask_one(2, 1, FIRST + 20);
	assert_int_equal(w.count, 6);
}

static void long_lists_take_several_batches(void **state)
{
	struct rl_whois_config c = config;
	uint64_t list[RL_ASK_WHOIS_MAX];
	(void)state;
	c.questions_max = c.client_max = 20;
	c.nodes_max = 2000;
	fresh_with(&c);
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned k = 0; k < RL_ASK_WHOIS_MAX; k++)
			list[k] = FIRST + 1000 * i + k;
		ask(1, i, RL_ASK_WHOIS_MAX, list);
	}
	rl_whois_flush(&w);
	assert_int_equal(sent_count, 2);
	assert_int_equal(sent[0].n, RL_WHOIS_BATCH);
	assert_int_equal(sent[1].n, 10 * RL_ASK_WHOIS_MAX - RL_WHOIS_BATCH);
	assert_int_not_equal(sent[0].request, sent[1].request);
	reply(1, 2, RL_WHOIS_BATCH);
	reply(0, 2, RL_WHOIS_BATCH);
	assert_int_equal(told_count, 10);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(told[i].n, RL_ASK_WHOIS_MAX);
}

static void one_member_is_told_so_much_a_second(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RATE; i++)
		assert_true(rl_whois_allow(&w, 2, now));
	assert_false(rl_whois_allow(&w, 2, now));
	assert_true(rl_whois_allow(&w, 3, now));
	now += 1000;
	assert_true(rl_whois_allow(&w, 2, now));
	assert_int_equal(w.counts.over, 1);
	assert_int_equal(w.counts.answered, RATE + 2);
}

static uint64_t random_state;

static unsigned dice(unsigned sides)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % sides;
}

// Whatever comes in whatever order: every question is answered once, and nothing is lost.
static void every_question_is_answered_once(void **state)
{
	uint64_t answered = 0, questions = 0;
	(void)state;
	for (unsigned turn = 0; turn < 20000; turn++) {
		uint64_t list[6];
		for (unsigned i = 0; i < 6; i++)
			list[i] = FIRST + dice(14);
		backup = (uint8_t)(2 + dice(3));
		if (dice(3) == 0) {
			ask(1 + dice(4), turn, 1 + dice(6), list);
			questions++;
		}
		if (sent_count > 0 && dice(2) == 0)
			reply(dice(sent_count), (uint8_t)(2 + dice(3)), dice(8));
		if (dice(4) > 0)
			rl_whois_flush(&w);
		if (sent_count > SENT / 2)
			sent_count = dice(2);
		now += dice(5) == 0 ? dice(900) : dice(30);
		rl_whois_tick(&w, now);
		answered += told_count;
		told_count = 0;
		assert_int_equal(answered + w.count, questions);
	}
	sent_count = 0;
	pass(400);
	sent_count = 0;
	pass(4000);
	assert_int_equal(answered + told_count, questions);
	assert_int_equal(w.count, 0);
	assert_int_equal(w.first, 0);
	for (unsigned i = 0; i < NODES; i++)
		assert_int_equal(w.node[i].refs, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, block_done)
	const struct CMUnitTest tests[] = {
		T(one_answer_for_a_mixed_question),
		T(what_was_learned_is_remembered_for_a_while),
		T(equal_questions_share_one_reply),
		T(the_backup_is_asked_when_the_home_is_silent),
		T(the_home_may_reply_late),
		T(the_backup_is_asked_at_once_when_the_home_does_not_know),
		T(with_nobody_else_to_ask_what_is_known_is_answered),
		T(a_question_waits_no_longer_than_its_deadline),
		T(only_who_was_asked_is_believed),
		T(without_room_it_is_answered_from_here),
		T(the_remembered_make_room),
		T(a_sibling_may_ask_for_more),
		T(long_lists_take_several_batches),
		T(one_member_is_told_so_much_a_second),
		T(every_question_is_answered_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
