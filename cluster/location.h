// SPDX-License-Identifier: BSD-3-Clause
// What all members know of one peer (a ZeroTier client): which member is its home, and where that
// member reaches it. Each part has a rule of its own by which two memories of it become one, so
// that members agree whatever came when and however often:
//
//   claim        home, backup, endpoints, gone: the last writer wins, by time, then by member
//   PUSHes       the union (cluster/pushes.h); both ports go with the newest
//   fingerprint  the identity of this address is valid: once known it stays; of two the lesser
//
// Only a peer's home writes its claim: to take a peer over is to claim it. A value like any other;
// the directory keeps it packed in 64 bytes, cluster/record.h gives it at most 48 on the wire.
#pragma once

#include "cluster/pushes.h"
#include "root/inet.h"

enum {
	RL_NOBODY = 0,       // members are numbered 1..255 within their cluster
	RL_MEMBER_IDS = 256, // room for a table by number
};

struct rl_location {
	uint64_t address;  // 40 bits, never 0
	uint64_t stamp_ms; // of the claim; cluster's clock (cluster/guard.h), 44 bits; 0: no claim
	uint64_t fingerprint; // of the valid public key, rl_location_fingerprint; 0: not known
	struct rl_inet v4;    // where the home reaches it: proven there; family 0: not by IPv4
	struct rl_inet v6;
	struct rl_pushes pushes;
	uint16_t push_port4; // the client's port that the newest PUSH by IPv4 went to; 0: none
	uint16_t push_port6;
	uint8_t home;   // RL_NOBODY: only its identity is known
	uint8_t backup; // keeps a second path warm; RL_NOBODY: nobody
	bool gone;      // a tombstone: its home has let go of it
};

#define RL_STAMP_MAX ((UINT64_C(1) << 44) - 1)

enum rl_change {
	RL_CHANGE_NONE = 0,
	RL_CHANGE_CLAIM = 1, // another claim has won; alone: the same place, later
	RL_CHANGE_HOME = 2,
	RL_CHANGE_PLACE = 4, // an endpoint, the backup or `gone`
	RL_CHANGE_PUSHES = 8,
	RL_CHANGE_IDENTITY = 16,
};

// Where it can be reached: somebody claims it, and it is not gone.
static inline bool rl_location_live(const struct rl_location *l)
{
	return l->home != RL_NOBODY && !l->gone;
}

// Does claim a beat claim b? A total order on claims: by stamp, then by member, then by content (a
// member that stamps two claims alike is broken, and even then all agree).
bool rl_location_beats(const struct rl_location *a, const struct rl_location *b);
// Both are of the same address. Takes over what `from` knows better. RL_CHANGE_* or'ed.
unsigned rl_location_merge(struct rl_location *into, const struct rl_location *from);
// Same in everything.
bool rl_location_equal(const struct rl_location *a, const struct rl_location *b);
// Eight bytes of a public key (root/identity.h), never 0, by a key that all members share
// (directory.h): outsiders cannot look for another identity that has the same, and whoever has the
// valid one is not validated again.
uint64_t rl_location_fingerprint(const uint64_t key[static 2], const uint8_t public_key[static 64]);
