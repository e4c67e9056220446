// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/dirty.h"

enum { FREE, WAITING, RESTING };

size_t rl_dirty_size(uint32_t max)
{
	return (size_t)max * (sizeof(struct rl_dirty_node) + 2 * sizeof(uint32_t));
}

void rl_dirty_init(struct rl_dirty *d, void *mem, uint32_t max, uint32_t pause_ms,
		   const uint64_t key[2])
{
	*d = (struct rl_dirty){
		.node = mem,
		.bucket = (uint32_t *)((struct rl_dirty_node *)mem + max),
		.key = {key[0], key[1]},
		.max = max,
		.buckets = 2 * max,
		.pause_ms = pause_ms,
	};
}

static void list_add(struct rl_dirty *d, struct rl_dirty_list *l, uint32_t i)
{
	struct rl_dirty_node *n = &d->node[i];
	n->before = l->last;
	n->after = 0;
	if (l->last)
		d->node[l->last - 1].after = i + 1;
	else
		l->first = i + 1;
	l->last = i + 1;
	l->count++;
}

static void list_remove(struct rl_dirty *d, struct rl_dirty_list *l, uint32_t i)
{
	struct rl_dirty_node *n = &d->node[i];
	if (n->before)
		d->node[n->before - 1].after = n->after;
	else
		l->first = n->after;
	if (n->after)
		d->node[n->after - 1].before = n->before;
	else
		l->last = n->before;
	l->count--;
}

static uint32_t *bucket_of(struct rl_dirty *d, uint64_t address)
{
	uint64_t hash = rl_hash64(d->key, address) & 0xffffffff;
	return &d->bucket[hash * d->buckets >> 32];
}

// NULL: not in here.
static struct rl_dirty_node *find(struct rl_dirty *d, uint64_t address)
{
	for (uint32_t i = *bucket_of(d, address); i; i = d->node[i - 1].chain)
		if (d->node[i - 1].address == address)
			return &d->node[i - 1];
	return NULL;
}

static void wait(struct rl_dirty *d, uint32_t i, uint64_t now_ms)
{
	d->node[i].state = WAITING;
	d->node[i].again = false;
	d->node[i].time = (uint32_t)now_ms;
	list_add(d, &d->waiting, i);
}

static void forget(struct rl_dirty *d, uint32_t i)
{
	struct rl_dirty_node *n = &d->node[i];
	uint32_t *at = bucket_of(d, n->address);
	while (*at != i + 1)
		at = &d->node[*at - 1].chain;
	*at = n->chain;
	*n = (struct rl_dirty_node){.chain = d->free};
	d->free = i + 1;
}

// The first of those at rest gets up: to be told again, or to be forgotten.
static void wake_first(struct rl_dirty *d, uint64_t now_ms)
{
	uint32_t i = d->resting.first - 1;
	list_remove(d, &d->resting, i);
	if (!d->node[i].again) {
		forget(d, i);
		return;
	}
	d->node[i].jumped = false;
	wait(d, i, now_ms);
}

static void wake(struct rl_dirty *d, uint64_t now_ms)
{
	while (d->resting.first &&
	       (int32_t)((uint32_t)now_ms - d->node[d->resting.first - 1].time) >= 0)
		wake_first(d, now_ms);
}

static bool take_node(struct rl_dirty *d, uint64_t now_ms, uint32_t *i)
{
	// In need of room rests are cut short.
	while (!d->free && d->used == d->max && d->resting.first)
		wake_first(d, now_ms);
	if (d->free) {
		*i = d->free - 1;
		d->free = d->node[*i].chain;
	} else if (d->used < d->max) {
		*i = d->used++;
	} else {
		return false;
	}
	return true;
}

bool rl_dirty_mark(struct rl_dirty *d, uint64_t address, bool urgent, uint64_t now_ms)
{
	struct rl_dirty_node *n = find(d, address);
	uint32_t i;
	if (!n) {
		if (!take_node(d, now_ms, &i))
			return false;
		uint32_t *bucket = bucket_of(d, address);
		d->node[i] = (struct rl_dirty_node){.address = address, .chain = *bucket};
		*bucket = i + 1;
		wait(d, i, now_ms);
		return true;
	}
	i = (uint32_t)(n - d->node);
	if (n->state != RESTING)
		return true;
	n->again = true;
	if (urgent && !n->jumped) {
		n->jumped = true;
		list_remove(d, &d->resting, i);
		wait(d, i, now_ms);
	}
	return true;
}

uint64_t rl_dirty_next(struct rl_dirty *d, uint64_t now_ms)
{
	wake(d, now_ms);
	if (!d->waiting.first)
		return 0;
	uint32_t i = d->waiting.first - 1;
	list_remove(d, &d->waiting, i);
	d->node[i].state = RESTING;
	d->node[i].time = (uint32_t)now_ms + d->pause_ms;
	list_add(d, &d->resting, i);
	return d->node[i].address;
}

uint32_t rl_dirty_waiting(struct rl_dirty *d, uint64_t now_ms, uint32_t *for_ms)
{
	wake(d, now_ms);
	*for_ms = d->waiting.first ? (uint32_t)now_ms - d->node[d->waiting.first - 1].time : 0;
	return d->waiting.count;
}
