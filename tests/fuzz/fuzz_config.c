// SPDX-License-Identifier: BSD-3-Clause
// The file of options: whatever it holds, what comes out is within the ranges, and every mistake is
// one line.
#include "config/schema.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const void *in, const struct config_row *row);

static void check_objects(const void *at, const struct config_row *row)
{
	unsigned count = *(const unsigned *)at;
	if (count > row->most)
		abort();
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < row->row_count; k++)
			check_row((const char *)at + row->first + i * row->size, &row->rows[k]);
}

// in: what the row's offset counts from.
static void check_row(const void *in, const struct config_row *row)
{
	const void *at = (const char *)in + row->at;
	uint32_t v =
		row->type == CONFIG_INT || row->type == CONFIG_ENUM ? *(const uint32_t *)at : 0;
	const struct config_ints *ints = at;
	const struct config_strings *strings = at;
	if (row->type == CONFIG_INT && (v < row->min || v > row->max))
		abort();
	if (row->type == CONFIG_ENUM && v >= 4)
		abort();
	if (row->type == CONFIG_OBJECTS)
		check_objects(at, row);
	if ((row->type == CONFIG_PATH || row->type == CONFIG_TEXT) &&
	    strnlen(at, row->max + 1) > (size_t)row->max)
		abort();
	// No entry is what a list of strings has before anything is given.
	if (row->type == CONFIG_STRINGS && strings->count > row->most)
		abort();
	if (row->type != CONFIG_INTS)
		return;
	if (ints->count < row->fewest || ints->count > row->most)
		abort();
	for (unsigned i = 0; i < ints->count; i++)
		if (ints->v[i] < row->min || ints->v[i] > row->max)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c;
	char *said, *copy = malloc(size + !size);
	size_t len;
	unsigned lines = 0;
	FILE *err = open_memstream(&said, &len);
	memcpy(copy, data, size);
	config_defaults(&c);
	unsigned mistakes = config_parse(&c, "f", copy, size, err);
	for (unsigned i = 0; i < config_row_count; i++)
		check_row(&c, &config_rows[i]);
	mistakes += config_finish(&c, "f", err);
	fclose(err);
	for (size_t i = 0; i < len; i++)
		lines += said[i] == '\n';
	if (lines != mistakes)
		abort();
	free(said);
	free(copy);
	return 0;
}
