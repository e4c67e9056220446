// SPDX-License-Identifier: BSD-3-Clause
// Many members on bad links, with wrong clocks, in partitions: in the end they agree.
#include "tests/lib/clique.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { A = 1, B = 2, C = 3, S = 1000, MIN = 60 * S, H = 60 * MIN, PEERS = 150 };

static const struct clique_links good = {.delay_ms = 30, .jitter_ms = 10};
static const struct clique_links bad = {.delay_ms = 60, .jitter_ms = 150, .lose = 50, .repeat = 50};

static struct clique *c;
static uint64_t last_claim[PEERS + 1]; // true time of it
static uint8_t last_home[PEERS + 1];   // 0: several within the time it takes to hear of it

static int end(void **state)
{
	(void)state;
	clique_free(c);
	c = NULL;
	memset(last_claim, 0, sizeof(last_claim));
	memset(last_home, 0, sizeof(last_home));
	return 0;
}

static void claim(uint8_t member, uint64_t peer)
{
	int change = clique_claim(c, member, peer, member * 1000u + rl_random_below(&c->dice, 3));
	// What was merely confirmed by a member that had not heard of a move is stamped before
	// that.
	bool sure = change & RL_CHANGE_CLAIM && c->now_ms - last_claim[peer] > 1 * S;
	last_home[peer] = sure ? member : 0;
	last_claim[peer] = c->now_ms;
}

// One client does something at one of the members.
static void something_happens(void)
{
	uint8_t member = (uint8_t)(1 + rl_random_below(&c->dice, c->count));
	uint64_t peer = 1 + rl_random_below(&c->dice, PEERS);
	if (c->member[member].down)
		return;
	uint64_t now = clique_clock(c, member);
	switch (rl_random_below(&c->dice, 8)) {
	case 0:
		rl_sync_release(&c->member[member].sync, peer, now);
		break;
	case 1:
		rl_sync_pushed(&c->member[member].sync, peer, rl_random_below(&c->dice, 2) ? 4 : 6,
			       (uint16_t)(1 + rl_random_below(&c->dice, 60000)), now);
		break;
	default:
		claim(member, peer);
		break;
	}
}

static void life(uint64_t ms)
{
	for (uint64_t stop = c->now_ms + ms; c->now_ms < stop; clique_run(c, 20))
		something_happens();
}

// A release at another member does nothing, one at its home makes a tombstone: both leave the home.
static void expect_the_last_to_win(void)
{
	unsigned sure = 0;
	for (uint64_t p = 1; p <= PEERS; p++) {
		struct rl_location l = clique_at(c, 1, p);
		if (last_home[p] == 0 || !rl_location_live(&l))
			continue;
		assert_int_equal(l.home, last_home[p]);
		sure++;
	}
	assert_true(sure > PEERS / 2);
}

static void bad_links_only_delay(void **state)
{
	(void)state;
	for (uint8_t seed = 1; seed <= 3; seed++) {
		c = clique_new(6, seed, &bad, 600, NULL);
		life(20 * S);
		uint64_t took = clique_until_agreed(c, 20 * S);
		if (took > 10 * S)
			fail_msg("seed %u: %lu ms", seed, (unsigned long)took);
		expect_the_last_to_win();
		end(NULL);
	}
}

static void both_halves_go_on_and_agree_when_healed(void **state)
{
	(void)state;
	for (uint8_t seed = 11; seed <= 12; seed++) {
		c = clique_new(8, seed, &bad, 600, NULL);
		life(5 * S);
		for (unsigned m = 1; m <= 4; m++)
			c->member[m].side = 1;
		life(15 * S);
		assert_false(clique_agree(c));
		for (unsigned m = 1; m <= 4; m++)
			c->member[m].side = 0;
		uint64_t took = clique_until_agreed(c, 30 * S);
		if (took > 10 * S)
			fail_msg("seed %u: %lu ms", seed, (unsigned long)took);
		expect_the_last_to_win();
		end(NULL);
	}
}

static void members_come_and_go(void **state)
{
	(void)state;
	c = clique_new(6, 21, &bad, 600, NULL);
	c->config.refresh_ms = 10 * S;
	for (unsigned m = 1; m <= c->count; m++)
		clique_restart(c, (uint8_t)m);
	for (unsigned n = 0; n < 12; n++) {
		life(3 * S);
		uint8_t m = (uint8_t)(1 + n % c->count);
		c->member[m].down = n % 2 == 0;
		if (n % 2)
			clique_restart(c, m);
	}
	for (unsigned m = 1; m <= c->count; m++)
		c->member[m].down = false;
	clique_run(c, 5 * S);
	// A member that has started anew does not know its clients until they speak again, nor what
	// PUSHes they got before. What others believe of it the refresh puts right.
	c->places_only = true;
	for (uint64_t p = 1; p <= PEERS; p++)
		claim((uint8_t)(1 + rl_random_below(&c->dice, c->count)), p);
	assert_true(clique_until_agreed(c, 60 * S) <= 25 * S);
}

static const struct {
	const char *what;
	int64_t clock[5]; // of members 1..5
} clocks[] = {
	{"a little apart", {0, 300, -300, 100, -200}},
	{"beyond the guard, but within trust", {490, -490, 0, 0, 0}},
	{"one is an hour ahead", {H, 0, 0, 0, 0}},
	{"one is an hour behind", {-H, 0, 0, 0, 0}},
	{"two are ahead", {H, 2 * H, 0, 0, 0}},
	{"one ahead, one behind", {H, -H, 0, 0, 0}},
	{"a few seconds", {5 * S, -5 * S, 3 * S, 0, 0}},
};

static void wrong_clocks_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		c = clique_new(5, (uint8_t)(31 + i), &good, 600, NULL);
		for (unsigned m = 1; m <= 5; m++) {
			c->member[m].clock = clocks[i].clock[m - 1];
			clique_restart(c, (uint8_t)m);
		}
		clique_run(c, 3 * S); // they hear of each other
		life(10 * S);
		uint64_t took = clique_until_agreed(c, 20 * S);
		if (took > 10 * S)
			fail_msg("%s: %lu ms", clocks[i].what, (unsigned long)took);
		expect_the_last_to_win();
		for (uint64_t p = 1; p <= PEERS; p++) // nothing is left that would win for long
			if (clique_at(c, 5, p).stamp_ms > c->now_ms + 3 * S)
				fail_msg("%s: a stamp from the future", clocks[i].what);
		end(NULL);
	}
}

// Before it hears the others it has claimed with its wrong clock.
static void what_a_wrong_clock_has_claimed_does_not_stay(void **state)
{
	(void)state;
	c = clique_new(3, 41, &good, 600, NULL);
	c->member[A].clock = H;
	clique_restart(c, A);
	for (uint64_t p = 1; p <= 50; p++)
		clique_claim(c, A, p, 1);
	clique_run(c, 5 * S);
	for (uint64_t p = 1; p <= 50; p++)
		clique_claim(c, B, p, 2);
	assert_true(clique_until_agreed(c, 10 * S) < 5 * S);
	for (uint64_t p = 1; p <= 50; p++)
		for (uint8_t m = A; m <= C; m++)
			assert_int_equal(clique_at(c, m, p).home, B);
	c->member[A].clock = 0; // set right at last
	clique_run(c, 40 * S);
	assert_int_equal(c->member[A].sync.guard.correction, 0);
	clique_claim(c, A, 5, 1);
	clique_run(c, 1 * S);
	for (uint8_t m = A; m <= C; m++)
		assert_int_equal(clique_at(c, m, 5).home, A);
}

// A member that does as it likes: stamps ahead of its own clock, batches ahead of everybody's.
static void stamps_from_the_future_are_refused(void **state)
{
	(void)state;
	static uint8_t buffer[RL_BATCH_MAX];
	static const struct {
		uint32_t batch, stamp; // ms ahead
		uint64_t future;       // refusals
		bool known;
	} t[] = {
		{0, 1900, 0, true},  {0, 2100, 1, false}, {1900, 1900, 0, true},
		{2100, 0, 1, false}, {H, H, 1, false},
	};
	c = clique_new(3, 51, &good, 600, NULL);
	clique_run(c, 3 * S);
	for (unsigned i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct rl_batch_writer w;
		struct rl_batch_reader b;
		uint64_t before = clique_refused(c, B, RL_REFUSAL_FUTURE);
		struct rl_batch_head h = rl_sync_head(&c->member[A].sync, RL_BATCH_REFRESH,
						      RL_NOBODY, c->now_ms + t[i].batch);
		union rl_record r = {.location = {.address = 1000 + i,
						  .home = A,
						  .stamp_ms = c->now_ms + t[i].stamp}};
		rl_batch_open(&w, buffer, &h);
		assert_int_equal(rl_batch_add(&w, &r), 0);
		size_t len = rl_batch_close(&w);
		h.epoch = c->member[B].sync.peer[A].epoch;
		h.seq = 1;
		rl_batch_sign_head(buffer, &h);
		assert_int_equal(rl_batch_parse(&b, buffer, len), RL_REFUSAL_NONE);
		rl_sync_take(&c->member[B].sync, &b, c->now_ms);
		assert_int_equal(clique_refused(c, B, RL_REFUSAL_FUTURE) - before, t[i].future);
		assert_int_equal(clique_at(c, B, 1000 + i).home, t[i].known ? A : RL_NOBODY);
	}
}

enum { TAPED = 400 };
static struct {
	size_t len;
	uint8_t data[4096];
} tape[TAPED];
static unsigned taped;

// What somebody recorded at the message broker an hour ago, and plays to a member that has just
// started and knows no windows.
static void a_recording_moves_nothing(void **state)
{
	(void)state;
	static uint8_t buffer[RL_BATCH_MAX];
	struct rl_batch_head h;
	size_t len;
	c = clique_new(3, 61, &good, 600, NULL);
	taped = 0;
	for (unsigned n = 0; n < 300 && taped < TAPED; n++) {
		struct clique_member *a = &c->member[A];
		clique_claim(c, A, 1 + n, 1);
		while (taped < TAPED &&
		       (len = rl_sync_next(&a->sync, c->now_ms + 20, buffer, &h)) != 0) {
			len = rl_seal_close(&a->seal, buffer, len);
			assert_true(len <= sizeof(tape[0].data));
			memcpy(tape[taped].data, buffer, len);
			tape[taped++].len = len;
		}
		clique_run(c, 10);
	}
	assert_true(taped > 50);
	c->now_ms += 1 * H;
	clique_restart(c, B);
	c->member[A].down = c->member[C].down = true;
	unsigned opened = 0;
	for (unsigned i = 0; i < taped; i++) {
		struct rl_batch_reader b;
		struct clique_member *m = &c->member[B];
		len = tape[i].len;
		memcpy(buffer, tape[i].data, len);
		if (rl_seal_open(&m->seal, buffer, &len) != RL_REFUSAL_NONE)
			continue;
		assert_int_equal(rl_batch_parse(&b, buffer, len), RL_REFUSAL_NONE);
		assert_int_not_equal(rl_sync_take(&m->sync, &b, c->now_ms), RL_REFUSAL_NONE);
		opened++;
	}
	assert_true(opened > 50); // their seals were good
	assert_int_equal(c->member[B].directory.count, 0);
	clique_run(c, 5 * S);
	assert_int_equal(c->member[B].sync.guard.correction, 0);
	c->member[A].down = c->member[C].down = false;
	clique_restart(c, A);
	clique_claim(c, A, 5, 1);
	clique_run(c, 5 * S);
	assert_int_equal(clique_at(c, B, 5).home, A); // of the true one it hears
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(bad_links_only_delay, end),
		cmocka_unit_test_teardown(both_halves_go_on_and_agree_when_healed, end),
		cmocka_unit_test_teardown(members_come_and_go, end),
		cmocka_unit_test_teardown(wrong_clocks_in_a_table, end),
		cmocka_unit_test_teardown(what_a_wrong_clock_has_claimed_does_not_stay, end),
		cmocka_unit_test_teardown(stamps_from_the_future_are_refused, end),
		cmocka_unit_test_teardown(a_recording_moves_nothing, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
