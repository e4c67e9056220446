// SPDX-License-Identifier: BSD-3-Clause
// Makes a database of places for a lab: lab_places FILE PREFIX=LATITUDE,LONGITUDE...
// Exit status 0, or 2 for a wrong command line.
#include "tests/lib/mmdb.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 64 };

int main(int argc, char **argv)
{
	struct test_mmdb_row row[ROWS_MAX];
	struct test_mmdb m = {TEST_MMDB_NESTED, 64, 4, 24, row, 0};
	for (int i = 2; i < argc && m.rows < ROWS_MAX; i++, m.rows++) {
		char *place = strchr(argv[i], '='), *comma = place ? strchr(place, ',') : NULL;
		if (!comma)
			break;
		*place = 0;
		row[m.rows] = (struct test_mmdb_row){argv[i], atof(place + 1), atof(comma + 1)};
	}
	if (argc < 3 || (int)m.rows != argc - 2) {
		fputs("usage: lab_places FILE PREFIX=LATITUDE,LONGITUDE...\n", stderr);
		return 2;
	}
	test_mmdb_write(&m, argv[1]);
	return 0;
}
