// SPDX-License-Identifier: BSD-3-Clause
// One value into its place in the struct, checked against its row.
#pragma once

#include "config/schema.h"

enum { CONFIG_WHY_MAX = 256 };

// Where mistakes go and how many there were.
struct config_report {
	FILE *err;
	const char *name; // of the file; NULL: the command line
	unsigned count;
};

// line 0: no line is known. key NULL: the file as a whole.
__attribute__((format(printf, 4, 5))) void config_mistake(struct config_report *r, unsigned line,
							  const char *key, const char *format, ...);

// `into`: the struct that row->at counts from, the config or an object in a list. The row is of the
// named type. true, or false with the reason in `why`; then nothing has changed.
bool config_put_int(void *into, const struct config_row *row, int64_t v,
		    char why[static CONFIG_WHY_MAX]);
bool config_put_text(void *into, const struct config_row *row, const char *text,
		     char why[static CONFIG_WHY_MAX]); // CONFIG_ENUM, CONFIG_PATH, CONFIG_TEXT
// Lists are emptied and then filled one by one; entries given twice are refused.
void config_list_clear(void *into, const struct config_row *row);
bool config_add_int(void *into, const struct config_row *row, int64_t v,
		    char why[static CONFIG_WHY_MAX]);
bool config_add_text(void *into, const struct config_row *row, const char *text,
		     char why[static CONFIG_WHY_MAX]);

// Any type, as the command line has it; lists of numbers may hold commas. Adds to a list.
bool config_put_any(void *into, const struct config_row *row, const char *text,
		    char why[static CONFIG_WHY_MAX]);

// Checks of strings in lists, for the table.
const char *config_check_port(char *text);
const char *config_check_address(char *text);
const char *config_check_file(char *text);
const char *config_check_label(char *text);
const char *config_check_coordinates(char *text);
const char *config_check_front(char *text); // and of one family only:
const char *config_check_front4(char *text);
const char *config_check_front6(char *text);
const char *config_check_identity(char *text);
const char *config_check_server(char *text);
const char *config_check_cluster_id(char *text);
const char *config_check_public_key(char *text);

// Mistakes between the options of a cluster; a part of config_finish().
void config_check_cluster(struct config_report *r, const struct config *c);
