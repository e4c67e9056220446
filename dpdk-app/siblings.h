// SPDX-License-Identifier: BSD-3-Clause
// The thread that keeps the ways to siblings (root/sibling.h) open, asks them who is unknown here,
// and what packet workers ask of it. It needs no cluster: a single root may have siblings, too.
//
//   workers --answers, asks--> ring --> siblings' thread --> ECHO, WHOIS to fronts, OK to clients
//      ^                                      |
//      +--- ways, cluster/abroad.h -----------+   (read without a lock)
//
// Without siblings in the config nothing of this runs: the pointers to it are NULL.
#pragma once

#include "config/config.h"
#include "dpdk-app/clock.h"
#include "dpdk-app/port_tx.h"
#include "dpdk-app/quiet.h"
#include "root/root.h"

#include <sched.h>

struct siblings;

struct siblings_options {
	const struct config *config;
	struct rl_root *root; // which has its siblings already, in the config's order
	struct ports *ports;
	const struct clock *clock;
	struct quiet *quiet;
	unsigned id;    // as sender and in quiet.h: behind all others
	cpu_set_t cpus; // where the thread may run
};

// Control, before the root's workers are made: the siblings of the config become peers. 0 or
// -errno, logged.
int siblings_add(struct rl_root *root, const struct config *c, uint64_t now_ms);
// Control. 0 or -errno, logged.
int siblings_start(struct siblings **s, const struct siblings_options *o);
// NULL is fine.
void siblings_stop(struct siblings *s);

// Workers; s may be NULL.
//
// After each call of the core: hands over what siblings have answered and clients have asked.
void siblings_hear(struct siblings *s, const struct rl_worker *core);
// A packet whose destination neither this root nor its cluster knows, the last call's of `core`.
// True: p->to is a sibling's front. Else p->drop says why not, if a sibling has to do with it.
bool siblings_forward(struct siblings *s, struct rl_worker *core, struct rl_packet *p);

// Any thread: JSON, to be freed; NULL: out of memory.
char *siblings_status(void *s);
const struct rl_stats *siblings_stats(const struct siblings *s);
const struct port_tx_stats *siblings_tx_stats(const struct siblings *s);

// What workers and the thread count.
struct siblings_counters {
	_Atomic uint64_t forwarded;    // packets to a sibling that knows whom they are for
	_Atomic uint64_t guessed;      // to the nearest one, before it has said whether it does
	_Atomic uint64_t unreached;    // not forwarded: no front answers
	_Atomic uint64_t nobody;       // not forwarded: no sibling knows whom they are for
	_Atomic uint64_t over;         // not forwarded: too many guesses for one source
	_Atomic uint64_t from_sibling; // came from a sibling, for nobody here
	_Atomic uint64_t events_full;  // lost: the thread does not keep up
};
