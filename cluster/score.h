// SPDX-License-Identifier: BSD-3-Clause
// How good each member would be for a client, in milliseconds of round trip: measured to its prefix
// if anybody did, else predicted from its place by GeoIP; and a little more for a member that is
// nearly full. Members without room come after those with room.
//
// A prediction is the way (great circle, at a typical stretch) plus what the measured figures of
// the prefix have above their own ways: an access line that is slow is slow to every member, and
// must not make those look better that nobody has measured.
//
// A place that the measured figures contradict is as good as none: faster than light in glass, or
// so slow that the client must be elsewhere. A wrong place costs a client more than no place,
// because then it is offered all members and picks by itself.
//
// Pure; any thread, if nobody writes what it looks at.
#pragma once

#include "cluster/member.h"
#include "cluster/room.h"
#include "cluster/rtt.h"

// What is looked at, all of it the caller's.
struct rl_score_view {
	const struct rl_member_table *members;
	const struct rl_rtt *rtt;
	const struct rl_room *room;
	uint64_t now_ms;
};

struct rl_score_client {
	struct rl_geo where;          // by GeoIP; zero: unknown
	uint64_t prefix[RL_FAMILIES]; // rl_prefix(.., RL_PREFIX_SITE); 0: no address in that family
	bool settled; // was given its place before: it stays at a member that is full
};

enum rl_place {
	RL_PLACE_UNKNOWN,
	RL_PLACE_DOUBTFUL, // GeoIP says one thing, the figures another
	RL_PLACE_GOOD,
};

struct rl_score {
	enum rl_place place;
	uint16_t count;                // of order
	uint8_t order[RL_MEMBER_IDS];  // targets with room, best first; of equals the lower number
	float ms[RL_MEMBER_IDS];       // by id; < 0: nothing is known (not in order)
	uint16_t target_count;         // of target
	uint8_t target[RL_MEMBER_IDS]; // targets with room, by number; more than order if of some
				       // nothing is known
	bool self_full;                // this member itself has no room for the client
};

// Round trip that the way alone makes, at a typical stretch; -1: a place is unknown.
double rl_score_way(const struct rl_score_view *v, const struct rl_score_client *c, uint8_t id);

// Scores all members that are targets and have a front address in each of the client's families.
// The caller's own member is among them whether or not it drains: ms[self] is for comparing.
void rl_score(const struct rl_score_view *v, const struct rl_score_client *c, struct rl_score *s);
