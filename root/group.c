// SPDX-License-Identifier: BSD-3-Clause
#include "root/group.h"

#include <string.h>

struct rl_group_set {
	_Atomic uint32_t lock;
	uint32_t tag[RL_GROUP_WAYS]; // 0: free
};
_Static_assert(sizeof(struct rl_group_set) == 64, "one line tells whether a group is here");

// Slots are member << 24 | time in units of 4.096 s; 0 empty.
struct rl_group {
	struct rl_group_key key;
	uint32_t count; // slots in use, dead members included
	uint32_t log;   // 0: members are in `few`; else 1 << log slots from `block` on
	union {
		uint64_t few[RL_GROUP_INLINE];
		uint64_t block;
	};
};

enum { MIN_LOG = 3 };

static uint64_t set_count(uint32_t members)
{
	uint64_t sets = 1;
	while (sets * RL_GROUP_WAYS < members)
		sets *= 2;
	return sets;
}

static uint64_t arena_slots(uint32_t members)
{
	return ((uint64_t)members * 2 + 64) & ~7ULL;
}

static size_t groups_bytes(uint32_t members)
{
	size_t n = set_count(members) * RL_GROUP_WAYS * sizeof(struct rl_group);
	return (n + 63) & ~(size_t)63;
}

size_t rl_groups_size(uint32_t members)
{
	return set_count(members) * sizeof(struct rl_group_set) + groups_bytes(members) +
	       arena_slots(members) * sizeof(uint64_t);
}

void rl_groups_init(struct rl_groups *g, void *mem, uint32_t members, uint32_t timeout_ms,
		    const uint8_t key[static 16])
{
	uint8_t *at = mem;
	*g = (struct rl_groups){.sets = mem,
				.mask = set_count(members) - 1,
				.timeout_ms = timeout_ms,
				.arena_size = arena_slots(members)};
	at += set_count(members) * sizeof(struct rl_group_set);
	g->groups = (void *)at;
	g->arena = (void *)(at + groups_bytes(members));
	memcpy(g->key, key, sizeof(g->key));
	atomic_flag_clear(&g->arena_lock);
}

static void lock_set(struct rl_group_set *s)
{
	while (atomic_exchange_explicit(&s->lock, 1, memory_order_acquire))
		__builtin_ia32_pause();
}

static void unlock_set(struct rl_group_set *s)
{
	atomic_store_explicit(&s->lock, 0, memory_order_release);
}

static uint64_t key_hash(const struct rl_groups *g, const struct rl_group_key *k)
{
	return rl_hash128(g->key, rl_hash128(g->key, k->network, k->mac), k->adi);
}

static bool key_equal(const struct rl_group_key *a, const struct rl_group_key *b)
{
	return a->network == b->network && a->mac == b->mac && a->adi == b->adi;
}

static uint64_t slot_word(uint64_t member, uint64_t now_ms)
{
	return member << 24 | (now_ms >> 12 & 0xffffff);
}

static bool slot_live(const struct rl_groups *g, uint64_t slot, uint64_t now_ms)
{
	uint32_t age = (uint32_t)(now_ms >> 12) - (uint32_t)slot;
	age &= 0xffffff;
	// Half the range behind us is "ahead": another thread's clock a moment later.
	return slot != 0 && (age >> 23 || (uint64_t)age << 12 <= g->timeout_ms);
}

// First slot of a block of 1 << log, or UINT64_MAX: from its own list, else from the untouched end.
static uint64_t block_alloc(struct rl_groups *g, unsigned log)
{
	uint64_t at = UINT64_MAX;
	while (atomic_flag_test_and_set_explicit(&g->arena_lock, memory_order_acquire))
		__builtin_ia32_pause();
	if (g->free_block[log] != 0) {
		at = g->free_block[log] - 1;
		g->free_block[log] = g->arena[at];
	} else if (g->arena_top + (1ULL << log) <= g->arena_size) {
		at = g->arena_top;
		g->arena_top += 1ULL << log;
	}
	atomic_flag_clear_explicit(&g->arena_lock, memory_order_release);
	if (at != UINT64_MAX)
		memset(g->arena + at, 0, sizeof(uint64_t) << log);
	return at;
}

static void block_free(struct rl_groups *g, uint64_t at, unsigned log)
{
	while (atomic_flag_test_and_set_explicit(&g->arena_lock, memory_order_acquire))
		__builtin_ia32_pause();
	g->arena[at] = g->free_block[log];
	g->free_block[log] = at + 1;
	atomic_flag_clear_explicit(&g->arena_lock, memory_order_release);
}

// The member's slot in a hash set, or the one to put it into: the first dead one on the way, else
// an empty one. There is an empty one: sets are at most three quarters full.
static uint64_t *probe(const struct rl_groups *g, uint64_t *slots, unsigned log, uint64_t member,
		       uint64_t now_ms)
{
	uint64_t mask = (1ULL << log) - 1, *dead = NULL;
	for (uint64_t i = rl_hash64(g->key, member) & mask;; i = (i + 1) & mask) {
		if (slots[i] == 0)
			return dead ? dead : &slots[i];
		if (slots[i] >> 24 == member)
			return &slots[i];
		if (!dead && !slot_live(g, slots[i], now_ms))
			dead = &slots[i];
	}
}

static uint64_t *members_of(struct rl_groups *g, struct rl_group *gr, uint64_t *slots)
{
	*slots = gr->log ? 1ULL << gr->log : RL_GROUP_INLINE;
	return gr->log ? g->arena + gr->block : gr->few;
}

static unsigned live_members(struct rl_groups *g, struct rl_group *gr, uint64_t now_ms)
{
	uint64_t n, *slots = members_of(g, gr, &n);
	unsigned live = 0;
	for (uint64_t i = 0; i < n; i++)
		live += slot_live(g, slots[i], now_ms);
	return live;
}

static void count_members(struct rl_groups *g, struct rl_group *gr, uint32_t now)
{
	atomic_fetch_add_explicit(&g->member_count, (uint64_t)now - gr->count,
				  memory_order_relaxed);
	gr->count = now;
}

// Moves the live members into a set with room for `want` at half load. False: the arena is full.
static bool rebuild(struct rl_groups *g, struct rl_group *gr, unsigned want, uint64_t now_ms)
{
	unsigned log = MIN_LOG;
	while (1ULL << log < (uint64_t)want * 2)
		log++;
	uint64_t at = log < RL_GROUP_CLASSES ? block_alloc(g, log) : UINT64_MAX;
	if (at == UINT64_MAX)
		return false;
	uint64_t n, *old = members_of(g, gr, &n);
	uint32_t live = 0;
	for (uint64_t i = 0; i < n; i++) {
		if (!slot_live(g, old[i], now_ms))
			continue;
		*probe(g, g->arena + at, log, old[i] >> 24, now_ms) = old[i];
		live++;
	}
	if (gr->log)
		block_free(g, gr->block, gr->log);
	gr->log = log;
	gr->block = at;
	count_members(g, gr, live);
	return true;
}

static struct rl_group *find(struct rl_groups *g, const struct rl_group_key *key, uint64_t hash)
{
	struct rl_group_set *set = &g->sets[hash & g->mask];
	for (unsigned i = 0; i < RL_GROUP_WAYS; i++) {
		struct rl_group *gr = &g->groups[(hash & g->mask) * RL_GROUP_WAYS + i];
		if (set->tag[i] == ((uint32_t)(hash >> 32) | 1) && key_equal(&gr->key, key))
			return gr;
	}
	return NULL;
}

static void free_group(struct rl_groups *g, struct rl_group_set *set, unsigned i,
		       struct rl_group *gr)
{
	if (gr->log)
		block_free(g, gr->block, gr->log);
	count_members(g, gr, 0);
	memset(gr, 0, sizeof(*gr));
	set->tag[i] = 0;
	atomic_fetch_sub_explicit(&g->group_count, 1, memory_order_relaxed);
}

// A place for a new group: a free one, or that of a group whose members are all dead.
static struct rl_group *create(struct rl_groups *g, const struct rl_group_key *key, uint64_t hash,
			       uint64_t now_ms)
{
	struct rl_group_set *set = &g->sets[hash & g->mask];
	struct rl_group *all = &g->groups[(hash & g->mask) * RL_GROUP_WAYS];
	unsigned i = 0;
	while (i < RL_GROUP_WAYS && set->tag[i] != 0)
		i++;
	if (i == RL_GROUP_WAYS) {
		i = 0;
		while (i < RL_GROUP_WAYS && live_members(g, &all[i], now_ms) != 0)
			i++;
		if (i == RL_GROUP_WAYS)
			return NULL;
		free_group(g, set, i, &all[i]);
	}
	set->tag[i] = (uint32_t)(hash >> 32) | 1;
	all[i] = (struct rl_group){.key = *key};
	atomic_fetch_add_explicit(&g->group_count, 1, memory_order_relaxed);
	return &all[i];
}

// The member's slot if it has one, dead or alive.
static uint64_t *find_member(struct rl_groups *g, struct rl_group *gr, uint64_t member,
			     uint64_t now_ms)
{
	uint64_t *slot;
	if (gr->log) {
		slot = probe(g, g->arena + gr->block, gr->log, member, now_ms);
		return *slot >> 24 == member ? slot : NULL;
	}
	for (slot = gr->few; slot < gr->few + RL_GROUP_INLINE; slot++)
		if (*slot >> 24 == member && *slot != 0)
			return slot;
	return NULL;
}

static bool add_few(struct rl_groups *g, struct rl_group *gr, uint64_t member, uint64_t now_ms)
{
	for (unsigned i = 0; i < RL_GROUP_INLINE; i++) {
		if (slot_live(g, gr->few[i], now_ms))
			continue;
		if (gr->few[i] == 0)
			count_members(g, gr, gr->count + 1);
		gr->few[i] = slot_word(member, now_ms);
		return true;
	}
	return false;
}

static enum rl_like add(struct rl_groups *g, struct rl_group *gr, uint64_t member, uint64_t now_ms)
{
	if (!gr->log && add_few(g, gr, member, now_ms))
		return RL_LIKE_NEW;
	if (!gr->log || (gr->count + 1) * 4ULL > 3ULL << gr->log) {
		if (!rebuild(g, gr, live_members(g, gr, now_ms) + 1, now_ms))
			return RL_LIKE_FULL;
	}
	uint64_t *slot = probe(g, g->arena + gr->block, gr->log, member, now_ms);
	if (*slot == 0)
		count_members(g, gr, gr->count + 1);
	*slot = slot_word(member, now_ms);
	return RL_LIKE_NEW;
}

enum rl_like rl_group_refresh(struct rl_groups *g, const struct rl_group_key *key, uint64_t member,
			      uint64_t now_ms)
{
	uint64_t hash = key_hash(g, key);
	struct rl_group_set *set = &g->sets[hash & g->mask];
	enum rl_like got = RL_LIKE_ABSENT;
	lock_set(set);
	struct rl_group *gr = find(g, key, hash);
	uint64_t *slot = gr ? find_member(g, gr, member, now_ms) : NULL;
	if (slot && slot_live(g, *slot, now_ms)) {
		*slot = slot_word(member, now_ms);
		got = RL_LIKE_REFRESHED;
	}
	unlock_set(set);
	return got;
}

enum rl_like rl_group_like(struct rl_groups *g, const struct rl_group_key *key, uint64_t member,
			   uint64_t now_ms)
{
	uint64_t hash = key_hash(g, key);
	struct rl_group_set *set = &g->sets[hash & g->mask];
	enum rl_like got = RL_LIKE_FULL;
	lock_set(set);
	struct rl_group *gr = find(g, key, hash);
	uint64_t *slot = gr ? find_member(g, gr, member, now_ms) : NULL;
	if (slot) {
		got = slot_live(g, *slot, now_ms) ? RL_LIKE_REFRESHED : RL_LIKE_NEW;
		*slot = slot_word(member, now_ms);
	} else {
		if (!gr)
			gr = create(g, key, hash, now_ms);
		if (gr)
			got = add(g, gr, member, now_ms);
	}
	unlock_set(set);
	return got;
}

unsigned rl_group_gather(struct rl_groups *g, const struct rl_group_key *key, uint64_t asker,
			 unsigned max, uint64_t now_ms, struct rl_random *random, uint64_t *out,
			 uint32_t *total)
{
	uint64_t hash = key_hash(g, key), dice = rl_random64(random);
	struct rl_group_set *set = &g->sets[hash & g->mask];
	unsigned n = 0;
	*total = 0;
	lock_set(set);
	struct rl_group *gr = find(g, key, hash);
	if (gr) {
		uint64_t count, *slots = members_of(g, gr, &count);
		// An odd stride meets every slot of a power of two once; 1 or 2 every one of three.
		uint64_t stride = gr->log ? dice >> 32 | 1 : 1 + (dice >> 32) % 2;
		*total = gr->count;
		for (uint64_t i = 0, at = dice % count; i < count && n < max; i++) {
			if (slot_live(g, slots[at], now_ms) && slots[at] >> 24 != asker)
				out[n++] = slots[at] >> 24;
			at = (at + stride) % count;
		}
	}
	unlock_set(set);
	return n;
}

static void expire_group(struct rl_groups *g, struct rl_group_set *set, unsigned i,
			 struct rl_group *gr, uint64_t now_ms)
{
	unsigned live = live_members(g, gr, now_ms);
	if (live == 0) {
		free_group(g, set, i, gr);
		return;
	}
	if (live == gr->count)
		return;
	if (gr->log) {
		// Worth the copy if a good part is dead.
		if (gr->count - live > gr->count / 4)
			rebuild(g, gr, live + 1, now_ms);
		return;
	}
	for (unsigned k = 0; k < RL_GROUP_INLINE; k++)
		if (!slot_live(g, gr->few[k], now_ms))
			gr->few[k] = 0;
	count_members(g, gr, live);
}

void rl_group_expire(struct rl_groups *g, uint64_t now_ms, unsigned budget)
{
	for (unsigned n = 0; n < budget && n <= g->mask; n++) {
		uint64_t s = g->expire_at++ & g->mask;
		struct rl_group_set *set = &g->sets[s];
		lock_set(set);
		for (unsigned i = 0; i < RL_GROUP_WAYS; i++)
			if (set->tag[i] != 0)
				expire_group(g, set, i, &g->groups[s * RL_GROUP_WAYS + i], now_ms);
		unlock_set(set);
	}
}
