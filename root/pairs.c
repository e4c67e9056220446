// SPDX-License-Identifier: BSD-3-Clause
#include "root/pairs.h"

#include <string.h>

#define REPEATED (1ULL << 32)

enum {
	TICK_SHIFT = 6,   // 64 ms
	AHEAD_TICKS = 64, // how far one worker's clock may be ahead of another's: 4 s
	CLAIM_TRIES = 4,
};

static uint64_t set_count(uint32_t pairs)
{
	uint64_t sets = 1;
	while (sets * RL_PAIRS_WAYS < pairs)
		sets *= 2;
	return sets;
}

size_t rl_pairs_size(uint32_t pairs)
{
	return set_count(pairs) * RL_PAIRS_WAYS * sizeof(uint64_t);
}

void rl_pairs_init(struct rl_pairs *p, void *mem, uint32_t pairs, const uint8_t key[static 16])
{
	p->words = mem;
	p->mask = set_count(pairs) - 1;
	memcpy(p->key, key, sizeof(p->key));
}

// The upper 31 bits of the hash, never zero.
static uint64_t pair_tag(uint64_t hash)
{
	return (hash | 1ULL << 33) & ~(REPEATED | (REPEATED - 1));
}

static uint64_t tag_of(uint64_t word)
{
	return word & ~(REPEATED | (REPEATED - 1));
}

// A word a little in the future is another thread's claim of this moment. One far in the future was
// written before the clock was set back: old, or the pair would wait for that time to come.
static uint64_t age_ms(uint64_t word, uint64_t now_ms)
{
	uint32_t ticks = (uint32_t)(now_ms >> TICK_SHIFT) - (uint32_t)word;
	return ticks >= -(uint32_t)AHEAD_TICKS ? 0 : (uint64_t)ticks << TICK_SHIFT;
}

// The pair's word, or 0. In which of the places it is is chance, so no branch asks each of them.
static uint64_t look(const struct rl_pairs *p, uint64_t hash)
{
	const _Atomic uint64_t *set = rl_pairs_set(p, hash);
	uint64_t tag = pair_tag(hash);
	unsigned match = 0;
	for (unsigned i = 0; i < RL_PAIRS_WAYS; i++) {
		uint64_t w = atomic_load_explicit(&set[i], memory_order_relaxed);
		match |= (unsigned)(tag_of(w) == tag) << i;
	}
	if (match == 0)
		return 0;
	uint64_t word = atomic_load_explicit(&set[__builtin_ctz(match)], memory_order_relaxed);
	return tag_of(word) == tag ? word : 0;
}

// The pair's word and its place, or the place it would take: an empty one, else the oldest.
static _Atomic uint64_t *locate(const struct rl_pairs *p, uint64_t hash, uint64_t now_ms,
				uint64_t *word, bool *found)
{
	_Atomic uint64_t *set = rl_pairs_set(p, hash), *oldest = set;
	uint64_t oldest_word = 0, oldest_age = 0;
	*found = false;
	for (unsigned i = 0; i < RL_PAIRS_WAYS; i++) {
		uint64_t w = atomic_load_explicit(&set[i], memory_order_relaxed);
		if (tag_of(w) == pair_tag(hash)) {
			*word = w;
			*found = true;
			return &set[i];
		}
		uint64_t age = w == 0 ? UINT64_MAX : age_ms(w, now_ms);
		if (i == 0 || age > oldest_age) {
			oldest = &set[i];
			oldest_word = w;
			oldest_age = age;
		}
	}
	*word = oldest_word;
	return oldest;
}

bool rl_pairs_due(const struct rl_pairs *p, uint64_t hash, uint64_t now_ms, uint32_t interval_ms)
{
	uint64_t word = look(p, hash);
	return word == 0 || age_ms(word, now_ms) >= interval_ms;
}

// Why at most one wins, though a set has eight places and no lock. If the pair has a word, all swap
// that word, and the second swap finds it changed. If it has none, everybody takes the oldest
// place, the first of equals. Two threads can only choose differently if one of them saw a place
// before and the other after some third claim made it younger: then the first one's swap fails
// there, because words only ever get younger. Nothing but the word itself is published, so relaxed
// order is enough. (Eight other claims in the same set between one thread's look and its swap would
// break this: then a pair is introduced twice, and nobody is harmed.)
//
// Who loses looks again: either the pair is claimed by now, or its place went to another pair.
bool rl_pairs_claim(struct rl_pairs *p, uint64_t hash, uint64_t now_ms, uint32_t interval_ms)
{
	uint64_t word;
	uint64_t claimed = pair_tag(hash) | (uint32_t)(now_ms >> TICK_SHIFT);
	for (unsigned i = 0; i < CLAIM_TRIES; i++) {
		bool found;
		_Atomic uint64_t *at = locate(p, hash, now_ms, &word, &found);
		if (found && age_ms(word, now_ms) < interval_ms)
			return false;
		if (atomic_compare_exchange_strong_explicit(
			    at, &word, claimed, memory_order_relaxed, memory_order_relaxed))
			return true;
	}
	return false;
}

bool rl_pairs_claim_repeat(struct rl_pairs *p, uint64_t hash, uint64_t now_ms, uint32_t within_ms)
{
	uint64_t word;
	bool found;
	_Atomic uint64_t *at = locate(p, hash, now_ms, &word, &found);
	if (!found || word & REPEATED || age_ms(word, now_ms) > within_ms)
		return false;
	return atomic_compare_exchange_strong_explicit(at, &word, word | REPEATED,
						       memory_order_relaxed, memory_order_relaxed);
}
