// SPDX-License-Identifier: BSD-3-Clause
// Between the files of the backplane; all of it belongs to its thread unless it says otherwise.
#pragma once

#include "cluster/front.h"
#include "cluster/link.h"
#include "cluster/steward.h"
#include "dpdk-app/backplane.h"
#include "dpdk-app/handle.h"
#include "dpdk-app/waker.h"

#include <pthread.h>

struct cluster_members;
struct rl_ask;
struct rte_ring;

enum { BACKPLANE_PAIRS = 4096 };

// Of another member, by family.
struct backplane_front {
	struct rl_inet addr; // family 0: it has none
	struct rl_path path;
	uint64_t heard_ms; // 0: no way known
};

struct backplane {
	struct backplane_options o;
	uint8_t self;
	uint64_t root;
	pthread_t thread;
	bool started;
	atomic_bool stop;
	struct rte_ring *events;  // of struct event, by workers
	struct rte_ring *asks;    // of struct rl_ask, by workers
	struct rte_ring *groups;  // of struct rl_group_key, new here, by workers
	struct rte_ring *packets; // of struct port_packet *, kept
	struct waker waker;       // rung by workers for `packets`
	struct handle handle;     // to tell clients and members
	struct rl_steward steward;
	void *memory;
	size_t memory_size;
	struct rl_link *link;
	struct rl_front front;
	// By id, of those in the config; else empty. Written by the thread, under status_lock, so
	// that operators may read it under that.
	char name[RL_MEMBER_IDS][RL_MEMBER_NAME];
	struct backplane_front fronts[RL_MEMBER_IDS][RL_FAMILIES];
	int socket[RL_FAMILIES]; // the kernel's, for keepalives where no way is known; -1: none
	uint64_t now_ms, turn_ms, ping_ms, status_ms;
	atomic_bool groups_missed;                 // new ones, for lack of room
	bool ping_six;                             // whose turn it is
	atomic_bool drain;                         // wanted; by control
	_Atomic(struct cluster_members *) members; // a new list, by control; taken by the thread
	bool running;
	pthread_mutex_t status_lock;
	char *status;                                 // JSON, under status_lock
	struct member_ways ways;                      // workers read
	_Atomic uint64_t introduced[BACKPLANE_PAIRS]; // workers: pairs reported lately
	struct backplane_counters counters;
};

// What of the out-box has filled goes out.
void backplane_flush(struct backplane *b);
// backplane_asks.c: 0 or -ENOMEM; how many were taken.
int backplane_asks_make(struct backplane *b);
unsigned backplane_asks_take(struct backplane *b);
// Of the config, else of its news, else "".
const char *backplane_member_name(const struct backplane *b, uint8_t id);
// backplane_members.c
void backplane_members_use(struct backplane *b, const struct cluster_members *m);
void backplane_members_turn(struct backplane *b);
// backplane_groups.c: 0 or -ENOMEM; how many were taken; a question; the steward's hands.
int backplane_groups_make(struct backplane *b);
unsigned backplane_groups_take(struct backplane *b);
void backplane_gather(struct backplane *b, const struct rl_ask *a);
void backplane_groups_host(struct rl_steward_host *host);
// backplane_status.c
void backplane_status_turn(struct backplane *b);
// backplane_host.c
struct rl_steward_host backplane_host(struct backplane *b);
// backplane_front.c
int backplane_front_open(struct backplane *b);
// Where another member is reached: the way to it is forgotten if it moves. True: it moves.
bool backplane_front_set(struct backplane *b, uint8_t id, const struct rl_inet front[RL_FAMILIES]);
// b->fronts has changed: the core hears of it.
void backplane_front_known(struct backplane *b);
void backplane_front_close(struct backplane *b);
void backplane_front_take(struct backplane *b, struct port_packet *pk);
void backplane_front_turn(struct backplane *b);
