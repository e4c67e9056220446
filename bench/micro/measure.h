// SPDX-License-Identifier: BSD-3-Clause
// One operation of the core, measured: bursts of fresh packets, the time of rl_receive_burst alone.
#pragma once

#include "bench/micro/craft.h"

enum { MEASURE_CHUNK = 512 }; // packets

enum measure_limit {
	MEASURE_NO_LIMIT,
	MEASURE_REWRITE, // a loop that reads the header and rewrites it
	MEASURE_CIPHER,  // opening such a packet and sealing such an answer, nothing else
};

struct measure_op {
	const char *name;
	const char *title;
	craft_fn *craft;
	enum measure_limit limit;
	uint16_t answer; // bytes of the answer, for MEASURE_CIPHER
	// Of all packets: what share must have made an introduction; each is within a hundredth.
	double introduced;
};

struct measure_result {
	double ticks; // per packet: median over chunks of bursts
	double limit; // ticks per packet, 0: none
};

// chunks: how many are timed. A verdict that is not the expected one ends the program: there is no
// figure without the work. now_ms goes on with each packet and over calls.
struct measure_result measure(struct population *p, const struct measure_op *op, unsigned chunks,
			      uint64_t *now_ms);

// The same, burst by burst.
struct measure_spread {
	double packet;        // ticks per packet: median over bursts
	double p50, p99, max; // ticks per burst
};
struct measure_spread measure_spread(struct population *p, const struct measure_op *op,
				     unsigned chunks, uint64_t *now_ms);

// For an instruction counter that watches rl_receive_burst: makes the packets and calls it.
void measure_only_run(struct population *p, const struct measure_op *op, unsigned chunks,
		      uint64_t *now_ms);
