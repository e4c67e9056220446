// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/abroad.h"

#include "root/hash.h"

#include <stdbool.h>
#include <string.h>

// A word: address << 24 | state << 22 | sibling << 20 | time. 0: free.
enum {
	TIME_BITS = 20,
	TIME_MASK = (1 << TIME_BITS) - 1,
	UNIT_MS = 64,
	SIBLING_SHIFT = TIME_BITS,
	STATE_SHIFT = 22,
	ADDRESS_SHIFT = 24,
};

enum kind { FREE, ASKED, AT, NOBODY };

static const uint32_t life_ms[] = {
	[FREE] = 0,
	[ASKED] = RL_ABROAD_ASKED_MS,
	[AT] = RL_ABROAD_AT_MS,
	[NOBODY] = RL_ABROAD_NOBODY_MS,
};

static uint32_t set_count(uint32_t nodes)
{
	uint32_t sets = 1;
	while (sets * RL_ABROAD_WAYS < nodes && sets < 1u << 24)
		sets *= 2;
	return sets;
}

size_t rl_abroad_size(uint32_t nodes)
{
	return (size_t)set_count(nodes) * sizeof(_Atomic uint64_t[RL_ABROAD_WAYS]);
}

void rl_abroad_init(struct rl_abroad *a, void *mem, uint32_t nodes, const uint64_t key[static 2])
{
	a->sets = mem;
	a->mask = set_count(nodes) - 1;
	memcpy(a->key, key, sizeof(a->key));
}

static enum kind kind_of(uint64_t word)
{
	return (enum kind)(word >> STATE_SHIFT & 3);
}

static uint64_t age_ms(uint64_t word, uint64_t now_ms)
{
	uint32_t units = ((uint32_t)(now_ms / UNIT_MS) - (uint32_t)word) & TIME_MASK;
	// A little ahead, as another thread's clock may be, is now.
	return units > TIME_MASK - 1000 ? 0 : (uint64_t)units * UNIT_MS;
}

static bool holds(uint64_t word, uint64_t now_ms)
{
	return word != 0 && age_ms(word, now_ms) <= life_ms[kind_of(word)];
}

static _Atomic uint64_t *set_of(const struct rl_abroad *a, uint64_t address)
{
	return a->sets[rl_hash64(a->key, address) & a->mask];
}

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

enum rl_abroad_state rl_abroad_find(const struct rl_abroad *a, uint64_t address, uint64_t now_ms,
				    unsigned *sibling)
{
	const _Atomic uint64_t *set = set_of(a, address);
	uint64_t word = 0;
	for (unsigned i = 0; i < RL_ABROAD_WAYS && word == 0; i++) {
		uint64_t there = load(&set[i]);
		if (there >> ADDRESS_SHIFT == address)
			word = there;
	}
	if (!holds(word, now_ms))
		return RL_ABROAD_UNKNOWN;
	*sibling = word >> SIBLING_SHIFT & 3;
	switch (kind_of(word)) {
	case ASKED:
		return RL_ABROAD_ASKED;
	case AT:
		return age_ms(word, now_ms) <= RL_ABROAD_RENEW_MS ? RL_ABROAD_AT : RL_ABROAD_OLD;
	default:
		return RL_ABROAD_NOBODY;
	}
}

// Its own, else one that holds no more, else the one noted longest ago.
static _Atomic uint64_t *place(_Atomic uint64_t *set, uint64_t address, uint64_t now_ms)
{
	_Atomic uint64_t *best = &set[0];
	uint64_t most = 0;
	for (unsigned i = 0; i < RL_ABROAD_WAYS; i++) {
		uint64_t word = load(&set[i]);
		if (word >> ADDRESS_SHIFT == address)
			return &set[i];
		uint64_t age = holds(word, now_ms) ? age_ms(word, now_ms) : UINT64_MAX;
		if (age > most) {
			most = age;
			best = &set[i];
		}
	}
	return best;
}

void rl_abroad_note(struct rl_abroad *a, uint64_t address, enum rl_abroad_state state,
		    unsigned sibling, uint64_t now_ms)
{
	_Atomic uint64_t *at = place(set_of(a, address), address, now_ms);
	enum kind kind = state == RL_ABROAD_ASKED ? ASKED : state == RL_ABROAD_NOBODY ? NOBODY : AT;
	uint64_t old = load(at);
	if (kind == ASKED && old >> ADDRESS_SHIFT == address && holds(old, now_ms))
		return;
	if (state == RL_ABROAD_OLD)
		now_ms -= RL_ABROAD_RENEW_MS - RL_ABROAD_ASKED_MS;
	uint64_t word = address << ADDRESS_SHIFT | (uint64_t)kind << STATE_SHIFT |
			(uint64_t)(sibling & 3) << SIBLING_SHIFT | ((now_ms / UNIT_MS) & TIME_MASK);
	atomic_store_explicit(at, word, memory_order_relaxed);
}
