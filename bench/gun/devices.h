// SPDX-License-Identifier: BSD-3-Clause
// All devices of a population at once, as their users see it: each says HELLO, asks who another one
// is, and sends packets to others, and does so again, as clients do, where no answer came. Served
// is who got everything.
#pragma once

#include "bench/gun/engine.h"

// Identifier, class, name in reports
#define ERRANDS(X)                     \
	X(HELLO, CLASS_HELLO, "HELLO") \
	X(WHOIS, CLASS_WHOIS, "WHOIS") \
	X(RELAY, CLASS_RELAY, "relay")

enum errand {
#define X(id, class, name) ERRAND_##id,
	ERRANDS(X)
#undef X
		ERRAND_COUNT,
};

const char *errand_text(enum errand kind);

struct devices_plan {
	double rate;       // errands a second
	double seconds;    // so long
	double patience;   // then at most so long until everybody has got everything
	unsigned retry_ms; // an errand without an answer is repeated after this time
	unsigned size;     // of relayed packets
	unsigned protocol;
	uint64_t seed;
	void (*progress)(void *ctx, uint64_t answered, double seconds); // may be NULL
	void *ctx;
};

struct errand_tally {
	uint64_t begun;
	uint64_t at_once;         // answered without a repetition
	uint64_t answered;        // all in all
	uint64_t repeats;         // packets sent again
	struct histogram latency; // from the first packet to the answer, repetitions included
};

struct devices_result {
	uint32_t nodes;
	// HELLO and WHOIS answered, a packet relayed from it and one to it, and nothing open.
	uint32_t served;
	double seconds; // of beginning errands
	uint64_t rx_lost;
	uint64_t tx_stalls;
	struct errand_tally errand[ERRAND_COUNT];
};

// The nodes are online (join.h), two at least. 0 or -ENOMEM.
int devices_run(struct engine *e, const struct devices_plan *plan, struct devices_result *r);
