// SPDX-License-Identifier: BSD-3-Clause
// Links within one process: a hub in place of the network, with a clock of its own that its caller
// moves, so that many members run in a test with losses, delays and cuts, always the same way.
//
// Threads: links of one hub may be used as link.h says, but _start, _stop and _free by the one
// thread that calls the hub's functions.
#pragma once

#include "cluster/link.h"

enum {
	RL_LINK_LOST = -1,
	RL_LINK_HUB_FLIGHTS = 65536, // messages under way at most; more are dropped: IN_SLOW
};

struct rl_link_hub;

// What becomes of a message from one member to another: how long it is under way in ms, or
// RL_LINK_LOST. It may be changed, too. Called once for each receiver. Unequal delays reorder.
typedef int32_t (*rl_link_way)(void *arg, uint8_t from, uint8_t to, uint8_t *bytes, size_t len);

// way NULL: all arrive at once. NULL: no memory.
struct rl_link_hub *rl_link_hub_new(rl_link_way way, void *arg);
// Its links must be freed before.
void rl_link_hub_free(struct rl_link_hub *h);

// A member's link; its number may be used once in a hub at a time. NULL: no memory, or no such
// number.
struct rl_link *rl_link_loop_new(struct rl_link_hub *h, uint8_t self,
				 const struct rl_link_limits *limits);

// Takes what was published and delivers what is due, at this time, which never goes back. Also
// connects the links that were started and are not cut off.
void rl_link_hub_run(struct rl_link_hub *h, uint64_t now_ms);
// Cuts a member off, or lets it in again, from the next run on; what is under way to it is lost.
void rl_link_hub_cut(struct rl_link_hub *h, uint8_t member, bool cut);
