// SPDX-License-Identifier: BSD-3-Clause
// Inside the directory: its places, for the one thread that writes it.
#pragma once

#include "cluster/directory.h"

struct rl_slot {
	uint64_t group;
	unsigned i; // of its entries
};

static inline struct rl_entry *rl_slot_entry(const struct rl_directory *d, uint64_t group,
					     unsigned i)
{
	return &d->entries[group * RL_GROUP_ENTRIES + i];
}

static inline uint64_t rl_slot_next_group(const struct rl_directory *d, uint64_t g)
{
	return g + 1 == d->groups ? 0 : g + 1;
}

// word: that of the entry's group.
static inline bool rl_slot_empty(uint64_t word, unsigned i)
{
	return (uint8_t)(word >> 8 * i) == 0;
}

// The writer is the caller, so that no reading of its own can fail.
static inline void rl_slot_load(const struct rl_entry *e, struct rl_location *l)
{
	if (!rl_entry_read(e, l))
		*l = (struct rl_location){0};
}

static inline uint32_t rl_slot_second(uint64_t now_ms)
{
	return (uint32_t)(now_ms / 1000) & 0xffffff;
}

// Milliseconds since it was confirmed; 0 if that lies (a little) ahead.
static inline uint64_t rl_slot_unconfirmed(const struct rl_entry *e, uint64_t now_ms)
{
	uint32_t age = (rl_slot_second(now_ms) - rl_entry_seen(e)) & 0xffffff;
	return age >> 23 ? 0 : (uint64_t)age * 1000;
}

// Keeps what is known of the identity and its PUSHes.
static inline void rl_slot_drop_claim(struct rl_location *l)
{
	*l = (struct rl_location){.address = l->address,
				  .fingerprint = l->fingerprint,
				  .pushes = l->pushes,
				  .push_port4 = l->push_port4,
				  .push_port6 = l->push_port6};
}

bool rl_slot_find(const struct rl_directory *d, uint64_t address, uint64_t hash, struct rl_slot *s);
// Writes an entry that stays where it is, and keeps the books. old: what is in it.
void rl_slot_store(struct rl_directory *d, struct rl_entry *e, const struct rl_location *old,
		   const struct rl_location *l, uint32_t seen_s);
// There must be fewer than max.
void rl_slot_insert(struct rl_directory *d, const struct rl_location *l, uint64_t hash,
		    uint32_t seen_s);
void rl_slot_erase(struct rl_directory *d, const struct rl_slot *s);
// Do entries that belong in this group or before it live beyond it?
bool rl_slot_passed(const struct rl_directory *d, uint64_t group);
