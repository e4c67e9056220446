// SPDX-License-Identifier: BSD-3-Clause
// One datagram on its way through the core: what the caller hands in, what the core decides, and
// the header fields read on the way (docs/protocol.md 2.1, 3.1).
#pragma once

#include "root/drop.h"
#include "root/inet.h"
#include "root/zt.h"

// How to reach an address, chosen by the host and opaque here: device, VLAN, next hop, local
// address and port. The root only ever sends to somebody who has sent to it, by the way that packet
// came.
enum {
	RL_VIA_BACK = 0xffff, // "the way this packet came": only in packets, never stored in a peer
	RL_VIA_NONE = 0xfffe, // the host could not store the way: no path is learned
};

struct rl_path {
	struct rl_inet addr;
	uint16_t via;
};

enum rl_verdict {
	RL_DROP,   // counted under p->drop; the caller frees the buffer
	RL_DONE,   // taken in, nothing to send; the caller frees the buffer
	RL_REPLY,  // data/len now hold an answer for p->from, to go back the way it came
	RL_RELAY,  // data/len travel on to p->to, changed only in their hop count
	RL_DEFER,  // needs public-key work: the caller hands it to an admission thread, or counts
		   // ADMISSION_FULL
	RL_MEMBER, // bears the root's own address as its source, as keepalives between members do;
		   // only if sightings are on. Not authenticated: that is the caller's
	RL_MISS,   // destination not here: the caller may ask the cluster, or counts p->drop
		   // (NO_PEER, NO_PATH)
};

enum rl_mac {
	RL_MAC_UNKNOWN, // not opened yet
	RL_MAC_RIGHT,   // authentic, and in the clear now
	RL_MAC_WRONG,
};

struct rl_packet {
	// In: set by the caller, which keeps owning the buffer.
	uint8_t *data; // UDP payload; rewritten in place
	uint16_t len;
	uint16_t room; // bytes writable from data, >= len; an answer that needs more goes to the
		       // out-box
	struct rl_inet from;
	void *host; // the caller's own

	// Out
	enum rl_verdict verdict;
	enum rl_drop drop;
	struct rl_path to; // RELAY only

	// The core's own, between passes.
	uint64_t zt_to;
	uint64_t zt_from;
	uint64_t hash;   // of whom it makes us look up
	uint64_t pair;   // hash of both addresses
	uint64_t source; // hash of where it came from, for its budget
	struct rl_peer *peer;
	bool fragment;
	enum rl_mac mac;
};

// Reads the header in place. False: p->drop says why. Fills zt_to, zt_from (0 for a fragment),
// fragment.
bool rl_packet_parse(struct rl_packet *p, uint64_t self);
