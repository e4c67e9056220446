// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/audience.h"

#include <string.h>

enum { LEASE_BITS = 16, MEMBER_BITS = 32 };

static uint64_t line_count(uint64_t groups)
{
	uint64_t n = 16;
	while (n * RL_AUDIENCE_WAYS / 2 < groups && n < UINT64_C(1) << 32)
		n *= 2;
	return n;
}

size_t rl_audience_size(uint64_t groups)
{
	return (size_t)line_count(groups) * (RL_AUDIENCE_WAYS + 1) *
	       sizeof(struct rl_audience_entry);
}

static uint64_t place_at(const struct rl_audience *a, uint64_t ms)
{
	uint64_t lines = a->mask + 1;
	return ms / RL_AUDIENCE_SWEEP_MS * lines +
	       ms % RL_AUDIENCE_SWEEP_MS * lines / RL_AUDIENCE_SWEEP_MS;
}

void rl_audience_init(struct rl_audience *a, void *mem, uint64_t groups, const uint64_t key[2],
		      uint64_t now_ms)
{
	*a = (struct rl_audience){.line = mem, .mask = line_count(groups) - 1};
	memcpy(a->key, key, sizeof(a->key));
	a->swept = place_at(a, now_ms);
}

static uint64_t name_of(const struct rl_audience_entry *e)
{
	return atomic_load_explicit(&e->name, memory_order_relaxed);
}

static void set_name(struct rl_audience_entry *e, uint64_t name)
{
	atomic_store_explicit(&e->name, name, memory_order_relaxed);
}

// Never 0, so that no name is.
static uint64_t tag_of(uint64_t hash)
{
	return hash >> LEASE_BITS | 1;
}

static uint16_t lease_of(uint64_t now_ms)
{
	return (uint16_t)(now_ms / RL_AUDIENCE_LEASE_MS);
}

// Leases since it was told last. A clock that was a little ahead makes no age.
static int age_of(const struct rl_audience_entry *e, uint64_t now_ms)
{
	int16_t age = (int16_t)(uint16_t)(lease_of(now_ms) - (uint16_t)name_of(e));
	return age < 0 ? 0 : age;
}

static uint32_t bit_of(uint8_t member)
{
	return UINT32_C(1) << member % MEMBER_BITS;
}

static bool is_of(const struct rl_audience_entry *e, uint64_t hash)
{
	return name_of(e) >> LEASE_BITS == tag_of(hash);
}

bool rl_audience_elsewhere(const struct rl_audience *a, uint64_t hash)
{
	uint8_t mode = atomic_load_explicit(&a->mode, memory_order_relaxed);
	if (mode != RL_AUDIENCE_KNOWN)
		return mode == RL_AUDIENCE_ANY;
	const struct rl_audience_entry *line = a->line[hash & a->mask];
	bool found = name_of(&line[RL_AUDIENCE_WAYS]) != 0;
	for (unsigned i = 0; i < RL_AUDIENCE_WAYS; i++)
		found |= is_of(&line[i], hash);
	return found;
}

struct rl_member_set rl_audience_find(const struct rl_audience *a, uint64_t hash)
{
	const struct rl_audience_entry *line = a->line[hash & a->mask];
	const struct rl_audience_entry *rest = &line[RL_AUDIENCE_WAYS];
	struct rl_member_set found = {0};
	uint32_t bits = rest->now | rest->before;
	for (unsigned i = 0; i < RL_AUDIENCE_WAYS; i++)
		if (is_of(&line[i], hash))
			bits |= line[i].now | line[i].before;
	for (unsigned id = 1; id < RL_MEMBER_IDS; id++)
		if (rl_member_set_has(&a->alive, (uint8_t)id) &&
		    (bits & bit_of((uint8_t)id) || rl_member_set_has(&a->unsure, (uint8_t)id)))
			rl_member_set_add(&found, (uint8_t)id);
	return found;
}

void rl_audience_batch(struct rl_audience *a, uint8_t from, uint32_t number, bool first, bool last,
		       uint64_t now_ms)
{
	struct rl_audience_peer *p = &a->peer[from];
	if (number != p->number + 1) {
		a->gaps += p->number != 0;
		p->missed = p->number != 0 && !first;
		p->clean = false;
		p->whole_ms = 0;
	}
	p->number = number;
	p->clean |= first;
	if (last && p->clean)
		p->whole_ms = now_ms;
}

bool rl_audience_wants(struct rl_audience *a, uint8_t from, uint64_t now_ms)
{
	struct rl_audience_peer *p = &a->peer[from];
	if (!p->missed || now_ms - p->asked_ms < RL_AUDIENCE_AGAIN_MS)
		return false;
	p->missed = false;
	p->asked_ms = now_ms;
	return true;
}

static void tell(struct rl_audience_entry *e, uint64_t tag, uint8_t from, uint64_t now_ms)
{
	int age = name_of(e) != 0 ? age_of(e, now_ms) : 2;
	if (age > 0) {
		e->before = age == 1 ? e->now : 0;
		e->now = 0;
		set_name(e, tag << LEASE_BITS | lease_of(now_ms));
	}
	e->now |= bit_of(from);
}

void rl_audience_put(struct rl_audience *a, uint64_t hash, uint8_t from, uint64_t now_ms)
{
	struct rl_audience_entry *line = a->line[hash & a->mask], *place = NULL;
	for (unsigned i = 0; i < RL_AUDIENCE_WAYS; i++) {
		if (is_of(&line[i], hash)) {
			tell(&line[i], tag_of(hash), from, now_ms);
			return;
		}
		if (!place && (name_of(&line[i]) == 0 || age_of(&line[i], now_ms) > 1))
			place = &line[i];
	}
	if (place)
		a->count += name_of(place) == 0;
	else
		a->full++;
	tell(place ? place : &line[RL_AUDIENCE_WAYS], tag_of(hash), from, now_ms);
}

// What nobody has told lately goes.
static void clear(struct rl_audience *a, struct rl_audience_entry *e, bool group, uint64_t now_ms)
{
	if (name_of(e) == 0 || age_of(e, now_ms) < 2)
		return;
	set_name(e, 0);
	e->now = e->before = 0;
	a->count -= group;
}

static void sweep(struct rl_audience *a, uint64_t now_ms)
{
	uint64_t until = place_at(a, now_ms);
	if (until - a->swept > a->mask + 1) // a long pause, or a clock that was ahead
		a->swept = until - (until > a->mask ? a->mask + 1 : until);
	for (; a->swept < until; a->swept++) {
		struct rl_audience_entry *line = a->line[a->swept & a->mask];
		for (unsigned i = 0; i <= RL_AUDIENCE_WAYS; i++)
			clear(a, &line[i], i < RL_AUDIENCE_WAYS, now_ms);
	}
}

static bool whole(const struct rl_audience_peer *p, uint64_t now_ms)
{
	enum { BELIEVED_MS = RL_AUDIENCE_LEASE_MS - RL_AUDIENCE_WALK_MS };
	return p->whole_ms != 0 && (now_ms < p->whole_ms || now_ms - p->whole_ms < BELIEVED_MS);
}

void rl_audience_turn(struct rl_audience *a, const struct rl_member_set *alive, uint64_t now_ms)
{
	uint8_t mode = RL_AUDIENCE_ALONE;
	a->alive = *alive;
	a->unsure = (struct rl_member_set){0};
	for (unsigned id = 1; id < RL_MEMBER_IDS; id++)
		if (rl_member_set_has(alive, (uint8_t)id) && !whole(&a->peer[id], now_ms))
			rl_member_set_add(&a->unsure, (uint8_t)id);
	if (rl_member_set_any(alive))
		mode = rl_member_set_any(&a->unsure) ? RL_AUDIENCE_ANY : RL_AUDIENCE_KNOWN;
	atomic_store_explicit(&a->mode, mode, memory_order_relaxed);
	sweep(a, now_ms);
}
