// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/room.h"

void rl_room_tick(struct rl_room *r, uint64_t now_ms)
{
	uint64_t second = now_ms / 1000;

	if (second == r->second)
		return;
	// A clock that went back, or on by much, empties all.
	uint64_t steps = second - r->second;
	if (steps > RL_ROOM_SECONDS)
		steps = RL_ROOM_SECONDS;
	for (uint64_t i = 0; i < steps; i++) {
		unsigned slot = (second - i) % RL_ROOM_SECONDS;
		r->leaving -= r->away[slot];
		r->away[slot] = 0;
		for (unsigned id = 0; id < RL_MEMBER_IDS; id++) {
			r->total[id] -= r->promised[id][slot];
			r->promised[id][slot] = 0;
		}
	}
	r->second = second;
}

static unsigned alive_count(const struct rl_member_table *t)
{
	unsigned n = 0;
	for (unsigned i = 0; i < t->count; i++)
		n += rl_member_alive(t, t->ids[i]);
	return n;
}

bool rl_room_left(const struct rl_room *r, const struct rl_member_table *t, uint8_t id)
{
	const struct rl_member_news *n = &t->at[id].news;

	if (n->capacity == 0)
		return true;
	uint64_t full = (uint64_t)n->capacity * RL_ROOM_FULL_PERCENT / 100;
	return n->load < full && r->total[id] < (full - n->load) / alive_count(t);
}

void rl_room_promise(struct rl_room *r, const struct rl_member_table *t, const uint8_t *to,
		     unsigned count)
{
	unsigned slot = r->second % RL_ROOM_SECONDS;

	for (unsigned i = 0; i < count; i++)
		if (to[i] != t->self) {
			r->promised[to[i]][slot]++;
			r->total[to[i]]++;
		}
	if (count > 0 && to[count - 1] != t->self) {
		r->away[slot]++;
		r->leaving++;
	}
}

uint32_t rl_room_own(const struct rl_room *r, const struct rl_member_table *t)
{
	uint32_t load = t->at[t->self].news.load;
	return load > r->leaving ? load - r->leaving : 0;
}

double rl_room_fill(const struct rl_room *r, const struct rl_member_table *t, uint8_t id)
{
	const struct rl_member_news *n = &t->at[id].news;
	return n->capacity ? ((double)n->load + r->total[id]) / n->capacity : 0;
}
