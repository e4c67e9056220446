// SPDX-License-Identifier: BSD-3-Clause
// Siblings: roots of other identities whose clients ours shall reach (Alice and Bob). They talk
// plain ZeroTier as two nodes do: each is a peer of the other, entered from the configuration, that
// never expires, counts as nobody's client and has a budget of its own (options.sibling_pps).
//
// A sibling has many members, each with a front address, so its paths are not the few of a client.
// They are its fronts, which the operator lists, and by each the way that an ECHO of ours was
// answered by. That ECHO carries a cookie (root/probe.h) and a stamp of the host's:
//
//   ECHO: cookie of sibling and front 8, stamp 8     answered by OK(ECHO) with the same
//
// A listed front gets the answer to an ECHO, nine bytes longer than it, though it has proven
// nothing yet: else neither of two roots could begin. All else that is longer than its question
// waits until the front has answered a cookie.
//
// Threads: added by control before workers start; ways are stored by whichever worker hears of
// them, one word each, and read by any thread.
#pragma once

#include "root/group.h"
#include "root/identity.h"
#include "root/packet.h"

#include <stdatomic.h>

struct rl_root;
struct rl_worker;

enum {
	RL_SIBLINGS_MAX = 3,
	RL_SIBLING_FRONTS = 16,
	RL_SIBLING_GATHER_MAX = 64, // listeners asked for at once
	RL_SIBLING_NONE = -1,
};

struct rl_sibling_front {
	struct rl_inet addr;
	// proven << 32 | via: tick of the last cookie that came back from there, and its way. 0:
	// never.
	_Atomic uint64_t way;
};

struct rl_siblings {
	unsigned count;
	struct {
		uint64_t address;
		unsigned fronts;
		struct rl_sibling_front front[RL_SIBLING_FRONTS];
	} at[RL_SIBLINGS_MAX];
};

// Control, before workers start and before peers are loaded. The next sibling, counted from 0. 0;
// -EINVAL: our own address or a weak key; -EEXIST: its address is taken; -ENOSPC: too many, or too
// many fronts, or no room among the peers.
int rl_root_sibling_add(struct rl_root *r, const struct rl_identity *id,
			const struct rl_inet *front, unsigned count, uint64_t now_ms);
// Whose front this address is; RL_SIBLING_NONE. Anybody can forge it.
int rl_root_sibling_at(const struct rl_root *r, const struct rl_inet *from);
// Which sibling has this ZeroTier address; RL_SIBLING_NONE.
int rl_root_sibling_of(const struct rl_root *r, uint64_t address);
// The way to a front. False: none was proven within the last age_ms.
bool rl_root_sibling_way(const struct rl_root *r, unsigned sibling, unsigned front, uint64_t now_ms,
			 uint32_t age_ms, struct rl_path *to);

// May the host forward this packet, which came back RL_MISS from the last call, to a sibling that
// is not known to know whom it is for (options.guess_pps)? The worker's thread; false also without
// siblings.
bool rl_worker_guess(struct rl_worker *w, const struct rl_packet *p);

// What siblings have answered to the host's questions in this call of the core; authenticated,
// direct, and from a listed front. Valid until the next rl_receive_burst, rl_admit or rl_tick of
// this worker, whose thread calls this.
enum rl_sibling_said {
	RL_SIBLING_ECHO,   // stamp; the way is stored
	RL_SIBLING_WHOIS,  // one identity. Whether anybody asked for it is the host's to know
	RL_SIBLING_GATHER, // some listeners of a group, likewise
};

struct rl_sibling_listeners {
	struct rl_group_key group;
	uint32_t total; // that the sibling knows of
	uint16_t count; // of these
	uint8_t member[RL_SIBLING_GATHER_MAX][ZT_ADDRESS_LEN];
};

struct rl_sibling_answer {
	uint8_t sibling;
	uint8_t front;
	uint8_t said; // enum rl_sibling_said
	uint64_t stamp;
	union {
		struct rl_identity id;
		struct rl_sibling_listeners listeners;
	};
};
const struct rl_sibling_answer *rl_worker_answers(const struct rl_worker *w, unsigned *count);

// A client asks by WHOIS for a node that is unknown here, and elsewhere in this cluster as far as
// struct rl_host tells: a sibling may know it. Or it asks by GATHER for listeners, of whom siblings
// may know more. The host answers with rl_tell_whois, about this node alone, or rl_tell_gather
// (root/tell.h), beside what the root and its cluster answer. Never of siblings, which ask their
// own; only of who may be answered by a stored path. Valid as the answers.
struct rl_sibling_ask {
	uint64_t client;
	uint64_t id;         // of the question, as on the wire
	struct rl_path path; // it came by
	uint8_t verb;        // ZT_VERB_WHOIS or ZT_VERB_MULTICAST_GATHER
	union {
		uint64_t address; // WHOIS
		struct {
			struct rl_group_key group;
			uint32_t limit; // 1 and more
		} gather;
	};
};
const struct rl_sibling_ask *rl_worker_sibling_asks(const struct rl_worker *w, unsigned *count);

// Questions into the out-box, as those of root/tell.h: after rl_tell_begin. 0, or -ENOTCONN (no way
// to that front within age_ms), -ENOBUFS (out-box full, counted).
//
// An ECHO. by NULL: no way is known, and the packet's to.via is RL_VIA_NONE: the host has another
// way to send it.
int rl_tell_sibling_echo(struct rl_worker *w, unsigned sibling, unsigned front,
			 const struct rl_path *by, uint64_t stamp);
// WHOIS of one node.
int rl_tell_sibling_whois(struct rl_worker *w, unsigned sibling, unsigned front, uint32_t age_ms,
			  uint64_t address);
// GATHER of RL_SIBLING_GATHER_MAX listeners.
int rl_tell_sibling_gather(struct rl_worker *w, unsigned sibling, unsigned front, uint32_t age_ms,
			   const struct rl_group_key *group);
