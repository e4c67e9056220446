// SPDX-License-Identifier: BSD-3-Clause
// What is known of nodes that are no clients of this root: which sibling (root/sibling.h) knows
// them, or that none does. A fixed table of one word a node in sets of one cache line; a new node
// takes the place of the one noted longest ago, so nobody can make it grow, and what is pushed out
// is asked for again.
//
// Threads: any number read and write, without a lock; of two that write at once one may be lost. A
// note is forgotten after its time, but by nobody: after 18 hours that nobody looked, one that is
// still in the table may count as fresh once more, which costs a few seconds of a wrong guess.
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RL_ABROAD_WAYS = 8,
	// How long notes hold, ms
	RL_ABROAD_ASKED_MS = 2000,
	RL_ABROAD_AT_MS = 120000,
	RL_ABROAD_RENEW_MS = 60000, // and when one that is used should be asked about again
	RL_ABROAD_NOBODY_MS = 5000,
};

enum rl_abroad_state {
	RL_ABROAD_UNKNOWN,
	RL_ABROAD_ASKED,  // the siblings have been asked just now
	RL_ABROAD_AT,     // a sibling knows it
	RL_ABROAD_OLD,    // likewise, and should be asked again
	RL_ABROAD_NOBODY, // asked, and none of them answered
};

struct rl_abroad {
	_Atomic uint64_t (*sets)[RL_ABROAD_WAYS];
	uint32_t mask;
	uint64_t key[2];
};

// Bytes for so many nodes (rounded up to a power of two of sets).
size_t rl_abroad_size(uint32_t nodes);
// mem: zeroed, 64-byte aligned, the caller's. key: random.
void rl_abroad_init(struct rl_abroad *a, void *mem, uint32_t nodes, const uint64_t key[static 2]);
// *sibling: of AT and OLD.
enum rl_abroad_state rl_abroad_find(const struct rl_abroad *a, uint64_t address, uint64_t now_ms,
				    unsigned *sibling);
// state: ASKED, AT (with its sibling), NOBODY, or OLD: it has been asked about again, so that it is
// AT for as long as ASKED holds. ASKED does not replace a note that holds.
void rl_abroad_note(struct rl_abroad *a, uint64_t address, enum rl_abroad_state state,
		    unsigned sibling, uint64_t now_ms);
