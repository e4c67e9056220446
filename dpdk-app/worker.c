// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/worker.h"

#include <rte_pause.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	POLLS = 1000, // empty turns before the first sleep: packets of a busy moment follow closely
	SLEEP_US = 5, // the first sleep; each further one is twice as long
	BELL_US = 2000, // a sleep that a frame ends: keepalives and expiry go on in between
	SLACK_NS = 1000 // how late the kernel may wake us up
};

uint32_t worker_sleep_us(unsigned empty, uint32_t last, uint32_t longest)
{
	if (empty < POLLS || longest == 0)
		return 0;
	uint32_t next = last ? last * 2 : SLEEP_US;
	return next < longest ? next : longest;
}

static void doze(uint32_t us)
{
	struct timespec t = {.tv_nsec = (long)us * 1000};
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

// An idle worker leaves a small machine its CPU. Where there is a doorbell it sleeps until a frame
// comes; after a ring that brought nothing, as those for other workers do, it dozes once as it does
// where there is no bell: briefly enough to be no delay that anybody measures.
static void rest(struct worker *w, unsigned seen)
{
	bool rung = w->rung;
	w->rung = false;
	if (seen) {
		w->empty = 0;
		w->sleep_us = 0;
		return;
	}
	w->empty++;
	w->sleep_us = worker_sleep_us(w->empty, w->sleep_us, w->idle_us);
	if (w->sleep_us == 0)
		rte_pause();
	else if (w->bell.count && !rung)
		w->rung = doorbell_wait(&w->bell, BELL_US);
	else
		doze(w->sleep_us);
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
		handle_sights(&w->handle);
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
		// Nobody else writes it, so it needs no locked instruction.
		atomic_store_explicit(&w->turns,
				      atomic_load_explicit(&w->turns, memory_order_relaxed) + 1,
				      memory_order_relaxed);
		rest(w, seen);
	}
	quiet_leave(w->quiet, w->index);
	return 0;
}
