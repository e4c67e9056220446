// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/clock.h"

#include <rte_cycles.h>
#include <time.h>

enum { SLEW = 100 }; // of passed time, how much the offset may change: 1/100

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int64_t clock_slew(int64_t offset_ns, int64_t wanted_ns, uint64_t passed_ns)
{
	int64_t most = (int64_t)(passed_ns / SLEW), diff = wanted_ns - offset_ns;
	return offset_ns + (diff > most ? most : diff < -most ? -most : diff);
}

// A sequence lock: readers that meet a writer try again. Control writes a few words ten times a
// second, so nobody waits.
static void publish(struct clock *c, uint64_t tsc, uint64_t ns)
{
	uint32_t turn = atomic_load_explicit(&c->turn, memory_order_relaxed);
	atomic_store_explicit(&c->turn, turn + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&c->tsc, tsc, memory_order_relaxed);
	atomic_store_explicit(&c->ns, ns, memory_order_relaxed);
	atomic_store_explicit(&c->turn, turn + 2, memory_order_release);
}

void clock_init(struct clock *c, uint64_t tsc_hz)
{
	*c = (struct clock){.ns_per_tick =
				    (uint64_t)(((unsigned __int128)1000000000 << 32) / tsc_hz)};
	c->synced_ns = read_ns(CLOCK_BOOTTIME);
	c->offset_ns = (int64_t)(read_ns(CLOCK_REALTIME) - c->synced_ns);
	clock_sync(c);
}

void clock_sync(struct clock *c)
{
	uint64_t boot_ns = read_ns(CLOCK_BOOTTIME), tsc = rte_rdtsc();
	int64_t wanted_ns = (int64_t)(read_ns(CLOCK_REALTIME) - boot_ns);
	c->offset_ns = clock_slew(c->offset_ns, wanted_ns, boot_ns - c->synced_ns);
	c->synced_ns = boot_ns;
	publish(c, tsc, boot_ns + (uint64_t)c->offset_ns);
}

uint64_t clock_now(const struct clock *c)
{
	for (;;) {
		uint32_t turn = atomic_load_explicit(&c->turn, memory_order_acquire);
		uint64_t tsc = atomic_load_explicit(&c->tsc, memory_order_relaxed);
		uint64_t ns = atomic_load_explicit(&c->ns, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		if ((turn & 1) || atomic_load_explicit(&c->turn, memory_order_relaxed) != turn)
			continue;
		// Another core's counter may be a few ticks behind the one that was published.
		int64_t ticks = (int64_t)(rte_rdtsc() - tsc);
		if (ticks < 0)
			ticks = 0;
		ns += (uint64_t)((unsigned __int128)ticks * c->ns_per_tick >> 32);
		return ns / 1000000;
	}
}
