// SPDX-License-Identifier: BSD-3-Clause
#include "root/members.h"

#include <string.h>

enum {
	TIME_BITS = 24,
	TICK_SHIFT = 12,
	TICKS = 1 << TIME_BITS,
	AHEAD_TICKS = 4, // how far another thread's clock may be ahead
	COUNT_LOG = 6,   // up to this size counting is cheap
	PICK_SPARE = 1024,
};

static uint64_t word_of(uint64_t member, uint64_t now_ms)
{
	return member << TIME_BITS | (now_ms >> TICK_SHIFT & (TICKS - 1));
}

static uint64_t member_of(uint64_t word)
{
	return word >> TIME_BITS;
}

// Far in the future is where the clock was before it was set back: dead, so that nobody stays for
// good. Live members say so again within minutes.
static bool live(const struct rl_members_pool *p, uint64_t word, uint64_t now_ms)
{
	uint32_t age = ((uint32_t)(now_ms >> TICK_SHIFT) - (uint32_t)word) & (TICKS - 1);
	return word != 0 &&
	       (age >= TICKS - AHEAD_TICKS || (uint64_t)age << TICK_SHIFT <= p->timeout_ms);
}

static uint64_t room(const struct rl_members *m)
{
	return m->log ? 1ULL << m->log : RL_MEMBERS_INLINE;
}

static uint64_t *words_of(const struct rl_members_pool *p, struct rl_members *m)
{
	return m->log ? p->arena.words + m->block : m->few;
}

static const uint64_t *words_const(const struct rl_members_pool *p, const struct rl_members *m)
{
	return m->log ? p->arena.words + m->block : m->few;
}

static uint32_t count_live(const struct rl_members_pool *p, const struct rl_members *m,
			   uint64_t now_ms)
{
	const uint64_t *words = words_const(p, m);
	uint32_t n = 0;
	for (uint64_t i = 0; i < room(m); i++)
		n += live(p, words[i], now_ms);
	return n;
}

static void set_count(struct rl_members_pool *p, struct rl_members *m, uint32_t count)
{
	atomic_fetch_add_explicit(&p->count, (uint64_t)count - m->count, memory_order_relaxed);
	m->count = count;
}

static uint64_t home_of(const struct rl_members_pool *p, uint64_t member, unsigned log)
{
	return rl_hash64(p->key, member) & ((1ULL << log) - 1);
}

// The member's word in a hash set, or the one to put it into: the first dead one on the way, else
// an empty one. There is an empty one: sets are at most three quarters full.
static uint64_t *probe(const struct rl_members_pool *p, uint64_t *words, unsigned log,
		       uint64_t member, uint64_t now_ms)
{
	uint64_t mask = (1ULL << log) - 1, *dead = NULL;
	for (uint64_t i = home_of(p, member, log);; i = (i + 1) & mask) {
		if (words[i] == 0)
			return dead ? dead : &words[i];
		if (member_of(words[i]) == member)
			return &words[i];
		if (!dead && !live(p, words[i], now_ms))
			dead = &words[i];
	}
}

// Of three in place the same: the member's word, else a dead one, else an empty one, else NULL.
static uint64_t *probe_few(const struct rl_members_pool *p, struct rl_members *m, uint64_t member,
			   uint64_t now_ms)
{
	uint64_t *at = NULL;
	for (uint64_t *w = m->few; w < m->few + RL_MEMBERS_INLINE; w++) {
		if (*w != 0 && member_of(*w) == member)
			return w;
		if (!live(p, *w, now_ms) && (!at || *at == 0))
			at = w;
	}
	return at;
}

// Takes a word out of a hash set; those behind it that would not be found any more move up.
static void take_out(const struct rl_members_pool *p, uint64_t *words, unsigned log, uint64_t hole)
{
	uint64_t mask = (1ULL << log) - 1;
	for (uint64_t i = (hole + 1) & mask; words[i] != 0; i = (i + 1) & mask) {
		uint64_t home = home_of(p, member_of(words[i]), log);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue; // its home lies behind the hole
		words[hole] = words[i];
		hole = i;
	}
	words[hole] = 0;
}

static void clear_dead(struct rl_members_pool *p, struct rl_members *m, uint64_t now_ms)
{
	uint64_t *words = words_of(p, m);
	uint32_t left = m->count;
	for (uint64_t i = 0; i < room(m); i++) {
		// Another dead one may move up into the place.
		while (words[i] != 0 && !live(p, words[i], now_ms)) {
			if (m->log)
				take_out(p, words, m->log, i);
			else
				words[i] = 0;
			left--;
		}
	}
	set_count(p, m, left);
}

// Moves the live members to where `want` of them fit: in place, or into a set at most half full.
// False: the arena is full, and nothing has changed.
static bool move(struct rl_members_pool *p, struct rl_members *m, uint32_t want, uint64_t now_ms)
{
	struct rl_members to = {.count = m->count};
	uint32_t n = 0;
	if (want > RL_MEMBERS_INLINE) {
		to.log = RL_ARENA_LOG_MIN;
		while (1ULL << to.log < (uint64_t)want * 2)
			to.log++;
		to.block = rl_arena_take(&p->arena, to.log);
		if (to.block == RL_ARENA_FULL)
			return false;
	}
	uint64_t *from = words_of(p, m), *words = words_of(p, &to);
	for (uint64_t i = 0; i < room(m); i++) {
		if (!live(p, from[i], now_ms))
			continue;
		if (to.log)
			*probe(p, words, to.log, member_of(from[i]), now_ms) = from[i];
		else
			words[n] = from[i];
		n++;
	}
	if (m->log)
		rl_arena_give(&p->arena, m->block, m->log);
	*m = to;
	set_count(p, m, n);
	return true;
}

static bool over_load(const struct rl_members *m, uint32_t count)
{
	return m->log ? count * 4ULL > 3ULL << m->log : count > RL_MEMBERS_INLINE;
}

// Makes room for one more by clearing out the dead or moving to more memory.
static bool make_room(struct rl_members_pool *p, struct rl_members *m, uint64_t now_ms)
{
	uint32_t want = count_live(p, m, now_ms) + 1;
	// With the dead gone half of it is free: it will last a while.
	bool enough = m->log && (uint64_t)want * 2 <= 1ULL << m->log;
	if (!enough && move(p, m, want, now_ms))
		return true;
	clear_dead(p, m, now_ms);
	return !over_load(m, want);
}

static uint64_t *find(const struct rl_members_pool *p, struct rl_members *m, uint64_t member,
		      uint64_t now_ms)
{
	return m->log ? probe(p, words_of(p, m), m->log, member, now_ms)
		      : probe_few(p, m, member, now_ms);
}

enum rl_like rl_members_refresh(struct rl_members_pool *p, struct rl_members *m, uint64_t member,
				uint64_t now_ms)
{
	uint64_t *at = find(p, m, member, now_ms), fresh = word_of(member, now_ms);
	if (!at || member_of(*at) != member || !live(p, *at, now_ms))
		return RL_LIKE_ABSENT;
	if (*at != fresh)
		*at = fresh;
	return RL_LIKE_REFRESHED;
}

enum rl_like rl_members_put(struct rl_members_pool *p, struct rl_members *m, uint64_t member,
			    uint64_t now_ms)
{
	if (rl_members_refresh(p, m, member, now_ms) == RL_LIKE_REFRESHED)
		return RL_LIKE_REFRESHED;
	uint64_t *at = find(p, m, member, now_ms);
	if (!at || (*at == 0 && over_load(m, m->count + 1))) {
		if (!make_room(p, m, now_ms))
			return RL_LIKE_FULL;
		at = find(p, m, member, now_ms);
	}
	if (*at == 0)
		set_count(p, m, m->count + 1);
	*at = word_of(member, now_ms);
	return RL_LIKE_NEW;
}

unsigned rl_members_pick(const struct rl_members_pool *p, const struct rl_members *m, uint64_t but,
			 unsigned max, uint64_t now_ms, uint64_t dice, uint64_t *out)
{
	const uint64_t *words = words_const(p, m);
	uint64_t size = room(m), tries = (uint64_t)max * 8 + PICK_SPARE;
	// An odd stride meets every word of a power of two once; 1 or 2 every one of three.
	uint64_t at = dice % size, stride = m->log ? (dice >> 32 | 1) % size : 1 + (dice >> 32) % 2;
	unsigned n = 0;
	if (tries > size)
		tries = size;
	for (; tries != 0 && n < max; tries--) {
		if (live(p, words[at], now_ms) && member_of(words[at]) != but)
			out[n++] = member_of(words[at]);
		at += stride;
		at -= at >= size ? size : 0;
	}
	return n;
}

uint32_t rl_members_total(const struct rl_members_pool *p, const struct rl_members *m,
			  uint64_t now_ms)
{
	return m->log <= COUNT_LOG ? count_live(p, m, now_ms) : m->count;
}

uint32_t rl_members_expire(struct rl_members_pool *p, struct rl_members *m, uint64_t now_ms)
{
	if (count_live(p, m, now_ms) != m->count)
		clear_dead(p, m, now_ms);
	// A set grows at three quarters to more than a third: below an eighth is no mere ripple.
	if (m->log && (m->count <= RL_MEMBERS_INLINE ||
		       (m->log > RL_ARENA_LOG_MIN && m->count * 8ULL < 1ULL << m->log)))
		move(p, m, m->count, now_ms);
	return m->count;
}

void rl_members_free(struct rl_members_pool *p, struct rl_members *m)
{
	if (m->log)
		rl_arena_give(&p->arena, m->block, m->log);
	set_count(p, m, 0);
	memset(m, 0, sizeof(*m));
}
