// SPDX-License-Identifier: BSD-3-Clause
// Packets for the root that come in pieces (docs/protocol.md 3.1, 3.3): a fixed table of slots
// keyed by packet ID and source, joined when all pieces are there, given up after a time. One
// source (IPv4 address, IPv6 /64) holds at most four slots, and only in the set it hashes to, so it
// cannot stop the reassembly of all others; a fifth packet takes the place of its own oldest, so
// that a trickle of pieces in its name cannot stop it either. One thread only.
#pragma once

#include "root/hash.h"
#include "root/inet.h"
#include "root/zt.h"

enum { RL_REASSEMBLY_WAYS = 8, RL_REASSEMBLY_PER_SOURCE = 4 };

struct rl_reassembly_slot;

struct rl_reassembly {
	struct rl_reassembly_slot *slots;
	uint8_t *joined; // ZT_PACKET_MAX
	uint64_t key[2];
	uint32_t sets;
	uint32_t timeout_ms;
	uint32_t used;
	uint64_t lost;     // given up or pushed out since the last rl_reassembly_expire
	uint64_t check_ms; // no slot times out before
};

enum rl_frag {
	RL_FRAG_KEPT,
	RL_FRAG_COMPLETE,
	RL_FRAG_BAD, // impossible numbers or sizes
};

// Bytes for this many slots (rounded up to whole sets), 10 kB each.
size_t rl_reassembly_size(uint32_t slots);
// mem: zeroed, cache-line aligned, the caller's. key: 16 random bytes.
void rl_reassembly_init(struct rl_reassembly *r, void *mem, uint32_t slots, uint32_t timeout_ms,
			const uint8_t key[static 16]);
// One piece. Head: number 0, total 0, data from the packet ID on. Fragment: number and total as in
// its header, data behind that header. On RL_FRAG_COMPLETE the whole packet is in *packet, with
// room for ZT_PACKET_MAX, until the next call.
enum rl_frag rl_reassembly_add(struct rl_reassembly *r, const struct rl_inet *from, uint64_t id,
			       unsigned number, unsigned total, const uint8_t *data, size_t len,
			       uint64_t now_ms, uint8_t **packet, size_t *packet_len);
// Gives up what is older than the timeout. How many incomplete packets were lost since the last
// call. Cheap enough for every turn of a loop.
unsigned rl_reassembly_expire(struct rl_reassembly *r, uint64_t now_ms);
