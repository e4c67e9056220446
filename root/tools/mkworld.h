// SPDX-License-Identifier: BSD-3-Clause
// Between the files of mkworld: one file mk_VERB.c per verb, listed in mkworld.c.
#pragma once

#include "root/tools/keyfile.h"
#include "root/tools/say.h"
#include "root/tools/world_check.h"
#include "root/tools/world_edit.h"
#include "root/tools/world_file.h"
#include "root/tools/world_json.h"

#include <getopt.h>

enum {
	MK_OK = 0,
	MK_NO = 1,    // the answer is no, or it failed
	MK_USAGE = 2, // called wrongly
};

struct mk_verb {
	const char *name;
	const char *args;
	const char *summary; // one line
	const char *help;    // options, one a line
	int (*run)(const struct mk_verb *verb, int argc, char **argv);
};

extern const struct mk_verb mk_init, mk_build, mk_update, mk_rotate_key, mk_show, mk_verify,
	mk_export, mk_import;

// Values of long options without a letter.
enum mk_option {
	MK_OPT_ID = 256,
	MK_OPT_TYPE,
	MK_OPT_ROOT,
	MK_OPT_KEYS,
	MK_OPT_TIMESTAMP,
	MK_OPT_INTERLEAVE,
	MK_OPT_AGAINST,
	MK_OPT_JSON,
	MK_OPT_FINISH,
	MK_OPT_ADD_ROOT,
	MK_OPT_REMOVE_ROOT,
	MK_OPT_REPLACE_ROOT,
	MK_OPT_ADD_ENDPOINT,
	MK_OPT_REMOVE_ENDPOINT,
	MK_OPT_SET_ENDPOINTS,
};

// Rows that every verb has in its option table.
#define MK_COMMON_OPTIONS                       \
	{"help", no_argument, NULL, 'h'},       \
	{                                       \
		"quiet", no_argument, NULL, 'q' \
	}

// getopt_long that deals with the common options itself. Returns an option, -1 at the end, or -2 if
// the verb is over with *status.
int mk_getopt(const struct mk_verb *verb, int argc, char **argv, const char *letters,
	      const struct option *options, int *status);
int mk_usage(const struct mk_verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3))); // MK_USAGE
int mk_fail(const struct say_why *why);        // MK_NO

uint64_t mk_now(void); // ms of wall clock
// Newer than old_ms in any case.
uint64_t mk_next_timestamp(uint64_t old_ms);
// For a new private planet: neither reserved nor too large for JavaScript to keep exactly.
uint64_t mk_random_id(void);
// Refuses, signs, and reads the result back. 0 or -errno with why.
int mk_sign(struct rl_world *w, const struct keyfile_pair *signer, struct say_why *why);
// The world at path. 1, or 0 if nothing is there, or -EINVAL with why if that is no binary world.
int mk_existing(struct rl_world *w, const char *path, struct say_why *why);
// Warnings on stderr; old may be NULL.
void mk_warn(const struct rl_world *w, const struct rl_world *old);
