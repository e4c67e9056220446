// SPDX-License-Identifier: BSD-3-Clause
// A client's home has died: its backup moves it over with PUSHes to one port. Each PUSH that a
// client obeys raises its target two steps above the path that it came by, so that the home of one
// that was often moved stands higher than PUSHes about the backup alone could reach. But one that
// names the home too sets that one anew, two steps above the path that it came by itself. So the
// first names the dead home and then the backup, the others, up to three, the backup twice. One is
// enough if it stood at the bottom or beside the home, two if above it, as with a client that went
// back to its home by itself; the third is for one that is lost. If the gate leaves but two, a
// backup that is believed to stand beside the home names itself alone. With two families: once by
// IPv4, then by IPv6, whose paths the client forgot with the first.
//
// A client without a living backup is tried by the members that live, the nearest to it first and
// another with each round, with a NOP before: behind NAT that reaches it only from a member that it
// has spoken to lately, and nobody knows which those are but they themselves.
//
// Pure; the caller keeps the pace.
#pragma once

#include "cluster/action.h"
#include "cluster/score.h"

enum {
	RL_RESCUE_PUSHES = 4, // of one family
	RL_RESCUE_REPEAT_MS = 150,
	RL_RESCUE_FAMILY_MS = 300, // from IPv4's PUSH to the first of IPv6
	RL_RESCUE_NOP_MS = 500,    // from the NOP to the first PUSH
};

// clang-format off
#define RL_RESCUE_WHYS(X) \
	X(BACKUP, "backup", "moved to its backup, this member") \
	X(DEPUTY, "deputy", "without a living backup: this member tries") \
	X(ALIVE, "alive", "refused: its home is not lost") \
	X(NOT_MINE, "not_mine", "refused: another member rescues it") \
	X(NO_PATH, "no_path", "refused: no address of it is known") \
	X(GATE, "gate", "refused: its software would take no more PUSHes now")
// clang-format on

enum rl_rescue_why {
#define X(name, text, help) RL_RESCUE_##name,
	RL_RESCUE_WHYS(X)
#undef X
		RL_RESCUE_WHY_COUNT
};

struct rl_rescue_way {
	bool by[RL_FAMILIES]; // families by which this member has a path to the client
	bool equal;     // the client was offered its home and this member together (rl_warm_client)
	unsigned round; // counted from 0 since a member died
};

// location: the claim of its dead home. where: by GeoIP, for choosing a deputy.
enum rl_rescue_why rl_rescue(const struct rl_score_view *v, const struct rl_location *location,
			     struct rl_geo where, const struct rl_rescue_way *w, struct rl_plan *p);

const char *rl_rescue_name(enum rl_rescue_why w);
const char *rl_rescue_help(enum rl_rescue_why w);
