// SPDX-License-Identifier: BSD-3-Clause
// Between parse.c, which walks over the names in the file, and parse_value.c, which puts what
// stands behind them into the struct.
#pragma once

#include "config/scan.h"
#include "config/value.h"

enum {
	CONFIG_KEY_SHOWN = 48,
	CONFIG_PLACE_TEXT = 5 * (CONFIG_KEY_SHOWN + 16), // the name of the deepest place
};

struct config_parser {
	struct config *c;
	struct config_places places;
	struct config_report report;
};

// The value at place i into the row's field of the struct `into`.
void config_put_place(struct config_parser *p, void *into, const struct config_row *row,
		      unsigned i);
// An earlier key of the same name in the same object: its index, or -1.
int config_given_before(const struct config_parser *p, unsigned i);

// "ports[2]", "limits.hop_limit", "cluster.members[0].id"; keys of strangers are cut short and
// their odd bytes hidden. Returns the length.
size_t config_place_name(const struct config_parser *p, int i, char buf[static CONFIG_PLACE_TEXT]);
// With the line and the name of place i.
__attribute__((format(printf, 3, 4))) void config_place_mistake(struct config_parser *p, unsigned i,
								const char *format, ...);
