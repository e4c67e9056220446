// SPDX-License-Identifier: BSD-3-Clause
// The contract of cluster/link.h, on the hub.
#include "cluster/link_loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 3 };

static struct rl_link_hub *hub;
static struct rl_link *link_of[MEMBERS + 1];
static int32_t way_ms[MEMBERS + 1][MEMBERS + 1]; // from, to
static uint64_t now;

static int32_t way(void *arg, uint8_t from, uint8_t to, uint8_t *bytes, size_t len)
{
	(void)arg;
	if (len == 4 && !memcmp(bytes, "spin", 4))
		memcpy(bytes, "spun", 4);
	return way_ms[from][to];
}

// What a link hands over, as one line: "data hello; up loop; ".
static char heard[1000];
static struct rl_link_message last;

static void note(void *arg, const struct rl_link_message *m)
{
	static const char *const what[] = {"data", "question", "answer", "failed", "up", "down"};
	size_t at = strlen(heard);
	(void)arg;
	last = *m;
	assert_int_equal((uintptr_t)m->bytes % 8, 0);
	snprintf(heard + at, sizeof(heard) - at, "%s %.*s%s%s; ", what[m->what],
		 m->bytes ? (int)m->len : 0, m->bytes ? (const char *)m->bytes : "", m->text,
		 m->error == -ETIMEDOUT      ? "late"
		 : m->error == -EHOSTUNREACH ? "nobody"
					     : "");
}

static void hears(unsigned member, const char *what)
{
	*heard = 0;
	rl_link_poll(link_of[member], note, NULL, 100);
	assert_string_equal(heard, what);
}

static void run(uint64_t ms)
{
	now += ms;
	rl_link_hub_run(hub, now);
}

static uint64_t drops(unsigned member, enum rl_link_drop d)
{
	struct rl_link_status s;
	rl_link_status(link_of[member], &s);
	return s.drops[d];
}

static void say(unsigned from, uint8_t to, const char *text)
{
	assert_int_equal(rl_link_publish(link_of[from], RL_LINK_BULK, to, text, strlen(text)), 0);
}

static int fresh(void **state)
{
	char why[RL_LINK_WHY_MAX];
	struct rl_link_limits limits = {.stale_ms = 1000};

	(void)state;
	now = 1000000;
	memset(way_ms, 0, sizeof(way_ms));
	hub = rl_link_hub_new(way, NULL);
	for (uint8_t i = 1; i <= MEMBERS; i++) {
		link_of[i] = rl_link_loop_new(hub, i, &limits);
		assert_non_null(link_of[i]);
		assert_int_equal(rl_link_start(link_of[i], why), 0);
		assert_int_equal(rl_link_start(link_of[i], why), -EALREADY);
	}
	assert_null(rl_link_loop_new(hub, 1, &limits));
	assert_null(rl_link_loop_new(hub, RL_LINK_ALL, &limits));
	run(0);
	for (unsigned i = 1; i <= MEMBERS; i++)
		hears(i, "up loop; ");
	return 0;
}

static int done(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= MEMBERS; i++)
		rl_link_free(link_of[i]);
	rl_link_hub_free(hub);
	return 0;
}

static void to_all_and_to_one(void **state)
{
	(void)state;
	say(1, RL_LINK_ALL, "all");
	say(1, 3, "three");
	assert_int_equal(rl_link_publish(link_of[1], RL_LINK_BULK, 1, "myself", 6), -EINVAL);
	say(1, 200, "stranger");
	hears(2, "");
	run(0);
	hears(1, "");
	hears(2, "data all; ");
	assert_int_equal(last.to, RL_LINK_ALL);
	hears(3, "data all; data three; ");
	assert_int_equal(last.to, 3);
	assert_int_equal(last.lane, RL_LINK_BULK);
	hears(3, "");
}

static void lengths(void **state)
{
	static uint8_t bytes[RL_LINK_BYTES_MAX + 1];

	(void)state;
	assert_int_equal(rl_link_publish(link_of[1], 0, 2, bytes, 0), -EMSGSIZE);
	assert_int_equal(rl_link_publish(link_of[1], 0, 2, bytes, sizeof(bytes)), -EMSGSIZE);
	assert_int_equal(rl_link_publish(link_of[1], 0, 2, bytes, (size_t)1 << 32 | 1), -EMSGSIZE);
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(rl_link_publish(link_of[1], 0, 2, bytes, RL_LINK_BYTES_MAX), 0);
	run(0);
	rl_link_poll(link_of[2], note, NULL, 1);
	assert_int_equal(last.len, RL_LINK_BYTES_MAX);
	*heard = 0;
}

static void delay_loss_and_change(void **state)
{
	(void)state;
	way_ms[1][2] = 20;
	way_ms[1][3] = RL_LINK_LOST;
	say(1, RL_LINK_ALL, "slow");
	run(0);
	way_ms[1][2] = 5;
	say(1, 2, "fast");
	run(0);
	hears(2, "");
	run(5);
	hears(2, "data fast; ");
	run(14);
	hears(2, "");
	run(1);
	hears(2, "data slow; ");
	hears(3, "");
	way_ms[1][2] = 0;
	say(1, 2, "spin");
	run(0);
	hears(2, "data spun; ");
	// Of those under way for equally long, the first is the first.
	say(1, 2, "a");
	say(1, 2, "b");
	say(1, 2, "c");
	run(0);
	hears(2, "data a; data b; data c; ");
}

static void urgent_overtakes_bulk(void **state)
{
	(void)state;
	say(1, 2, "bulk");
	assert_int_equal(rl_link_publish(link_of[1], RL_LINK_URGENT, 2, "beat", 4), 0);
	run(0);
	hears(2, "data beat; data bulk; ");
}

static void question_and_answers(void **state)
{
	uint32_t r;

	(void)state;
	assert_int_equal(rl_link_request(link_of[1], 2, "who", 3, 1, 50, &r), 0);
	run(0);
	hears(2, "question who; ");
	assert_int_equal(last.asker, 1);
	assert_int_equal(last.request, r);
	assert_int_equal(rl_link_reply(link_of[2], 1, r, "me", 2), 0);
	assert_int_equal(rl_link_reply(link_of[2], 1, r, "me", 2), 0);
	assert_int_equal(rl_link_reply(link_of[2], 1, r + 1, "me", 2), 0);
	run(0);
	hears(1, "answer me; ");
	assert_int_equal(last.request, r);
	assert_int_equal(drops(1, RL_LINK_DROP_LATE), 2);
	run(1000);
	hears(1, "");

	// All are asked, two answers wanted, one comes.
	assert_int_equal(rl_link_request(link_of[1], RL_LINK_ALL, "who", 3, 2, 50, &r), 0);
	run(0);
	hears(2, "question who; ");
	hears(3, "question who; ");
	assert_int_equal(rl_link_reply(link_of[3], 1, r, "I", 1), 0);
	run(49);
	hears(1, "answer I; ");
	run(1);
	hears(1, "failed late; ");
	assert_int_equal(last.request, r);
	assert_int_equal(rl_link_reply(link_of[2], 1, r, "I", 1), 0);
	run(0);
	hears(1, "");
	assert_int_equal(drops(1, RL_LINK_DROP_LATE), 3);
}

static void questions_nobody_answers(void **state)
{
	uint32_t r;

	(void)state;
	assert_int_equal(rl_link_request(link_of[1], 99, "who", 3, 1, 50, &r), 0);
	run(0);
	hears(1, "failed nobody; ");
	for (unsigned i = 0; i < RL_LINK_ASKED_MAX; i++)
		assert_int_equal(rl_link_request(link_of[1], 2, "who", 3, 1, 50, &r), 0);
	assert_int_equal(rl_link_request(link_of[1], 2, "who", 3, 1, 50, &r), -EBUSY);
	run(50);
	assert_int_equal(rl_link_poll(link_of[1], note, NULL, 100), RL_LINK_ASKED_MAX);
	// A refused one leaves nothing behind.
	assert_int_equal(rl_link_request(link_of[1], 2, "", 0, 1, 50, &r), -EMSGSIZE);
	run(50);
	hears(1, "");
	rl_link_hub_cut(hub, 1, true);
	run(0);
	assert_int_equal(rl_link_request(link_of[1], 2, "who", 3, 1, 50, &r), -ENOTCONN);
}

static void cut_off_and_back(void **state)
{
	(void)state;
	rl_link_hub_cut(hub, 2, true);
	run(0);
	hears(2, "down cut off; ");
	say(1, 2, "lost");
	say(2, 1, "waits");
	run(900);
	hears(2, "");
	say(2, 1, "waits, too");
	run(200);
	rl_link_hub_cut(hub, 2, false);
	run(0);
	hears(2, "up loop; ");
	hears(1, "data waits, too; ");
	assert_int_equal(drops(2, RL_LINK_DROP_OUT_STALE), 1);

	// Both changes since the last poll are told; what is under way is lost.
	way_ms[1][2] = 10;
	say(1, 2, "lost");
	run(0);
	rl_link_hub_cut(hub, 2, true);
	run(10);
	rl_link_hub_cut(hub, 2, false);
	run(1);
	hears(2, "down cut off; up loop; ");
	struct rl_link_status s;
	rl_link_status(link_of[2], &s);
	assert_true(s.connected);
	assert_int_equal(s.connects, 3);
	assert_int_equal(s.changed_ms, now);
}

// The outbox holds one largest message here, and so does the inbox.
static void full_boxes(void **state)
{
	static uint8_t bytes[RL_LINK_BYTES_MAX / 2];

	(void)state;
	rl_link_hub_cut(hub, 1, true);
	run(0);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(rl_link_publish(link_of[1], 1, 2, bytes, sizeof(bytes)),
				 i ? -ENOBUFS : 0);
	assert_int_equal(drops(1, RL_LINK_DROP_OUT_FULL), 999);
	// The other lane has room of its own. What is too old makes room.
	assert_int_equal(rl_link_publish(link_of[1], 0, 2, bytes, 1), 0);
	run(1001);
	assert_int_equal(rl_link_publish(link_of[1], 1, 2, bytes, sizeof(bytes)), 0);
	assert_int_equal(drops(1, RL_LINK_DROP_OUT_STALE), 1);

	rl_link_hub_cut(hub, 1, false);
	run(0);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(rl_link_publish(link_of[1], 1, 2, bytes, sizeof(bytes)), 0);
		run(0);
	}
	assert_int_equal(drops(2, RL_LINK_DROP_IN_FULL), 10);
	struct rl_link_status s;
	rl_link_status(link_of[2], &s);
	assert_true(s.in_bytes > sizeof(bytes) && s.in_bytes < 2 * sizeof(bytes));
}

static bool readable(unsigned member)
{
	struct pollfd p = {.fd = rl_link_fd(link_of[member]), .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void rings_until_all_is_taken(void **state)
{
	(void)state;
	assert_false(readable(2));
	for (unsigned i = 0; i < 3; i++)
		say(1, 2, "x");
	run(0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(readable(2));
		assert_int_equal(rl_link_poll(link_of[2], note, NULL, 1), 1);
	}
	// Asked for no more than there was, it cannot know that there is nothing left.
	assert_int_equal(rl_link_poll(link_of[2], note, NULL, 1), 0);
	assert_false(readable(2));
}

static void last_words(void **state)
{
	(void)state;
	say(1, RL_LINK_ALL, "leaving");
	rl_link_stop(link_of[1]);
	rl_link_stop(link_of[1]);
	hears(1, "down stopped; ");
	run(0);
	hears(2, "data leaving; ");
	say(2, 1, "still there?");
	run(0);
	hears(1, "");
}

enum { THREADS = 2, EACH = 20000 };

static void *publisher(void *arg)
{
	uint32_t v[2] = {(uint32_t)(uintptr_t)arg, 0};
	while (v[1] < EACH)
		v[1] += !rl_link_publish(link_of[1], RL_LINK_BULK, 2, v, sizeof(v));
	return NULL;
}

struct tally {
	uint32_t next[THREADS];
	bool wrong;
};

static void count(void *arg, const struct rl_link_message *m)
{
	struct tally *t = arg;
	uint32_t v[2];
	memcpy(v, m->bytes, sizeof(v));
	t->wrong |= v[1] != t->next[v[0]]++;
}

// Several publish, one runs the hub, one polls: nothing is lost and each one's order stays.
static void *runner(void *arg)
{
	atomic_bool *stop = arg;
	while (!atomic_load(stop))
		rl_link_hub_run(hub, now);
	return NULL;
}

static void many_threads(void **state)
{
	pthread_t p[THREADS], r;
	atomic_bool stop = false;
	struct tally t = {0};
	struct rl_link_limits roomy = rl_link_limits_default;
	char why[RL_LINK_WHY_MAX];

	(void)state;
	roomy.stale_ms = UINT32_MAX;
	rl_link_free(link_of[2]);
	link_of[2] = rl_link_loop_new(hub, 2, &roomy);
	assert_int_equal(rl_link_start(link_of[2], why), 0);
	run(0);
	hears(2, "up loop; ");
	pthread_create(&r, NULL, runner, &stop);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&p[i], NULL, publisher, (void *)i);
	while (t.next[0] + t.next[1] < THREADS * EACH)
		rl_link_poll(link_of[2], count, &t, 1000);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(p[i], NULL);
	atomic_store(&stop, true);
	pthread_join(r, NULL);
	assert_false(t.wrong);
	assert_int_equal(t.next[0], EACH);
	assert_int_equal(drops(2, RL_LINK_DROP_IN_FULL), 0);
}

static void every_drop_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RL_LINK_DROP_COUNT; i++) {
		assert_string_not_equal(rl_link_drop_name(i), "?");
		assert_true(strlen(rl_link_drop_help(i)) > 10);
	}
	assert_string_equal(rl_link_drop_name(RL_LINK_DROP_COUNT), "?");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(to_all_and_to_one),
		TEST(lengths),
		TEST(delay_loss_and_change),
		TEST(urgent_overtakes_bulk),
		TEST(question_and_answers),
		TEST(questions_nobody_answers),
		TEST(cut_off_and_back),
		TEST(full_boxes),
		TEST(rings_until_all_is_taken),
		TEST(last_words),
		TEST(many_threads),
		cmocka_unit_test(every_drop_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
