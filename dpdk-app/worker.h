// SPDX-License-Identifier: BSD-3-Clause
// A thread that moves packets: receive, ask the core, send. Pinned to a core of its own; makes no
// system call while there is work.
#pragma once

#include "dpdk-app/clock.h"
#include "dpdk-app/doorbell.h"
#include "dpdk-app/handle.h"
#include "dpdk-app/quiet.h"

#include <stdatomic.h>

// Filled by who starts it; worker_run() then owns it until it returns.
struct worker {
	unsigned index, count; // this one's share of the peers' keepalives
	uint32_t idle_us;      // longest sleep that no frame ends; 0: always poll
	struct doorbell bell;  // count 0: none
	const struct clock *clock;
	struct quiet *quiet; // under the id `index`
	struct port_rx *rx;
	struct handle handle;

	atomic_bool stop;       // worker: reads; control: writes
	_Atomic uint64_t turns; // worker: writes; control: reads

	// The worker's own.
	uint64_t now_ms;
	unsigned empty;    // turns in a row that brought nothing
	uint32_t sleep_us; // the last sleep
	bool rung;         // a frame ended it, or so it seemed
	struct port_packet pk[RL_BURST_MAX];
	struct rl_packet *p[RL_BURST_MAX];
};

// For rte_eal_remote_launch: a struct worker. Returns 0 when told to stop.
int worker_run(void *arg);

// How long to sleep after `empty` turns without a frame, the last sleep having been `last` us; 0:
// poll on.
uint32_t worker_sleep_us(unsigned empty, uint32_t last, uint32_t longest);
