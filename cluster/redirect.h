// SPDX-License-Identifier: BSD-3-Clause
// Whether a client is sent to another member, and how: asked by its home when it has landed there,
// and then every minute or so. The facts about unmodified clients that this rests on:
//
// Of the members named in a PUSH that comes by a path of ordinary priority the client picks the one
// with the lowest round trip. So a client never moved before is offered its two best members, or
// all if nobody knows where it is. The sender's own address has to be the last entry.
//
// By a path that was the target of a PUSH before, only the first entry lasts. So a client that was
// moved before is told one target, and a second that is its other way for some minutes.
//
// A client takes at most RL_PUSHES_MAX in a chain of gaps up to 30 s, whoever sends them. A rescue
// needs up to RL_REDIRECT_RESERVE of them: a redirect never takes those.
//
// IPv4 names are sent by IPv4 and IPv6 names by IPv6, a moment apart, both or none.
//
// The client knows the round trips to its home and to its backup itself, and better than a prefix's
// figures tell them: it is not sent to its backup for speed, unless distance calls for it as well.
// That and the dwell keep one redirect from undoing another.
//
// A client was moved before (or confirmed where it was) if its claim names a backup, or if it was
// sent a PUSH not long before that claim or after it.
//
// A newcomer's two families may land at two members in the same moment. Each claims it, and would
// move it before it hears of the other: so the first decision waits until claims have gone round.
//
// Pure; one thread may ask while none changes what is looked at.
#pragma once

#include "cluster/action.h"
#include "cluster/score.h"

enum {
	RL_REDIRECT_GAIN_MS = 15, // and
	RL_REDIRECT_GAIN_PERCENT = 25,
	RL_REDIRECT_DWELL_MS = 900000, // between two moves that nothing but speed calls for
	RL_REDIRECT_RETRY_MS = 60000,  // after one that had no effect, or from a full member
	RL_REDIRECT_ARRIVE_MS = 60000, // whom a PUSH moves has arrived by then
	RL_REDIRECT_SETTLE_MS = 400,   // a newcomer is not moved sooner
	RL_REDIRECT_RESERVE = 4,
	RL_REDIRECT_FAMILY_GAP_MS = 500,
	RL_REDIRECT_FOLLOW_MS = 10000, // the other family's PUSH comes within it or not at all
};

// clang-format off
#define RL_REDIRECT_WHYS(X) \
	X(MOVE, "move", "sent to a member that is better for it") \
	X(OFFER_ALL, "offer_all", "offered all members: its place is unknown or doubtful") \
	X(SHED, "shed", "sent away because this member is full or drains") \
	X(CONFIRM, "confirm", "kept here, and given a backup") \
	X(BACKUP, "backup", "kept here, and given another backup") \
	X(PROBE, "probe", "kept here, and asked to try members that nobody has measured") \
	X(FOLLOW, "follow", "told by its other family what another member told it") \
	X(HOPS, "hops", "refused: its packet came over another node") \
	X(NO_PATH, "no_path", "refused: no proven path to it") \
	X(NOT_HOME, "not_home", "refused: another member is its home") \
	X(NO_TARGET, "no_target", "refused: no other member is live, with room, and in its families") \
	X(SETTLED, "settled", "refused: it is at its best member and has its backup") \
	X(GAIN, "gain", "refused: the gain would be below the threshold") \
	X(PICKED, "picked", "refused: it knows its backup as well, and did not pick that one") \
	X(DWELL, "dwell", "refused: it was moved a short while ago") \
	X(GATE, "gate", "refused: its software would take no more PUSHes now")
// clang-format on

enum rl_redirect_why {
#define X(name, text, help) RL_REDIRECT_##name,
	RL_REDIRECT_WHYS(X)
#undef X
		RL_REDIRECT_WHY_COUNT
};

// It came to nothing: the plan is empty.
static inline bool rl_redirect_refused(enum rl_redirect_why w)
{
	return w >= RL_REDIRECT_HOPS;
}

struct rl_redirect_client {
	const struct rl_location *location; // its claim here; pushes of the whole cluster
	struct rl_geo where;                // by GeoIP; zero: unknown
	uint8_t hops;                       // of the packet that is the occasion
	enum rl_family family;              // it came by
};

// now_ms of v is the cluster's clock, as in stamps and PUSH times. Fills p: what to do, in order,
// and the backup to claim. When the plan is carried out, the caller says so to rl_room_promise,
// with the names of the first PUSH.
enum rl_redirect_why rl_redirect(const struct rl_score_view *v, const struct rl_redirect_client *c,
				 struct rl_plan *p);

// The backup that a member writes into its claim when it takes a client over, by the claim before:
// the member itself if the client was moved and it has to be found another (rl_redirect does). One
// that comes neither to its backup nor soon after a PUSH was sent by nobody: its software has
// started anew or lost all its paths, and it is like one never moved.
uint8_t rl_redirect_inherit(const struct rl_location *before, uint8_t self, uint64_t now_ms);

// The client's backup says that it no longer gets through to it. p: what makes the client open the
// way. False: this member is not the home, or that one not the backup.
bool rl_redirect_reopen(const struct rl_location *l, uint8_t self, uint8_t backup,
			enum rl_family family, struct rl_plan *p);

// For a member that is not the home, but hears the client by a family that the home does not: when
// the home has just moved the client by the other family, this member does the same by its own.
// Called when a claim with new PUSHes comes in, for a client with a proven path here by c->family;
// that path's address must stand in c->location, a copy of the claim.
enum rl_redirect_why rl_redirect_follow(const struct rl_score_view *v,
					const struct rl_redirect_client *c, struct rl_plan *p);

const char *rl_redirect_name(enum rl_redirect_why w); // "offer_all"
const char *rl_redirect_help(enum rl_redirect_why w); // the sentence
