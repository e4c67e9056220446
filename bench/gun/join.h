// SPDX-License-Identifier: BSD-3-Clause
// Brings a population online: HELLO of each node at a rate, again where no answer came, and proof
// of address where the root asks for it.
#pragma once

#include "bench/gun/engine.h"

struct join_plan {
	uint32_t nodes;    // the first so many
	double rate;       // first HELLOs a second
	double seconds;    // at most, all in all
	double hold;       // then stay, answering what the root asks
	unsigned retry_ms; // after so long without an answer HELLO is said again
	unsigned protocol;
	void (*progress)(void *ctx, uint32_t online, double seconds);
	void *ctx;
};

struct join_result {
	uint32_t nodes;
	uint32_t online;          // answered
	uint32_t proven;          // asked by the root to prove their address, which they did
	uint64_t hellos;          // sent, repeated ones included
	double seconds;           // until the last was online, or given up
	struct histogram latency; // from a node's first HELLO to its first OK
};

// 0 or -ENOMEM.
int join_run(struct engine *e, const struct join_plan *plan, struct join_result *r);
