// SPDX-License-Identifier: BSD-3-Clause
// A root with many peers that are put straight into its tables: random addresses and keys, one
// proven IPv4 path each. Nobody has validated them, which changes nothing for what is measured:
// a root validates once, at admission. Not shared between threads while it is changed.
#pragma once

#include "root/core.h"

struct population {
	struct rl_root *root;
	_Atomic uint32_t count;
	uint64_t *address; // of each peer
	uint16_t via;      // of all paths
	// Pairs that talk through the root, by peer numbers, drawn over the whole population.
	uint32_t pair_count;
	uint32_t (*pair)[2];
	unsigned groups_each; // subscriptions of each peer
	// Own
	uint32_t room;
	uint64_t random;
};

enum { POPULATION_NET = 400 }; // members of one network

struct population_options {
	uint32_t peers;
	uint32_t room;        // the tables are made for so many; 0: for `peers`
	uint32_t pairs;       // made known as introduced
	unsigned groups_each; // 0: no subscriptions
	uint16_t via;
	uint32_t introduce_ms; // how long a pair stays introduced; 0: the default
	uint64_t now_ms;
};

// NULL, said on stderr: out of memory.
struct population *population_new(const struct population_options *o);
void population_free(struct population *p);
// False, said on stderr: so many peers are too many for the memory that is free now.
bool population_fits(uint32_t peers);

// Adds peers up to this number, at most `room`. Any one thread, beside others that only read.
// False: there is no room.
bool population_grow(struct population *p, uint32_t peers, uint64_t now_ms);
// Draws the pairs anew over all who are there, known to the root as introduced just now.
void population_pair(struct population *p, uint64_t now_ms);

// Peers' paths were heard within the last 4.5 s, as those of clients are that ask every 5 s. With
// `ahead`: they stay so for a minute.
void population_freshen(struct population *p, uint64_t now_ms, uint32_t ahead_ms);

// Made anew from the number, not read from the table: crafting packets leaves no peer in the cache.
void population_key(uint32_t i, struct rl_key *key);
void population_identity(const struct population *p, uint32_t i, struct rl_identity *id);
struct rl_inet population_from(uint32_t i);
struct rl_group_key population_group(const struct population *p, uint32_t i, unsigned j);

// SplitMix64.
static inline uint64_t population_mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint32_t population_below(uint64_t *state, uint32_t n)
{
	*state += 0x9e3779b97f4a7c15;
	return (uint32_t)((population_mix(*state) >> 32) * n >> 32);
}
