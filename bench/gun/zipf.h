// SPDX-License-Identifier: BSD-3-Clause
// Who talks to whom: node numbers drawn evenly or by Zipf's law, where the node of rank k is picked
// in proportion to k^-s. Drawing takes constant time and no memory whatever the population (W.
// Hoermann, G. Derflinger: rejection-inversion, 1996). One thread per rng.
#pragma once

#include "bench/gun/rng.h"

struct zipf {
	uint32_t n;
	double s; // 0: evenly
	double first, last, skip;
	uint32_t step; // spreads ranks over the population
};

// n: 1 and more; s: 0 (evenly) up to 10.
void zipf_init(struct zipf *z, uint32_t n, double s);
// Rank, from 0, the most frequent one.
uint32_t zipf_rank(const struct zipf *z, struct rng *r);
// Node number, from 0: a fixed shuffle of the ranks, so that the busy nodes do not lie side by
// side.
uint32_t zipf_next(const struct zipf *z, struct rng *r);
// Another than `not_this`, if there is another (n > 1).
uint32_t zipf_other(const struct zipf *z, struct rng *r, uint32_t not_this);
