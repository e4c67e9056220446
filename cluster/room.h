// SPDX-License-Identifier: BSD-3-Clause
// Room at the members, so that none is filled beyond its capacity though many send clients there at
// once and each knows the others' load only as of their last heartbeat.
//
// A client that was sent away takes some seconds to arrive and to be counted there. So each member
// remembers whom it promised where for ten seconds, and gives away no more than its share of what
// is left: the room divided by the number of members alive. If all give away their shares, the
// target is just full. Full means 95 percent: the rest is for clients that land by themselves.
//
// One thread (control); no allocation.
#pragma once

#include "cluster/member.h"

enum {
	RL_ROOM_SECONDS = 10,
	RL_ROOM_FULL_PERCENT = 95,
	RL_ROOM_SHED_PERCENT = 99, // above it a member sends clients away that are settled
};

struct rl_room {
	uint32_t away[RL_ROOM_SECONDS]; // clients told to leave this member
	uint32_t leaving;               // of away
	uint32_t promised[RL_MEMBER_IDS][RL_ROOM_SECONDS];
	uint32_t total[RL_MEMBER_IDS]; // of promised
	uint64_t second;               // promised[][second % RL_ROOM_SECONDS] is the newest
};

// All zero is an empty one. Forgets promises of more than ten seconds ago; call it before the
// others.
void rl_room_tick(struct rl_room *r, uint64_t now_ms);
// May this member send one more client there?
bool rl_room_left(const struct rl_room *r, const struct rl_member_table *t, uint8_t id);
// A client of this member was offered these members, the last of them perhaps this one itself.
void rl_room_promise(struct rl_room *r, const struct rl_member_table *t, const uint8_t *to,
		     unsigned count);
// Clients that this member has now, less those that were told to leave and are not counted out yet.
uint32_t rl_room_own(const struct rl_room *r, const struct rl_member_table *t);
// 0..1 of the capacity and more, promises of this member included; 0 for a member without limit.
double rl_room_fill(const struct rl_room *r, const struct rl_member_table *t, uint8_t id);
