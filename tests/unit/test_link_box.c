// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/link_asked.h"
#include "cluster/link_box.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// A box holds one largest record at least, whatever is asked for.
enum { LEAST = (int)sizeof(struct rl_link_head) + RL_LINK_BYTES_MAX };

static struct rl_link_box box;
static uint8_t bytes[RL_LINK_BYTES_MAX];

static int fresh(void **state)
{
	(void)state;
	return rl_link_box_init(&box, (size_t[]){0, 0});
}

static int done(void **state)
{
	(void)state;
	rl_link_box_free(&box);
	return 0;
}

static bool put(unsigned lane, uint32_t request, uint32_t len)
{
	unsigned stale;
	memset(bytes, (int)request, len);
	return rl_link_box_put(
		&box,
		&(struct rl_link_head){
			.len = len, .request = request, .lane = (uint8_t)lane, .time_ms = request},
		bytes, 0, &stale);
}

// What is first is this one, with its bytes; taken.
static void take(uint32_t request)
{
	struct rl_link_head *h = rl_link_box_first(&box);
	assert_non_null(h);
	assert_int_equal(h->request, request);
	assert_int_equal((uintptr_t)rl_link_head_bytes(h) % 8, 0);
	for (uint32_t i = 0; i < h->len; i++)
		assert_int_equal(rl_link_head_bytes(h)[i], (uint8_t)request);
	assert_ptr_equal(rl_link_box_first(&box), h);
	rl_link_box_drop(&box);
}

static void nothing(void)
{
	assert_null(rl_link_box_first(&box));
	assert_int_equal(rl_link_box_bytes(&box), 0);
}

static bool rung(void)
{
	struct pollfd p = {.fd = box.bell, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void order_and_room(void **state)
{
	(void)state;
	nothing();
	assert_true(put(1, 1, RL_LINK_BYTES_MAX));
	assert_false(put(1, 2, 1));
	take(1);
	nothing();

	uint32_t n = 0;
	while (put(1, n + 1, 100))
		n++;
	assert_int_equal(n, LEAST / 128);
	for (uint32_t i = 1; i <= n; i++)
		take(i);
	nothing();
}

static void urgent_goes_first(void **state)
{
	(void)state;
	assert_true(put(1, 1, 10));
	assert_true(put(0, 2, 10));
	assert_true(put(1, 3, 10));
	take(2);
	take(1);
	// What is being read stays first, even if something urgent comes.
	struct rl_link_head *h = rl_link_box_first(&box);
	assert_int_equal(h->request, 3);
	assert_true(put(0, 4, 10));
	assert_ptr_equal(rl_link_box_first(&box), h);
	take(3);
	take(4);
	nothing();
}

// Records of all sizes round and round: each comes out whole, in order, and the books are right.
static void round_and_round(void **state)
{
	uint32_t in = 0, out = 0, dice = 1, longest = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		dice = dice * 1664525 + 1013904223;
		// Mostly small ones; some that leave a large part of the end unused.
		uint32_t len = dice >> 30 ? dice >> 8 & 63 : (dice >> 8) % (RL_LINK_BYTES_MAX / 2);
		if (dice >> 16 & 1) {
			in += put(1, in + 1, len);
		} else if (out < in) {
			take(++out);
		}
		longest = in - out > longest ? in - out : longest;
	}
	assert_true(longest > 10);
	assert_true(in > 10000);
	while (out < in)
		take(++out);
	nothing();
	assert_true(put(1, 7, RL_LINK_BYTES_MAX));
}

static void stale_ones_make_room(void **state)
{
	unsigned stale;
	struct rl_link_head h = {.lane = 1, .len = RL_LINK_BYTES_MAX / 2, .time_ms = 50};

	(void)state;
	assert_true(put(1, 10, RL_LINK_BYTES_MAX / 4));
	assert_true(put(1, 20, RL_LINK_BYTES_MAX / 4));
	assert_true(put(1, 30, RL_LINK_BYTES_MAX / 4));
	assert_false(rl_link_box_put(&box, &h, bytes, 10, &stale));
	assert_int_equal(stale, 0);
	// The first is being read, so it and what is behind it stays.
	assert_non_null(rl_link_box_first(&box));
	assert_false(rl_link_box_put(&box, &h, bytes, 30, &stale));
	assert_int_equal(stale, 0);
	take(10);
	assert_true(rl_link_box_put(&box, &h, bytes, 30, &stale));
	assert_int_equal(stale, 1);
	take(30);
	assert_int_equal(rl_link_box_first(&box)->time_ms, 50);
	rl_link_box_drop(&box);
	nothing();
}

static void rings_when_there_is_something_new(void **state)
{
	(void)state;
	assert_false(rung());
	put(1, 1, 1);
	assert_true(rung());
	rl_link_bell_wait(box.bell, 0);
	assert_false(rung());
	put(1, 2, 1);
	assert_false(rung());
	put(0, 3, 1);
	assert_true(rung());
	rl_link_bell_wait(box.bell, 1000);
	rl_link_bell_wait(box.bell, 1);
	assert_false(rung());
}

static void questions(void **state)
{
	static struct rl_link_asked a;
	uint32_t one, two;

	(void)state;
	// The number after the last is not 0, which stands for none.
	rl_link_asked_init(&a, UINT32_MAX - 1);
	one = rl_link_asked_add(&a, 1, 100);
	two = rl_link_asked_add(&a, 2, 50);
	assert_int_equal(one, UINT32_MAX);
	assert_int_equal(two, 1);
	assert_false(rl_link_asked_answer(&a, 0));
	assert_false(rl_link_asked_answer(&a, two + RL_LINK_ASKED_MAX));
	assert_true(rl_link_asked_answer(&a, one));
	assert_false(rl_link_asked_answer(&a, one));
	assert_true(rl_link_asked_answer(&a, two));
	assert_int_equal(rl_link_asked_late(&a, 49), 0);
	assert_int_equal(rl_link_asked_late(&a, 50), two);
	assert_int_equal(rl_link_asked_late(&a, 50), 0);
	assert_false(rl_link_asked_end(&a, two));
	assert_int_equal(a.count, 0);
}

static void questions_have_bounded_room(void **state)
{
	static struct rl_link_asked a;
	uint32_t first = 0;

	(void)state;
	rl_link_asked_init(&a, 1000);
	for (unsigned i = 0; i < RL_LINK_ASKED_MAX; i++) {
		uint32_t r = rl_link_asked_add(&a, 1, 1000 - i);
		assert_int_not_equal(r, 0);
		first = first ? first : r;
	}
	assert_int_equal(rl_link_asked_add(&a, 1, 1), 0);
	assert_true(rl_link_asked_end(&a, first));
	uint32_t next = rl_link_asked_add(&a, 1, 1);
	assert_int_not_equal(next, 0);
	assert_int_not_equal(next, first);
	assert_false(rl_link_asked_answer(&a, first));
	unsigned late = 0;
	while (rl_link_asked_late(&a, 1000))
		late++;
	assert_int_equal(late, RL_LINK_ASKED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order_and_room, fresh, done),
		cmocka_unit_test_setup_teardown(urgent_goes_first, fresh, done),
		cmocka_unit_test_setup_teardown(round_and_round, fresh, done),
		cmocka_unit_test_setup_teardown(stale_ones_make_room, fresh, done),
		cmocka_unit_test_setup_teardown(rings_when_there_is_something_new, fresh, done),
		cmocka_unit_test(questions),
		cmocka_unit_test(questions_have_bounded_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
