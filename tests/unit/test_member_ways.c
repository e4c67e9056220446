// SPDX-License-Identifier: BSD-3-Clause
// Paths written by one thread and read by another: whole, or not at all.
#include "dpdk-app/member_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

static struct member_ways ways;
static atomic_bool stop;

// Every part of the path follows from n, so a mixture of two shows.
static struct rl_path path_of(uint16_t n)
{
	struct rl_path p = {.addr = {.port = n, .family = n % 2 ? 4 : 6}, .via = n};
	memset(p.addr.ip, (uint8_t)n, p.addr.family == 4 ? 4 : 16);
	return p;
}

static void what_was_set_is_got(void **state)
{
	struct rl_path got;
	(void)state;
	assert_false(member_ways_get(&ways, 3, &got));
	for (uint16_t n = 1; n < 300; n++) {
		struct rl_path p = path_of(n);
		member_ways_set(&ways, 3, &p);
		assert_true(member_ways_get(&ways, 3, &got));
		assert_memory_equal(&got, &p, sizeof(p));
	}
	assert_false(member_ways_get(&ways, 4, &got));
	member_ways_set(&ways, 3, NULL);
	assert_false(member_ways_get(&ways, 3, &got));
}

static void *write_on(void *arg)
{
	(void)arg;
	for (uint16_t n = 1; !atomic_load(&stop); n = n == 60000 ? 1 : n + 1) {
		struct rl_path p = path_of(n);
		member_ways_set(&ways, 9, n % 64 ? &p : NULL);
	}
	return NULL;
}

static void no_path_is_read_half(void **state)
{
	pthread_t writer;
	unsigned seen = 0;
	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
	for (unsigned i = 0; i < 20000000 && seen < 100000; i++) {
		struct rl_path got;
		if (!member_ways_get(&ways, 9, &got))
			continue;
		struct rl_path want = path_of(got.via);
		assert_memory_equal(&got, &want, sizeof(want));
		seen++;
	}
	atomic_store(&stop, true);
	pthread_join(writer, NULL);
	assert_true(seen > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_set_is_got),
		cmocka_unit_test(no_path_is_read_half),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
