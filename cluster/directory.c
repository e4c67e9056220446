// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/directory.h"

#include "cluster/directory_slots.h"

#include <errno.h>

#define get(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

enum {
	SAMPLE_GROUPS = 8, // from which a full table chooses whom to let go
};

const struct rl_directory_limits rl_directory_limits_default = {
	.gone_ms = 120000,
	.claim_ms = 1500000,
	.identity_ms = 604800000,
	.push_ms = 7200000,
	.evict_ms = 900000,
};

// An eighth of the entries stays empty.
static uint64_t group_count(uint64_t max)
{
	return max * 8 / (7 * RL_GROUP_ENTRIES) + 2;
}

static size_t words_size(uint64_t groups)
{
	return (groups * sizeof(uint64_t) + 63) & ~(size_t)63;
}

size_t rl_directory_size(uint64_t max)
{
	uint64_t groups = group_count(max);
	return words_size(groups) + groups * RL_GROUP_ENTRIES * sizeof(struct rl_entry);
}

void rl_directory_init(struct rl_directory *d, uint64_t max, void *mem,
		       const uint8_t key[static 16], uint8_t self,
		       const struct rl_directory_limits *limits)
{
	uint64_t groups = group_count(max);
	*d = (struct rl_directory){
		.words = mem,
		.entries = (struct rl_entry *)((uint8_t *)mem + words_size(groups)),
		.key = {rl_load64(key), rl_load64(key + 8)},
		.groups = groups,
		.max = max,
		.limits = *limits,
		.self = self,
	};
}

// May a claim of `home` take the place of a live one of `other`? Own ones may always; those of a
// member that has more than half of the table must make room for any other member's.
static bool outranks(const struct rl_directory *d, uint8_t home, uint8_t other)
{
	if (home == other || home == RL_NOBODY)
		return false;
	return home == d->self || d->live[other] > d->max / 2;
}

// How gladly an entry is let go for a claim of `home`; 0: not at all.
static uint64_t spare(const struct rl_directory *d, const struct rl_entry *e, uint8_t home,
		      uint64_t now_ms)
{
	struct rl_location l;
	rl_slot_load(e, &l);
	uint64_t age = rl_slot_unconfirmed(e, now_ms);
	if (!rl_location_live(&l))
		return (UINT64_C(2) << 40) + age;
	if (l.home == d->self)
		return 0;
	if (age >= d->limits.evict_ms)
		return (UINT64_C(1) << 40) + age;
	return outranks(d, home, l.home) ? d->live[l.home] : 0;
}

// Lets go of one entry for a claim of `home`, among those nearest to where `hash` belongs: a sample
// that the keyed hash draws.
static bool evict(struct rl_directory *d, uint8_t home, uint64_t hash, uint64_t now_ms)
{
	struct rl_slot best = {0}, s = {.group = rl_directory_group(d, hash)};
	uint64_t most = 0;
	for (unsigned n = 0; n < SAMPLE_GROUPS && n < d->groups; n++) {
		uint64_t word = get(d->words[s.group]);
		for (s.i = 0; s.i < RL_GROUP_ENTRIES; s.i++) {
			if (rl_slot_empty(word, s.i))
				continue;
			uint64_t worth = spare(d, rl_slot_entry(d, s.group, s.i), home, now_ms);
			if (worth > most) {
				most = worth;
				best = s;
			}
		}
		s.group = rl_slot_next_group(d, s.group);
	}
	if (most == 0)
		return false;
	rl_slot_erase(d, &best);
	d->evicted++;
	return true;
}

static int insert(struct rl_directory *d, const struct rl_location *l, uint64_t hash,
		  uint64_t now_ms)
{
	if (d->count >= d->max && !evict(d, l->home, hash, now_ms)) {
		d->refused++;
		return -ENOSPC;
	}
	rl_slot_insert(d, l, hash, rl_slot_second(now_ms));
	return 0;
}

int rl_directory_merge(struct rl_directory *d, const struct rl_location *l, bool confirmed,
		       uint64_t now_ms, struct rl_location *before)
{
	uint64_t hash = rl_directory_hash(d, l->address);
	struct rl_location old = {0}, now;
	struct rl_slot s;
	bool known = rl_slot_find(d, l->address, hash, &s);
	if (known)
		rl_slot_load(rl_slot_entry(d, s.group, s.i), &old);
	if (before)
		*before = old;
	now = old;
	now.address = l->address;
	// Stamped while a clock here was wrong: it must not win against claims of right ones.
	if (d->latest_ms != 0 && old.stamp_ms > d->latest_ms)
		rl_slot_drop_claim(&now);
	unsigned change = rl_location_merge(&now, l);
	if (!known) {
		// Not a word about it that could be kept.
		if (change == RL_CHANGE_NONE)
			return 0;
		int ret = insert(d, &now, hash, now_ms);
		return ret < 0 ? ret : (int)change;
	}
	struct rl_entry *e = rl_slot_entry(d, s.group, s.i);
	bool fresh = change & (RL_CHANGE_CLAIM | RL_CHANGE_IDENTITY) ||
		     (confirmed && now.home == l->home && now.stamp_ms == l->stamp_ms);
	uint32_t seen = fresh ? rl_slot_second(now_ms) : rl_entry_seen(e);
	if (change != RL_CHANGE_NONE)
		rl_slot_store(d, e, &old, &now, seen);
	else if (seen != rl_entry_seen(e)) // readers do not look at it: one store will do
		set(e->who, l->address << 24 | seen);
	return (int)change;
}

void rl_directory_restamp(struct rl_directory *d, uint64_t address, uint64_t stamp_ms)
{
	struct rl_slot s;
	if (!rl_slot_find(d, address, rl_directory_hash(d, address), &s))
		return;
	struct rl_entry *e = rl_slot_entry(d, s.group, s.i);
	struct rl_location old, now;
	rl_slot_load(e, &old);
	now = old;
	now.stamp_ms = stamp_ms;
	rl_slot_store(d, e, &old, &now, rl_entry_seen(e));
}

uint64_t rl_directory_unconfirmed_ms(const struct rl_directory *d, uint64_t address,
				     uint64_t now_ms)
{
	struct rl_slot s;
	if (!rl_slot_find(d, address, rl_directory_hash(d, address), &s))
		return UINT64_MAX;
	return rl_slot_unconfirmed(rl_slot_entry(d, s.group, s.i), now_ms);
}

void rl_directory_erase(struct rl_directory *d, uint64_t address)
{
	struct rl_slot s;
	if (rl_slot_find(d, address, rl_directory_hash(d, address), &s))
		rl_slot_erase(d, &s);
}
