// SPDX-License-Identifier: BSD-3-Clause
#include "root/budget.h"

// A bucket is kept as the time at which it will be full, in microseconds: each packet pushes that
// time back by the time one token takes to drip. One word a bucket; refilling is the passing of
// time.
enum { DEPTH_S = 2 };

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

// Microseconds, cut to 32 bits (71 minutes): far more than a bucket is deep, so ages are told apart
// by sign. A cell unused for half that long may look busy once; it then fills within two seconds.
static bool take(uint32_t *full, uint32_t now_us, uint32_t pps, uint32_t cost)
{
	int32_t ahead = (int32_t)(*full - now_us);
	if (ahead < 0 || ahead > DEPTH_S * 1000000)
		ahead = 0;
	uint64_t want = (uint64_t)cost * 1000000 / pps;
	if ((uint64_t)ahead + want > DEPTH_S * 1000000)
		return false;
	*full = now_us + (uint32_t)ahead + (uint32_t)(want ? want : 1);
	return true;
}

static int32_t emptiness(const struct rl_budget_cell *c, uint32_t now_us)
{
	int32_t ahead = (int32_t)(c->full - now_us);
	return c->tag == 0 || ahead < 0 ? 0 : ahead;
}

bool rl_budget_take(struct rl_budget *b, uint64_t prefix, uint32_t now_ms, uint32_t pps,
		    uint32_t cost)
{
	if (pps == 0)
		return true;
	uint64_t hash = rl_hash64(b->key, prefix);
	uint32_t tag = (uint32_t)(hash >> 32) | 1, now_us = now_ms * 1000;
	struct rl_budget_cell *set = b->sets[hash & b->mask], *fullest = &set[0];
	for (unsigned i = 0; i < RL_BUDGET_WAYS; i++) {
		if (set[i].tag == tag)
			return take(&set[i].full, now_us, pps, cost);
		if (emptiness(&set[i], now_us) < emptiness(fullest, now_us))
			fullest = &set[i];
	}
	*fullest = (struct rl_budget_cell){tag, now_us};
	return take(&fullest->full, now_us, pps, cost);
}

bool rl_budget_total_take(struct rl_budget_total *b, uint32_t now_ms, uint32_t pps, uint32_t cost)
{
	return pps == 0 || take(&b->full, now_ms * 1000, pps, cost);
}
