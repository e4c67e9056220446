// SPDX-License-Identifier: BSD-3-Clause
// Work that is put down while the other thread goes to sleep is found, and a ring for one who is
// awake costs nothing.
#include "dpdk-app/waker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>

static struct waker w;

static int setup(void **state)
{
	(void)state;
	w = (struct waker){0};
	return waker_open(&w);
}

static int teardown(void **state)
{
	(void)state;
	waker_close(&w);
	waker_close(&w); // nothing is left to close
	return 0;
}

static bool readable(int ms)
{
	struct pollfd p = {.fd = w.fd, .events = POLLIN};
	return poll(&p, 1, ms) == 1;
}

static void only_a_sleeper_is_rung_and_once(void **state)
{
	(void)state;
	waker_ring(&w);
	assert_false(readable(0));
	waker_sleeps(&w);
	assert_false(readable(0));
	waker_ring(&w);
	assert_true(readable(0));
	assert_false(atomic_load(&w.asleep)); // the next ring sees that it was rung already
	waker_ring(&w);
	waker_wakes(&w, true);
	assert_false(readable(0));
	waker_ring(&w);
	assert_false(readable(0));
}

// A ring between the end of the wait and waking up ends the next sleep, and that one alone.
static void a_late_ring_is_not_for_ever(void **state)
{
	(void)state;
	waker_sleeps(&w);
	assert_false(readable(0));
	waker_ring(&w);
	waker_wakes(&w, false);
	waker_sleeps(&w);
	assert_true(readable(0));
	waker_wakes(&w, true);
	waker_sleeps(&w);
	assert_false(readable(0));
	waker_wakes(&w, false);
}

enum { ROUNDS = 2000, RINGERS = 2 };
static atomic_uint work, done;

// Each waits until its work is done before it puts down more, so a ring that gets lost is a wait
// that times out.
static void *ringer(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned mine = atomic_fetch_add(&work, 1) + 1;
		waker_ring(&w);
		while ((int)(atomic_load(&done) - mine) < 0)
			sched_yield();
	}
	return NULL;
}

static void no_ring_gets_lost(void **state)
{
	pthread_t t[RINGERS];
	(void)state;
	atomic_store(&work, 0);
	atomic_store(&done, 0);
	for (unsigned i = 0; i < RINGERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, ringer, NULL), 0);
	while (atomic_load(&done) < ROUNDS * RINGERS) {
		waker_sleeps(&w);
		bool rung = false;
		if (atomic_load(&work) == atomic_load(&done)) {
			rung = readable(20000);
			assert_true(rung);
		}
		waker_wakes(&w, rung);
		atomic_store(&done, atomic_load(&work));
	}
	for (unsigned i = 0; i < RINGERS; i++)
		pthread_join(t[i], NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_a_sleeper_is_rung_and_once),
		T(a_late_ring_is_not_for_ever),
		T(no_ring_gets_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
