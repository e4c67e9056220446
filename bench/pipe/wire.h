// SPDX-License-Identifier: BSD-3-Clause
// A NIC that never tires: the port is DPDK's net_null, its receive and send functions are ours. A
// receive hands out a burst of frames of random pairs of a population, each written anew into a
// buffer of the port's pool, with right checksums; sending frees. The time between two receives is
// the worker's work on one burst, without the time that the frames took to make.
#pragma once

#include "bench/micro/population.h"
#include "dpdk-app/frame_in.h"

#include <rte_mbuf.h>

#include <stdatomic.h>

enum {
	WIRE_QUEUES_MAX = 2,
	WIRE_SAMPLE = 16, // bursts in one
	WIRE_SAMPLES_MAX = 20000,
	WIRE_CHECKED = 20000, // first frames of a run that are looked at when they are sent
};

struct wire_run {
	const struct population *pop;
	uint16_t len;       // of the ZeroTier packet
	bool nic_checksums; // as if the NIC had checked them
	bool bare;          // frames are not for whom the pair says: checked for their number alone
	unsigned samples;
	unsigned warm; // packets before the first sample
};

// One queue, used by one worker.
struct wire {
	struct wire_run run;
	struct rte_mempool *pool;
	const struct frame_filter *filter;
	uint8_t frame[2048]; // all that does not change
	uint16_t frame_len;
	uint32_t ip_sum, udp_sum;  // of what does not change
	uint32_t next_rx, next_tx; // pairs
	uint64_t received, sent, wrong;
	uint64_t others;  // sent by the root itself: introductions of pairs that it has forgotten
	uint64_t left_at; // ticks when the last receive returned
	uint64_t work;    // ticks of the bursts of this sample
	uint64_t entered_at; // ticks when it was called
	uint64_t began_at;   // ticks when it began
	unsigned bursts;
	unsigned count;
	double sample[WIRE_SAMPLES_MAX]; // ticks per packet
	double whole[WIRE_SAMPLES_MAX];
	atomic_bool done;
} __rte_cache_aligned;

// The port's number in DPDK; its queues are wire[0..queues).
void wire_hook(uint16_t dev, struct wire *wire, unsigned queues);
// Before a run, with nobody using it. queue: sets where in the list of pairs it starts.
void wire_start(struct wire *w, const struct wire_run *run, unsigned queue);
// After a run: median ticks per packet, without and with what it took to make it. A frame lost or
// wrong ends the program.
struct wire_result {
	double work, whole;
};
struct wire_result wire_result(struct wire *w, const char *name);
