// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/pushes.h"

#include <string.h>

unsigned rl_pushes_in_chain(const struct rl_pushes *p, uint64_t now_ms)
{
	if (p->count == 0)
		return 0;
	int32_t age = rl_push_tick_diff(rl_push_tick(now_ms), p->last);
	// One from far ahead comes of a clock that was wrong: it must not shut the gate for ever.
	if (age > RL_PUSH_CHAIN_TICKS || age < -RL_PUSH_CHAIN_TICKS)
		return 0;
	return p->count;
}

void rl_pushes_note(struct rl_pushes *p, uint64_t now_ms)
{
	uint32_t tick = rl_push_tick(now_ms);
	if (rl_pushes_in_chain(p, now_ms) == 0) {
		*p = (struct rl_pushes){.last = tick, .count = 1};
		return;
	}
	int32_t gap = rl_push_tick_diff(tick, p->last);
	// Each has a tick of its own, else a union would take two for one.
	if (gap < 1)
		gap = 1;
	memmove(p->gap + 1, p->gap, sizeof(p->gap) - 1);
	p->gap[0] = (uint8_t)gap;
	p->last = (p->last + (uint32_t)gap) & ((1u << RL_PUSH_TICK_BITS) - 1);
	if (p->count < RL_PUSHES_MAX)
		p->count++;
}

uint64_t rl_pushes_age(const struct rl_pushes *p, uint64_t now_ms)
{
	if (p->count == 0)
		return UINT64_MAX;
	int32_t age = rl_push_tick_diff(rl_push_tick(now_ms), p->last);
	if (age < -RL_PUSH_CHAIN_TICKS)
		return UINT64_MAX;
	return age > 0 ? (uint64_t)age * RL_PUSH_TICK_MS : 0;
}

unsigned rl_pushes_left(const struct rl_pushes *p, uint64_t now_ms, bool parted)
{
	unsigned most = parted ? RL_PUSHES_PARTED : RL_PUSHES_MAX;
	unsigned sent = rl_pushes_in_chain(p, now_ms);

	if (parted && rl_pushes_age(p, now_ms) <= RL_PUSHES_REST_MS)
		sent = p->count;
	return sent < most ? most - sent : 0;
}

// The ages of a chain's members in ticks before `newest`.
static unsigned ages(const struct rl_pushes *p, uint32_t newest, int32_t age[RL_PUSHES_MAX])
{
	int32_t at = p->count ? rl_push_tick_diff(newest, p->last) : 0;
	for (unsigned i = 0; i < p->count; i++) {
		age[i] = at;
		if (i + 1 < p->count)
			at += p->gap[i];
	}
	return p->count;
}

bool rl_pushes_merge(struct rl_pushes *into, const struct rl_pushes *from)
{
	if (from->count == 0)
		return false;
	if (into->count == 0) {
		*into = *from;
		return true;
	}
	uint32_t newest = rl_push_tick_diff(into->last, from->last) >= 0 ? into->last : from->last;
	int32_t a[RL_PUSHES_MAX], b[RL_PUSHES_MAX];
	unsigned na = ages(into, newest, a), nb = ages(from, newest, b), i = 0, j = 0;
	struct rl_pushes u = {.last = newest, .count = 1};
	int32_t before = 0;
	while (u.count < RL_PUSHES_MAX && (i < na || j < nb)) {
		int32_t next = j == nb || (i < na && a[i] <= b[j]) ? a[i++] : b[j++];
		if (next == before)
			continue; // known to both, or the newest itself
		if (next - before > RL_PUSH_CHAIN_TICKS)
			break;
		u.gap[u.count++ - 1] = (uint8_t)(next - before);
		before = next;
	}
	if (rl_pushes_equal(into, &u))
		return false;
	*into = u;
	return true;
}

bool rl_pushes_equal(const struct rl_pushes *a, const struct rl_pushes *b)
{
	if (a->count != b->count)
		return false;
	if (a->count == 0)
		return true;
	return a->last == b->last && memcmp(a->gap, b->gap, a->count - 1u) == 0;
}

bool rl_pushes_ok(const struct rl_pushes *p)
{
	if (p->count > RL_PUSHES_MAX || p->last >> RL_PUSH_TICK_BITS)
		return false;
	for (unsigned i = 0; i + 1 < p->count; i++)
		if (p->gap[i] < 1 || p->gap[i] > RL_PUSH_CHAIN_TICKS)
			return false;
	return true;
}
