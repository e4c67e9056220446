// SPDX-License-Identifier: BSD-3-Clause
// A member of a cluster: the thread that keeps the directory of all peers, decides with the steward
// (cluster/steward.h), talks to the other members by the link (cluster/link.h) and to clients by a
// worker of the core of its own, and what packet workers ask of it.
//
//   workers --sightings, keepalives--> ring --> backplane thread --> steward --> link
//      ^                                             |
//      +--- directory, ways (read without a lock) ---+
//
// Without a cluster in the config nothing of this runs: the pointers to it are NULL.
#pragma once

#include "config/config.h"
#include "dpdk-app/clock.h"
#include "dpdk-app/member_ways.h"
#include "dpdk-app/port_tx.h"
#include "dpdk-app/quiet.h"
#include "geoip/geoip.h"

#include <sched.h>

struct backplane;

struct backplane_options {
	const struct config *config;
	struct rl_root *root;
	struct ports *ports;
	const struct clock *clock;
	struct quiet *quiet;
	struct rl_geoip *geoip; // NULL: no places
	unsigned id;            // as sender and in quiet.h: behind workers and admission threads
	cpu_set_t cpus;         // where the thread and the link's may run
};

// Control. 0 or -errno, logged.
int backplane_start(struct backplane **b, const struct backplane_options *o);
// Says goodbye to the others. NULL is fine.
void backplane_stop(struct backplane *b);

// The members have changed, this one's own row but for its id and key included; next: as at the
// start. 0 or -ENOMEM, logged.
int backplane_members(struct backplane *b, const struct config *next);

// Workers and admission threads; b may be NULL.
//
// After each call of the core: hands over what it noticed.
void backplane_sights(struct backplane *b, const struct rl_worker *core);
// And the questions that the core leaves to its host (root/ask.h).
void backplane_asks(struct backplane *b, const struct rl_worker *core);
// And groups that have their first listener (root/listen.h).
void backplane_new_groups(struct backplane *b, const struct rl_worker *core);
// Hooks of the core; no lock. Do clients of other members listen to this group?
bool backplane_groups_elsewhere(const struct backplane *b, const struct rl_group_key *group);
// May another member know this node's identity?
bool backplane_elsewhere(const struct backplane *b, uint64_t address);
// Hooks of the core on admission threads: was this identity proven valid by any member? It is now
// by this one.
bool backplane_validated(struct backplane *b, const struct rl_identity *id);
void backplane_admitted(struct backplane *b, const struct rl_identity *id);
// A packet whose destination is not here (RL_MISS). True: p->to is where the member that serves it
// is reached.
bool backplane_forward(struct backplane *b, struct rl_packet *p);
// A keepalive of another member: takes the packet over, or returns false: full.
bool backplane_take(struct backplane *b, struct port_packet *pk);

// Any thread, for operators. b: of backplane_start, as the control socket holds it.
//
// JSON, to be freed; NULL: not known yet. The cluster as of the last second; where a client is.
char *backplane_status(void *b);
char *backplane_who(void *b, uint64_t address);
// Sends the clients of this member to the others and takes no new ones; or no longer.
void backplane_drain(void *b, bool on);
const struct rl_stats *backplane_stats(const struct backplane *b);
const struct port_tx_stats *backplane_tx_stats(const struct backplane *b);

// What workers and the thread count for it.
struct backplane_counters {
	_Atomic uint64_t forwarded;   // packets passed to the member that serves their destination
	_Atomic uint64_t unreached;   // not passed on: no way to that member is known
	_Atomic uint64_t asks_full;   // questions lost: the thread does not keep up
	_Atomic uint64_t events_full; // sightings lost: the thread does not keep up
	_Atomic uint64_t spared;      // validations: another member had done them
	_Atomic uint64_t keepalives;  // answered or taken
	_Atomic uint64_t false_keepalives;
};
