// SPDX-License-Identifier: BSD-3-Clause
// Random parts of sets of nodes, joined to a random part of the union.
#pragma once

#include "cluster/record.h"
#include "root/random.h"

// n different nodes out of `of`, at random. of: n, if these are all.
struct rl_pile {
	uint64_t node[RL_GATHER_MAX];
	unsigned n;
	uint32_t of; // at least n
};

// n out of total, where max were wanted: fewer than that are all, whatever the total says.
static inline void rl_pile_count(struct rl_pile *p, unsigned n, unsigned max, uint32_t total)
{
	p->n = n;
	p->of = n < max || total < n ? n : total;
}

// Takes out of b who is also in a. Returns how many.
unsigned rl_pile_differ(const struct rl_pile *a, struct rl_pile *b);
// Up to max nodes of two piles that have none in common: each node of both sets with the same
// chance. The piles are used up. Returns how many are in out, which is no pile's array.
unsigned rl_pile_draw(struct rl_pile *a, struct rl_pile *b, unsigned max, struct rl_random *random,
		      uint64_t *out);
