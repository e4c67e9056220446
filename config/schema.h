// SPDX-License-Identifier: BSD-3-Clause
// The table of options: one row each. Parser, command line, checks, sample file, help text and
// manual page are all made from it, so an option added here is known everywhere.
#pragma once

#include "config/config.h"

enum config_type {
	CONFIG_INT,     // uint32_t
	CONFIG_ENUM,    // uint32_t, index into `names`
	CONFIG_PATH,    // char[max + 1]
	CONFIG_INTS,    // struct config_ints
	CONFIG_STRINGS, // struct config_strings
	CONFIG_TEXT,    // char[max + 1]
	CONFIG_OBJECTS, // unsigned count, then structs of `size` bytes from `first` on
};

struct config_row {
	const char *group; // object in the file that holds it; NULL: the file itself
	const char *key;   // name in the file
	const char *flag;  // name on the command line; NULL: made from `key` by config_flag()
	enum config_type type;
	size_t at;             // offset in struct config; of an object's row, in that object
	int64_t min, max;      // of a number; of each number in a list; bytes of a path
	unsigned fewest, most; // entries in a list
	const char *preset; // default as the command line would have it; "STATE/x": below state_dir
	const char *example;      // for the sample file where the default would not do, else NULL
	const char *const *names; // of an enum, ends in NULL
	// Of a string in a list: NULL if it is fine, else what is wrong with it. May put it into
	// its normal form in place.
	const char *(*check)(char *text);
	const char *unit;
	const char *help; // one sentence
	// Only in the file, not on the command line: it belongs to a section that is there as a
	// whole or not at all. Not in the sample file.
	bool file_only;
	bool required; // of an object's row: each object has it
	bool unquoted; // messages do not repeat it: by mistake it could be a secret
	// Of a list of objects: their rows, and where they are. An object begins with its line,
	// uint32_t.
	const struct config_row *rows;
	unsigned row_count;
	size_t first, size;
};

extern const struct config_row config_rows[];
extern const unsigned config_row_count;
// cluster_rows.c: objects in lists.
extern const struct config_row config_member_rows[], config_sibling_rows[];
enum { CONFIG_MEMBER_ROWS = 7, CONFIG_SIBLING_ROWS = 3 };

static inline bool config_is_list(const struct config_row *row)
{
	return row->type == CONFIG_INTS || row->type == CONFIG_STRINGS;
}

enum { CONFIG_FLAG_MAX = 40, CONFIG_NAME_MAX = 64 };

// Name on the command line: '_' becomes '-', and a list, being given one by one, loses its last
// "s". Empty if it has none there.
const char *config_flag(const struct config_row *row, char buf[static CONFIG_FLAG_MAX]);
// Name in messages and documents: "udp_ports", "limits.hop_limit".
const char *config_name(const struct config_row *row, char buf[static CONFIG_NAME_MAX]);

// NULL: no such row. group: NULL for the top.
const struct config_row *config_row_by_key(const char *group, const char *key);
const struct config_row *config_row_by_flag(const char *flag);
bool config_is_group(const char *key);

// The known name that is most like `text`, NULL if none is. flags: names of the command line, else
// of the file.
const char *config_nearest(const char *text, bool flags, char buf[static CONFIG_NAME_MAX]);

// "a number from 1 to 64", "one of: auto, yes, no", ...: what a row takes.
void config_describe(const struct config_row *row, char *buf, size_t size);
