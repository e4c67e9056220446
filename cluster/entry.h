// SPDX-License-Identifier: BSD-3-Clause
// A location packed into one cache line, as the directory stores it. One thread writes; any number
// read without a lock.
#pragma once

#include "cluster/location.h"

#include <stdatomic.h>

struct rl_entry {
	_Atomic uint64_t who;      // address 40 | second it was last confirmed 24
	_Atomic uint64_t claim;    // stamp 44 | gone 1 | PUSHes 3 | push port 6 16
	_Atomic uint64_t ip6[2];   // network bytes
	_Atomic uint64_t ip4;      // network bytes 32 | port 4 16 | port 6 16
	_Atomic uint64_t identity; // fingerprint
	_Atomic uint64_t pushes;   // newest 24 | five gaps of 8
	_Atomic uint32_t members;  // home 8 | backup 8 | push port 4 16
	_Atomic uint32_t seq;      // odd: the writer is at work
};
_Static_assert(sizeof(struct rl_entry) == 64, "a peer of the cluster is one cache line");

static inline uint64_t rl_entry_address(const struct rl_entry *e)
{
	return atomic_load_explicit(&e->who, memory_order_relaxed) >> 24;
}

// When its home last confirmed it, in seconds cut to 24 bits. Writer only.
static inline uint32_t rl_entry_seen(const struct rl_entry *e)
{
	return (uint32_t)atomic_load_explicit(&e->who, memory_order_relaxed) & 0xffffff;
}

// False: the writer is at it and does not get on; as good as not found. l->address may be 0, an
// empty entry.
bool rl_entry_read(const struct rl_entry *e, struct rl_location *l);
// Writer only. l->address 0 empties it.
void rl_entry_write(struct rl_entry *e, const struct rl_location *l, uint32_t seen_s);
