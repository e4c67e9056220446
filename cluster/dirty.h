// SPDX-License-Identifier: BSD-3-Clause
// Addresses whose change is still to be told to the other members: each once, in the order of the
// changes, and none told again before pause_ms have passed, however often it changes meanwhile. So
// what one client can make members tell of it is bounded, and the latest state is always told in
// the end. A change marked urgent (the peer has a new home) goes ahead of the pause, once in it.
//
// Fixed memory; one thread.
#pragma once

#include "root/hash.h"

#include <stdbool.h>
#include <stddef.h>

struct rl_dirty_node {
	uint64_t address; // 0: free
	uint32_t chain;   // the next of its bucket, + 1
	uint32_t before;  // in its list, + 1
	uint32_t after;
	uint32_t time; // low bits of ms: since when it waits, or until when it rests
	uint8_t state;
	bool again;  // changed while it rests
	bool jumped; // has gone ahead of a pause already
};

struct rl_dirty_list {
	uint32_t first, last; // + 1
	uint32_t count;
};

struct rl_dirty {
	struct rl_dirty_node *node;
	uint32_t *bucket;
	uint64_t key[2];
	uint32_t max, buckets, pause_ms;
	uint32_t used, free; // nodes ever used; first free one, + 1
	struct rl_dirty_list waiting, resting;
};

size_t rl_dirty_size(uint32_t max);
// mem: zeroed, aligned to 8, stays the caller's.
void rl_dirty_init(struct rl_dirty *d, void *mem, uint32_t max, uint32_t pause_ms,
		   const uint64_t key[2]);
// False: no room; the change is told by the refresh.
bool rl_dirty_mark(struct rl_dirty *d, uint64_t address, bool urgent, uint64_t now_ms);
// The next to be told, or 0.
uint64_t rl_dirty_next(struct rl_dirty *d, uint64_t now_ms);
// How many there are to be told, and for how long the first of them has waited.
uint32_t rl_dirty_waiting(struct rl_dirty *d, uint64_t now_ms, uint32_t *for_ms);
