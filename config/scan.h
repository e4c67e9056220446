// SPDX-License-Identifier: BSD-3-Clause
// Where each key and list entry of a JSON text stands. jansson, which parses the values, forgets
// the lines and the keys that are given twice; this remembers both.
#pragma once

#include <stddef.h>

struct config_place {
	int parent;        // index of the object or list that holds it; -1: the top
	char *key;         // decoded; NULL: entry of a list
	unsigned index;    // in the list
	unsigned line;     // from 1
	const char *value; // in the text
	size_t len;
};

struct config_places {
	struct config_place *v;
	unsigned count;
};

// text: valid JSON (jansson has said so), an object. Four levels deep is all that is kept. 0 or
// -ENOMEM; keys and list belong to the caller, who frees them with config_places_free in either
// case.
int config_scan(const char *text, size_t len, struct config_places *places);
void config_places_free(struct config_places *places);
