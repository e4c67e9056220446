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
