// SPDX-License-Identifier: BSD-3-Clause
// Questions under way: which, how many answers they still want, and until when. Fixed room; one
// thread.
#pragma once

#include "cluster/link.h"

struct rl_link_asked {
	struct {
		uint32_t request; // 0: free
		uint32_t answers; // still wanted
		uint64_t until_ms;
	} at[RL_LINK_ASKED_MAX];
	uint32_t turn;     // of the next number
	uint64_t first_ms; // no question ends by time before this
	unsigned count;
};

// turn: random, so that answers to an earlier start of this member fit no question of this one.
void rl_link_asked_init(struct rl_link_asked *a, uint32_t turn);
// A number, never 0, for a question; 0: there is no room.
uint32_t rl_link_asked_add(struct rl_link_asked *a, unsigned answers, uint64_t until_ms);
// An answer has come. False: nobody waits for it.
bool rl_link_asked_answer(struct rl_link_asked *a, uint32_t request);
// It has ended. False: it had already.
bool rl_link_asked_end(struct rl_link_asked *a, uint32_t request);
// One whose time is over, ended, or 0.
uint32_t rl_link_asked_late(struct rl_link_asked *a, uint64_t now_ms);
