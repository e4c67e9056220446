// SPDX-License-Identifier: BSD-3-Clause
#include "root/peer_table.h"

#include "root/hash.h"
#include "root/spin.h"

#include <errno.h>
#include <sodium.h>

#define get(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

enum { SLOTS = 7 };

static uint64_t bucket_count(uint32_t max)
{
	return (uint64_t)max * 3 / (2 * SLOTS) + 2;
}

size_t rl_peer_table_slots_size(uint32_t max)
{
	return bucket_count(max) * sizeof(struct rl_bucket);
}

void rl_peer_table_init(struct rl_peer_table *t, uint32_t max, void *buckets, void *hot, void *cold,
			const uint8_t key[static 16])
{
	*t = (struct rl_peer_table){.buckets = buckets,
				    .hot = hot,
				    .cold = cold,
				    .bucket_count = bucket_count(max),
				    .max = max};
	memcpy(t->key, key, sizeof(t->key));
	atomic_flag_clear(&t->lock);
}

uint64_t rl_peer_table_hash(const struct rl_peer_table *t, uint64_t address)
{
	return rl_hash64(t->key, address);
}

static uint64_t slot_word(uint64_t hash, uint64_t index)
{
	return (hash & 0xffffffff00000000) | (index + 1);
}

static bool slot_tagged(uint64_t word, uint64_t hash)
{
	return ((word ^ hash) >> 32 == 0) & ((uint32_t)word != 0);
}

static struct rl_bucket *bucket_next(const struct rl_peer_table *t, struct rl_bucket *b)
{
	return ++b == t->buckets + t->bucket_count ? t->buckets : b;
}

// Which slots of the bucket carry the hash's tag. In which one a peer sits is chance, so a branch
// for each slot would be foretold wrong for every packet.
static unsigned bucket_match(const struct rl_bucket *b, uint64_t hash)
{
	unsigned match = 0;
	for (unsigned i = 0; i < SLOTS; i++)
		match |= (unsigned)slot_tagged(get(b->slot[i]), hash) << i;
	return match;
}

const struct rl_bucket *rl_peer_table_beyond(const struct rl_peer_table *t,
					     const struct rl_bucket *b)
{
	if (atomic_load_explicit(&b->passed, memory_order_acquire) == 0)
		return NULL;
	return ++b == t->buckets + t->bucket_count ? t->buckets : b;
}

struct rl_peer *rl_peer_table_guess(const struct rl_peer_table *t, const struct rl_bucket *b,
				    uint64_t hash)
{
	unsigned match = bucket_match(b, hash);
	if (match == 0)
		return NULL;
	uint64_t word = atomic_load_explicit(&b->slot[__builtin_ctz(match)], memory_order_acquire);
	return slot_tagged(word, hash) ? &t->hot[(uint32_t)word - 1] : NULL;
}

// An acquiring load of the slot pairs with the releasing store of publish: whoever sees the index
// sees the peer. `passed` is raised before the slot is filled and lowered after it is emptied, so a
// peer that is in the table is never beyond a bucket that says nothing follows.
struct rl_peer *rl_peer_table_find(const struct rl_peer_table *t, uint64_t address, uint64_t hash)
{
	const struct rl_bucket *b = rl_peer_table_bucket(t, hash);
	for (uint64_t n = 0; b && n < t->bucket_count; n++, b = rl_peer_table_beyond(t, b)) {
		for (unsigned m = bucket_match(b, hash); m != 0; m &= m - 1) {
			uint64_t word = atomic_load_explicit(&b->slot[__builtin_ctz(m)],
							     memory_order_acquire);
			if (!slot_tagged(word, hash))
				continue;
			struct rl_peer *hot = &t->hot[(uint32_t)word - 1];
			if (get(hot->address) == address)
				return hot;
		}
	}
	return NULL;
}

struct rl_peer *rl_peer_table_reserve(struct rl_peer_table *t)
{
	struct rl_peer *hot = NULL;
	rl_spin_lock(&t->lock);
	uint32_t top = get(t->top);
	if (t->free_list != 0) {
		hot = &t->hot[t->free_list - 1];
		t->free_list = rl_peer_cold(t, hot)->next_free;
	} else if (top < t->max) {
		hot = &t->hot[top];
		atomic_store_explicit(&t->top, top + 1, memory_order_relaxed);
	}
	rl_spin_unlock(&t->lock);
	return hot;
}

// Under lock, or before anybody can see it; but who walks the peers by index (rl_tick) may look at
// the address at any time.
static void wipe(struct rl_peer_table *t, struct rl_peer *hot)
{
	set(hot->address, 0);
	sodium_memzero(rl_peer_cold(t, hot), sizeof(struct rl_peer_cold));
	// The lock counter goes on, so that a reader of the old peer cannot take the new one's
	// words for it.
	set(hot->seq, (get(hot->seq) + 2) & ~1u);
	set(hot->best, 0);
	set(hot->proto, 0);
	set(hot->probed, 0);
	for (unsigned i = 0; i < 2; i++) {
		set(hot->v4[i], 0);
		set(hot->v6a[i], 0);
	}
	set(hot->v6a_to, 0);
	for (unsigned i = 0; i < 3; i++)
		set(hot->heard[i], 0);
}

static void push_free(struct rl_peer_table *t, struct rl_peer *hot)
{
	wipe(t, hot);
	rl_peer_cold(t, hot)->next_free = t->free_list;
	t->free_list = (uint32_t)(hot - t->hot) + 1;
}

void rl_peer_table_release(struct rl_peer_table *t, struct rl_peer *hot)
{
	rl_spin_lock(&t->lock);
	push_free(t, hot);
	rl_spin_unlock(&t->lock);
}

// Under lock. There is room: the table is never more than two thirds full.
static void slot_insert(struct rl_peer_table *t, uint64_t hash, uint64_t word)
{
	for (struct rl_bucket *b = rl_peer_table_bucket(t, hash);; b = bucket_next(t, b)) {
		for (unsigned i = 0; i < SLOTS; i++) {
			if (get(b->slot[i]) != 0)
				continue;
			atomic_store_explicit(&b->slot[i], word, memory_order_release);
			return;
		}
		atomic_fetch_add_explicit(&b->passed, 1, memory_order_release);
	}
}

// Under lock; the word is in the table.
static void slot_remove(struct rl_peer_table *t, uint64_t hash, uint64_t word)
{
	struct rl_bucket *home = rl_peer_table_bucket(t, hash), *at = home;
	for (;; at = bucket_next(t, at)) {
		unsigned i = 0;
		while (i < SLOTS && get(at->slot[i]) != word)
			i++;
		if (i == SLOTS)
			continue;
		atomic_store_explicit(&at->slot[i], 0, memory_order_release);
		break;
	}
	for (struct rl_bucket *b = home; b != at; b = bucket_next(t, b))
		atomic_fetch_sub_explicit(&b->passed, 1, memory_order_release);
}

int rl_peer_table_publish(struct rl_peer_table *t, struct rl_peer *hot, uint64_t address)
{
	uint64_t hash = rl_peer_table_hash(t, address);
	rl_spin_lock(&t->lock);
	if (rl_peer_table_find(t, address, hash)) {
		rl_spin_unlock(&t->lock);
		return -EEXIST;
	}
	rl_peer_cold(t, hot)->state = RL_PEER_LIVE;
	rl_peer_cold(t, hot)->next_free = 0;
	atomic_store_explicit(&hot->address, address, memory_order_relaxed);
	slot_insert(t, hash, slot_word(hash, (uint64_t)(hot - t->hot)));
	atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);
	rl_spin_unlock(&t->lock);
	return 0;
}

void rl_peer_table_unlink(struct rl_peer_table *t, struct rl_peer *hot)
{
	uint64_t hash = rl_peer_table_hash(t, get(hot->address));
	uint64_t want = slot_word(hash, (uint64_t)(hot - t->hot));
	rl_spin_lock(&t->lock);
	struct rl_peer_cold *cold = rl_peer_cold(t, hot);
	if (cold->state == RL_PEER_LIVE) {
		slot_remove(t, hash, want);
		cold->state = RL_PEER_UNLINKED;
		cold->next_free = t->unlinked;
		t->unlinked = (uint32_t)(hot - t->hot) + 1;
		atomic_fetch_sub_explicit(&t->count, 1, memory_order_relaxed);
	}
	rl_spin_unlock(&t->lock);
}

unsigned rl_peer_table_seal(struct rl_peer_table *t)
{
	unsigned n = 0;
	rl_spin_lock(&t->lock);
	if (t->unlinked_sealed == 0) {
		t->unlinked_sealed = t->unlinked;
		t->unlinked = 0;
	}
	for (uint32_t i = t->unlinked_sealed; i != 0; i = t->cold[i - 1].next_free)
		n++;
	rl_spin_unlock(&t->lock);
	return n;
}

void rl_peer_table_reclaim(struct rl_peer_table *t)
{
	rl_spin_lock(&t->lock);
	while (t->unlinked_sealed != 0) {
		struct rl_peer *hot = &t->hot[t->unlinked_sealed - 1];
		t->unlinked_sealed = rl_peer_cold(t, hot)->next_free;
		push_free(t, hot);
	}
	rl_spin_unlock(&t->lock);
}
