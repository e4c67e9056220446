// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/population.h"

#include "bench/gun/rng.h"

#include <errno.h>
#include <stdlib.h>

static const char *const kind_text[POPULATION_KINDS] = {"valid", "unvalidated", "invented"};

const char *population_kind_text(enum population_kind kind)
{
	return kind_text[kind];
}

static uint32_t slot_of(const struct population *p, uint64_t address)
{
	return (uint32_t)rng_mix(address) & p->index_mask;
}

int population_index(struct population *p, struct say_why *why)
{
	uint32_t slots = 16;
	char text[11];

	if (p->index)
		return 0;
	while (slots < 2 * (uint64_t)p->count)
		slots *= 2;
	p->index = malloc(slots * sizeof(*p->index));
	if (!p->index) {
		say_why(why, "no memory for an index of %u nodes", p->count);
		return -ENOMEM;
	}
	memset(p->index, 0xff, slots * sizeof(*p->index));
	p->index_mask = slots - 1;
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t at = slot_of(p, p->node[i].address);

		for (; p->index[at] != POPULATION_NONE; at = (at + 1) & p->index_mask) {
			if (p->node[p->index[at]].address != p->node[i].address)
				continue;
			rl_address_text(p->node[i].address, text);
			say_why(why, "nodes %u and %u have one address, %s", p->index[at], i, text);
			return -EEXIST;
		}
		p->index[at] = i;
	}
	return 0;
}

uint32_t population_find(const struct population *p, uint64_t address)
{
	for (uint32_t at = slot_of(p, address);; at = (at + 1) & p->index_mask) {
		uint32_t i = p->index[at];

		if (i == POPULATION_NONE || p->node[i].address == address)
			return i;
	}
}

void population_identity(const struct population *p, uint32_t i, struct rl_identity *id)
{
	id->address = p->node[i].address;
	if (p->pair)
		memcpy(id->public_key, p->pair[i].public_key, ZT_PUBLIC_LEN);
	else
		population_invent_public(p->seed, i, id->public_key);
}

bool population_secret(const struct population *p, uint32_t i, struct rl_secret *secret)
{
	if (!p->pair)
		return false;
	*secret = p->pair[i].secret;
	return true;
}

// Four rounds of a Feistel network over 40 bits: a permutation, so no address comes twice.
static uint64_t shuffle40(uint64_t seed, uint64_t v)
{
	uint32_t left = (uint32_t)(v >> 20), right = (uint32_t)v & 0xfffff;

	for (unsigned round = 0; round < 4; round++) {
		uint64_t f = rng_mix(seed + 0x9e3779b97f4a7c15 * (round + 1) + right);
		uint32_t next = left ^ ((uint32_t)f & 0xfffff);

		left = right;
		right = next;
	}
	return (uint64_t)left << 20 | right;
}

uint64_t population_invent_address(uint64_t seed, uint32_t i)
{
	uint64_t v = i;

	// A reserved address is shuffled again: the walk stays a permutation of the good ones.
	do
		v = shuffle40(seed, v);
	while (!rl_address_ok(v));
	return v;
}

void population_invent_public(uint64_t seed, uint32_t i, uint8_t out[static ZT_PUBLIC_LEN])
{
	struct rng r = {rng_mix(seed ^ 0x7075626c6963) + i * 0x9e3779b97f4a7c15};

	rng_fill(&r, out, ZT_PUBLIC_LEN);
}
