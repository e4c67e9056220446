// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/histogram.h"

#include <math.h>

// Values below HISTOGRAM_SUB have a bucket each; above, each power of two has HISTOGRAM_SUB.
static unsigned bucket_of(uint64_t v)
{
	if (v >= 1ULL << HISTOGRAM_TOP_BIT)
		return HISTOGRAM_BUCKETS - 1;
	if (v < HISTOGRAM_SUB)
		return (unsigned)v;
	unsigned top = 63 - (unsigned)__builtin_clzll(v);
	unsigned shift = top - HISTOGRAM_SUB_BITS;
	return (shift + 1) * HISTOGRAM_SUB + (unsigned)(v >> shift) - HISTOGRAM_SUB;
}

static uint64_t bucket_end(unsigned b)
{
	if (b < HISTOGRAM_SUB)
		return b;
	unsigned shift = b / HISTOGRAM_SUB - 1;
	return ((uint64_t)(b % HISTOGRAM_SUB + HISTOGRAM_SUB + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	h->bucket[bucket_of(ns)]++;
	h->sum += ns;
	if (h->count == 0 || ns < h->least)
		h->least = ns;
	if (ns > h->most)
		h->most = ns;
	h->count++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (!from->count)
		return;
	if (!into->count || from->least < into->least)
		into->least = from->least;
	if (from->most > into->most)
		into->most = from->most;
	into->count += from->count;
	into->sum += from->sum;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

uint64_t histogram_at(const struct histogram *h, double share)
{
	uint64_t want = (uint64_t)ceil(share * (double)h->count), seen = 0;

	if (!h->count)
		return 0;
	if (want < 1)
		want = 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= want)
			return bucket_end(i) < h->most ? bucket_end(i) : h->most;
	}
	return h->most;
}

double histogram_mean(const struct histogram *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}
