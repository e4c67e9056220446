// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/many.h"

#include "bench/micro/figures.h"
#include "bench/micro/operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const uint64_t START_MS = 1700000000000;
enum { PEERS = 15000000, FIRST = 1000, PAIRS = 4000000 };

// Bytes of this process in memory. The core's tables are anonymous pages, huge or not: all of them
// are in here.
static double resident(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f || fscanf(f, "%*u %lu", &pages) != 1) {
		fprintf(stderr, "bench: /proc/self/statm cannot be read\n");
		exit(1);
	}
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct population *load(void)
{
	static const uint8_t seed[32] = {1};
	const struct population_options o = {
		.peers = FIRST, .room = PEERS, .pairs = PAIRS, .now_ms = START_MS};
	double before = resident();
	struct population *p = population_new(&o);
	struct rl_worker *w = p ? rl_worker_new(p->root, seed) : NULL;
	double begin = seconds();
	if (!w || !population_grow(p, PEERS, START_MS))
		exit(1);
	figure("load_15m", "15 M peers, keys at hand, put into the tables", seconds() - begin, "s",
	       0);
	population_pair(p, START_MS);
	// Less what only the bench needs: addresses and pairs to make packets of.
	double own = PEERS * sizeof(*p->address) + (double)PAIRS * sizeof(*p->pair);
	figure("bytes_per_peer_15m", "memory per peer, 15 M loaded, as the kernel counts it",
	       (resident() - before - own) / PEERS, "B", 0);
	rl_worker_free(w);
	return p;
}

void many(unsigned chunks, double hz)
{
	uint64_t now_ms = START_MS;
	if (!population_fits(PEERS))
		return;
	fprintf(stderr, "bench: %u peers\n", PEERS);
	struct population *p = load();
	for (const struct measure_op *op = operations_15m; op->name; op++) {
		struct measure_result r = measure(p, op, chunks, &now_ms);
		figure(op->name, op->title, hz / r.ticks, "1/s", r.limit > 0 ? hz / r.limit : 0);
	}
	population_free(p);
}
