// SPDX-License-Identifier: BSD-3-Clause
// "Did you mean": the known name with the fewest letters to change.
#include "config/schema.h"

#include <string.h>

// Letters to insert, delete, replace or swap with a neighbour to make one word of the other.
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned row[3][CONFIG_NAME_MAX + 1];
	if (n >= CONFIG_NAME_MAX || m >= CONFIG_NAME_MAX)
		return CONFIG_NAME_MAX;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3], *upup = row[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upup[j - 2] + 1 < best)
				best = upup[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

// The file's name and the command line's name of an option both count, wherever the word stands.
static unsigned likeness(const char *text, const struct config_row *row)
{
	char name[CONFIG_NAME_MAX], flag[CONFIG_FLAG_MAX];
	const char *names[3] = {row->key, config_name(row, name), config_flag(row, flag)};
	unsigned best = CONFIG_NAME_MAX;
	for (unsigned i = 0; i < 3; i++) {
		unsigned d = *names[i] ? distance(text, names[i]) : best;
		best = d < best ? d : best;
	}
	return best;
}

const char *config_nearest(const char *text, bool flags, char buf[static CONFIG_NAME_MAX])
{
	// More than a third of the letters wrong is another word.
	unsigned best = strlen(text) / 3 + 2;
	const char *found = NULL;
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		if (flags && row->file_only)
			continue;
		unsigned d = likeness(text, row);
		if (d < best) {
			best = d;
			found = flags ? config_flag(row, buf) : config_name(row, buf);
		}
		if (!flags && row->group && distance(text, row->group) < best) {
			best = distance(text, row->group);
			found = strcpy(buf, row->group);
		}
	}
	return found;
}
