// SPDX-License-Identifier: BSD-3-Clause
// Ways: one number each, kept while in use, given up in three steps, by many threads at once.
#include "dpdk-app/adjacency.h"
#include "root/packet.h"
#include "root/wire.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t none[ADJACENCY_USED_BYTES];

static struct frame_way way(uint32_t n)
{
	struct frame_way w = {.own_mac = {2, 0, 0, 0, 0, 1}, .device = (uint16_t)(n & 1)};

	w.next_mac[0] = 2;
	rl_store32(w.next_mac + 2, n);
	w.own.family = n & 2 ? 6 : 4;
	w.own.ip[0] = w.own.family == 4 ? 10 : 0xfd;
	w.own.port = 9993;
	return w;
}

static void test_intern(void **state)
{
	struct adjacency_table *t = adjacency_new(100);
	struct frame_way w = way(1);
	struct frame_header h;
	uint16_t a, b;

	(void)state;
	a = adjacency_intern(t, &w);
	assert_int_equal(adjacency_intern(t, &w), a);
	assert_int_equal(adjacency_count(t), 1);
	frame_header_make(&h, &w);
	assert_memory_equal(&adjacency_get(t, a)->header, &h, sizeof(h));
	assert_memory_equal(&adjacency_get(t, a)->way, &w, sizeof(w));

	// Every field makes another way of it.
	struct frame_way others[] = {w, w, w, w, w, w, w};
	others[0].own_mac[5]++;
	others[1].next_mac[5]++;
	others[2].vlan++;
	others[3].device++;
	others[4].own.ip[3]++;
	others[5].own.port++;
	others[6].own.family = 6;
	for (size_t i = 0; i < 7; i++) {
		b = adjacency_intern(t, &others[i]);
		assert_int_not_equal(a, b);
		assert_int_equal(adjacency_count(t), i + 2);
		assert_memory_equal(&adjacency_get(t, b)->way, &others[i], sizeof(w));
	}
	adjacency_free(t);
}

static void test_bounds(void **state)
{
	struct adjacency_table *t = adjacency_new(3);

	(void)state;
	assert_null(adjacency_new(0));
	assert_null(adjacency_new(ADJACENCY_MAX + 1));
	assert_null(adjacency_get(t, 0));
	assert_null(adjacency_get(t, 3));
	assert_null(adjacency_get(t, RL_VIA_NONE));
	assert_null(adjacency_get(t, RL_VIA_BACK));
	adjacency_free(t);
	adjacency_free(NULL);
}

static void test_full(void **state)
{
	struct adjacency_table *t = adjacency_new(ADJACENCY_MAX);
	uint8_t *seen = test_calloc(65536, 1);
	struct frame_way w;

	(void)state;
	for (uint32_t i = 0; i < ADJACENCY_MAX; i++) {
		w = way(i);
		uint16_t via = adjacency_intern(t, &w);
		assert_true(via < RL_VIA_NONE);
		assert_int_equal(seen[via]++, 0);
	}
	w = way(ADJACENCY_MAX);
	assert_int_equal(adjacency_intern(t, &w), RL_VIA_NONE);
	assert_int_equal(adjacency_count(t), ADJACENCY_MAX);
	// Those that are there are still found.
	for (uint32_t i = 0; i < ADJACENCY_MAX; i += 101) {
		w = way(i);
		assert_memory_equal(&adjacency_get(t, adjacency_intern(t, &w))->way, &w, sizeof(w));
	}
	test_free(seen);
	adjacency_free(t);
}

static void test_aging(void **state)
{
	struct adjacency_table *t = adjacency_new(2);
	uint8_t used[ADJACENCY_USED_BYTES] = {0};
	struct frame_way w1 = way(1), w2 = way(2), w3 = way(3);
	uint16_t a = adjacency_intern(t, &w1), b = adjacency_intern(t, &w2);

	(void)state;
	adjacency_mark(used, a);
	// b was interned since the last sweep: that counts as use.
	assert_int_equal(adjacency_sweep(t, used), 2);
	assert_int_equal(adjacency_sweep(t, used), 2);
	assert_non_null(adjacency_get(t, b));
	assert_int_equal(adjacency_sweep(t, used), 2); // retired: readable, its number not free
	assert_non_null(adjacency_get(t, b));
	assert_int_equal(adjacency_intern(t, &w3), RL_VIA_NONE);
	assert_int_equal(adjacency_sweep(t, used), 1);
	assert_null(adjacency_get(t, b));
	assert_non_null(adjacency_get(t, a));
	assert_int_equal(adjacency_intern(t, &w3), b);
	assert_memory_equal(&adjacency_get(t, b)->way, &w3, sizeof(w3));
	// Each sweep in which a peer holds it starts the count again.
	for (int i = 0; i < 10; i++) {
		adjacency_mark(used, b);
		adjacency_sweep(t, i % 2 ? used : none);
	}
	assert_non_null(adjacency_get(t, a));
	assert_non_null(adjacency_get(t, b));
	adjacency_free(t);
}

// A peer took the number at the very moment in which it was given up.
static void test_back_from_retirement(void **state)
{
	struct adjacency_table *t = adjacency_new(4);
	uint8_t used[ADJACENCY_USED_BYTES] = {0};
	struct frame_way w = way(1);
	uint16_t a = adjacency_intern(t, &w), b;

	(void)state;
	for (int i = 0; i < 3; i++)
		adjacency_sweep(t, none);
	adjacency_mark(used, a);
	assert_int_equal(adjacency_sweep(t, used), 1);
	assert_int_equal(adjacency_intern(t, &w), a); // found again

	// The same, but the way came again meanwhile and has a second number.
	for (int i = 0; i < 3; i++)
		adjacency_sweep(t, none);
	b = adjacency_intern(t, &w);
	assert_int_not_equal(a, b);
	adjacency_mark(used, b);
	for (int i = 0; i < 5; i++)
		assert_int_equal(adjacency_sweep(t, used), 2);
	assert_memory_equal(&adjacency_get(t, a)->way, &w, sizeof(w));
	assert_int_equal(adjacency_intern(t, &w), b);
	memset(used, 0, sizeof(used));
	adjacency_mark(used, b);
	assert_int_equal(adjacency_sweep(t, used), 1);
	assert_null(adjacency_get(t, a));
	adjacency_free(t);
}

// Many come and go: tombstones do not fill the table.
static void test_churn(void **state)
{
	struct adjacency_table *t = adjacency_new(64);
	struct frame_way w;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		w = way(i);
		assert_int_not_equal(adjacency_intern(t, &w), RL_VIA_NONE);
		if (i % 16 == 15)
			adjacency_sweep(t, none);
	}
	for (int i = 0; i < 4; i++)
		adjacency_sweep(t, none);
	assert_int_equal(adjacency_count(t), 0);
	adjacency_free(t);
}

enum { THREADS = 4, ROUNDS = 50000, WAYS = 300 };

static void *interner(void *arg)
{
	struct adjacency_table *t = arg;
	uint32_t n = (uint32_t)(uintptr_t)&n;

	for (unsigned i = 0; i < ROUNDS; i++) {
		n = n * 1103515245 + 12345;
		struct frame_way w = way((n >> 16) % WAYS);
		uint16_t via = adjacency_intern(t, &w);
		const struct adjacency *a = adjacency_get(t, via);
		if (!a || memcmp(&a->way, &w, sizeof(w)) != 0)
			return (void *)1;
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct adjacency_table *t = adjacency_new(2 * WAYS);
	pthread_t thread[THREADS];
	uint8_t used[ADJACENCY_USED_BYTES];
	void *bad = NULL;

	(void)state;
	// All numbers are in use, and the sweep runs beside.
	memset(used, 0xff, sizeof(used));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, interner, t), 0);
	for (int i = 0; i < 200; i++)
		adjacency_sweep(t, used);
	for (int i = 0; i < THREADS; i++) {
		void *ret;
		pthread_join(thread[i], &ret);
		if (ret)
			bad = ret;
	}
	assert_null(bad);
	assert_int_equal(adjacency_count(t), WAYS); // no way got two numbers
	adjacency_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_aging),
		cmocka_unit_test(test_back_from_retirement),
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
