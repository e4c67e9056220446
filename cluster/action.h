// SPDX-License-Identifier: BSD-3-Clause
// What decisions come to: packets that the root sends to one client, by this member, in order. The
// host carries them out: it knows the client's keys and paths. Each has a delay from now in which
// the host need not remember anything but the plan.
//
// A PUSH (PUSH_DIRECT_PATHS, docs/protocol.md 4.9) names the front addresses of `to` in its own
// family, flagged 0x02, in this order. It goes to the one client port that this client's PUSHes of
// that family went to before, if this member knows a path there; else to the path heard last. After
// each PUSH: rl_pushes_note, and the port, into the client's location.
#pragma once

#include "cluster/member.h"

enum {
	RL_PLAN_MAX = 8,
	RL_ACTION_TO_MAX = 32, // a planet names no more endpoints of a root
};

enum rl_action_kind {
	RL_ACTION_PUSH,       // the client prefers the members in `to` to all others
	RL_ACTION_NOP,        // teaches the client the way here (NOP, empty)
	RL_ACTION_RENDEZVOUS, // one for each of `to`: the client says ECHO there, and that opens
			      // its NAT
	RL_ACTION_ECHO, // keeps the way here open and measures the round trip
	RL_ACTION_LOOK, // no packet: the home decides about its client then (steward.c alone)
};

struct rl_action {
	uint8_t kind;   // enum rl_action_kind
	uint8_t family; // enum rl_family
	uint16_t delay_ms;
	uint8_t count; // of to
	uint8_t to[RL_ACTION_TO_MAX];
};

struct rl_plan {
	unsigned count;
	struct rl_action action[RL_PLAN_MAX];
	uint8_t backup; // RL_NOBODY: as it was; else the home claims the client with this backup
};

static inline struct rl_action *rl_plan_add(struct rl_plan *p, enum rl_action_kind kind,
					    enum rl_family family, unsigned delay_ms)
{
	struct rl_action *a = &p->action[p->count++];
	*a = (struct rl_action){(uint8_t)kind, (uint8_t)family, (uint16_t)delay_ms, 0, {0}};
	return a;
}

static inline void rl_action_to(struct rl_action *a, uint8_t member)
{
	if (a->count < RL_ACTION_TO_MAX)
		a->to[a->count++] = member;
}
