// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/warm.h"

#include <string.h>

// At most half full, so that a look-up is one or two steps.
static uint32_t index_size(uint32_t clients)
{
	uint32_t n = 16;
	while (n < 2 * (uint64_t)clients && n < 1u << 31)
		n *= 2;
	return n;
}

size_t rl_warm_size(uint32_t clients)
{
	return (size_t)clients * sizeof(struct rl_warm_client) +
	       (size_t)index_size(clients) * sizeof(uint32_t);
}

// The place that the sweep should have reached, counted on over the rounds.
static uint64_t place_at(const struct rl_warm *w, uint64_t ms)
{
	return ms / RL_WARM_PERIOD_MS * w->size +
	       ms % RL_WARM_PERIOD_MS * w->size / RL_WARM_PERIOD_MS;
}

static uint64_t repeat_at(const struct rl_warm *w, uint64_t ms)
{
	return place_at(w, ms > RL_WARM_REPEAT_MS ? ms - RL_WARM_REPEAT_MS : 0);
}

void rl_warm_init(struct rl_warm *w, void *mem, uint32_t clients, const uint8_t key[static 16],
		  uint64_t now_ms)
{
	*w = (struct rl_warm){.at = mem, .size = clients, .mask = index_size(clients) - 1};
	w->index = (uint32_t *)(w->at + clients);
	w->swept = place_at(w, now_ms);
	w->repeated = repeat_at(w, now_ms);
	memcpy(w->key, key, sizeof(w->key));
	for (uint32_t i = clients; i > 0; i--) {
		w->at[i - 1].next = w->free;
		w->free = i;
	}
}

static uint32_t start_of(const struct rl_warm *w, uint64_t address)
{
	return (uint32_t)rl_hash64(w->key, address) & w->mask;
}

// Where in the index the address stands, or the empty place where it would.
static uint32_t seek(const struct rl_warm *w, uint64_t address)
{
	uint32_t i = start_of(w, address);
	while (w->index[i] != 0 && w->at[w->index[i] - 1].address != address)
		i = (i + 1) & w->mask;
	return i;
}

struct rl_warm_client *rl_warm_find(struct rl_warm *w, uint64_t address)
{
	uint32_t at = w->index[seek(w, address)];
	return at ? &w->at[at - 1] : NULL;
}

bool rl_warm_put(struct rl_warm *w, uint64_t address, uint8_t home)
{
	uint32_t i = seek(w, address), place = w->index[i];

	if (place != 0) {
		w->at[place - 1].home = home;
		return true;
	}
	if (w->free == 0) {
		w->refused++;
		return false;
	}
	place = w->index[i] = w->free;
	w->free = w->at[place - 1].next;
	w->at[place - 1] = (struct rl_warm_client){.address = address, .home = home, .used = 1};
	w->count++;
	return true;
}

// Closes the gap: what follows moves up unless it would come before its own start.
static void index_remove(struct rl_warm *w, uint32_t gap)
{
	for (uint32_t i = (gap + 1) & w->mask; w->index[i] != 0; i = (i + 1) & w->mask) {
		uint32_t start = start_of(w, w->at[w->index[i] - 1].address);
		if (((i - start) & w->mask) < ((i - gap) & w->mask))
			continue;
		w->index[gap] = w->index[i];
		gap = i;
	}
	w->index[gap] = 0;
}

void rl_warm_remove(struct rl_warm *w, uint64_t address)
{
	uint32_t i = seek(w, address), place = w->index[i];

	if (place == 0)
		return;
	index_remove(w, i);
	w->at[place - 1] = (struct rl_warm_client){.next = w->free};
	w->free = place;
	w->count--;
}

uint32_t rl_warm_answered(struct rl_warm *w, uint64_t address, uint64_t now_ms)
{
	struct rl_warm_client *c = rl_warm_find(w, address);

	if (!c)
		return 0;
	uint32_t was = c->sent_ms, took = (uint32_t)now_ms - was;
	c->sent_ms = 0;
	c->missed = 0;
	// Within the millisecond is half of one.
	return took >= RL_WARM_PERIOD_MS || !was ? 0 : took ? took * 10 : 5;
}

// After a pause each client is met once, however long it was; a clock set back begins anew.
static void catch_up(const struct rl_warm *w, uint64_t *at, uint64_t goal)
{
	if (*at > goal)
		*at = goal;
	if (goal - *at > w->size)
		*at = goal - w->size;
}

static void sent(struct rl_warm_client *c, uint64_t now_ms)
{
	c->sent_ms = (uint32_t)now_ms ? (uint32_t)now_ms : 1;
}

// The first one that is lost, and no other: a client that is gone costs nothing more.
static unsigned repeat(struct rl_warm *w, uint64_t now_ms, uint64_t *out, unsigned max)
{
	uint64_t goal = repeat_at(w, now_ms);
	unsigned n = 0;

	catch_up(w, &w->repeated, goal);
	while (w->repeated < goal && n < max) {
		struct rl_warm_client *c = &w->at[w->repeated++ % w->size];
		if (!c->used || c->missed != 1 || c->sent_ms == 0 ||
		    (uint32_t)now_ms - c->sent_ms < RL_WARM_REPEAT_MS / 2)
			continue;
		sent(c, now_ms);
		c->again = 1;
		out[n++] = c->address;
	}
	return n;
}

unsigned rl_warm_due(struct rl_warm *w, uint64_t now_ms, uint64_t *out, unsigned max)
{
	uint64_t goal = place_at(w, now_ms);
	unsigned n = repeat(w, now_ms, out, max);

	catch_up(w, &w->swept, goal);
	while (w->swept < goal && n < max) {
		struct rl_warm_client *c = &w->at[w->swept++ % w->size];
		if (!c->used)
			continue;
		sent(c, now_ms);
		c->again = 0;
		c->missed = c->missed < UINT8_MAX ? c->missed + 1 : 1;
		out[n++] = c->address;
	}
	return n;
}

// The newest one is on its way yet.
bool rl_warm_cold(const struct rl_warm_client *c)
{
	return c->missed > RL_WARM_COLD && (c->missed - 1) % RL_WARM_COLD == 0;
}

unsigned rl_warm_of(const struct rl_warm *w, struct rl_warm_walk *k, uint64_t *out, unsigned max)
{
	unsigned n = 0;

	for (; k->next < w->size && n < max; k->next++)
		if (w->at[k->next].used && w->at[k->next].home == k->home)
			out[n++] = w->at[k->next].address;
	return n;
}
