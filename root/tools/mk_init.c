// SPDX-License-Identifier: BSD-3-Clause
// Keys, an ID and a configuration to build from.
#include "root/tools/mkworld.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct init {
	struct rl_world world;
	const char *dir;
	bool has_id;
};

static int parse(struct init *in, const struct mk_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {MK_COMMON_OPTIONS,
						{"id", required_argument, NULL, MK_OPT_ID},
						{"type", required_argument, NULL, MK_OPT_TYPE},
						{"root", required_argument, NULL, MK_OPT_ROOT},
						{0}};
	struct say_why why;
	int c, status = MK_OK;

	while ((c = mk_getopt(verb, argc, argv, "hq", options, &status)) >= 0) {
		if (c == MK_OPT_ID && strcmp(optarg, "random") == 0) {
			in->has_id = false;
		} else if (c == MK_OPT_ID) {
			if (world_id_parse(&in->world.id, optarg) < 0)
				return mk_usage(verb,
						"--id takes a number above 0, earth or random");
			in->has_id = true;
		} else if (c == MK_OPT_TYPE) {
			if (strcmp(optarg, "planet") != 0 && strcmp(optarg, "moon") != 0)
				return mk_usage(verb, "--type is planet or moon");
			in->world.type = optarg[0] == 'm' ? ZT_WORLD_MOON : ZT_WORLD_PLANET;
		} else if (c == MK_OPT_ROOT && world_add_root(&in->world, optarg, &why) < 0) {
			return mk_usage(verb, "--root: %s", why.text);
		}
	}
	if (c == -2)
		return status ? status : -1;
	if (argc - optind > 1)
		return mk_usage(verb, "it takes one directory");
	in->dir = optind < argc ? argv[optind] : ".";
	return MK_OK;
}

static int write_config(const struct init *in, const char *path, struct say_why *why)
{
	json_t *json = world_json(&in->world, false, ".");
	char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL, *line = NULL;
	int ret = -ENOMEM;

	if (text && asprintf(&line, "%s\n", text) >= 0)
		ret = file_create(path, line, strlen(line), 0644);
	if (ret < 0)
		say_why(why, "%s: %s", path, strerror(-ret));
	free(line);
	free(text);
	json_decref(json);
	return ret;
}

static void explain(const struct init *in, const char *config)
{
	bool moon = in->world.type == ZT_WORLD_MOON;

	printf("%s/%s and %s/%s: new signing keys, the same pair in both\n"
	       "%s: configuration of %s %" PRIu64 "\n",
	       in->dir, KEYFILE_PREVIOUS, in->dir, KEYFILE_CURRENT, config,
	       moon ? "moon" : "planet", in->world.id);
	if (in->world.root_count == 0)
		printf("Put your roots into \"roots\" of %s: [{\"identity\": \"@identity.public\", "
		       "\"endpoints\": [\"ADDRESS/%d\"]}].\n",
		       config, ZT_PORT);
	printf("Then: mkworld build %s\n\n"
	       "Keep a copy of %s/%s somewhere safe. Clients take a later revision only if it is\n"
	       "signed with it: whoever loses it has to visit every client with a new file.\n",
	       config, in->dir, KEYFILE_PREVIOUS);
	if (moon)
		return;
	if (in->world.id == ZT_WORLD_ID_EARTH)
		printf("\nThis is the ID of the public planet. Old Android clients take no other. "
		       "It is safe:\n"
		       "the public roots cannot sign for your keys; but `zerotier-cli info -j` "
		       "does not tell\n"
		       "which of the two planets a client has (planetWorldTimestamp does).\n");
	else
		printf("\nThe ID is your own, so that planetWorldId in `zerotier-cli info -j` "
		       "shows who has this\n"
		       "planet. Old Android clients take no ID but %d: for them start over with "
		       "--id earth\n"
		       "now; a later change of ID means a visit to every client.\n",
		       ZT_WORLD_ID_EARTH);
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	struct init in = {.world.type = ZT_WORLD_PLANET};
	char config[FILE_PATH_MAX];
	struct keyfile_set keys;
	struct say_why why;
	int ret = parse(&in, verb, argc, argv);

	if (ret)
		return ret < 0 ? MK_OK : ret;
	if (!in.has_id && in.world.type == ZT_WORLD_MOON) {
		if (in.world.root_count == 0)
			return mk_usage(verb,
					"a moon needs --root or --id: its ID is the address of its "
					"first root");
		in.world.id = in.world.root[0].id.address;
	} else if (!in.has_id) {
		in.world.id = mk_random_id();
	}
	if (!file_join(config, in.dir, "world.json")) {
		say_error("%.60s...: the path is too long", in.dir);
		return MK_NO;
	}
	if (file_exists(config)) {
		say_error("%s exists and is never overwritten: use another directory", config);
		return MK_NO;
	}
	if (in.world.root_count && world_refuse(&in.world, &why) < 0)
		return mk_fail(&why);
	if (keyfile_set_create(&keys, in.dir, &why) < 0 || write_config(&in, config, &why) < 0)
		return mk_fail(&why);
	sodium_memzero(&keys, sizeof(keys));
	if (in.world.root_count) {
		in.world.timestamp = mk_now();
		mk_warn(&in.world, NULL);
	}
	explain(&in, config);
	return MK_OK;
}

const struct mk_verb mk_init = {
	.name = "init",
	.args = "[--id ID] [--type planet|moon] [--root IDENTITY[,ENDPOINT...]]... [DIR]",
	.summary = "make signing keys, an ID and a configuration",
	.help = "  --id ID                a number, 0x and hex digits, earth (149604618), or "
		"random (default)\n"
		"  --type TYPE            planet (default), or moon: its ID is the address of its "
		"first root\n"
		"  --root SPEC            a root: its identity (text or file), then its endpoints "
		"ADDRESS/PORT\n"
		"  DIR                    where the files go (default: here); nothing in it is "
		"overwritten\n",
	.run = run,
};
