// SPDX-License-Identifier: BSD-3-Clause
// Packets that wait for their answer, and the sums of what came of them, by class. The number in
// flight is bounded: the oldest gives way. One thread.
#pragma once

#include "bench/gun/classes.h"
#include "bench/gun/histogram.h"

#include "root/inet.h"

struct tally {
	uint64_t sent;
	uint64_t expected; // of sent: those whose answer is due
	uint64_t answered;
	struct histogram latency;
};

struct ledger;

// 2^bits packets may be in flight. NULL: out of memory.
struct ledger *ledger_new(unsigned bits);
void ledger_free(struct ledger *l);

// What answers quote. An answer to a HELLO from two sockets quotes one ID twice, so the port it
// goes to is part of the key; what is relayed arrives elsewhere and is known by its ID alone (port
// 0).
uint64_t ledger_key(uint64_t wire_id, uint16_t port);

// A packet is about to leave. due: its answer is awaited.
void ledger_sent(struct ledger *l, enum shot_class kind, bool due, uint64_t key, uint64_t now_ns);
// Something came with this key. False: nothing waited for it, or it came twice, or too late.
bool ledger_answer(struct ledger *l, uint64_t key, uint64_t now_ns, enum shot_class *kind);
// Answers that came for nothing that waited, since the last reset.
uint64_t ledger_strays(const struct ledger *l);
// Still awaited packets that were forgotten because too many were in flight.
uint64_t ledger_forgotten(const struct ledger *l);

const struct tally *ledger_tally(const struct ledger *l, enum shot_class kind);
// All classes in one; latency of all.
void ledger_total(const struct ledger *l, struct tally *t);
// Starts anew: what is in flight counts no more.
void ledger_reset(struct ledger *l);
