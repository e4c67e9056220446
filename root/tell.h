// SPDX-License-Identifier: BSD-3-Clause
// What a host whose root has other members makes the root say of its own accord
// (docs/protocol.md 4.6, 4.10, 6.8): each call puts one packet into the out-box of the caller's
// worker, and rl_tell_begin empties it. The thread needs a worker of its own, like an admission
// thread.
//
// Answers to what the root has asked its host (root/ask.h) are among them; they may take several
// packets.
//
// Everything goes to a client that is known here, by a path of it that is stored, that is, proven:
// a host cannot make the root send to an address that never asked for it.
//
// 0, or -ENOENT (no such client), -ENOTCONN (that address is no stored path of it, or one unheard
// for too long), -EINVAL (too many entries, or none), -ENOBUFS (out-box full, counted); of answers
// also -EACCES (withheld from this client, counted) and -ENODATA (nothing is known, counted).
#pragma once

#include "root/ask.h"
#include "root/root.h"

enum {
	RL_TELL_PUSH_MAX = 32, // as many endpoints as a root has in a planet
	RL_TELL_GATHER_MAX = (ZT_MTU - 61) / ZT_ADDRESS_LEN // addresses that fit one datagram
};

void rl_tell_begin(struct rl_worker *w, uint64_t now_ms);

// PUSH_DIRECT_PATHS about the root itself, all entries flagged as redirects, in this order.
int rl_tell_push(struct rl_worker *w, uint64_t client, const struct rl_inet *by,
		 const struct rl_inet *at, unsigned n);
// An unsolicited NOP: makes the client say HELLO to us.
int rl_tell_nop(struct rl_worker *w, uint64_t client, const struct rl_inet *by);
// A probe: keeps the path and the NATs on it open, and its answer measures the round trip.
int rl_tell_echo(struct rl_worker *w, uint64_t client, const struct rl_inet *by);
// RENDEZVOUS: `other` is at this address.
int rl_tell_rendezvous(struct rl_worker *w, uint64_t client, const struct rl_inet *by,
		       uint64_t other, const struct rl_inet *at);

// OK(WHOIS) about the question `id`: of n addresses (RL_ASK_WHOIS_MAX at most), in their order, the
// identities known here and those among the `given`. Several datagrams if one is too small; all or
// none. Clients of this root among the asked are then introduced again, if they were a short while
// ago (6.1).
int rl_tell_whois(struct rl_worker *w, uint64_t client, const struct rl_inet *by, uint64_t id,
		  const uint64_t *asked, unsigned n, const struct rl_identity *given,
		  unsigned given_count);
// OK(GATHER): `total` members, n of them; none is -ENODATA.
int rl_tell_gather(struct rl_worker *w, uint64_t client, const struct rl_inet *by, uint64_t id,
		   const struct rl_group_key *group, uint32_t total, const uint64_t *member,
		   unsigned n);

// While withheld, a client's requests are taken but not answered (counted WITHHELD), and it gets no
// keepalives: it goes to another member for good. Relaying to and from it goes on. Any thread.
// False: no such client.
bool rl_root_withhold(struct rl_root *r, uint64_t client, bool withheld);
