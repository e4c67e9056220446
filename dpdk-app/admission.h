// SPDX-License-Identifier: BSD-3-Clause
// Threads for the dear work: key agreement with strangers and validation of their identities, which
// take up to milliseconds each. Workers hand packets over and never wait; answers are sent from
// here.
#pragma once

#include "dpdk-app/clock.h"
#include "dpdk-app/port_tx.h"
#include "dpdk-app/quiet.h"

#include <sched.h>

enum {
	ADMISSION_THREADS_MAX = 16,
	// Packets waiting for one thread. At 10 ms each the last waits 2.5 s, half of the time
	// after which its client asks again.
	ADMISSION_QUEUE = 256,
};

struct admission_options {
	unsigned threads;
	unsigned workers; // senders and quiescence ids below this are the workers'
	cpu_set_t cpus;   // where the threads may run
	struct rl_root *root;
	struct ports *ports;
	const struct clock *clock;
	struct quiet *quiet;
};

struct admission;

// Control. 0 or -errno.
int admission_start(struct admission **admission, const struct admission_options *o);
// Before the first packet is pushed: whom to tell of clients.
struct backplane;
void admission_use(struct admission *a, struct backplane *b);
// Lets each thread end its packet at hand, frees what waits. NULL is fine.
void admission_stop(struct admission *a);

// A worker: takes the packet over, or returns false: full.
bool admission_push(struct admission *a, struct port_packet *pk);

// Nothing waits and nothing is being worked on.
bool admission_idle(const struct admission *a);
const struct rl_stats *admission_stats(const struct admission *a, unsigned thread);
const struct port_tx_stats *admission_tx_stats(const struct admission *a, unsigned thread);
