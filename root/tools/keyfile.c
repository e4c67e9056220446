// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/keyfile.h"
#include "root/tools/world_json.h"
#include "root/identity.h"

#include <sodium.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(struct keyfile_pair) == KEYFILE_LEN, "a pair is the image of its file");

int keyfile_pair_check(const struct keyfile_pair *pair, struct say_why *why)
{
	uint8_t public_key[ZT_PUBLIC_LEN];

	if (rl_keypair_public(pair->private_key, public_key) < 0)
		return say_why(why, "the private key cannot be used");
	if (memcmp(public_key, pair->public_key, sizeof(public_key)) != 0)
		return say_why(why, "public and private key do not belong together");
	return 0;
}

static void warn_if_exposed(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0077))
		say_warning("%s can be read by others on this machine (mode %04o): chmod 600 it",
			    path, (unsigned)(st.st_mode & 07777));
}

int keyfile_read(struct keyfile_pair *pair, const char *path, struct say_why *why)
{
	size_t len = 0;
	int ret = file_read(path, pair, KEYFILE_LEN, &len);

	if (ret < 0 && ret != -EFBIG) {
		say_why(why, "%s: %s", path, strerror(-ret));
		return ret;
	}
	if (ret == -EFBIG || len != KEYFILE_LEN)
		return say_why(why, "%s: a key file has %d bytes, this one has %s", path,
			       KEYFILE_LEN, ret == -EFBIG ? "more" : "fewer");
	warn_if_exposed(path);
	if (keyfile_pair_check(pair, why) < 0)
		return say_where(why, "%s", path);
	return 0;
}

int keyfile_create(const struct keyfile_pair *pair, const char *path, struct say_why *why)
{
	int ret = file_create(path, pair, KEYFILE_LEN, 0600);

	if (ret == -EEXIST)
		say_why(why,
			"%s exists and is never overwritten: move it away, or use another "
			"directory",
			path);
	else if (ret < 0)
		say_why(why, "%s: %s", path, strerror(-ret));
	return ret;
}

int keyfile_set_read_dir(struct keyfile_set *set, const char *dir, struct say_why *why)
{
	char path[FILE_PATH_MAX];
	int ret;

	if (!file_join(path, dir, KEYFILE_PREVIOUS))
		return say_why(why, "%s: the path is too long", dir);
	ret = keyfile_read(&set->previous, path, why);
	if (ret < 0)
		return ret;
	if (!file_join(path, dir, KEYFILE_CURRENT))
		return say_why(why, "%s: the path is too long", dir);
	return keyfile_read(&set->current, path, why);
}

// The pair of a moon.json signs; what the file says must sign updates has to be the same pair here,
// since no other private key is in it.
static int read_json(struct keyfile_set *set, const char *path, struct say_why *why)
{
	struct world_plan *plan = malloc(sizeof(*plan));
	int ret;

	if (!plan)
		return -ENOMEM;
	ret = world_plan_load(plan, path, why);
	if (ret < 0)
		say_where(why,
			  "signing keys are a directory, a file of %d bytes or a moon.json; %s is "
			  "none "
			  "of them",
			  KEYFILE_LEN, path);
	else if (!plan->has_pair)
		ret = say_why(why, "%s: there is no signingKey_SECRET in it", path);
	if (ret == 0) {
		set->previous = plan->pair;
		set->current = plan->pair;
	}
	world_plan_clear(plan);
	free(plan);
	return ret;
}

int keyfile_set_read(struct keyfile_set *set, const char *source, struct say_why *why)
{
	struct stat st;
	int ret;

	if (stat(source, &st) < 0) {
		ret = -errno;
		say_why(why, "%s: %s", source, strerror(-ret));
		return ret;
	}
	if (S_ISDIR(st.st_mode))
		return keyfile_set_read_dir(set, source, why);
	if (st.st_size > KEYFILE_LEN)
		return read_json(set, source, why);
	ret = keyfile_read(&set->previous, source, why);
	set->current = set->previous;
	return ret;
}

int keyfile_set_create(struct keyfile_set *set, const char *dir, struct say_why *why)
{
	char previous[FILE_PATH_MAX], current[FILE_PATH_MAX];
	int ret;

	if (!file_join(previous, dir, KEYFILE_PREVIOUS) ||
	    !file_join(current, dir, KEYFILE_CURRENT))
		return say_why(why, "%s: the path is too long", dir);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		ret = -errno;
		say_why(why, "%s: %s", dir, strerror(-ret));
		return ret;
	}
	if (rl_keypair_generate(set->previous.public_key, set->previous.private_key) < 0) {
		say_why(why, "the system gives no random numbers");
		return -EIO;
	}
	set->current = set->previous;
	// A lone `current` of somebody must stop us before `previous` is made.
	if (file_exists(current))
		return keyfile_create(&set->current, current, why);
	ret = keyfile_create(&set->previous, previous, why);
	if (ret < 0)
		return ret;
	ret = keyfile_create(&set->current, current, why);
	if (ret < 0)
		unlink(previous);
	return ret;
}

bool keyfile_same(const struct keyfile_pair *a, const struct keyfile_pair *b)
{
	return sodium_memcmp(a, b, sizeof(*a)) == 0;
}

const struct keyfile_pair *keyfile_find(const struct keyfile_set *set, const uint8_t *public_key)
{
	if (memcmp(set->previous.public_key, public_key, ZT_PUBLIC_LEN) == 0)
		return &set->previous;
	if (memcmp(set->current.public_key, public_key, ZT_PUBLIC_LEN) == 0)
		return &set->current;
	return NULL;
}

void keyfile_name(const uint8_t *public_key, char text[static 9])
{
	sodium_bin2hex(text, 9, public_key, 4);
}
