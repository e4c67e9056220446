// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/clock.h"

#include <rte_cycles.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

static void the_offset_follows_slowly(void **state)
{
	static const struct {
		const char *what;
		int64_t offset, wanted;
		uint64_t passed;
		int64_t next;
	} rows[] = {
		{"in step", 5 * S, 5 * S, S, 5 * S},
		{"nothing has passed", 5 * S, 9 * S, 0, 5 * S},
		{"a little ahead", 5 * S, 5 * S + 100, S / 10, 5 * S + 100},
		{"a little behind", 5 * S, 5 * S - 100, S / 10, 5 * S - 100},
		{"set to another year", 5 * S, 50000000 * S, S, 5 * S + S / 100},
		{"set back a year", 50000000 * S, 5 * S, S, 50000000 * S - S / 100},
		{"before 1970", -5 * S, -9 * S, 100 * S, -6 * S},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (clock_slew(rows[i].offset, rows[i].wanted, rows[i].passed) != rows[i].next)
			fail_msg("%s", rows[i].what);
}

static uint64_t wall_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t measure_hz(void)
{
	struct timespec t = {.tv_nsec = 50000000};
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	uint64_t from = rte_rdtsc();
	nanosleep(&t, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	uint64_t ticks = rte_rdtsc() - from;
	uint64_t ns =
		(uint64_t)(b.tv_sec - a.tv_sec) * S + (uint64_t)b.tv_nsec - (uint64_t)a.tv_nsec;
	return (uint64_t)((unsigned __int128)ticks * S / ns);
}

static void it_keeps_time_without_the_system(void **state)
{
	struct clock c;
	struct timespec t = {.tv_nsec = 200000000};
	(void)state;
	clock_init(&c, measure_hz());
	assert_in_range(clock_now(&c) + 50, wall_ms(), wall_ms() + 100);
	nanosleep(&t, NULL);
	assert_in_range(clock_now(&c) + 50, wall_ms(), wall_ms() + 100);
	clock_sync(&c);
	assert_in_range(clock_now(&c) + 50, wall_ms(), wall_ms() + 100);
	// Some days without a sync would be wrong by the counter's error, not by an overflow.
	uint64_t before = clock_now(&c);
	c.tsc -= c.tsc / 2;
	assert_true(clock_now(&c) >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_offset_follows_slowly),
		cmocka_unit_test(it_keeps_time_without_the_system),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
