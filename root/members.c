// SPDX-License-Identifier: BSD-3-Clause
#include "root/members.h"

#include "root/prefetch.h"

#include <string.h>

enum {
	TIME_BITS = 24,
	TICK_SHIFT = 12,
	TICKS = 1 << TIME_BITS,
	AHEAD_TICKS = 4, // how far another thread's clock may be ahead
	COUNT_LOG = 6,   // up to this size counting is cheap
	PLACE_SHIFT = 5, // below: log
	LINE = 8,        // words of a cache line
	PICK_SPARE = 1024,
};
_Static_assert(RL_ARENA_LOGS <= 1 << PLACE_SHIFT, "a place says how large");
_Static_assert(1 << RL_ARENA_LOG_MIN == LINE, "hash sets are whole lines");

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
	uint32_t ahead = (uint32_t)(now_ms >> TICK_SHIFT) + AHEAD_TICKS;
	uint32_t age = (ahead - (uint32_t)word) & (TICKS - 1);
	return (word != 0) & (age <= (p->timeout_ms >> TICK_SHIFT) + AHEAD_TICKS);
}

static uint64_t room(const struct rl_members *m)
{
	unsigned log = rl_members_log(m);
	return log ? 1ULL << log : RL_MEMBERS_INLINE;
}

static uint32_t count_of(const struct rl_members *m)
{
	return atomic_load_explicit(&m->count, memory_order_relaxed);
}

static uint64_t block_of(const struct rl_members *m)
{
	return atomic_load_explicit(&m->place, memory_order_relaxed) >> PLACE_SHIFT;
}

static uint64_t *words_of(const struct rl_members_pool *p, struct rl_members *m)
{
	return rl_members_log(m) ? p->arena.words + block_of(m) : m->few;
}

static const uint64_t *words_const(const struct rl_members_pool *p, const struct rl_members *m)
{
	return rl_members_log(m) ? p->arena.words + block_of(m) : m->few;
}

static void give_back(struct rl_members_pool *p, const struct rl_members *m)
{
	if (rl_members_log(m))
		rl_arena_give(&p->arena, block_of(m), rl_members_log(m));
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
	atomic_fetch_add_explicit(&p->count, (uint64_t)count - count_of(m), memory_order_relaxed);
	atomic_store_explicit(&m->count, count, memory_order_relaxed);
}

// The member's word in a hash set, or the one to put it into: the first dead one on the way, else
// an empty one. There is an empty one: sets are at most three quarters full.
static uint64_t *probe(const struct rl_members_pool *p, uint64_t *words, unsigned log,
		       uint64_t member, uint64_t hash, uint64_t now_ms)
{
	uint64_t mask = (1ULL << log) - 1, *dead = NULL;
	for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
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
		uint64_t home = rl_members_hash(p, member_of(words[i])) & mask;
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
	unsigned log = rl_members_log(m);
	uint32_t left = count_of(m);
	for (uint64_t i = 0; i < room(m); i++) {
		// Another dead one may move up into the place.
		while (words[i] != 0 && !live(p, words[i], now_ms)) {
			if (log)
				take_out(p, words, log, i);
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
	uint64_t few[RL_MEMBERS_INLINE] = {0}, *from = words_of(p, m), *words = few, place = 0;
	unsigned log = 0;
	uint32_t n = 0;
	if (want > RL_MEMBERS_INLINE) {
		log = RL_ARENA_LOG_MIN;
		while (1ULL << log < (uint64_t)want * 2)
			log++;
		uint64_t block = rl_arena_take(&p->arena, log);
		if (block == RL_ARENA_FULL)
			return false;
		words = p->arena.words + block;
		place = block << PLACE_SHIFT | log;
	}
	for (uint64_t i = 0; i < room(m); i++) {
		if (!live(p, from[i], now_ms))
			continue;
		uint64_t member = member_of(from[i]);
		if (log)
			*probe(p, words, log, member, rl_members_hash(p, member), now_ms) = from[i];
		else
			words[n] = from[i];
		n++;
	}
	give_back(p, m);
	atomic_store_explicit(&m->place, place, memory_order_relaxed);
	memcpy(m->few, few, sizeof(m->few));
	set_count(p, m, n);
	return true;
}

static bool over_load(const struct rl_members *m, uint32_t count)
{
	unsigned log = rl_members_log(m);
	return log ? count * 4ULL > 3ULL << log : count > RL_MEMBERS_INLINE;
}

// Makes room for one more by clearing out the dead or moving to more memory.
static bool make_room(struct rl_members_pool *p, struct rl_members *m, uint64_t now_ms)
{
	uint32_t want = count_live(p, m, now_ms) + 1;
	// With the dead gone half of it is free: it will last a while.
	unsigned log = rl_members_log(m);
	bool enough = log && (uint64_t)want * 2 <= 1ULL << log;
	if (!enough && move(p, m, want, now_ms))
		return true;
	clear_dead(p, m, now_ms);
	return !over_load(m, want);
}

static uint64_t *find(const struct rl_members_pool *p, struct rl_members *m, uint64_t member,
		      uint64_t hash, uint64_t now_ms)
{
	unsigned log = rl_members_log(m);
	return log ? probe(p, words_of(p, m), log, member, hash, now_ms)
		   : probe_few(p, m, member, now_ms);
}

void rl_members_prefetch(const struct rl_members_pool *p, const struct rl_members *m, uint64_t hash)
{
	RL_PREFETCHES_APART();
	// Read once: whoever holds the lock may be moving the members to another block. A place of
	// a moment ago makes the prefetch useless and nothing else.
	uint64_t place = atomic_load_explicit(&m->place, memory_order_relaxed);
	unsigned log = place & ((1 << PLACE_SHIFT) - 1);
	if (!log)
		return;
	const uint64_t *words = p->arena.words + (place >> PLACE_SHIFT);
	uint64_t mask = (1ULL << log) - 1;
	__builtin_prefetch(&words[hash & mask], 1);
	// Near the end of a line the search may well go on in the next.
	if (hash % LINE >= LINE - 2)
		__builtin_prefetch(&words[(hash + 2) & mask], 1);
}

enum rl_like rl_members_refresh(struct rl_members_pool *p, struct rl_members *m, uint64_t member,
				uint64_t hash, uint64_t now_ms)
{
	uint64_t *at = find(p, m, member, hash, now_ms), fresh = word_of(member, now_ms);
	if (!at || member_of(*at) != member || !live(p, *at, now_ms))
		return RL_LIKE_ABSENT;
	if (*at != fresh)
		*at = fresh;
	return RL_LIKE_REFRESHED;
}

enum rl_like rl_members_put(struct rl_members_pool *p, struct rl_members *m, uint64_t member,
			    uint64_t now_ms)
{
	uint64_t hash = rl_members_hash(p, member);
	if (rl_members_refresh(p, m, member, hash, now_ms) == RL_LIKE_REFRESHED)
		return RL_LIKE_REFRESHED;
	uint64_t *at = find(p, m, member, hash, now_ms);
	if (!at || (*at == 0 && over_load(m, count_of(m) + 1))) {
		if (!make_room(p, m, now_ms))
			return RL_LIKE_FULL;
		at = find(p, m, member, hash, now_ms);
	}
	if (*at == 0)
		set_count(p, m, count_of(m) + 1);
	*at = word_of(member, now_ms);
	return RL_LIKE_NEW;
}

// Appends the word's member if it is to be told. Which words are is a matter of chance, so there is
// no branch on it.
static unsigned tell(const struct rl_members_pool *p, uint64_t word, uint64_t but, uint64_t now_ms,
		     uint64_t *out, unsigned n)
{
	out[n] = member_of(word);
	return n + (live(p, word, now_ms) & (member_of(word) != but));
}

static unsigned pick_few(const struct rl_members_pool *p, const struct rl_members *m, uint64_t but,
			 unsigned max, uint64_t now_ms, uint64_t dice, uint64_t *out)
{
	unsigned n = 0, start = dice % RL_MEMBERS_INLINE, step = 1 + (dice >> 32 & 1);
	for (unsigned k = 0; k < RL_MEMBERS_INLINE && n < max; k++)
		n = tell(p, m->few[(start + k * step) % RL_MEMBERS_INLINE], but, now_ms, out, n);
	return n;
}

// A line costs one cache miss however much of it is read, so whole lines are read. Who shares one
// with few others is a little likelier to be told, though; so where few are asked for, it is single
// words.
static unsigned stop_for(unsigned max)
{
	return max < 2 * LINE ? 1 : LINE;
}

// A walk with an odd stride meets every stop in a power of two of words once.
struct walk {
	const uint64_t *words;
	uint64_t mask, start, stride;
	unsigned stop; // words
	uint64_t left; // stops to be made at most
};

static inline struct walk walk_begin(const struct rl_members_pool *p, uint64_t place, unsigned stop,
				     unsigned max, uint64_t dice)
{
	uint64_t stops = (1ULL << (place & ((1 << PLACE_SHIFT) - 1))) / stop;
	uint64_t left = ((uint64_t)max * LINE + PICK_SPARE) / stop;
	return (struct walk){.words = p->arena.words + (place >> PLACE_SHIFT),
			     .mask = stops - 1,
			     .start = dice & (stops - 1),
			     .stride = dice >> 32 | 1,
			     .stop = stop,
			     .left = left < stops ? left : stops};
}

static inline const uint64_t *walk_at(const struct walk *k, uint64_t i)
{
	return &k->words[((k->start + i * k->stride) & k->mask) * k->stop];
}

void rl_members_pick_prefetch(const struct rl_members_pool *p, const struct rl_members *m,
			      unsigned max, uint64_t dice)
{
	RL_PREFETCHES_APART();
	// Read once, as above.
	uint64_t place = atomic_load_explicit(&m->place, memory_order_relaxed);
	if ((place & ((1 << PLACE_SHIFT) - 1)) == 0)
		return;
	struct walk k = walk_begin(p, place, stop_for(max), max, dice);
	uint64_t likely = (uint64_t)max * (k.mask + 1) / ((uint64_t)count_of(m) + 1) + 1;
	for (uint64_t i = 0; i < likely && i < k.left; i++)
		__builtin_prefetch(walk_at(&k, i));
}

static inline unsigned walk(const struct rl_members_pool *p, const struct rl_members *m,
			    unsigned stop, uint64_t but, unsigned max, uint64_t now_ms,
			    uint64_t dice, uint64_t *out)
{
	uint64_t place = atomic_load_explicit(&m->place, memory_order_relaxed);
	struct walk k = walk_begin(p, place, stop, max, dice);
	unsigned turn = dice >> 61, n = 0;
	for (uint64_t i = 0; i < k.left && n < max; i++) {
		const uint64_t *from = walk_at(&k, i);
		for (unsigned j = 0; j < stop && n < max; j++)
			n = tell(p, from[(j ^ turn) & (stop - 1)], but, now_ms, out, n);
	}
	return n;
}

unsigned rl_members_pick(const struct rl_members_pool *p, const struct rl_members *m, uint64_t but,
			 unsigned max, uint64_t now_ms, uint64_t dice, uint64_t *out)
{
	if (!rl_members_log(m))
		return pick_few(p, m, but, max, now_ms, dice, out);
	// Two copies, in which the stop is a constant.
	if (stop_for(max) == 1)
		return walk(p, m, 1, but, max, now_ms, dice, out);
	return walk(p, m, LINE, but, max, now_ms, dice, out);
}

uint32_t rl_members_total(const struct rl_members_pool *p, const struct rl_members *m,
			  uint64_t now_ms)
{
	return rl_members_log(m) <= COUNT_LOG ? count_live(p, m, now_ms) : count_of(m);
}

uint32_t rl_members_expire(struct rl_members_pool *p, struct rl_members *m, uint64_t now_ms)
{
	if (count_live(p, m, now_ms) != count_of(m))
		clear_dead(p, m, now_ms);
	// A set grows at three quarters to more than a third: below an eighth is no mere ripple.
	unsigned log = rl_members_log(m);
	if (log && (count_of(m) <= RL_MEMBERS_INLINE ||
		    (log > RL_ARENA_LOG_MIN && count_of(m) * 8ULL < 1ULL << log)))
		move(p, m, count_of(m), now_ms);
	return count_of(m);
}

void rl_members_free(struct rl_members_pool *p, struct rl_members *m)
{
	give_back(p, m);
	set_count(p, m, 0);
	atomic_store_explicit(&m->place, 0, memory_order_relaxed);
	memset(m->few, 0, sizeof(m->few));
}
