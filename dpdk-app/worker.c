// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/worker.h"

#include <rte_pause.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	POLLS = 1000, // empty turns before the first sleep: packets of a busy moment follow closely
	SLEEP_US = 5, // the first sleep; each further one is twice as long
	SLACK_NS = 1000 // how late the kernel may wake us up
};

uint32_t worker_sleep_us(unsigned empty, uint32_t last, uint32_t longest)
{
	if (empty < POLLS || longest == 0)
		return 0;
	uint32_t next = last ? last * 2 : SLEEP_US;
	return next < longest ? next : longest;
}

// Neither AF_PACKET nor AF_XDP has receive interrupts in DPDK, so an idle worker dozes: briefly
// enough to be no delay that anybody measures, long enough to leave a small machine its CPU.
static void rest(struct worker *w, unsigned seen)
{
	if (seen) {
		w->empty = 0;
		w->sleep_us = 0;
		return;
	}
	w->empty++;
	w->sleep_us = worker_sleep_us(w->empty, w->sleep_us, w->idle_us);
	if (w->sleep_us == 0) {
		rte_pause();
		return;
	}
	struct timespec t = {.tv_nsec = (long)w->sleep_us * 1000};
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

// The shared clock may go back by a moment when it is tied to the system's again.
static uint64_t advance(struct worker *w)
{
	uint64_t now_ms = clock_now(w->clock);
	if (now_ms > w->now_ms)
		w->now_ms = now_ms;
	return w->now_ms;
}

static unsigned turn(struct worker *w)
{
	unsigned seen = 0;
	uint64_t now_ms = advance(w);
	unsigned n = port_rx(w->rx, w->pk, RL_BURST_MAX, &seen);
	if (n > 0) {
		rl_receive_burst(w->handle.core, now_ms, w->p, n);
		for (unsigned i = 0; i < n; i++)
			handle_packet(&w->handle, &w->pk[i]);
		handle_out(&w->handle);
	}
	rl_tick(w->handle.core, now_ms, w->index, w->count);
	handle_out(&w->handle);
	port_tx_flush(w->handle.tx);
	return seen;
}

int worker_run(void *arg)
{
	struct worker *w = arg;
	for (unsigned i = 0; i < RL_BURST_MAX; i++)
		w->p[i] = &w->pk[i].p;
	prctl(PR_SET_TIMERSLACK, SLACK_NS);
	quiet_enter(w->quiet, w->index);
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		unsigned seen = turn(w);
		quiet_report(w->quiet, w->index);
		atomic_fetch_add_explicit(&w->turns, 1, memory_order_relaxed);
		rest(w, seen);
	}
	quiet_leave(w->quiet, w->index);
	return 0;
}
