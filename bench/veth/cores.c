// SPDX-License-Identifier: BSD-3-Clause
// How long a cache line takes from CPU 0 to CPU 1 and back. Packets come from there and go there,
// and on a virtual machine it is now one and now five times as long, as the host places its CPUs.
#include "bench/veth/ends.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { TURNS_EACH = 1000, STRETCHES = 50, ALL = TURNS_EACH * STRETCHES };

static _Alignas(128) atomic_int line;

static void stay_on(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	need(sched_setaffinity(0, sizeof(set), &set) == 0, "no such CPU");
}

// Gives way now and then: the other one may be waiting for this CPU.
static void wait_for(int value)
{
	for (unsigned i = 1; atomic_load(&line) != value; i++)
		if (i % 4096 == 0)
			sched_yield();
}

static void *answer(void *unused)
{
	(void)unused;
	stay_on(1);
	for (int i = 0; i < ALL; i++) {
		wait_for(2 * i + 1);
		atomic_store(&line, 2 * i + 2);
	}
	return NULL;
}

int cores_apart(void)
{
	pthread_t other;
	double best = 1e9;
	stay_on(0);
	need(pthread_create(&other, NULL, answer, NULL) == 0, "no thread");
	for (int i = 0; i < ALL;) {
		double from = seconds(CLOCK_MONOTONIC);
		for (int end = i + TURNS_EACH; i < end; i++) {
			atomic_store(&line, 2 * i + 1);
			wait_for(2 * i + 2);
		}
		double took = (seconds(CLOCK_MONOTONIC) - from) / TURNS_EACH;
		best = took < best ? took : best;
	}
	pthread_join(other, NULL);
	printf("%.0f\n", best * 1e9);
	return 0;
}
