// SPDX-License-Identifier: BSD-3-Clause
// The core by itself: no DPDK, no sockets. Figures go to stdout, one JSON object a line.
#include "bench/micro/figures.h"
#include "bench/micro/growth.h"
#include "bench/micro/identity_work.h"
#include "bench/micro/many.h"
#include "bench/micro/operations.h"
#include "bench/micro/ticks.h"
#include "dpdk-app/memory.h"

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t START_MS = 1700000000000;

struct settings {
	unsigned chunks;
	unsigned identities;
	uint32_t max_peers; // larger populations are left out
	uint32_t growing;   // peers of the table that is filled
	bool many;          // and the largest population of all
};

static const struct settings full = {4000, 400, UINT32_MAX, 1000000, true};
static const struct settings quick = {600, 60, UINT32_MAX, 250000, false};
static const struct settings tiny = {2, 3, 1000, 1000, false};

static void report(const struct measure_op *op, const struct measure_result *r, double hz)
{
	if (op->craft == craft_idle)
		figure("idle_devices_1core", "idle devices that one core serves, 1 M peers",
		       hz / r->ticks / craft_idle_pps, "devices", 0);
	figure(op->name, op->title, hz / r->ticks, "1/s", r->limit > 0 ? hz / r->limit : 0);
}

static struct population *populate(const struct operation_set *set)
{
	const struct population_options o = {.peers = set->peers,
					     .pairs = set->pairs,
					     .groups_each = set->groups_each,
					     .now_ms = START_MS};
	struct population *p = population_new(&o);
	if (!p)
		exit(1);
	return p;
}

static void operations(const struct settings *s, double hz)
{
	for (unsigned i = 0; i < operation_set_count; i++) {
		const struct operation_set *set = &operation_sets[i];
		uint64_t now_ms = START_MS;
		if (set->peers > s->max_peers)
			continue;
		fprintf(stderr, "bench: %u peers\n", set->peers);
		struct population *p = populate(set);
		for (const struct measure_op *op = set->ops; op->name; op++) {
			struct measure_result r = measure(p, op, s->chunks, &now_ms);
			report(op, &r, hz);
		}
		population_free(p);
	}
}

// Everything a root and one worker have allocated, with the default limits, for each of 10 M peers.
// Pages that are never used are counted as well.
static void memory(void)
{
	enum { PEERS = 10000000 };
	static const uint8_t seed[32];
	static const struct rl_identity id = {.address = 1};
	static const struct rl_secret secret;
	struct rl_host host = {.alloc = memory_alloc, .free = memory_free};
	struct rl_options opt = rl_options_default();
	opt.max_peers = PEERS;
	struct rl_root *r = rl_root_new(&id, &secret, &opt, &host, seed);
	struct rl_worker *w = r ? rl_worker_new(r, seed) : NULL;
	if (!w) {
		fprintf(stderr, "bench: no memory for %d peers\n", PEERS);
		exit(1);
	}
	size_t bytes = 0;
	for (unsigned i = 0; i < r->blocks; i++)
		bytes += r->block[i].size;
	for (unsigned i = 0; i < w->blocks; i++)
		bytes += w->block[i].size;
	figure("bytes_per_peer", "memory per peer, everything included, room for 10 M",
	       (double)bytes / PEERS, "B", 0);
	rl_worker_free(w);
	rl_root_free(r);
}

static int count(const char *name, unsigned chunks)
{
	const struct operation_set *set;
	const struct measure_op *op = operation_find(name, &set);
	if (!op) {
		fprintf(stderr, "bench_core: no operation \"%s\"; --list names them\n", name);
		return 2;
	}
	// Instructions do not depend on the cache: few peers do.
	struct operation_set small = *set;
	uint64_t now_ms = START_MS;
	small.peers = 1000;
	small.pairs = 2000;
	struct population *p = populate(&small);
	measure_only_run(p, op, chunks, &now_ms);
	printf("%u\n", chunks * MEASURE_CHUNK);
	population_free(p);
	return 0;
}

static int list(void)
{
	for (unsigned i = 0; i < operation_set_count; i++)
		for (const struct measure_op *op = operation_sets[i].ops; op->name; op++)
			printf("%s\n", op->name);
	return 0;
}

static int usage(FILE *out)
{
	fprintf(out,
		"usage: bench_core [--quick | --tiny]\n"
		"       bench_core --count OPERATION   runs it a fixed number of times, for an\n"
		"                                      instruction counter; prints the packets\n"
		"       bench_core --list\n");
	return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"quick", 0, 0, 'q'}, {"tiny", 0, 0, 't'},
						{"count", 1, 0, 'c'}, {"list", 0, 0, 'l'},
						{"help", 0, 0, 'h'},  {0}};
	const struct settings *s = &full;
	int c;
	if (sodium_init() < 0)
		return 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'q':
			s = &quick;
			break;
		case 't':
			s = &tiny;
			break;
		case 'c':
			return count(optarg, 2);
		case 'l':
			return list();
		default:
			return usage(c == 'h' ? stdout : stderr);
		}
	}
	if (optind != argc)
		return usage(stderr);
	double hz = ticks_rate();
	memory();
	operations(s, hz);
	growth(s->growing, s->chunks, hz);
	if (s->many)
		many(s->chunks, hz);
	identity_work(s->identities);
	return 0;
}
