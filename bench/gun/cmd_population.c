// SPDX-License-Identifier: BSD-3-Clause
// rootline-gun population: makes, shows and lists files of simulated nodes.
#include "bench/gun/gun.h"
#include "bench/gun/population_known.h"
#include "bench/gun/population_make.h"

#include <sodium.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

struct options {
	const char *root, *from, *sources, *known;
	uint64_t nodes, port, threads, seed;
	unsigned kind;
	bool show, list, json, quiet;
};

#define AT(field) offsetof(struct options, field)

static const char *kind_choice(unsigned i)
{
	return i < POPULATION_KINDS ? population_kind_text(i) : NULL;
}

// clang-format off
static const struct cli_option table[] = {
	{"nodes", "N", CLI_COUNT, AT(nodes), 1, POPULATION_MAX, NULL,
	 "how many"},
	{"root", "IDENTITY", CLI_TEXT, AT(root), 0, 0, NULL,
	 "the root they share keys with: its identity.public, or the text of it"},
	{"kind", "KIND", CLI_CHOICE, AT(kind), 0, 0, kind_choice,
	 "valid: any root takes them, some 30 ms of one core each; unvalidated: real keys, invented addresses, "
	 "for roots that load identities unchecked; invented: everything invented, for tables filled from this "
	 "file. The file's name must say the last two [valid]"},
	{"from", "FILE", CLI_TEXT, AT(from), 0, 0, NULL,
	 "take nodes from a population or from a list of secret identities first, then make the rest"},
	{"sources", "PREFIX", CLI_TEXT, AT(sources), 0, 0, NULL,
	 "where they seem to be, each on an address of its own while there are some [10.0.0.0/8]"},
	{"port", "N", CLI_COUNT, AT(port), 1024, 65500, NULL,
	 "first UDP port of the sources [20000]"},
	{"threads", "N", CLI_COUNT, AT(threads), 1, 256, NULL,
	 "that make nodes [one for each core]"},
	{"seed", "N", CLI_COUNT, AT(seed), 0, 9e15, NULL,
	 "of what is invented: the same seed makes the same file [1]"},
	{"show", NULL, CLI_FLAG, AT(show), 0, 0, NULL,
	 "tell what is in FILE"},
	{"list", NULL, CLI_FLAG, AT(list), 0, 0, NULL,
	 "print the public identities in FILE, one a line"},
	{"known", "STATE", CLI_TEXT, AT(known), 0, 0, NULL,
	 "write the nodes in FILE into the database of a rootline with this state directory, which then takes them "
	 "unchecked; for test roots only"},
	{"json", NULL, CLI_FLAG, AT(json), 0, 0, NULL,
	 "show as JSON"},
	{"quiet", NULL, CLI_FLAG, AT(quiet), 0, 0, NULL,
	 "no progress on standard error"},
	{0},
};
// clang-format on

static const struct cli_option *const tables[] = {table, NULL};

static void progress(uint32_t done, uint32_t of, void *ctx)
{
	(void)ctx;
	fprintf(stderr, "%u of %u nodes made\n", done, of);
}

static unsigned cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static int show(const struct options *o, const struct population *p, const char *path)
{
	char root[11], sources[RL_INET_TEXT];

	rl_address_text(p->root.address, root);
	sources_text(&p->sources, sources);
	if (o->json) {
		json_t *j = json_object();

		json_object_set_new(j, "file", json_string(path));
		json_object_set_new(j, "kind", json_string(population_kind_text(p->kind)));
		json_object_set_new(j, "nodes", json_integer(p->count));
		json_object_set_new(j, "root", json_string(root));
		json_object_set_new(j, "sources", json_string(sources));
		json_object_set_new(j, "port", json_integer(p->sources.first_port));
		json_object_set_new(j, "bytes", json_integer((json_int_t)p->map_len));
		return gun_print_json(j);
	}
	printf("%s: %u %s nodes for root %s, sources %s from port %u, %zu bytes\n", path, p->count,
	       population_kind_text(p->kind), root, sources, p->sources.first_port, p->map_len);
	return GUN_OK;
}

static int list(const struct population *p)
{
	char text[RL_IDENTITY_SECRET_TEXT];

	for (uint32_t i = 0; i < p->count; i++) {
		struct rl_identity id;

		population_identity(p, i, &id);
		puts(rl_identity_text(&id, NULL, text));
	}
	if (fflush(stdout) == 0)
		return GUN_OK;
	say_error("standard output cannot be written");
	return GUN_CANNOT;
}

static int make_known(const struct options *o, const struct population *p)
{
	struct timespec t;
	struct say_why why;

	clock_gettime(CLOCK_REALTIME, &t);
	if (population_known(p, o->known, (uint64_t)t.tv_sec * 1000, &why) < 0)
		return gun_cannot(&why);
	return GUN_OK;
}

static int look(const struct options *o, const char *path)
{
	struct population p;
	struct say_why why;
	int ret = GUN_CANNOT;

	if (population_open(&p, path, &why) < 0)
		gun_cannot(&why);
	else
		ret = o->known ? make_known(o, &p) : o->list ? list(&p) : show(o, &p, path);
	population_close(&p);
	return ret;
}

static bool name_says(const char *path, const char *word)
{
	const char *slash = strrchr(path, '/');

	return strstr(slash ? slash + 1 : path, word) != NULL;
}

static int plan_of(const struct cli_command *c, const struct options *o, const char *path,
		   struct population_plan *plan)
{
	const char *kind = population_kind_text(o->kind);
	struct say_why why;

	if (!o->nodes || !o->root)
		return cli_usage(c, "--%s is missing", o->nodes ? "root" : "nodes");
	if (o->kind != POPULATION_VALID && !name_says(path, kind))
		return cli_usage(c,
				 "%s: nodes that no root would take; the file's name must say "
				 "\"%s\", so that nobody is misled",
				 path, kind);
	if (o->from && o->kind != POPULATION_VALID)
		return cli_usage(c, "--from goes with --kind valid");
	*plan = (struct population_plan){.kind = o->kind,
					 .nodes = (uint32_t)o->nodes,
					 .threads = (unsigned)o->threads,
					 .seed = o->seed,
					 .from = o->from,
					 .stop = gun_catch_signals(),
					 .progress = o->quiet ? NULL : progress};
	if (sources_init(&plan->sources, o->sources, (uint16_t)o->port) < 0)
		return cli_usage(c, "--sources %s: a prefix, as 10.0.0.0/8 or fd00::/32",
				 o->sources);
	if (sources_room(&plan->sources) < o->nodes)
		return cli_usage(c, "--sources %s has room for %lu nodes", o->sources,
				 sources_room(&plan->sources));
	return gun_identity(o->root, &plan->root, &why) < 0 ? gun_cannot(&why) : GUN_OK;
}

static int make(const struct cli_command *c, const struct options *o, const char *path)
{
	struct population_plan plan;
	struct say_why why;
	int64_t made;
	int ret = plan_of(c, o, path, &plan);

	if (ret != GUN_OK)
		return ret;
	made = population_make(&plan, path, &why);
	if (made < 0)
		return gun_cannot(&why);
	if (made < plan.nodes) {
		say_error("stopped: %s holds %ld of %u nodes; --from %s goes on with them", path,
			  made, plan.nodes, path);
		return GUN_CANNOT;
	}
	return GUN_OK;
}

static int run(int argc, char **argv);

const struct cli_command gun_population = {
	.name = "population",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "make a file of simulated nodes that share keys with a root",
	.tables = tables,
	.run = run,
};

static int run(int argc, char **argv)
{
	struct options o = {.sources = "10.0.0.0/8", .port = 20000, .threads = cores(), .seed = 1};
	const char *path;
	int ret = cli_parse(&gun_population, &o, argc, argv, &path);

	if (ret != CLI_GO)
		return ret;
	return o.show || o.list || o.known ? look(&o, path) : make(&gun_population, &o, path);
}
