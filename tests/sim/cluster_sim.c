// SPDX-License-Identifier: BSD-3-Clause
#include "tests/sim/scenario.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: cluster_sim [OPTION]... [SCENARIO]...\n"
	"Many clients and the members of a cluster in one process, on a clock of its own. Prints "
	"figures\n"
	"beside their goals; exit status 1 if a goal is missed.\n\n"
	"  --clients N   how many clients (default 20000; the world has room for 300000 and more)\n"
	"  --seed S      another world of the same kind (default 1); the same seed gives the same "
	"figures\n"
	"  --stretch X   how much longer than the great circle ways are (default 1.5)\n"
	"  --places FILE where users are (default: the one of the source tree)\n"
	"  --trace C     what happens to client number C, on standard error\n"
	"  --json        figures as JSON\n"
	"  --help        this text\n\n"
	"Scenarios (default: all):\n"
	"  table      the world by itself, against an independent simulation\n"
	"  handoff    clients land anywhere and end at their best member, of Alice and of Bob\n"
	"  wrong      a tenth of the locations is wrong\n"
	"  capacity   Singapore can carry half of those it is the nearest for\n"
	"  kill       the busiest member dies\n"
	"  drain      a member is emptied\n"
	"  double     the two busiest members die at once\n"
	"  partition  three members and three lose sight of each other; then again, and one dies\n"
	"  skew       the same with a member whose clock is wrong by 3 s\n"
	"  links      the same, and a death, over links that lose 5 % and delay by up to 300 ms\n";

enum {
	TABLE = 1,
	HANDOFF = 2,
	WRONG = 4,
	CAPACITY = 8,
	KILL = 16,
	DRAIN = 32,
	PARTITION = 64,
	SKEW = 128,
	LINKS = 256,
	DOUBLE = 512,
	ALL = 1023
};

static const struct {
	const char *name;
	unsigned bit;
} scenarios[] = {
	{"table", TABLE}, {"handoff", HANDOFF}, {"wrong", WRONG},         {"capacity", CAPACITY},
	{"kill", KILL},   {"drain", DRAIN},     {"partition", PARTITION}, {"skew", SKEW},
	{"links", LINKS}, {"double", DOUBLE},
};

struct arguments {
	struct sim_options o;
	const char *places;
	unsigned scenarios;
	bool json;
};

static bool number(const char *text, double least, double most, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return end != text && *end == 0 && *out >= least && *out <= most;
}

static unsigned scenario_bit(const char *name)
{
	for (unsigned i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (strcmp(name, scenarios[i].name) == 0)
			return scenarios[i].bit;
	fprintf(stderr, "cluster_sim: %s is no scenario; --help names them\n", name);
	exit(2);
}

static void parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"clients", required_argument, NULL, 'c'}, {"seed", required_argument, NULL, 's'},
		{"stretch", required_argument, NULL, 'x'}, {"places", required_argument, NULL, 'p'},
		{"trace", required_argument, NULL, 't'},   {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
	};
	double v;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c' && number(optarg, 1000, 2000000, &v))
			a->o.clients = (uint32_t)v;
		else if (c == 's' && number(optarg, 0, 1e15, &v))
			a->o.seed = (uint64_t)v;
		else if (c == 'x' && number(optarg, 1, 4, &v))
			a->o.stretch = v;
		else if (c == 't' && number(optarg, 0, 2000000, &v))
			a->o.trace = (uint32_t)v + 1;
		else if (c == 'p')
			a->places = optarg;
		else if (c == 'j')
			a->json = true;
		else if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else {
			if (c != '?')
				fprintf(stderr, "cluster_sim: %s is out of range\n", optarg);
			fprintf(stderr, "cluster_sim --help names the options\n");
			exit(2);
		}
	}
	for (; optind < argc; optind++)
		a->scenarios |= scenario_bit(argv[optind]);
	if (a->scenarios == 0)
		a->scenarios = ALL;
}

// One cluster for all that go on from where it has settled.
static int failures(struct sim_figures *f, const struct arguments *a)
{
	struct sim s;

	int ret = sim_landed(&s, &a->o, a->places);
	if (ret < 0)
		return ret;
	// First, while the member that is drained has as many as it would have by itself.
	if (a->scenarios & DRAIN)
		sim_drain(f, &s);
	if (a->scenarios & KILL)
		sim_kill(f, &s);
	if (a->scenarios & DOUBLE)
		sim_double(f, &s);
	if (a->scenarios & PARTITION)
		sim_partition(f, &s);
	sim_judge(f, &s);
	sim_free(&s);
	return 0;
}

static int run(struct sim_figures *f, const struct arguments *a)
{
	int ret = 0;

	if (a->scenarios & TABLE)
		ret = sim_table(f, &a->o, a->places);
	if (ret == 0 && a->scenarios & HANDOFF)
		ret = sim_handoff(f, &a->o, a->places);
	if (ret == 0 && a->scenarios & WRONG)
		ret = sim_wrong(f, &a->o, a->places);
	if (ret == 0 && a->scenarios & CAPACITY)
		ret = sim_capacity(f, &a->o, a->places);
	if (ret == 0 && a->scenarios & (KILL | DRAIN | DOUBLE | PARTITION))
		ret = failures(f, a);
	if (ret == 0 && a->scenarios & SKEW)
		ret = sim_skew(f, &a->o, a->places);
	if (ret == 0 && a->scenarios & LINKS)
		ret = sim_links(f, &a->o, a->places);
	return ret;
}

int main(int argc, char **argv)
{
	struct arguments a = {
		.o = {.clients = 20000,
		      .seed = 1,
		      .stretch = 1.5,
		      .unknown = 0.03,
		      .loss = 0.005,
		      .link_loss = 0.005,
		      .dual = 0.4,
		      .cone = 0.7,
		      .symmetric = 0.05,
		      .land_ms = SIM_LAND_MS},
		.places = SIM_PLACES,
	};
	static struct sim_figures f;

	parse(argc, argv, &a);
	int ret = run(&f, &a);
	if (ret < 0) {
		fprintf(stderr, "cluster_sim: %s: %s\n", a.places, strerror(-ret));
		return 2;
	}
	return sim_figures_print(&f, a.json) ? 0 : 1;
}
