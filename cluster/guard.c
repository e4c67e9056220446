// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/guard.h"

#include <stdlib.h>

static void turn_span(struct rl_guard *g, uint8_t member, uint64_t span)
{
	int64_t before = g->clock[member].ahead[0];
	bool next = g->clock[member].known && span == g->clock[member].span + 1;
	g->clock[member].ahead[1] = next ? before : INT64_MIN;
	g->clock[member].ahead[0] = INT64_MIN;
	g->clock[member].span = span;
	g->clock[member].known = true;
}

// The least delayed batch shows the clock best: of all differences the greatest counts.
void rl_guard_heard(struct rl_guard *g, uint8_t member, uint64_t clock_ms, uint64_t own_ms)
{
	uint64_t span = own_ms / RL_GUARD_SPAN_MS;
	int64_t ahead = (int64_t)(clock_ms - own_ms);
	if (!g->clock[member].known || span != g->clock[member].span)
		turn_span(g, member, span);
	if (ahead > g->clock[member].ahead[0])
		g->clock[member].ahead[0] = ahead;
}

static int64_t best(const struct rl_guard *g, uint8_t member)
{
	int64_t now = g->clock[member].ahead[0], before = g->clock[member].ahead[1];
	return now > before ? now : before;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

void rl_guard_correct(struct rl_guard *g, uint64_t own_ms)
{
	int64_t ahead[RL_MEMBER_IDS];
	unsigned n = 0;
	uint64_t span = own_ms / RL_GUARD_SPAN_MS;
	ahead[n++] = 0; // our own
	for (unsigned m = 1; m < RL_MEMBER_IDS; m++) {
		// A clock of ours that was set says nothing about when that was: spans far off are
		// forgotten.
		if (g->clock[m].known && span - g->clock[m].span <= 1)
			ahead[n++] = best(g, (uint8_t)m);
	}
	qsort(ahead, n, sizeof(*ahead), by_value);
	int64_t median = ahead[(n - 1) / 2];
	bool trust = median >= -RL_GUARD_TRUST_MS && median <= RL_GUARD_TRUST_MS;
	g->correction = trust ? 0 : median;
	g->counted = n;
}

uint64_t rl_guard_now(const struct rl_guard *g, uint64_t own_ms)
{
	return own_ms + (uint64_t)g->correction;
}

int64_t rl_guard_ahead(const struct rl_guard *g, uint8_t member)
{
	return g->clock[member].known ? best(g, member) : 0;
}
