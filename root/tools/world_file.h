// SPDX-License-Identifier: BSD-3-Clause
// Worlds in and out of files, in every form that is met: binary, base64, hex, joinzt link, C array,
// our JSON. One thread.
#pragma once

#include "root/tools/file.h"
#include "root/tools/say.h"
#include "root/world.h"

#include <stdio.h>

enum world_format {
	WORLD_FORMAT_BINARY,
	WORLD_FORMAT_BASE64,
	WORLD_FORMAT_URL,
	WORLD_FORMAT_QR,
	WORLD_FORMAT_C,
	WORLD_FORMAT_JSON,
	WORLD_FORMAT_HEX,
	WORLD_FORMAT_COUNT,
};

extern const char *const world_format_name[WORLD_FORMAT_COUNT];

// Guesses the form from the content. 0, -EINVAL with why, or -ENODATA if it is JSON without a
// signature: a plan to build from, not a world.
int world_decode(struct rl_world *w, enum world_format *format, const void *data, size_t len,
		 struct say_why *why);
// source: a file, "-", or the base64 or link itself. 0 or -errno with why.
int world_read(struct rl_world *w, enum world_format *format, const char *source,
	       struct say_why *why);
// 0, or -errno with why (a QR code has room for some 2 kB of world).
int world_encode(FILE *out, const struct rl_world *w, enum world_format format,
		 struct say_why *why);

// Puts the world into path ("-": standard output, binary). What is there must be a world, or path
// must be free; it is kept beside as PATH.REVISION.bak. Says what was done on stdout (stderr for
// "-"). 0 or -errno with why.
int world_store(const struct rl_world *w, const char *path, struct say_why *why);
// As a moon is called in moons.d, or "planet".
void world_default_name(const struct rl_world *w, char name[static FILE_PATH_MAX]);
// "2023-11-14 22:13:20 UTC". Returns text.
const char *world_date(uint64_t timestamp_ms, char text[static 40]);
