// SPDX-License-Identifier: BSD-3-Clause
// New signing keys, in two steps (docs/protocol.md 5.4). The first makes a new `current` and a
// revision that names it, still signed by `previous`. When all clients hold that revision, the
// second retires `previous`. Any order of these steps that is cut short can be taken up again.
#include "root/tools/mkworld.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct rotate {
	const char *path;
	char again[FILE_PATH_MAX + 64]; // "mkworld rotate-key --finish ...", to be told
	char dir[FILE_PATH_MAX], previous[FILE_PATH_MAX], current[FILE_PATH_MAX];
	uint64_t timestamp;
	bool finish;
};

static int parse(struct rotate *r, const struct mk_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {
		MK_COMMON_OPTIONS,
		{"keys", required_argument, NULL, MK_OPT_KEYS},
		{"timestamp", required_argument, NULL, MK_OPT_TIMESTAMP},
		{"finish", no_argument, NULL, MK_OPT_FINISH},
		{0}};
	const char *keys = NULL;
	int c, status = MK_OK;

	while ((c = mk_getopt(verb, argc, argv, "hq", options, &status)) >= 0) {
		if (c == MK_OPT_KEYS)
			keys = optarg;
		else if (c == MK_OPT_FINISH)
			r->finish = true;
		else if (c == MK_OPT_TIMESTAMP && world_number_parse(&r->timestamp, optarg) < 0)
			return mk_usage(verb, "--timestamp takes milliseconds since 1970");
	}
	if (c == -2)
		return status ? status : -1;
	if (argc - optind != 1)
		return mk_usage(verb, "it takes one planet or moon");
	r->path = argv[optind];
	file_dir(r->dir, r->path);
	if (keys)
		snprintf(r->dir, sizeof(r->dir), "%s", keys);
	snprintf(r->again, sizeof(r->again), "mkworld rotate-key --finish%s%s %s",
		 keys ? " --keys " : "", keys ? keys : "", r->path);
	if (!file_join(r->previous, r->dir, KEYFILE_PREVIOUS) ||
	    !file_join(r->current, r->dir, KEYFILE_CURRENT))
		return mk_usage(verb, "the path of the keys is too long");
	return MK_OK;
}

// `current` is a copy of `previous` here, so replacing it loses nothing.
static int renew_current(struct keyfile_set *keys, const struct rotate *r, struct say_why *why)
{
	int ret;

	if (rl_keypair_generate(keys->current.public_key, keys->current.private_key) < 0) {
		say_why(why, "the system gives no random numbers");
		return -EIO;
	}
	ret = file_replace(r->current, &keys->current, KEYFILE_LEN, 0600);
	if (ret < 0)
		say_why(why, "%s: %s", r->current, strerror(-ret));
	return ret;
}

static int start(const struct rotate *r, const struct rl_world *old, struct keyfile_set *keys,
		 struct say_why *why)
{
	struct rl_world w = *old;
	char key[9];
	int ret;

	keyfile_name(old->next_key, key);
	if (memcmp(keys->previous.public_key, old->next_key, ZT_PUBLIC_LEN) != 0) {
		if (memcmp(keys->current.public_key, old->next_key, ZT_PUBLIC_LEN) == 0)
			return say_why(why,
				       "%s names the new key already. When all clients "
				       "hold it: %s",
				       r->path, r->again);
		return say_why(
			why,
			"%s must be followed by a revision signed with key %s..., which is not in "
			"%s; clients take nothing else",
			r->path, key, r->dir);
	}
	w.timestamp = r->timestamp ? r->timestamp : mk_next_timestamp(old->timestamp);
	if (w.timestamp <= old->timestamp)
		return say_why(why,
			       "--timestamp must be above %" PRIu64
			       ", else clients keep what they have",
			       old->timestamp);
	// If they differ, a run before this one made the new key and got no further.
	if (keyfile_same(&keys->previous, &keys->current)) {
		ret = world_refuse(&w, why);
		if (ret == 0)
			ret = renew_current(keys, r, why);
		if (ret < 0)
			return ret;
	}
	memcpy(w.next_key, keys->current.public_key, ZT_PUBLIC_LEN);
	ret = mk_sign(&w, &keys->previous, why);
	if (ret < 0)
		return ret;
	mk_warn(&w, old);
	ret = world_store(&w, r->path, why);
	if (ret < 0)
		return ret;
	printf("%s: a new key; %s still is the one before\n\n"
	       "Step 1 of 2. This revision is signed with the old key and names the new one. Let "
	       "your roots\n"
	       "serve it until every client has it, and leave it unchanged meanwhile: a client "
	       "that misses it\n"
	       "takes no later one. Copy %s somewhere safe now.\n"
	       "Step 2, then: %s\n",
	       r->current, r->previous, r->current, r->again);
	return 0;
}

static int finish(const struct rotate *r, const struct rl_world *old,
		  const struct keyfile_set *keys, struct say_why *why)
{
	char retired[FILE_PATH_MAX], name[40], key[9];
	int ret;

	if (keyfile_same(&keys->previous, &keys->current))
		return say_why(why, "no change of keys is under way in %s", r->dir);
	if (memcmp(keys->current.public_key, old->next_key, ZT_PUBLIC_LEN) != 0)
		return say_why(why,
			       "%s does not name %s as its next key: take step 1 first, mkworld "
			       "rotate-key %s",
			       r->path, r->current, r->path);
	keyfile_name(keys->previous.public_key, key);
	snprintf(name, sizeof(name), "retired-%s.c25519", key);
	if (!file_join(retired, r->dir, name))
		return say_why(why, "%s: the path is too long", r->dir);
	ret = keyfile_create(&keys->previous, retired, why);
	if (ret == -EEXIST) {
		struct keyfile_pair held;

		if (keyfile_read(&held, retired, why) < 0 || !keyfile_same(&held, &keys->previous))
			return say_why(why, "%s exists and holds something else: move it away",
				       retired);
		sodium_memzero(&held, sizeof(held));
		ret = 0;
	}
	if (ret < 0)
		return ret;
	ret = file_replace(r->previous, &keys->current, KEYFILE_LEN, 0600);
	if (ret < 0) {
		say_why(why, "%s: %s", r->previous, strerror(-ret));
		return ret;
	}
	printf("%s: now the new key, which signs from here on\n"
	       "%s: the old one, kept for clients that turn up with an old revision\n\n"
	       "Step 2 of 2: done. %s did not change. Losing %s means a visit to every client: "
	       "keep a copy.\n",
	       r->previous, retired, r->path, r->previous);
	return 0;
}

static int run(const struct mk_verb *verb, int argc, char **argv)
{
	struct rotate r = {0};
	struct keyfile_set keys;
	struct rl_world old;
	struct say_why why;
	int ret = parse(&r, verb, argc, argv);

	if (ret)
		return ret < 0 ? MK_OK : ret;
	ret = mk_existing(&old, r.path, &why);
	if (ret == 0)
		ret = say_why(&why,
			      "%s: there is no such planet or moon; `mkworld build` makes one",
			      r.path);
	if (ret > 0)
		ret = keyfile_set_read_dir(&keys, r.dir, &why);
	if (ret == 0)
		ret = r.finish ? finish(&r, &old, &keys, &why) : start(&r, &old, &keys, &why);
	sodium_memzero(&keys, sizeof(keys));
	return ret < 0 ? mk_fail(&why) : MK_OK;
}

const struct mk_verb mk_rotate_key = {
	.name = "rotate-key",
	.args = "[--finish] [--keys DIR] [--timestamp MS] WORLD",
	.summary = "change the signing keys, in two steps",
	.help = "  (without --finish)     step 1: a new key, and a revision of WORLD that names "
		"it\n"
		"  --finish               step 2, when every client holds that revision: retire "
		"the old key\n"
		"  --keys DIR             directory of the key files (default: that of WORLD)\n"
		"  --timestamp MS         the revision; default: now, or one more than that of "
		"WORLD\n",
	.run = run,
};
