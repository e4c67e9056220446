// SPDX-License-Identifier: BSD-3-Clause
#include "root/group.h"

#include "root/prefetch.h"
#include "root/spin.h"

#include <string.h>

struct rl_group_set {
	_Atomic uint32_t lock;
	// 0: free. Written under the lock; read without it for prefetching alone.
	_Atomic uint32_t tag[RL_GROUP_WAYS];
};
_Static_assert(sizeof(struct rl_group_set) == 64, "one line tells whether a group is here");

struct rl_group {
	struct rl_group_key key;
	struct rl_members members;
};
_Static_assert(sizeof(struct rl_group) == 64, "one more line holds it");

enum {
	// What somebody who finds the arena full does about it: a bounded piece of rl_group_expire.
	RECLAIM_SETS = 8,
	RECLAIM_LOG = 8, // larger groups are left to control
};

static uint64_t set_count(uint32_t members)
{
	uint64_t sets = 1;
	while (sets * RL_GROUP_WAYS < members)
		sets *= 2;
	return sets;
}

// A group that grows needs the old and the new block for a moment, and sets are half full on
// average.
static uint64_t arena_words(uint32_t members)
{
	return (uint64_t)members * 2 + 64;
}

static size_t groups_bytes(uint32_t members)
{
	return set_count(members) * RL_GROUP_WAYS * sizeof(struct rl_group);
}

size_t rl_groups_size(uint32_t members)
{
	return set_count(members) * sizeof(struct rl_group_set) + groups_bytes(members) +
	       rl_arena_size(arena_words(members));
}

void rl_groups_init(struct rl_groups *g, void *mem, uint32_t members, uint32_t timeout_ms,
		    const uint8_t key[static 16])
{
	uint8_t *at = mem;
	*g = (struct rl_groups){.sets = mem, .mask = set_count(members) - 1};
	at += set_count(members) * sizeof(struct rl_group_set);
	g->groups = (void *)at;
	at += groups_bytes(members);
	rl_arena_init(&g->pool.arena, at, arena_words(members));
	g->pool.timeout_ms = timeout_ms;
	memcpy(g->pool.key, key, sizeof(g->pool.key));
	memcpy(g->key, key, sizeof(g->key));
}

static bool try_lock_set(struct rl_group_set *s)
{
	return !atomic_exchange_explicit(&s->lock, 1, memory_order_acquire);
}

static void lock_set(struct rl_group_set *s)
{
	while (!try_lock_set(s))
		while (atomic_load_explicit(&s->lock, memory_order_relaxed))
			rl_pause();
}

static void unlock_set(struct rl_group_set *s)
{
	atomic_store_explicit(&s->lock, 0, memory_order_release);
}

static uint64_t key_hash(const struct rl_groups *g, const struct rl_group_key *k)
{
	return rl_hash192(g->key, k->network, k->mac, k->adi);
}

static bool key_equal(const struct rl_group_key *a, const struct rl_group_key *b)
{
	return a->network == b->network && a->mac == b->mac && a->adi == b->adi;
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

static uint32_t tag_at(const struct rl_group_set *set, unsigned i)
{
	return atomic_load_explicit(&set->tag[i], memory_order_relaxed);
}

static void set_tag(struct rl_group_set *set, unsigned i, uint32_t tag)
{
	atomic_store_explicit(&set->tag[i], tag, memory_order_relaxed);
}

static struct rl_group_set *set_of(const struct rl_groups *g, uint64_t hash)
{
	return &g->sets[hash & g->mask];
}

static struct rl_group *groups_of(const struct rl_groups *g, uint64_t hash)
{
	return &g->groups[(hash & g->mask) * RL_GROUP_WAYS];
}

static struct rl_group *find(const struct rl_groups *g, const struct rl_group_key *key,
			     uint64_t hash)
{
	const struct rl_group_set *set = set_of(g, hash);
	for (unsigned i = 0; i < RL_GROUP_WAYS; i++) {
		struct rl_group *gr = &groups_of(g, hash)[i];
		if (tag_at(set, i) == tag_of(hash) && key_equal(&gr->key, key))
			return gr;
	}
	return NULL;
}

// The group that find() is likely to find, or any other: nothing of it may be believed without the
// lock.
static struct rl_group *guess(const struct rl_groups *g, uint64_t hash)
{
	const struct rl_group_set *set = set_of(g, hash);
	unsigned i = 0;
	while (i < RL_GROUP_WAYS - 1 && tag_at(set, i) != tag_of(hash))
		i++;
	return &groups_of(g, hash)[i];
}

static void free_group(struct rl_groups *g, struct rl_group_set *set, unsigned i,
		       struct rl_group *gr)
{
	rl_members_free(&g->pool, &gr->members);
	set_tag(set, i, 0);
	atomic_fetch_sub_explicit(&g->group_count, 1, memory_order_relaxed);
}

// Groups of a set whose members are all dead, out; of the others the dead members.
static void expire_set(struct rl_groups *g, uint64_t s, unsigned log_max, uint64_t now_ms)
{
	struct rl_group_set *set = &g->sets[s];
	for (unsigned i = 0; i < RL_GROUP_WAYS; i++) {
		struct rl_group *gr = &g->groups[s * RL_GROUP_WAYS + i];
		if (tag_at(set, i) != 0 && rl_members_log(&gr->members) <= log_max &&
		    rl_members_expire(&g->pool, &gr->members, now_ms) == 0)
			free_group(g, set, i, gr);
	}
}

// A place for a new group: a free one, or that of a group whose members are all dead.
static struct rl_group *create(struct rl_groups *g, const struct rl_group_key *key, uint64_t hash,
			       uint64_t now_ms)
{
	struct rl_group_set *set = set_of(g, hash);
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < RL_GROUP_WAYS; i++) {
			struct rl_group *gr = &groups_of(g, hash)[i];
			if (tag_at(set, i) != 0)
				continue;
			set_tag(set, i, tag_of(hash));
			gr->key = *key; // its set of members is empty
			atomic_fetch_add_explicit(&g->group_count, 1, memory_order_relaxed);
			return gr;
		}
		if (turn == 0)
			expire_set(g, hash & g->mask, RECLAIM_LOG, now_ms);
	}
	return NULL;
}

static bool refresh(struct rl_groups *g, const struct rl_group_key *key, uint64_t hash,
		    uint64_t member, uint64_t member_hash, uint64_t now_ms)
{
	struct rl_group_set *set = set_of(g, hash);
	lock_set(set);
	struct rl_group *gr = find(g, key, hash);
	bool got = gr && rl_members_refresh(&g->pool, &gr->members, member, member_hash, now_ms) ==
				 RL_LIKE_REFRESHED;
	unlock_set(set);
	return got;
}

void rl_group_look_sets(const struct rl_groups *g, struct rl_group_look *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		l->hash[i] = key_hash(g, &l->key[i]);
		__builtin_prefetch(set_of(g, l->hash[i]), 1);
	}
}

void rl_group_look_groups(const struct rl_groups *g, struct rl_group_look *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		l->likely[i] = guess(g, l->hash[i]);
		__builtin_prefetch(l->likely[i]);
	}
}

void rl_group_look_member(const struct rl_groups *g, const struct rl_group_look *l, uint64_t member)
{
	uint64_t hash = rl_members_hash(&g->pool, member);
	RL_PREFETCHES_APART();
	for (unsigned i = 0; i < l->n; i++)
		rl_members_prefetch(&g->pool, &l->likely[i]->members, hash);
}

uint32_t rl_group_look_refresh(struct rl_groups *g, const struct rl_group_look *l, uint64_t member,
			       uint64_t now_ms)
{
	uint64_t member_hash = rl_members_hash(&g->pool, member);
	uint32_t absent = 0;
	for (unsigned i = 0; i < l->n; i++)
		if (!refresh(g, &l->key[i], l->hash[i], member, member_hash, now_ms))
			absent |= 1U << i;
	return absent;
}

uint32_t rl_group_refresh(struct rl_groups *g, const struct rl_group_key *keys, unsigned n,
			  uint64_t member, uint64_t now_ms)
{
	struct rl_group_look l;
	l.n = n;
	memcpy(l.key, keys, n * sizeof(*keys));
	rl_group_look_sets(g, &l);
	rl_group_look_groups(g, &l);
	rl_group_look_member(g, &l, member);
	return rl_group_look_refresh(g, &l, member, now_ms);
}

static uint32_t words_of(const struct rl_group *gr)
{
	return atomic_load_explicit(&gr->members.count, memory_order_relaxed);
}

static enum rl_like like(struct rl_groups *g, const struct rl_group_key *key, uint64_t hash,
			 uint64_t member, uint64_t now_ms, bool *first)
{
	struct rl_group_set *set = set_of(g, hash);
	lock_set(set);
	struct rl_group *gr = find(g, key, hash);
	if (!gr)
		gr = create(g, key, hash, now_ms);
	enum rl_like got =
		gr ? rl_members_put(&g->pool, &gr->members, member, now_ms) : RL_LIKE_FULL;
	if (first && got == RL_LIKE_NEW && words_of(gr) == 1)
		*first = true;
	unlock_set(set);
	return got;
}

// Dead members of other groups may hold what is needed. Sets that are busy are passed by: no thread
// waits for a second lock of this kind. True if there is more room than before.
static bool reclaim(struct rl_groups *g, uint64_t now_ms)
{
	uint64_t before = rl_groups_members(g);
	uint64_t at = atomic_fetch_add_explicit(&g->reclaim_at, RECLAIM_SETS, memory_order_relaxed);
	for (unsigned i = 0; i < RECLAIM_SETS && i <= g->mask; i++) {
		uint64_t s = (at + i) & g->mask;
		if (!try_lock_set(&g->sets[s]))
			continue;
		expire_set(g, s, RECLAIM_LOG, now_ms);
		unlock_set(&g->sets[s]);
	}
	return rl_groups_members(g) < before;
}

enum rl_like rl_group_like(struct rl_groups *g, const struct rl_group_key *key, uint64_t member,
			   uint64_t now_ms, bool *first)
{
	uint64_t hash = key_hash(g, key);
	enum rl_like got = like(g, key, hash, member, now_ms, first);
	if (got == RL_LIKE_FULL && reclaim(g, now_ms))
		got = like(g, key, hash, member, now_ms, first);
	return got;
}

void rl_group_look_picks(const struct rl_groups *g, const struct rl_group_look *l, unsigned max,
			 uint64_t dice)
{
	RL_PREFETCHES_APART();
	rl_members_pick_prefetch(&g->pool, &l->likely[0]->members, max, dice);
}

unsigned rl_group_look_gather(struct rl_groups *g, const struct rl_group_look *l, uint64_t asker,
			      unsigned max, uint64_t now_ms, uint64_t dice, uint64_t *out,
			      uint32_t *total)
{
	struct rl_group_set *set = set_of(g, l->hash[0]);
	unsigned n = 0;
	*total = 0;
	lock_set(set);
	struct rl_group *gr = find(g, &l->key[0], l->hash[0]);
	if (gr) {
		*total = rl_members_total(&g->pool, &gr->members, now_ms);
		n = rl_members_pick(&g->pool, &gr->members, asker, max, now_ms, dice, out);
	}
	unlock_set(set);
	return n;
}

unsigned rl_group_gather(struct rl_groups *g, const struct rl_group_key *key, uint64_t asker,
			 unsigned max, uint64_t now_ms, struct rl_random *random, uint64_t *out,
			 uint32_t *total)
{
	struct rl_group_look l;
	uint64_t dice = rl_random64(random);
	l.n = 1;
	l.key[0] = *key;
	rl_group_look_sets(g, &l);
	rl_group_look_groups(g, &l);
	rl_group_look_picks(g, &l, max, dice);
	return rl_group_look_gather(g, &l, asker, max, now_ms, dice, out, total);
}

void rl_group_expire(struct rl_groups *g, uint64_t now_ms, unsigned budget)
{
	for (unsigned n = 0; n < budget && n <= g->mask; n++) {
		uint64_t s = g->expire_at++ & g->mask;
		lock_set(&g->sets[s]);
		expire_set(g, s, RL_ARENA_LOGS, now_ms);
		unlock_set(&g->sets[s]);
	}
}

uint64_t rl_group_sets(const struct rl_groups *g)
{
	return g->mask + 1;
}

static bool is_free(const struct rl_group_set *set)
{
	uint32_t any = 0;
	for (unsigned i = 0; i < RL_GROUP_WAYS; i++)
		any |= tag_at(set, i);
	return any == 0;
}

unsigned rl_group_list(struct rl_groups *g, uint64_t set,
		       struct rl_group_key out[static RL_GROUP_WAYS])
{
	struct rl_group_set *s = &g->sets[set & g->mask];
	unsigned n = 0;
	if (is_free(s))
		return 0;
	lock_set(s);
	for (unsigned i = 0; i < RL_GROUP_WAYS; i++) {
		const struct rl_group *gr = &g->groups[(set & g->mask) * RL_GROUP_WAYS + i];
		if (tag_at(s, i) != 0 && words_of(gr) != 0)
			out[n++] = gr->key;
	}
	unlock_set(s);
	return n;
}

uint64_t rl_groups_count(const struct rl_groups *g)
{
	return atomic_load_explicit(&g->group_count, memory_order_relaxed);
}

uint64_t rl_groups_members(const struct rl_groups *g)
{
	return atomic_load_explicit(&g->pool.count, memory_order_relaxed);
}
