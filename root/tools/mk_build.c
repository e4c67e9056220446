// SPDX-License-Identifier: BSD-3-Clause
// A signed world from a configuration.
#include "root/tools/mkworld.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct build {
	const char *config, *output, *keys;
	uint64_t id, timestamp; // 0: not given
	bool interleave;
};

static int parse(struct build *b, const struct mk_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {
		MK_COMMON_OPTIONS,
		{"output", required_argument, NULL, 'o'},
		{"id", required_argument, NULL, MK_OPT_ID},
		{"keys", required_argument, NULL, MK_OPT_KEYS},
		{"timestamp", required_argument, NULL, MK_OPT_TIMESTAMP},
		{"interleave", no_argument, NULL, MK_OPT_INTERLEAVE},
		{0}};
	int c, status = MK_OK;

	while ((c = mk_getopt(verb, argc, argv, "hqo:", options, &status)) >= 0) {
		if (c == 'o')
			b->output = optarg;
		else if (c == MK_OPT_KEYS)
			b->keys = optarg;
		else if (c == MK_OPT_INTERLEAVE)
			b->interleave = true;
		else if (c == MK_OPT_ID && world_id_parse(&b->id, optarg) < 0)
			return mk_usage(verb, "--id takes a number above 0, or earth");
		else if (c == MK_OPT_TIMESTAMP && world_number_parse(&b->timestamp, optarg) < 0)
			return mk_usage(verb, "--timestamp takes milliseconds since 1970");
	}
	if (c == -2)
		return status ? status : -1;
	if (argc - optind != 1)
		return mk_usage(verb, "it takes one configuration file");
	b->config = argv[optind];
	return MK_OK;
}

static int load_keys(struct keyfile_set *set, const struct build *b, const struct world_plan *plan,
		     struct say_why *why)
{
	char dir[FILE_PATH_MAX];
	int ret;

	if (b->keys)
		return keyfile_set_read(set, b->keys, why);
	if (plan->has_pair) {
		set->previous = set->current = plan->pair;
		return 0;
	}
	if (plan->keys)
		return keyfile_set_read(set, plan->keys, why);
	if (plan->previous) {
		ret = keyfile_read(&set->previous, plan->previous, why);
		return ret < 0 ? ret : keyfile_read(&set->current, plan->current, why);
	}
	file_dir(dir, b->config);
	ret = keyfile_set_read_dir(set, dir, why);
	if (ret == -ENOENT)
		say_where(
			why,
			"no signing keys: `mkworld init` makes them, \"keys\" or --keys name them");
	return ret;
}

// From the most to the least explicit; a world that is replaced hands on its ID.
static int choose_id(struct rl_world *w, const struct build *b, const struct world_plan *plan,
		     const struct rl_world *old, struct say_why *why)
{
	if (b->id)
		w->id = b->id;
	else if (plan->has_id)
		w->id = plan->world.id;
	else if (old && old->type == w->type)
		w->id = old->id;
	else if (plan->form == WORLD_FORM_ZTMKWORLD)
		w->id = mk_random_id();
	else
		return say_why(
			why,
			"there is no \"id\" in it; write \"id\": \"earth\" or a number of your "
			"own, or give --id");
	return 0;
}

static void output_name(char name[static FILE_PATH_MAX], const struct build *b,
			const struct world_plan *plan)
{
	if (b->output || plan->output)
		snprintf(name, FILE_PATH_MAX, "%s", b->output ? b->output : plan->output);
	else
		world_default_name(&plan->world, name);
}

static int make(const struct build *b, struct world_plan *plan, struct keyfile_set *keys,
		struct say_why *why)
{
	struct rl_world w = plan->world, held, *old = NULL;
	char output[FILE_PATH_MAX];
	int ret;

	if (b->id)
		plan->world.id = b->id; // a moon's file is named for it
	output_name(output, b, plan);
	ret = mk_existing(&held, output, why);
	if (ret < 0)
		return ret;
	if (ret > 0)
		old = &held;
	ret = choose_id(&w, b, plan, old, why);
	if (ret < 0)
		return ret;
	w.timestamp = b->timestamp          ? b->timestamp
		      : plan->has_timestamp ? plan->world.timestamp
					    : mk_next_timestamp(old ? old->timestamp : 0);
	if (b->interleave || plan->interleave)
		world_interleave(&w);
	ret = load_keys(keys, b, plan, why);
	if (ret < 0)
		return ret;
	// idtool keeps the next key apart from the pair that signs.
	if (!(plan->form == WORLD_FORM_IDTOOL && plan->has_next_key && !b->keys))
		memcpy(w.next_key, keys->current.public_key, sizeof(w.next_key));
	ret = mk_sign(&w, &keys->previous, why);
	if (ret < 0)
		return ret;
	if (old && memcmp(old->signature, w.signature, sizeof(w.signature)) == 0)
		old = NULL; // the same again
	mk_warn(&w, old);
	return world_store(&w, output, why);
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	struct keyfile_set keys;
	struct world_plan plan;
	struct build b = {0};
	struct say_why why = {"out of memory"};
	int ret = parse(&b, verb, argc, argv);

	if (ret)
		return ret < 0 ? MK_OK : ret;
	ret = world_plan_load(&plan, b.config, &why);
	if (ret == 0) {
		for (char *rest = plan.notes, *line; (line = strsep(&rest, "\n")) != NULL;)
			if (*line)
				say_warning("%s: %s", b.config, line);
		ret = make(&b, &plan, &keys, &why);
	}
	world_plan_clear(&plan);
	sodium_memzero(&keys, sizeof(keys));
	return ret < 0 ? mk_fail(&why) : MK_OK;
}

const struct mk_verb mk_build = {
	.name = "build",
	.args = "[--timestamp MS] [--id ID] [--keys KEYS] [--interleave] [-o FILE] CONFIG.json",
	.summary = "make and sign a planet or moon from a configuration",
	.help = "  CONFIG.json            our form, mkworld.config.json of ztmkworld, or moon.json "
		"of idtool\n"
		"  -o, --output FILE      default: \"output\" of CONFIG.json, or planet, or "
		"<ID>.moon; - is stdout\n"
		"  --timestamp MS         the revision; default: now, or one more than that of "
		"FILE\n"
		"  --id ID                instead of the one in CONFIG.json\n"
		"  --keys KEYS            directory of key files, one key file, or a moon.json "
		"with its secret\n"
		"  --interleave           alternate IPv4 and IPv6 endpoints\n",
	.run = run,
};
