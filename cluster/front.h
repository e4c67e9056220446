// SPDX-License-Identifier: BSD-3-Clause
// Keepalives between the front addresses of members, where clients' packets pass from one to the
// other: a root's ports only send where they have heard from, so these teach them the way, and
// their round trip is the network's own.
//
// A keepalive has the header of a ZeroTier packet from the root to itself (docs/protocol.md 3.1),
// which no client's packet has, so workers tell it by two addresses:
//
//   ID 8, to 5, from 5, flags 1, MAC 8 (zero), verb 1 (zero);  version 1, kind 1, member 1,
//   to member 1, clock 8, clock answered 8;  tag 16
//
// The tag is BLAKE2b under a key derived from the cluster's. Clocks are microseconds since 1970 of
// the sender; a receiver takes only what is newer than the last from that member, so that a
// recorded keepalive cannot show a wrong way, and answers a PING with one PONG of the same length.
//
// One thread; no allocation.
#pragma once

#include "cluster/location.h"
#include "root/zt.h"

enum {
	RL_FRONT_LEN = ZT_HDR_LEN + 4 + 8 + 8 + 16,
	RL_FRONT_EVERY_MS = 5000,
	RL_FRONT_LIFE_MS = 16000,  // a way unheard for so long is not used
	RL_FRONT_STALE_MS = 10000, // clocks may differ, but no more than batches may be under way
};

enum rl_front_kind {
	RL_FRONT_NOT_OURS, // forged, cut, old, or of another cluster
	RL_FRONT_PING,     // to be answered
	RL_FRONT_PONG,     // the round trip is known
};

struct rl_front_member {
	uint64_t newest_us; // clock of the newest taken from it
	uint64_t asked_us;  // our clock in the newest PING to it
	uint32_t rtt_us;    // 0: not known
	uint64_t heard_us;  // our clock when it last answered; 0: never
	uint32_t asked;     // PINGs sent, up to 32
	uint32_t answered;  // bit i: the i-th newest of them was
};

struct rl_front {
	uint8_t key[32];
	uint64_t root; // address
	uint8_t self;
	struct rl_front_member member[RL_MEMBER_IDS];
	uint64_t refused;
};

void rl_front_init(struct rl_front *f, const uint8_t cluster_key[static 32], uint64_t root,
		   uint8_t self);
void rl_front_wipe(struct rl_front *f);
// Are these the two addresses of a keepalive? len: of the datagram.
bool rl_front_looks(const uint8_t *data, size_t len, uint64_t root);
// id: random, so that the packet looks like any other.
void rl_front_ping(struct rl_front *f, uint8_t to, uint64_t id, uint64_t now_us,
		   uint8_t out[static RL_FRONT_LEN]);
// Of the newest 32 PINGs to this member, in percent, without one that may still be answered; -1:
// none was sent.
int rl_front_loss(const struct rl_front *f, uint8_t member);
// What came. PING: answer holds what to send back. *from: the member.
enum rl_front_kind rl_front_take(struct rl_front *f, const uint8_t *data, size_t len,
				 uint64_t now_us, uint8_t *from,
				 uint8_t answer[static RL_FRONT_LEN]);
