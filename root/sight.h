// SPDX-License-Identifier: BSD-3-Clause
// What the root notices of its clients, for a host whose root has other members elsewhere: who
// speaks from where. Off unless options.sight_ms is set.
//
// A sighting is noted only of a client that is authenticated and came directly by a proven path, so
// nobody can report somebody else, and at most once per client and interval (a HELLO once a second,
// the first word after a HELLO and a proven path always): what is noted is bounded by what clients
// may say.
#pragma once

#include "root/packet.h"

struct rl_worker;

enum rl_sight_kind {
	RL_SIGHT_HELLO, // said HELLO
	RL_SIGHT_SPOKE, // said something that it says to its best root alone: WHOIS, LIKE, GATHER
	RL_SIGHT_PROOF, // answered a probe: a path is proven, perhaps a new one
};

struct rl_sight {
	uint64_t address;
	struct rl_path path; // stored now
	uint8_t kind;        // enum rl_sight_kind
	uint8_t proto;
	bool moved;         // PROOF: the best path is another one now
	int32_t latency_ms; // round trip of the last probe answered; -1: unknown
};

// Valid until the next rl_receive_burst, rl_admit or rl_tick of this worker, whose thread calls
// this.
const struct rl_sight *rl_worker_sights(const struct rl_worker *w, unsigned *count);
