// SPDX-License-Identifier: BSD-3-Clause
// Signing keys of worlds: files of 128 bytes, 64 public then 64 private (docs/protocol.md 5.4), two
// in a directory. `current` supplies the key that a world names for its next revision, `previous`
// signs. Key files are created with mode 0600 and never overwritten. One thread.
#pragma once

#include "root/tools/file.h"
#include "root/tools/say.h"
#include "root/zt.h"

#include <stdbool.h>
#include <stdint.h>

#define KEYFILE_PREVIOUS "previous.c25519"
#define KEYFILE_CURRENT  "current.c25519"

enum { KEYFILE_LEN = ZT_PUBLIC_LEN + ZT_PRIVATE_LEN };

struct keyfile_pair {
	uint8_t public_key[ZT_PUBLIC_LEN];
	uint8_t private_key[ZT_PRIVATE_LEN];
};

struct keyfile_set {
	struct keyfile_pair previous;
	struct keyfile_pair current;
};

// 0, or -EINVAL with why: length, or halves that do not belong together.
int keyfile_pair_check(const struct keyfile_pair *pair, struct say_why *why);
// 0 or -errno with why; also -EINVAL as above. Warns of a file that others can read.
int keyfile_read(struct keyfile_pair *pair, const char *path, struct say_why *why);
// Mode 0600; -EEXIST if the name is taken.
int keyfile_create(const struct keyfile_pair *pair, const char *path, struct say_why *why);

// source: a directory with both files, one file of 128 bytes (used for both), or the moon.json of
// idtool. 0 or -errno with why.
int keyfile_set_read(struct keyfile_set *set, const char *source, struct say_why *why);
int keyfile_set_read_dir(struct keyfile_set *set, const char *dir, struct say_why *why);
// Both files of a new directory (made with mode 0700 if missing), same new pair in both.
int keyfile_set_create(struct keyfile_set *set, const char *dir, struct say_why *why);
bool keyfile_same(const struct keyfile_pair *a, const struct keyfile_pair *b);
// The pair whose public half this is, or NULL.
const struct keyfile_pair *keyfile_find(const struct keyfile_set *set, const uint8_t *public_key);

// First eight hex digits of a public half: enough to tell keys apart in messages.
void keyfile_name(const uint8_t *public_key, char text[static 9]);
