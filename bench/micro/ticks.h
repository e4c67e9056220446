// SPDX-License-Identifier: BSD-3-Clause
// Time of what is measured: the CPU's time stamp counter, in order with the instructions around it.
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t ticks(void)
{
#ifdef __x86_64__
	uint64_t t;
	__builtin_ia32_lfence();
	t = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return t;
#else
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
#endif
}

// Ticks a second, by the system's clock.
static inline double ticks_rate(void)
{
	struct timespec a, b, pause = {.tv_nsec = 100000000};
	clock_gettime(CLOCK_MONOTONIC, &a);
	uint64_t from = ticks();
	nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	uint64_t to = ticks();
	double s = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	return (double)(to - from) / s;
}
