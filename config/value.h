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

// The row is of the named type. true, or false with the reason in `why`; then nothing has changed.
bool config_put_int(struct config *c, const struct config_row *row, int64_t v,
		    char why[static CONFIG_WHY_MAX]);
bool config_put_text(struct config *c, const struct config_row *row, const char *text,
		     char why[static CONFIG_WHY_MAX]); // CONFIG_ENUM, CONFIG_PATH
// Lists are emptied and then filled one by one; entries given twice are refused.
void config_list_clear(struct config *c, const struct config_row *row);
bool config_add_int(struct config *c, const struct config_row *row, int64_t v,
		    char why[static CONFIG_WHY_MAX]);
bool config_add_text(struct config *c, const struct config_row *row, const char *text,
		     char why[static CONFIG_WHY_MAX]);

// Any type, as the command line has it; lists of numbers may hold commas. Adds to a list.
bool config_put_any(struct config *c, const struct config_row *row, const char *text,
		    char why[static CONFIG_WHY_MAX]);

// Checks of strings in lists, for the table.
const char *config_check_port(char *text);
const char *config_check_address(char *text);
const char *config_check_file(char *text);
