// SPDX-License-Identifier: BSD-3-Clause
// Times in nanoseconds, counted in buckets that are at most 1/64 wide of their value: percentiles
// without keeping the samples. One thread.
#pragma once

#include <stdint.h>

enum {
	HISTOGRAM_SUB_BITS = 6,
	HISTOGRAM_SUB = 1 << HISTOGRAM_SUB_BITS,
	HISTOGRAM_TOP_BIT = 40, // longer than 18 minutes counts as that
	HISTOGRAM_BUCKETS = (HISTOGRAM_TOP_BIT - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB,
};

struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t least, most; // exact
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

// All zero is an empty histogram.
void histogram_add(struct histogram *h, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);
// The least value that at least this share (0..1) of all samples does not exceed, rounded up to its
// bucket's end, never over the largest sample. 0 if there are none.
uint64_t histogram_at(const struct histogram *h, double share);
double histogram_mean(const struct histogram *h);
