// SPDX-License-Identifier: BSD-3-Clause
// MULTICAST_LIKE and MULTICAST_GATHER, opened but not yet their turn: they are expanded and read,
// and what they look up is prefetched, in three steps. Each step is done while the packet before is
// answered, so that nobody waits for memory, and no more is fetched ahead than the cache holds.
//
// Threads: a worker's own.
#pragma once

#include "root/group.h"
#include "root/packet.h"

enum {
	RL_AHEAD_STEPS = 3,
	RL_AHEAD_SLOTS = 4, // one for each step, and that of the packet whose turn it is
};

struct rl_ahead {
	uint8_t *data;             // the packet, expanded
	size_t len;                // 0: it cannot be expanded
	uint8_t *expanded;         // ZT_PACKET_MAX, the worker's
	struct rl_group_look look; // all groups of a LIKE, or as many as fit; that of a GATHER
	uint32_t limit;            // of a GATHER
	uint64_t dice;             // of a GATHER whose limit is not 0
};

struct rl_worker;
// An opened packet of this burst, in the order they will be answered; others than these two verbs
// are left out.
void rl_ahead_note(struct rl_worker *w, struct rl_packet *p);
// All are noted: first steps for the first packets. Then, best when something else has been done
// meanwhile, the steps that follow.
void rl_ahead_begin(struct rl_worker *w);
void rl_ahead_begun(struct rl_worker *w);
// It is this packet's turn: steps for those behind it. What was read of it, valid until the next
// call; NULL: it was not noted.
const struct rl_ahead *rl_ahead_turn(struct rl_worker *w, const struct rl_packet *p);
