// SPDX-License-Identifier: BSD-3-Clause
// Between the files of the siblings' thread; all of it belongs to that thread unless it says
// otherwise.
#pragma once

#include "cluster/quest_group.h"
#include "dpdk-app/handle.h"
#include "dpdk-app/siblings.h"
#include "dpdk-app/waker.h"
#include "root/sibling.h"

#include <pthread.h>

struct rte_ring;

enum {
	SIBLINGS_EVERY_MS = 5000, // an ECHO to each front
	SIBLINGS_LIFE_MS = 16000, // a front unheard for so long is not used
	SIBLINGS_NO_FRONT = 0xff,
};

// Of one front; anybody reads.
struct siblings_front {
	_Atomic uint32_t rtt_us;   // of the last ECHO answered; 0: never
	_Atomic uint64_t heard_ms; // 0: never
	bool up;                   // as logged last
};

struct siblings {
	struct siblings_options o;
	unsigned count;
	pthread_t thread;
	bool started;
	atomic_bool stop;
	struct rte_ring *events; // of struct event, by workers
	struct waker waker;
	struct handle handle; // to ask siblings and tell clients
	struct rl_abroad abroad;
	struct rl_quests quests;
	struct rl_quest_groups groups;
	void *abroad_memory, *quest_memory, *group_memory;
	struct siblings_front front[RL_SIBLINGS_MAX][RL_SIBLING_FRONTS];
	_Atomic uint8_t best[RL_SIBLINGS_MAX]; // front; workers read
	_Atomic uint8_t nearest;               // sibling; RL_SIBLINGS_MAX: none is reached
	int socket[2];                         // the ports' own (IPv4, IPv6), for first words
	bool complained;                       // that first words cannot be sent
	uint64_t now_ms, turn_ms, echo_ms;
	struct siblings_counters counters;
};

unsigned siblings_fronts(const struct siblings *s, unsigned sibling);
// What the out-box holds goes out: by the ports, or by the kernel if no way is known.
void siblings_flush(struct siblings *s);
// siblings_ask.c: memory for questions. 0 or -ENOMEM.
int siblings_ask_make(struct siblings *s);
void siblings_ask_free(struct siblings *s);
// siblings_front.c: ECHOs when it is time; chooses the best fronts.
void siblings_front_turn(struct siblings *s);
void siblings_front_heard(struct siblings *s, unsigned sibling, unsigned front, uint64_t sent_us,
			  uint64_t heard_us);
uint64_t siblings_clock_us(void);
