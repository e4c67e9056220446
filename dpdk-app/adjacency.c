// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/adjacency.h"

#include "root/packet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	SLOT_EMPTY = 0,
	SLOT_GONE = 0xffff, // tombstone: its number would be 0xfffe
	SLOT_NUMBER = 0xffff,
	SWEEPS_UNTIL_RETIRED = 2,
};

enum state { FREE, LIVE, RETIRED };

struct entry {
	struct adjacency a; // written before `readable`, never while it is set
	atomic_bool readable;
	atomic_bool fresh; // interned since the last sweep
	uint8_t state;     // under the lock, like all that follows
	uint8_t idle;      // sweeps without a user
	uint16_t next;     // in the list of free numbers
};

// A slot holds the number plus one in its low half, a part of the hash in its high half.
struct adjacency_table {
	unsigned max;
	unsigned mask; // slots - 1
	uint64_t seed;
	atomic_flag lock;
	_Atomic unsigned count; // LIVE and RETIRED
	unsigned gone;          // tombstones
	uint16_t free;          // head of the list; `max`: none
	struct entry *entries;
	_Atomic uint32_t *slots;
};

static void lock(struct adjacency_table *t)
{
	while (atomic_flag_test_and_set_explicit(&t->lock, memory_order_acquire))
		;
}

static void unlock(struct adjacency_table *t)
{
	atomic_flag_clear_explicit(&t->lock, memory_order_release);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

static uint64_t hash_of(const struct adjacency_table *t, const struct frame_way *way)
{
	const uint8_t *p = (const uint8_t *)way;
	uint64_t h = t->seed;
	uint64_t v;

	for (size_t i = 0; i < 32; i += 8) {
		memcpy(&v, p + i, 8);
		h = mix(h, v);
	}
	v = 0;
	memcpy(&v, p + 32, sizeof(*way) - 32);
	return mix(mix(h, v), 0);
}

struct adjacency_table *adjacency_new(unsigned max)
{
	struct adjacency_table *t;
	unsigned slots = 4;

	if (max == 0 || max > ADJACENCY_MAX)
		return NULL;
	while (slots < 2 * max)
		slots *= 2;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->max = max;
	t->mask = slots - 1;
	t->entries = calloc(max, sizeof(*t->entries));
	t->slots = calloc(slots, sizeof(*t->slots));
	if (!t->entries || !t->slots || getrandom(&t->seed, sizeof(t->seed), 0) < 0) {
		adjacency_free(t);
		return NULL;
	}
	for (unsigned i = 0; i < max; i++)
		t->entries[i].next = (uint16_t)(i + 1);
	return t;
}

void adjacency_free(struct adjacency_table *t)
{
	if (!t)
		return;
	free(t->entries);
	free(t->slots);
	free(t);
}

// May miss what is being inserted or moved beside it; under the lock it misses nothing.
static struct entry *find(struct adjacency_table *t, const struct frame_way *way, uint64_t h)
{
	unsigned at = (unsigned)h & t->mask;

	for (unsigned i = 0; i <= t->mask; i++, at = (at + 1) & t->mask) {
		uint32_t slot = atomic_load_explicit(&t->slots[at], memory_order_acquire);
		struct entry *e;

		if (slot == SLOT_EMPTY)
			return NULL;
		if (slot == SLOT_GONE || slot >> 16 != h >> 48)
			continue;
		e = &t->entries[(slot & SLOT_NUMBER) - 1];
		if (memcmp(&e->a.way, way, sizeof(*way)) == 0)
			return e;
	}
	return NULL;
}

static uint16_t number_of(const struct adjacency_table *t, const struct entry *e)
{
	return (uint16_t)(e - t->entries);
}

// Under the lock; the way is not in the table. There is always a place: there are twice as many
// slots as numbers, and tombstones are cleared before they fill a quarter.
static void link_entry(struct adjacency_table *t, const struct entry *e)
{
	uint64_t h = hash_of(t, &e->a.way);
	unsigned at = (unsigned)h & t->mask;
	uint32_t slot;

	while ((slot = atomic_load_explicit(&t->slots[at], memory_order_relaxed)) != SLOT_EMPTY &&
	       slot != SLOT_GONE)
		at = (at + 1) & t->mask;
	if (slot == SLOT_GONE)
		t->gone--;
	slot = (uint32_t)(h >> 48) << 16 | (number_of(t, e) + 1u);
	atomic_store_explicit(&t->slots[at], slot, memory_order_release);
}

// Under the lock.
static void unlink_entry(struct adjacency_table *t, const struct entry *e)
{
	unsigned at = (unsigned)hash_of(t, &e->a.way) & t->mask;

	while ((atomic_load_explicit(&t->slots[at], memory_order_relaxed) & SLOT_NUMBER) !=
	       number_of(t, e) + 1u)
		at = (at + 1) & t->mask;
	atomic_store_explicit(&t->slots[at], SLOT_GONE, memory_order_release);
	t->gone++;
}

// Under the lock. Those who look meanwhile may find nothing; they then wait for the lock and look
// again.
static void clear_tombstones(struct adjacency_table *t)
{
	for (unsigned i = 0; i <= t->mask; i++)
		atomic_store_explicit(&t->slots[i], SLOT_EMPTY, memory_order_relaxed);
	t->gone = 0;
	for (unsigned i = 0; i < t->max; i++)
		if (t->entries[i].state == LIVE)
			link_entry(t, &t->entries[i]);
}

static struct entry *insert(struct adjacency_table *t, const struct frame_way *way)
{
	struct entry *e;

	if (t->free == t->max)
		return NULL;
	e = &t->entries[t->free];
	t->free = e->next;
	e->a.way = *way;
	frame_header_make(&e->a.header, way);
	e->state = LIVE;
	e->idle = 0;
	atomic_store_explicit(&e->readable, true, memory_order_release);
	link_entry(t, e);
	atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);
	return e;
}

uint16_t adjacency_intern(struct adjacency_table *t, const struct frame_way *way)
{
	uint64_t h = hash_of(t, way);
	struct entry *e = find(t, way, h);

	if (!e) {
		lock(t);
		e = find(t, way, h);
		if (!e)
			e = insert(t, way);
		unlock(t);
	}
	if (!e)
		return RL_VIA_NONE;
	if (!atomic_load_explicit(&e->fresh, memory_order_relaxed))
		atomic_store_explicit(&e->fresh, true, memory_order_relaxed);
	return number_of(t, e);
}

const struct adjacency *adjacency_get(const struct adjacency_table *t, uint16_t via)
{
	const struct entry *e;

	if (via >= t->max)
		return NULL;
	e = &t->entries[via];
	return atomic_load_explicit(&e->readable, memory_order_acquire) ? &e->a : NULL;
}

// A number goes LIVE > RETIRED > FREE. While it is RETIRED it can still be read, for those who
// found it just before it was unlinked; if a peer turns out to hold it after all, it comes back.
static void sweep_one(struct adjacency_table *t, struct entry *e, bool used)
{
	if (atomic_exchange_explicit(&e->fresh, false, memory_order_relaxed))
		used = true;
	if (used)
		e->idle = 0;
	switch (e->state) {
	case LIVE:
		if (!used && ++e->idle >= SWEEPS_UNTIL_RETIRED) {
			unlink_entry(t, e);
			e->state = RETIRED;
		}
		break;
	case RETIRED:
		if (used) {
			// Unless the way has been given another number meanwhile: then this one
			// stays as it is until the peer lets go.
			if (!find(t, &e->a.way, hash_of(t, &e->a.way))) {
				link_entry(t, e);
				e->state = LIVE;
			}
			break;
		}
		atomic_store_explicit(&e->readable, false, memory_order_release);
		e->state = FREE;
		e->next = t->free;
		t->free = number_of(t, e);
		atomic_fetch_sub_explicit(&t->count, 1, memory_order_relaxed);
		break;
	default:
		break;
	}
}

unsigned adjacency_sweep(struct adjacency_table *t, const uint8_t used[static ADJACENCY_USED_BYTES])
{
	lock(t);
	for (unsigned i = 0; i < t->max; i++)
		sweep_one(t, &t->entries[i], used[i >> 3] >> (i & 7) & 1);
	if (t->gone > t->mask / 4)
		clear_tombstones(t);
	unlock(t);
	return adjacency_count(t);
}

unsigned adjacency_count(const struct adjacency_table *t)
{
	return atomic_load_explicit(&t->count, memory_order_relaxed);
}
