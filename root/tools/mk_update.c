// SPDX-License-Identifier: BSD-3-Clause
// The next revision of a world: same ID, same keys, newer.
#include "root/tools/mkworld.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef int (*change)(struct rl_world *w, const char *spec, struct say_why *why);

static const struct option options[] = {
	MK_COMMON_OPTIONS,
	{"output", required_argument, NULL, 'o'},
	{"keys", required_argument, NULL, MK_OPT_KEYS},
	{"timestamp", required_argument, NULL, MK_OPT_TIMESTAMP},
	{"interleave", no_argument, NULL, MK_OPT_INTERLEAVE},
	{"add-root", required_argument, NULL, MK_OPT_ADD_ROOT},
	{"remove-root", required_argument, NULL, MK_OPT_REMOVE_ROOT},
	{"replace-root", required_argument, NULL, MK_OPT_REPLACE_ROOT},
	{"add-endpoint", required_argument, NULL, MK_OPT_ADD_ENDPOINT},
	{"remove-endpoint", required_argument, NULL, MK_OPT_REMOVE_ENDPOINT},
	{"set-endpoints", required_argument, NULL, MK_OPT_SET_ENDPOINTS},
	{0}};

static const struct {
	int option;
	const char *name;
	change apply;
} changes[] = {
	{MK_OPT_ADD_ROOT, "--add-root", world_add_root},
	{MK_OPT_REMOVE_ROOT, "--remove-root", world_remove_root},
	{MK_OPT_REPLACE_ROOT, "--replace-root", world_replace_root},
	{MK_OPT_ADD_ENDPOINT, "--add-endpoint", world_add_endpoints},
	{MK_OPT_REMOVE_ENDPOINT, "--remove-endpoint", world_remove_endpoints},
	{MK_OPT_SET_ENDPOINTS, "--set-endpoints", world_set_endpoints},
};

struct update {
	const char *path, *output, *keys;
	uint64_t timestamp;
};

// First pass: everything but the changes, which need the world.
static int parse(struct update *u, const struct mk_verb *verb, int argc, char **argv)
{
	int c, status = MK_OK;

	while ((c = mk_getopt(verb, argc, argv, "hqo:", options, &status)) >= 0) {
		if (c == 'o')
			u->output = optarg;
		else if (c == MK_OPT_KEYS)
			u->keys = optarg;
		else if (c == MK_OPT_TIMESTAMP && world_number_parse(&u->timestamp, optarg) < 0)
			return mk_usage(verb, "--timestamp takes milliseconds since 1970");
	}
	if (c == -2)
		return status ? status : -1;
	if (argc - optind != 1)
		return mk_usage(verb, "it takes one planet or moon");
	u->path = argv[optind];
	if (!u->output)
		u->output = u->path;
	return MK_OK;
}

// Second pass: the changes in their order. The order of endpoints is settled when all are there.
static int apply(struct rl_world *w, int argc, char **argv, struct say_why *why)
{
	bool interleave = false;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "hqo:", options, NULL)) >= 0) {
		interleave |= c == MK_OPT_INTERLEAVE;
		for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
			if (changes[i].option == c && changes[i].apply(w, optarg, why) < 0)
				return say_where(why, "%s", changes[i].name);
	}
	if (interleave)
		world_interleave(w);
	return 0;
}

static int find_signer(struct keyfile_pair *signer, const struct update *u,
		       const struct rl_world *old, struct say_why *why)
{
	const struct keyfile_pair *found;
	char dir[FILE_PATH_MAX], key[9];
	struct keyfile_set keys;
	bool rotating;
	int ret;

	file_dir(dir, u->path);
	ret = keyfile_set_read(&keys, u->keys ? u->keys : dir, why);
	if (ret < 0)
		return say_where(why, "signing keys");
	found = keyfile_find(&keys, old->next_key);
	rotating = !keyfile_same(&keys.previous, &keys.current);
	if (found)
		*signer = *found;
	sodium_memzero(&keys, sizeof(keys));
	keyfile_name(old->next_key, key);
	if (!found)
		return say_why(
			why,
			"%s must be followed by a revision signed with key %s..., which is not "
			"in %s; clients take nothing else",
			u->path, key, u->keys ? u->keys : dir);
	if (rotating)
		return say_why(
			why, "a change of keys is under way: clients that missed the last revision "
			     "would be lost. When all have it, take `mkworld rotate-key --finish` "
			     "first");
	return 0;
}

static int make(const struct update *u, int argc, char **argv, struct say_why *why)
{
	struct keyfile_pair signer;
	struct rl_world old, w, target;
	int ret = mk_existing(&old, u->path, why);

	if (ret == 0)
		return say_why(why,
			       "%s: there is no such planet or moon; `mkworld build` makes one",
			       u->path);
	if (ret < 0 || mk_existing(&target, u->output, why) < 0)
		return -EINVAL;
	w = old;
	ret = apply(&w, argc, argv, why);
	if (ret < 0)
		return ret;
	ret = find_signer(&signer, u, &old, why);
	if (ret < 0)
		return ret;
	w.timestamp = u->timestamp ? u->timestamp : mk_next_timestamp(old.timestamp);
	ret = w.timestamp > old.timestamp ? mk_sign(&w, &signer, why)
					  : say_why(why,
						    "--timestamp must be above %" PRIu64
						    ", else clients keep what they have",
						    old.timestamp);
	sodium_memzero(&signer, sizeof(signer));
	if (ret < 0)
		return ret;
	mk_warn(&w, &old);
	return world_store(&w, u->output, why);
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	struct update u = {0};
	struct say_why why;
	int ret = parse(&u, verb, argc, argv);

	if (ret)
		return ret < 0 ? MK_OK : ret;
	return make(&u, argc, argv, &why) < 0 ? mk_fail(&why) : MK_OK;
}

const struct mk_verb mk_update = {
	.name = "update",
	.args = "[CHANGES] [--keys KEYS] [--timestamp MS] [-o FILE] WORLD",
	.summary = "make the next revision: same ID and keys, other roots or endpoints",
	.help = "  --add-root IDENTITY[,ENDPOINT...]           IDENTITY is its text or a file\n"
		"  --remove-root NODE                          NODE is a root's address, ten hex "
		"digits\n"
		"  --replace-root NODE,IDENTITY[,ENDPOINT...]  the endpoints stay if none are "
		"given\n"
		"  --add-endpoint [NODE,]ENDPOINT[,...]        NODE may be left out if there is "
		"one root\n"
		"  --remove-endpoint [NODE,]ENDPOINT[,...]\n"
		"  --set-endpoints [NODE,]ENDPOINT[,...]       instead of all that it has\n"
		"  --interleave           alternate IPv4 and IPv6 endpoints, when all changes are "
		"made\n"
		"  --keys KEYS            directory of key files (default: that of WORLD), one key "
		"file, or\n"
		"                         a moon.json with its secret\n"
		"  --timestamp MS         the revision; default: now, or one more than that of "
		"WORLD\n"
		"  -o, --output FILE      default: WORLD itself; the revision before is kept "
		"beside it\n"
		"Changes are made in the order given; without any, WORLD is signed again as a new "
		"revision.\n",
	.run = run,
};
