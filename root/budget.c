// SPDX-License-Identifier: BSD-3-Clause
#include "root/budget.h"

// A bucket is kept as the tick at which it will be full: each packet pushes that back by the time
// one token takes to drip. One word a bucket; refilling is the passing of time.
enum {
	TICKS_MS = 8000, // an eighth of a microsecond, so that 32 bits last 9 minutes
	TICKS_S = 1000 * TICKS_MS,
	DEPTH = 2 * TICKS_S,
};

static uint32_t set_count(uint32_t cells)
{
	uint32_t sets = 1;
	while (sets * RL_BUDGET_WAYS < cells && sets < 1u << 28)
		sets *= 2;
	return sets;
}

size_t rl_budget_size(uint32_t cells)
{
	return (size_t)set_count(cells) * sizeof(struct rl_budget_cell[RL_BUDGET_WAYS]);
}

void rl_budget_init(struct rl_budget *b, void *mem, uint32_t cells, const uint8_t key[static 16])
{
	b->sets = mem;
	b->mask = set_count(cells) - 1;
	memcpy(b->key, key, sizeof(b->key));
}

void rl_budget_prefetch(const struct rl_budget *b, uint64_t prefix)
{
	__builtin_prefetch(&b->sets[rl_hash64(b->key, prefix) & b->mask]);
}

// How far the bucket is from full. Ticks wrap: a bucket left alone for minutes, or by a clock that
// was set back, may seem to be full far in the future. It cannot be further ahead than it is deep,
// so that counts as full (twice the depth leaves room for small steps back of the clock); nearer
// than that, once in hundreds of times, it is usable again within seconds.
static uint32_t missing(uint32_t full, uint32_t now)
{
	uint32_t ahead = full - now;
	return ahead > 2 * DEPTH ? 0 : ahead;
}

static bool take(uint32_t *full, uint32_t now, uint32_t pps, uint32_t cost)
{
	// Nearly always one packet, and a short division is much the cheaper one.
	uint64_t want = cost == 1 ? (uint32_t)TICKS_S / pps : (uint64_t)cost * TICKS_S / pps;
	uint64_t sum = missing(*full, now) + (want ? want : 1);
	if (sum > DEPTH)
		return false;
	*full = now + (uint32_t)sum;
	return true;
}

bool rl_budget_take(struct rl_budget *b, uint64_t prefix, uint32_t now_ms, uint32_t pps,
		    uint32_t cost)
{
	if (pps == 0)
		return true;
	uint64_t hash = rl_hash64(b->key, prefix);
	uint32_t tag = (uint32_t)(hash >> 32) | 1, now = now_ms * TICKS_MS;
	struct rl_budget_cell *set = b->sets[hash & b->mask], *fullest = &set[0];
	for (unsigned i = 0; i < RL_BUDGET_WAYS; i++) {
		if (set[i].tag == tag)
			return take(&set[i].full, now, pps, cost);
		if (missing(set[i].full, now) < missing(fullest->full, now))
			fullest = &set[i];
	}
	*fullest = (struct rl_budget_cell){tag, now};
	return take(&fullest->full, now, pps, cost);
}

bool rl_budget_total_take(struct rl_budget_total *b, uint32_t now_ms, uint32_t pps, uint32_t cost)
{
	return pps == 0 || take(&b->full, now_ms * TICKS_MS, pps, cost);
}
