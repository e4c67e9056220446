// SPDX-License-Identifier: BSD-3-Clause
// Options as tables: one row gives the parser, its range and its line in --help.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GUN_OK = 0,
	GUN_FEWER = 1, // fewer answers than asked for
	GUN_USAGE = 2,
	GUN_CANNOT = 3, // it could not be run
};

enum cli_type {
	CLI_FLAG,    // bool
	CLI_TEXT,    // const char *
	CLI_COUNT,   // uint64_t; k, M, G allowed behind it
	CLI_DECIMAL, // double; the same
	CLI_CHOICE,  // unsigned: index in `choices`
	CLI_INET,    // struct rl_inet; family 0: not given
	CLI_MAC,     // struct cli_mac
};

struct cli_mac {
	bool given;
	uint8_t mac[6];
};

struct cli_option {
	const char *name;  // without its dashes
	const char *value; // how --help calls it; NULL: a flag
	enum cli_type type;
	size_t at; // of the field in the command's struct
	double min, max;
	const char *(*choice)(unsigned i); // NULL behind the last
	const char *help;
};

struct cli_command {
	const char *name;
	const char *operands; // "FILE", or ""
	unsigned operands_min, operands_max;
	const char *summary;
	const struct cli_option *const
		*tables; // several, ended with NULL; each ends with a nameless row
	int (*run)(int argc, char **argv);
};

enum { CLI_GO = -1 };

// argv[0] is the command's name. Fills `into`; operand has room for operands_max, the rest is NULL.
// CLI_GO, or what the program ends with: GUN_OK after --help, GUN_USAGE (said so on stderr).
int cli_parse(const struct cli_command *c, void *into, int argc, char **argv,
	      const char *operand[]);
// "%s: ..." and how to get help, on stderr. Returns GUN_USAGE.
int cli_usage(const struct cli_command *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
// One number with an optional k, M or G. False: it is none.
bool cli_number(const char *text, double *v);
