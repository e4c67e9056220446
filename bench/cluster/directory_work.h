// SPDX-License-Identifier: BSD-3-Clause
// A directory of many peers: how fast it is filled, asked and changed.
#pragma once

#include "cluster/directory.h"

struct population {
	struct rl_directory directory;
	uint64_t count; // addresses are population_address(0..count-1)
	void *memory;
	size_t size;
};

static inline uint64_t population_address(uint64_t i)
{
	return 0x1000000000 + i * 11;
}

// Of the real mix: most clients have IPv4 alone.
struct rl_location population_location(uint64_t i, uint8_t home, uint64_t stamp_ms);
// Ends the program if memory is short.
void population_fill(struct population *p, uint64_t count);
void population_drop(struct population *p);

// Figures NAME_1m and so on; rounds: bursts timed.
void directory_work(struct population *p, const char *suffix, const char *title, unsigned rounds,
		    double hz);
