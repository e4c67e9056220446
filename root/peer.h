// SPDX-License-Identifier: BSD-3-Clause
// What the root knows of one node, and by which paths it is reached (docs/protocol.md 6.2, 8.3;
// docs/architecture.md "Decisions").
//
// A peer is split in two: 64 hot bytes that relaying reads, and the rest. Addresses in here are
// proven: their owner has quoted a cookie that was sent only there.
//
// Threads: any number may read and refresh. The words of an IPv4 path are one atomic 64-bit value.
// An IPv6 path takes three words, so it is read under `seq` (odd: a writer is at work) and read
// again if that changed. Writers take `seq` by compare-and-swap and give up if another has it: what
// they had to say (a path heard just now) is said again by the next packet. Everything else is a
// single relaxed word, where a race costs at most one refresh.
#pragma once

#include "root/armor.h"
#include "root/packet.h"

#include <stdatomic.h>

enum {
	RL_PATH_V4A, // paths 0-2 lie in the hot line; the best path always does
	RL_PATH_V4B,
	RL_PATH_V6A,
	RL_PATH_V6B,
	RL_PATHS,
	RL_PATH_NONE = 0xff,
};

struct rl_peer {
	_Atomic uint64_t address; // 40 bits; 0: not in use
	_Atomic uint32_t seq;
	_Atomic uint8_t best; // RL_PATH_*, never V6B
	_Atomic uint8_t proto;
	_Atomic uint16_t probed;   // low bits of the tick of the last probe round
	_Atomic uint64_t v4[2];    // IP (network bytes) | port << 32 | via << 48; 0: empty
	_Atomic uint64_t v6a[2];   // IP, network bytes
	_Atomic uint32_t v6a_to;   // port | via << 16; 0: empty
	_Atomic uint32_t heard[3]; // tick of the last authenticated packet on it
};
_Static_assert(sizeof(struct rl_peer) == 64, "relaying touches one cache line of a peer");

enum rl_peer_state {
	RL_PEER_FREE = 0,
	RL_PEER_LIVE,
	RL_PEER_UNLINKED, // out of the table, waiting for readers to move on
};

struct rl_peer_cold {
	struct rl_key key;
	uint8_t public_key[ZT_PUBLIC_LEN];
	_Atomic uint64_t v6b[2];
	_Atomic uint32_t v6b_to;
	_Atomic uint32_t v6b_heard;
	_Atomic uint32_t heard;    // tick of the last authenticated packet, by any path
	uint32_t first;            // tick of admission
	_Atomic uint32_t probe_ms; // low bits of the time of the last probe, for the latency
	_Atomic uint32_t window;   // second that `used` counts, see rl_peer_allow
	_Atomic uint32_t likes;    // minute << 16 | new subscriptions in it
	_Atomic uint16_t used;
	_Atomic uint16_t latency_ms; // 0xffff: unknown
	_Atomic uint16_t revision;
	_Atomic uint8_t major, minor;
	uint8_t state;            // under the table's lock
	_Atomic uint8_t withheld; // gets no answers (root/tell.h)
	_Atomic uint16_t sighted; // the last sighting (root/sight.c); 0: none
	uint32_t next_free;       // under the table's lock
	uint8_t sibling;          // 0: none; else its number + 1 (root/sibling.h); never changes
};
_Static_assert(sizeof(struct rl_peer_cold) == 224, "a peer is 288 bytes with its hot line");

// Time in units of 64 ms, cut to 32 bits and never 0; compare by age only.
enum { RL_TICK_MS = 64 };
static inline uint32_t rl_tick_of(uint64_t ms)
{
	uint32_t t = (uint32_t)(ms >> 6);
	return t ? t : 1;
}

// Milliseconds since `then`; 0 if it lies (a little) ahead, as it may between threads.
static inline uint64_t rl_tick_age(uint32_t now, uint32_t then)
{
	uint32_t d = now - then;
	return d >> 31 ? 0 : (uint64_t)d << 6;
}

// The stored path of this address, or RL_PATH_NONE.
unsigned rl_peer_path_find(const struct rl_peer *hot, const struct rl_peer_cold *cold,
			   const struct rl_inet *addr);
// Copies path i. False: empty, or a writer kept at it (as good as empty for this packet).
bool rl_peer_path_get(const struct rl_peer *hot, const struct rl_peer_cold *cold, unsigned i,
		      struct rl_path *out, uint32_t *heard);
// When path i was last heard; 0 never.
uint32_t rl_peer_path_heard(const struct rl_peer *hot, const struct rl_peer_cold *cold, unsigned i);
void rl_peer_path_refresh(struct rl_peer *hot, struct rl_peer_cold *cold, unsigned i,
			  uint32_t tick);
// Stores a proven path, in place of the same address, an empty slot, or the family's path unheard
// for longest, and makes it the best. Returns true if the best path is another one now.
bool rl_peer_path_learn(struct rl_peer *hot, struct rl_peer_cold *cold, const struct rl_path *path,
			uint32_t tick);
// The path of this family heard last, not longer ago than timeout_ms; false: none.
bool rl_peer_path_family(const struct rl_peer *hot, const struct rl_peer_cold *cold, uint8_t family,
			 uint32_t tick, uint32_t timeout_ms, struct rl_path *out);
// One second's budget of packets for the root. False: used up.
bool rl_peer_allow(struct rl_peer_cold *cold, uint64_t now_ms, uint32_t pps);
// Budget of new multicast subscriptions per minute.
bool rl_peer_allow_like(struct rl_peer_cold *cold, uint64_t now_ms, uint32_t per_minute);
