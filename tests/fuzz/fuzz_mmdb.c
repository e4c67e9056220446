// SPDX-License-Identifier: BSD-3-Clause
// A database of places, damaged in any way: refused, or asked about addresses without harm; what it
// answers is a place on the globe. The library that reads it is not instrumented, so what is found
// here are crashes and hangs, reads over the end of the mapping among them.
#include "geoip/mmdb.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

// libmaxminddb 1.7.1 forgets some memory when it refuses damaged metadata. That is at most once for
// each broken file an operator puts there.
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb\n";
}

static void look_up(const struct rl_mmdb *db, const uint8_t *ip, size_t len)
{
	double lat = 1, lon = 1;
	bool found = rl_mmdb_find(db, ip, len, &lat, &lon);
	if (found ? !(fabs(lat) <= 90 && fabs(lon) <= 180 && (lat != 0 || lon != 0))
		  : lat != 1 || lon != 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t fixed[][16] = {
		{8, 8, 8, 8}, {1, 1, 1, 1}, {255, 255, 255, 255}, {0}, {0x20, 0x01, 0x48, 0x60}};
	char path[32], why[RL_GEOIP_WHY_MAX] = "";
	struct rl_mmdb_stamp stamp;
	struct rl_mmdb *db;
	uint8_t ip[16] = {0};
	int fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int ret = rl_mmdb_open(&db, path, &stamp, why);
	close(fd);
	if (ret ? db || !*why : !db)
		abort();
	if (ret)
		return 0;
	for (unsigned i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
		look_up(db, fixed[i], 4);
		look_up(db, fixed[i], 16);
	}
	for (size_t at = 0; at < size && at < 4096; at += sizeof(ip)) {
		memcpy(ip, data + at, size - at < sizeof(ip) ? size - at : sizeof(ip));
		look_up(db, ip, 4);
		look_up(db, ip, 16);
	}
	rl_mmdb_close(db);
	return 0;
}
