// SPDX-License-Identifier: BSD-3-Clause
// Some members on links whose faults are chosen one by one.
#include "tests/lib/clique.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { A = 1, B = 2, C = 3, S = 1000, MIN = 60 * S, H = 60 * MIN, SETTLE = 4 * S };

static const struct clique_links good = {.delay_ms = 20};
static struct clique *c;

static int end(void **state)
{
	(void)state;
	clique_free(c);
	c = NULL;
	return 0;
}

static void make(unsigned count)
{
	c = clique_new(count, 1, &good, 1000, NULL);
	clique_run(c, SETTLE); // they have heard and asked each other
}

static struct rl_sync *sync_of(uint8_t member)
{
	return &c->member[member].sync;
}

static uint64_t snapshots(void)
{
	uint64_t n = 0;
	for (unsigned a = 1; a <= c->count; a++)
		for (unsigned b = 1; b <= c->count; b++)
			n += sync_of((uint8_t)a)->peer[b].snapshots;
	return n;
}

static void expect_home(uint64_t address, uint8_t home)
{
	for (unsigned m = 1; m <= c->count; m++)
		assert_int_equal(clique_at(c, (uint8_t)m, address).home, home);
}

static void a_claim_is_everywhere_at_once(void **state)
{
	(void)state;
	make(3);
	assert_true(clique_claim(c, A, 5, 1) > 0);
	clique_run(c, 10 + 20 + 2 * CLIQUE_STEP_MS);
	expect_home(5, A);
	assert_int_equal(clique_at(c, B, 5).fingerprint, 6);
	assert_int_equal(c->member[B].changes, 1);
	assert_int_equal(c->member[A].changes, 0); // its own are no news
	assert_int_equal(clique_claim(c, A, 5, 1), RL_CHANGE_NONE);
	clique_run(c, 1 * S);
	assert_int_equal(sync_of(A)->stream, 1); // what stays the same is not told
}

static uint64_t lose_number; // LOCATIONS of A
static unsigned lost;

static bool lose_one(const struct clique *q, const struct rl_batch_head *h, uint8_t to)
{
	(void)q;
	bool hit = h->kind == RL_BATCH_LOCATIONS && h->from == A && h->stream == lose_number &&
		   to == B;
	lost += hit;
	return hit;
}

static void a_lost_batch_is_told_again(void **state)
{
	(void)state;
	make(3);
	uint64_t before = snapshots();
	lost = 0;
	lose_number = 2;
	c->lose = lose_one;
	for (uint64_t n = 1; n <= 3; n++) {
		clique_claim(c, A, n, 1);
		clique_run(c, 50);
	}
	assert_int_equal(lost, 1);
	clique_run(c, 300);
	expect_home(2, A);
	assert_int_equal(sync_of(B)->peer[A].lost, 1);
	assert_int_equal(sync_of(B)->peer[A].low, 3);
	assert_int_equal(sync_of(C)->peer[A].lost, 0);
	assert_int_equal(snapshots(), before);
}

static void the_last_one_lost_is_noticed_by_the_heartbeat(void **state)
{
	(void)state;
	make(2);
	lose_number = 1;
	c->lose = lose_one;
	clique_claim(c, A, 5, 1);
	clique_run(c, 100);
	assert_int_equal(clique_at(c, B, 5).home, RL_NOBODY);
	clique_run(c, CLIQUE_BEAT_MS + 300);
	expect_home(5, A);
}

static void a_peer_that_changed_since_is_told_as_it_is(void **state)
{
	(void)state;
	make(3);
	lose_number = 1;
	c->lose = lose_one;
	clique_claim(c, A, 5, 1);
	clique_run(c, 60);
	clique_claim(c, C, 5, 2); // by the time B asks, it has moved on
	clique_run(c, CLIQUE_BEAT_MS + 300);
	expect_home(5, C);
	assert_true(clique_agree(c));
}

static void reordered_batches_are_not_asked_for(void **state)
{
	(void)state;
	make(2);
	c->links.jitter_ms = 30;
	for (uint64_t n = 1; n <= 200; n++) {
		clique_claim(c, A, n, 1);
		clique_run(c, 15);
	}
	clique_run(c, 200);
	assert_true(sync_of(A)->stream > 100);
	assert_int_equal(sync_of(B)->peer[A].low, sync_of(A)->stream);
	assert_int_equal(sync_of(B)->peer[A].lost, 0);
	assert_true(clique_agree(c));
}

static void too_long_ago_means_shards(void **state)
{
	(void)state;
	make(2);
	uint64_t before = snapshots();
	c->member[B].side = 1;
	for (uint64_t n = 1; n <= 400; n++) { // of which 256 are remembered
		clique_claim(c, A, n, 1);
		clique_run(c, 20);
	}
	c->member[B].side = 0;
	assert_true(clique_until_agreed(c, 10 * S) < 6 * S);
	clique_run(c, 2 * S);
	assert_int_equal(snapshots() - before, RL_SHARDS);
}

static void a_newcomer_is_told_everything(void **state)
{
	(void)state;
	make(3);
	c->member[C].down = true;
	for (uint64_t n = 1; n <= 500; n++)
		clique_claim(c, n % 2 ? A : B, n, 1);
	clique_run(c, 1 * S);
	c->member[C].down = false;
	clique_restart(c, C);
	assert_true(clique_until_agreed(c, 10 * S) < 6 * S);
	assert_int_equal(c->member[C].directory.live[A], 250);
}

static void a_new_start_is_noticed_and_the_old_one_refused(void **state)
{
	(void)state;
	make(2);
	clique_claim(c, A, 5, 1);
	clique_run(c, 100);
	uint64_t had = sync_of(B)->peer[A].snapshots;
	struct rl_batch_reader old = {.head = rl_sync_head(sync_of(A), RL_BATCH_HEARTBEAT,
							   RL_NOBODY, clique_clock(c, A))};
	old.head.epoch = sync_of(B)->peer[A].epoch;
	clique_restart(c, A);
	clique_claim(c, A, 6, 1);
	clique_run(c, SETTLE);
	assert_int_equal(sync_of(B)->peer[A].snapshots, had + RL_SHARDS);
	expect_home(6, A);
	assert_int_equal(clique_at(c, B, 5).home, A); // where it was, until somebody says otherwise
	assert_int_equal(rl_sync_take(sync_of(B), &old, clique_clock(c, B)), RL_REFUSAL_OLD_BOOT);
}

static void what_comes_late_is_dropped_and_told_again(void **state)
{
	(void)state;
	make(2);
	c->links.delay_ms = 10100;
	clique_claim(c, A, 5, 1);
	clique_run(c, 20);
	c->links.delay_ms = 20;
	clique_run(c, 100);
	assert_int_equal(clique_at(c, B, 5).home, RL_NOBODY);
	clique_run(c, 12 * S);
	assert_true(clique_refused(c, B, RL_REFUSAL_STALE) > 0);
	expect_home(5, A);
}

static void the_last_of_two_that_claim_is_it_for_all(void **state)
{
	(void)state;
	make(3);
	for (unsigned n = 0; n < 50; n++) {
		clique_claim(c, n % 2 ? A : B, 5, n % 2 ? 1 : 2);
		clique_claim(c, A, 6, n);
		clique_claim(c, B, 6, n); // in the same millisecond
		clique_run(c, 30);
	}
	clique_run(c, 1 * S);
	expect_home(5, A);
	expect_home(6, B);
	assert_true(clique_agree(c));
}

static void a_move_to_a_clock_behind_is_a_move(void **state)
{
	(void)state;
	make(3);
	c->member[A].clock = 400;
	c->member[B].clock = -400;
	clique_claim(c, A, 5, 1);
	clique_run(c, 100);
	clique_claim(c, B, 5, 2);
	clique_run(c, 100);
	expect_home(5, B);
	rl_sync_release(sync_of(B), 5, clique_clock(c, B));
	clique_run(c, 400); // within the pause it is not told again
	for (uint8_t m = A; m <= C; m++)
		assert_true(clique_at(c, m, 5).gone);
}

static void who_lets_go_does_not_undo_a_move(void **state)
{
	(void)state;
	make(3);
	clique_claim(c, A, 5, 1);
	clique_claim(c, A, 6, 1);
	clique_run(c, 100);
	clique_claim(c, B, 5, 2);
	rl_sync_release(sync_of(A), 5, clique_clock(c, A)); // has not heard of it yet
	rl_sync_release(sync_of(A), 6, clique_clock(c, A));
	rl_sync_release(sync_of(C), 6, clique_clock(c, C)); // not its own: nothing
	clique_run(c, 1 * S);
	expect_home(5, B);
	for (uint8_t m = A; m <= C; m++) {
		assert_false(clique_at(c, m, 5).gone);
		assert_true(clique_at(c, m, 6).gone);
	}
	rl_sync_release(sync_of(A), 99, clique_clock(c, A));
	clique_run(c, 4 * MIN);
	for (uint8_t m = A; m <= C; m++) // the tombstone is gone, the identity stays
		assert_int_equal(clique_at(c, m, 6).home, RL_NOBODY);
	assert_int_equal(clique_at(c, C, 6).fingerprint, 7);
}

static void a_flood_of_one_clients_changes_is_bounded(void **state)
{
	(void)state;
	make(2);
	for (uint32_t n = 0; n < 2000; n++) { // every 5 ms for 10 s
		clique_claim(c, A, 5, 1 + n);
		clique_run(c, 5);
	}
	clique_run(c, 500);
	assert_in_range(sync_of(B)->peer[A].records, 30, 45);
	assert_true(clique_agree(c)); // on the last one
}

static void more_changes_than_there_is_room_for_come_with_the_refresh(void **state)
{
	(void)state;
	make(2);
	struct rl_sync_config config = c->config;
	config.dirty_max = 16;
	config.refresh_ms = 20 * S;
	clique_free(c);
	c = clique_new(2, 1, &good, 1000, &config);
	clique_run(c, SETTLE);
	for (uint64_t n = 1; n <= 100; n++)
		clique_claim(c, A, n, 1);
	assert_int_equal(clique_refused(c, A, RL_REFUSAL_DIRTY_FULL), 84);
	clique_run(c, 200);
	assert_int_equal(c->member[B].directory.count, 16);
	assert_true(clique_until_agreed(c, 60 * S) < 25 * S);
}

static void pushes_are_counted_together(void **state)
{
	(void)state;
	make(3);
	clique_claim(c, A, 5, 1);
	clique_run(c, 100);
	rl_sync_pushed(sync_of(A), 5, 4, 4444, clique_clock(c, A));
	clique_run(c, 1 * S);
	rl_sync_pushed(sync_of(B), 5, 6, 6666, clique_clock(c, B)); // not its home
	rl_sync_pushed(sync_of(B), 5, 6, 6666, clique_clock(c, B));
	clique_run(c, 1 * S);
	for (uint8_t m = A; m <= C; m++) {
		struct rl_location l = clique_at(c, m, 5);
		assert_int_equal(l.home, A);
		assert_int_equal(rl_pushes_in_chain(&l.pushes, c->now_ms), 3);
		assert_int_equal(l.push_port4, 4444);
		assert_int_equal(l.push_port6, 6666);
	}
}

static void a_valid_identity_is_shared(void **state)
{
	(void)state;
	make(2);
	rl_sync_valid(sync_of(A), 5, 77, clique_clock(c, A)); // of nobody's client
	clique_claim(c, A, 6, 1);
	clique_run(c, 100);
	assert_int_equal(clique_at(c, B, 5).fingerprint, 77);
	assert_int_equal(clique_at(c, B, 5).home, RL_NOBODY);
	rl_sync_valid(sync_of(A), 6, 3, clique_clock(c, A)); // two keys, one address: the lesser
	rl_sync_valid(sync_of(A), 5, 77, clique_clock(c, A));
	uint64_t told = sync_of(A)->told[RL_BATCH_LOCATIONS];
	clique_run(c, 500);
	assert_int_equal(clique_at(c, B, 6).fingerprint, 3);
	assert_int_equal(sync_of(A)->told[RL_BATCH_LOCATIONS],
			 told + 1); // what is known is not told
}

static void a_full_directory_is_counted(void **state)
{
	(void)state;
	c = clique_new(2, 1, &good, 50, NULL);
	clique_run(c, SETTLE);
	for (uint64_t n = 1; n <= 50; n++)
		clique_claim(c, A, n, 1);
	clique_claim(c, B, 99, 1);
	assert_int_equal(clique_claim(c, A, 51, 1), -ENOSPC);
	clique_run(c, 200);
	assert_int_equal(clique_refused(c, A, RL_REFUSAL_DIRECTORY_FULL), 2);
	assert_int_equal(clique_refused(c, B, RL_REFUSAL_DIRECTORY_FULL), 1);
}

static void answers_keep_to_their_budget(void **state)
{
	(void)state;
	make(2);
	struct rl_sync_config config = c->config;
	config.budget_bytes = 4000;
	clique_free(c);
	c = clique_new(2, 1, &good, 2000, &config);
	c->member[B].down = true;
	for (uint64_t n = 1; n <= 1000; n++)
		clique_claim(c, A, n, 1);
	clique_run(c, SETTLE);
	c->member[B].down = false;
	uint64_t bytes = c->member[A].bytes, beats = 10 * S / CLIQUE_BEAT_MS + 1;
	clique_run(c, 10 * S);
	// 16 shards are some 1.9 kB; each answer may overdraw by one batch.
	assert_true(c->member[A].bytes - bytes < 10 * 4000 + 2500 + beats * 200);
	assert_true(c->member[B].directory.count > 300);
	assert_true(clique_until_agreed(c, 60 * S) < 30 * S);
}

// Some clients in a table of a million: longer to walk than the asker waits for an answer.
static void a_long_walk_says_that_it_goes_on(void **state)
{
	(void)state;
	make(2);
	struct rl_sync_config config = c->config;
	config.budget_bytes = 60000;
	config.answer_ms = 2000;
	clique_free(c);
	c = clique_new(2, 1, &good, 1000000, &config);
	c->member[B].down = true;
	for (uint64_t n = 1; n <= 50; n++)
		clique_claim(c, A, n, 1);
	clique_run(c, 1 * S);
	c->member[B].down = false;
	assert_true(clique_until_agreed(c, 90 * S) < 60 * S);
}

static void claims_that_stay_are_stamped_anew_in_time(void **state)
{
	(void)state;
	make(2);
	struct rl_sync_config config = c->config;
	config.refresh_ms = 20 * S;
	clique_free(c);
	c = clique_new(2, 1, &good, 100, &config);
	clique_run(c, SETTLE);
	clique_claim(c, A, 5, 1);
	clique_run(c, 1 * S);
	uint64_t stamp = clique_at(c, B, 5).stamp_ms;
	c->now_ms += UINT64_C(40) * 24 * H; // the machine was asleep; a stamp's age has its limit
	clique_claim(c, A, 5, 1);           // it is still there
	clique_run(c, 60 * S);
	assert_true(clique_at(c, B, 5).stamp_ms > stamp);
	assert_true(clique_agree(c));
}

static void a_link_that_takes_nothing_loses_nothing(void **state)
{
	(void)state;
	make(2);
	static uint8_t buffer[RL_BATCH_MAX];
	struct rl_batch_head h;
	struct rl_sync *s = sync_of(A);
	uint64_t now = clique_clock(c, A);
	for (uint64_t n = 1; n <= 900; n++) {
		clique_claim(c, A, n, 1);
		clique_claim(c, A, n, 2);
	}
	for (unsigned i = 0; i < 100; i++)
		rl_sync_tick(s, now += 10); // nobody fetches
	uint64_t told = 0;
	while (rl_sync_next(s, now, buffer, &h) != 0)
		told += h.kind == RL_BATCH_LOCATIONS ? h.count : 0;
	assert_int_equal(told, 900); // each once, as it is now
	assert_int_equal(s->told[RL_BATCH_LOCATIONS], 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_claim_is_everywhere_at_once, end),
		cmocka_unit_test_teardown(a_lost_batch_is_told_again, end),
		cmocka_unit_test_teardown(the_last_one_lost_is_noticed_by_the_heartbeat, end),
		cmocka_unit_test_teardown(a_peer_that_changed_since_is_told_as_it_is, end),
		cmocka_unit_test_teardown(reordered_batches_are_not_asked_for, end),
		cmocka_unit_test_teardown(too_long_ago_means_shards, end),
		cmocka_unit_test_teardown(a_newcomer_is_told_everything, end),
		cmocka_unit_test_teardown(a_new_start_is_noticed_and_the_old_one_refused, end),
		cmocka_unit_test_teardown(what_comes_late_is_dropped_and_told_again, end),
		cmocka_unit_test_teardown(the_last_of_two_that_claim_is_it_for_all, end),
		cmocka_unit_test_teardown(a_move_to_a_clock_behind_is_a_move, end),
		cmocka_unit_test_teardown(who_lets_go_does_not_undo_a_move, end),
		cmocka_unit_test_teardown(a_flood_of_one_clients_changes_is_bounded, end),
		cmocka_unit_test_teardown(more_changes_than_there_is_room_for_come_with_the_refresh,
					  end),
		cmocka_unit_test_teardown(pushes_are_counted_together, end),
		cmocka_unit_test_teardown(a_valid_identity_is_shared, end),
		cmocka_unit_test_teardown(a_full_directory_is_counted, end),
		cmocka_unit_test_teardown(answers_keep_to_their_budget, end),
		cmocka_unit_test_teardown(a_long_walk_says_that_it_goes_on, end),
		cmocka_unit_test_teardown(claims_that_stay_are_stamped_anew_in_time, end),
		cmocka_unit_test_teardown(a_link_that_takes_nothing_loses_nothing, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
