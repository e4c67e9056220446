// SPDX-License-Identifier: BSD-3-Clause
// The clients for which this member is the backup. Each is sent an ECHO every 15 s, the first
// within 15 s of becoming one: an idle NAT forgets this member after 25 s to 35 s, and a backup
// that cannot reach its client saves nobody.
//
// The table is swept once in 15 s, a little with each call: that is the timer of all, and keeps
// them evenly spread. Its size is the budget: size / 15 s ECHOs a second at most; clients beyond
// are refused and counted. A second sweep, at a pace of its own, meets all clients of a home that
// died.
//
// One thread (control); no allocation after rl_warm_init.
#pragma once

#include "cluster/location.h"
#include "root/hash.h"

#include <stddef.h>

enum {
	RL_WARM_PERIOD_MS = 15000,
	RL_WARM_REPEAT_MS = 5000, // an ECHO unanswered for so long is said once more: a NAT may
				  // forget before the next one
	RL_WARM_COLD = 3, // ECHOs unanswered: the way is shut, and the home must open it anew
};

struct rl_warm_client {
	uint64_t address : 40;
	uint64_t home : 8;
	uint64_t missed : 8; // ECHOs since the last answer
	uint64_t used : 1;   // 0: free
	uint64_t again : 1;  // the newest ECHO was a repetition
	uint64_t equal : 1;  // the client was offered its home and this member together
	uint32_t sent_ms;    // low bits of the time of the last ECHO; 0: none under way
	uint32_t next;       // index of the next free one, if free
};

struct rl_warm {
	struct rl_warm_client *at; // [size]; a client keeps its place
	uint32_t *index;           // [mask + 1] by hash of the address: place + 1, or 0
	uint64_t key[2];
	uint32_t size, mask, count, free; // free: place + 1 of the first, or 0
	uint64_t swept;                   // places, counted on over the rounds
	uint64_t repeated;                // the same, RL_WARM_REPEAT_MS behind
	uint64_t refused;                 // for lack of room
};

// Bytes for this many clients, at least one.
size_t rl_warm_size(uint32_t clients);
// mem: zeroed, 16-byte aligned, the caller's. key: 16 random bytes.
void rl_warm_init(struct rl_warm *w, void *mem, uint32_t clients, const uint8_t key[static 16],
		  uint64_t now_ms);
// This member is the backup of a client with that home. Tells a new home of one that is known.
// False: no room.
bool rl_warm_put(struct rl_warm *w, uint64_t address, uint8_t home);
void rl_warm_remove(struct rl_warm *w, uint64_t address);
// NULL: not in here.
struct rl_warm_client *rl_warm_find(struct rl_warm *w, uint64_t address);
// An OK(ECHO) came: its round trip in tenths of a millisecond, or 0 if none was under way.
uint32_t rl_warm_answered(struct rl_warm *w, uint64_t address, uint64_t now_ms);

// The clients whose ECHO is due, up to max; it is taken as sent at now_ms. Call every 20 ms or so,
// and again at once while it fills `out`. Of those that rl_warm_cold is true for the caller tells
// the home, which opens the way (rl_redirect_reopen).
unsigned rl_warm_due(struct rl_warm *w, uint64_t now_ms, uint64_t *out, unsigned max);

// Every RL_WARM_COLD ECHOs in a row without an answer.
bool rl_warm_cold(const struct rl_warm_client *c);

// A walk over the clients of one home. Start with all zero but `home`.
struct rl_warm_walk {
	uint8_t home;
	uint32_t next;
};
// Up to max of them; 0: the end. Those put or removed meanwhile may be missed.
unsigned rl_warm_of(const struct rl_warm *w, struct rl_warm_walk *k, uint64_t *out, unsigned max);
