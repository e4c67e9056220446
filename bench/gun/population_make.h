// SPDX-License-Identifier: BSD-3-Clause
// Fills a population: identities from a file first, then new ones, on several threads.
#pragma once

#include "bench/gun/population_file.h"

struct population_plan {
	enum population_kind kind;
	uint32_t nodes;
	unsigned threads;
	uint64_t seed;
	struct rl_identity root;
	struct sources sources;
	const char *from;        // text list or population file of valid nodes; NULL: none
	const atomic_bool *stop; // set by a signal; may be NULL
	void (*progress)(uint32_t done, uint32_t of, void *ctx); // once a second; may be NULL
	void *ctx;
};

// Writes the file. The number of nodes in it (fewer than wanted if stopped), or a negative value
// and the reason in why.
int64_t population_make(const struct population_plan *plan, const char *path, struct say_why *why);
