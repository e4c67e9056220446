// SPDX-License-Identifier: BSD-3-Clause
#include "root/arena.h"

#include "root/spin.h"

#include <string.h>

enum { UNIT = 1 << RL_ARENA_LOG_MIN };

static uint64_t whole_units(uint64_t words)
{
	return (words + UNIT - 1) / UNIT * UNIT;
}

size_t rl_arena_size(uint64_t words)
{
	uint64_t size = whole_units(words);
	return size * sizeof(uint64_t) + ((size / UNIT + 63) & ~63ULL);
}

// Lists are linked both ways, so that a block can leave from the middle when its buddy comes back.
static void push(struct rl_arena *a, uint64_t at, unsigned log)
{
	uint64_t first = a->list[log];
	a->words[at] = first;
	a->words[at + 1] = 0;
	if (first)
		a->words[first] = at + 1; // the second word of block first - 1
	a->list[log] = at + 1;
	a->start[at / UNIT] = (uint8_t)log;
}

static void unlink_block(struct rl_arena *a, uint64_t at, unsigned log)
{
	uint64_t next = a->words[at], before = a->words[at + 1];
	if (next)
		a->words[next] = before;
	if (before)
		a->words[before - 1] = next;
	else
		a->list[log] = next;
	a->start[at / UNIT] = 0;
}

void rl_arena_init(struct rl_arena *a, void *mem, uint64_t words)
{
	*a = (struct rl_arena){.words = mem, .size = whole_units(words)};
	a->start = (uint8_t *)(a->words + a->size);
	a->unused = a->size;
	atomic_flag_clear(&a->lock);
	// The largest blocks that fit and lie at a multiple of their size.
	for (uint64_t at = 0; at < a->size;) {
		unsigned log = RL_ARENA_LOGS - 1;
		while (at % (1ULL << log) != 0 || at + (1ULL << log) > a->size)
			log--;
		push(a, at, log);
		at += 1ULL << log;
	}
}

static uint64_t take(struct rl_arena *a, unsigned log)
{
	unsigned have = log;
	while (have < RL_ARENA_LOGS && a->list[have] == 0)
		have++;
	if (have >= RL_ARENA_LOGS)
		return RL_ARENA_FULL;
	uint64_t at = a->list[have] - 1;
	unlink_block(a, at, have);
	while (have > log) {
		have--;
		push(a, at + (1ULL << have), have);
	}
	a->unused -= 1ULL << log;
	return at;
}

uint64_t rl_arena_take(struct rl_arena *a, unsigned log)
{
	rl_spin_lock(&a->lock);
	uint64_t at = take(a, log);
	rl_spin_unlock(&a->lock);
	if (at != RL_ARENA_FULL)
		memset(a->words + at, 0, sizeof(uint64_t) << log);
	return at;
}

void rl_arena_give(struct rl_arena *a, uint64_t at, unsigned log)
{
	rl_spin_lock(&a->lock);
	a->unused += 1ULL << log;
	for (; log < RL_ARENA_LOGS - 1; log++) {
		uint64_t buddy = at ^ 1ULL << log;
		if (buddy + (1ULL << log) > a->size || a->start[buddy / UNIT] != log)
			break;
		unlink_block(a, buddy, log);
		at &= ~(1ULL << log);
	}
	push(a, at, log);
	rl_spin_unlock(&a->lock);
}
