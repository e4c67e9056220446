// SPDX-License-Identifier: BSD-3-Clause
// What members know of each other: the directory and the batches that keep it. Figures go to
// stdout, one JSON object a line.
#include "bench/cluster/batch_work.h"
#include "bench/micro/ticks.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct settings {
	uint64_t few, many; // peers
	unsigned rounds, batches;
};

static const struct settings full = {1000000, 20000000, 2000, 1000};
static const struct settings quick = {1000000, 20000000, 300, 150};
static const struct settings tiny = {20000, 50000, 3, 3};

static int usage(void)
{
	fprintf(stderr, "usage: bench_cluster [--quick | --tiny]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const struct settings *s = &full;
	struct population p;
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--quick") && strcmp(argv[1], "--tiny")))
		return usage();
	if (argc == 2)
		s = strcmp(argv[1], "--quick") ? &tiny : &quick;
	if (sodium_init() < 0)
		return 1;
	double hz = ticks_rate();
	population_fill(&p, s->few);
	directory_work(&p, "1m", "1 M", s->rounds, hz);
	population_drop(&p);
	population_fill(&p, s->many);
	directory_work(&p, "20m", "20 M", s->rounds, hz);
	batch_work(&p, s->batches, hz);
	population_drop(&p);
	return 0;
}
