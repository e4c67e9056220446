// SPDX-License-Identifier: BSD-3-Clause
// Sends packets at a rate, or as fast as it goes, for a bounded time, and counts what is answered.
#pragma once

#include "bench/gun/ammo.h"
#include "bench/gun/craft.h"
#include "bench/gun/engine.h"

// Where packets come from: a file in memory, again and again, or made as they are needed.
struct source {
	struct craft *craft; // NULL: ammo
	const struct ammo *ammo;
	uint32_t next;
};

struct replay_plan {
	double rate;       // packets a second; 0: flat out
	double seconds;    // at most
	uint64_t packets;  // at most; 0: as many as fit
	unsigned drain_ms; // how long answers may take after the last packet
	// Once a second while sending. May be NULL.
	void (*progress)(void *ctx, const struct engine *e, double seconds);
	void *ctx;
};

struct replay_result {
	double offered;     // as planned; 0: flat out
	double seconds;     // of sending
	double sent_rate;   // packets a second that were sent
	uint64_t rx_lost;   // frames the generator itself lost
	uint64_t tx_stalls; // times the device took no more frames
	uint64_t strays;    // answers that nothing waited for: late or double
	uint64_t forgotten;
	struct tally total;
};

// The ledger is reset before, and holds the classes' sums afterwards.
void replay_run(struct engine *e, struct source *s, const struct replay_plan *plan,
		struct replay_result *r);
// Answered of expected; 1 if nothing was.
double replay_ratio(const struct tally *t);
// Was the generator itself too slow for the rate it was asked for?
bool replay_too_slow(const struct replay_result *r);
