// SPDX-License-Identifier: BSD-3-Clause
#include "tests/lib/identities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int identities_load(const char *path, unsigned skip, unsigned max, struct test_identity **list)
{
	FILE *f = fopen(path, "re");
	char line[512];
	unsigned n = 0;
	int ret = 0;

	*list = NULL;
	if (!f)
		return -errno;
	*list = calloc(max ? max : 1, sizeof(**list));
	if (!*list) {
		fclose(f);
		return -ENOMEM;
	}
	while (ret == 0 && n < max && fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		if (skip) {
			skip--;
			continue;
		}
		ret = rl_identity_parse(&(*list)[n].id, &(*list)[n].secret, line);
		n++;
	}
	fclose(f);
	if (ret < 0) {
		free(*list);
		*list = NULL;
		return ret;
	}
	return (int)n;
}

bool identity_load(const char *path, struct rl_identity *id)
{
	char text[RL_IDENTITY_SECRET_TEXT + 8];
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	return rl_identity_parse(id, NULL, text) == 0;
}
