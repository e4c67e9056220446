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

// How far the bucket is from full. Ticks wrap: a bucket left alone for minutes, or by a clock that
// was set back, may seem to be full far in the future. It cannot be further ahead than it is deep,
// so that counts as full (twice the depth leaves room for small steps back of the clock); nearer
// than that, once in hundreds of times, it is usable again within seconds.
static uint32_t missing(uint32_t full, uint32_t now)
{
	uint32_t ahead = full - now;
	return ahead > 2 * DEPTH ? 0 : ahead;
}

static uint32_t ticks_of(uint32_t pps, uint32_t cost)
{
	uint64_t ticks = (uint64_t)cost * TICKS_S / pps;
	return ticks == 0 ? 1 : ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static bool take(uint32_t *full, uint32_t now, uint32_t ticks)
{
	uint64_t sum = (uint64_t)missing(*full, now) + ticks;
	if (sum > DEPTH)
		return false;
	*full = now + (uint32_t)sum;
	return true;
}

// The rate is the same for as long as the process runs, and a division for each packet shows.
static uint32_t ticks_each(struct rl_budget *b, uint32_t pps)
{
	if (b->pps != pps) {
		b->pps = pps;
		b->each = ticks_of(pps, 1);
	}
	return b->each;
}

bool rl_budget_take(struct rl_budget *b, uint64_t hash, uint32_t now_ms, uint32_t pps,
		    uint32_t cost)
{
	if (pps == 0)
		return true;
	uint32_t ticks = cost == 1 ? ticks_each(b, pps) : ticks_of(pps, cost);
	uint32_t tag = (uint32_t)(hash >> 32) | 1, now = now_ms * TICKS_MS;
	struct rl_budget_cell *set = b->sets[hash & b->mask], *fullest = &set[0];
	unsigned match = 0;
	for (unsigned i = 0; i < RL_BUDGET_WAYS; i++)
		match |= (unsigned)(set[i].tag == tag) << i;
	if (match != 0)
		return take(&set[__builtin_ctz(match)].full, now, ticks);
	for (unsigned i = 1; i < RL_BUDGET_WAYS; i++)
		if (missing(set[i].full, now) < missing(fullest->full, now))
			fullest = &set[i];
	*fullest = (struct rl_budget_cell){tag, now};
	return take(&fullest->full, now, ticks);
}

bool rl_budget_total_take(struct rl_budget_total *b, uint32_t now_ms, uint32_t pps, uint32_t cost)
{
	return pps == 0 || take(&b->full, now_ms * TICKS_MS, ticks_of(pps, cost));
}
