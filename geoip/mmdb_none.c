// SPDX-License-Identifier: BSD-3-Clause
// A build without libmaxminddb: no file can be opened, no place is known.
#include "geoip/mmdb.h"

#include <errno.h>
#include <stdio.h>

int rl_mmdb_open(struct rl_mmdb **db, const char *path, struct rl_mmdb_stamp *stamp,
		 char why[static RL_GEOIP_WHY_MAX])
{
	(void)stamp;
	*db = NULL;
	snprintf(why, RL_GEOIP_WHY_MAX,
		 "geoip: %s: this rootline was built without libmaxminddb; install "
		 "libmaxminddb-dev and build again",
		 path);
	return -ENOTSUP;
}

void rl_mmdb_close(struct rl_mmdb *db)
{
	(void)db;
}

bool rl_mmdb_find(const struct rl_mmdb *db, const uint8_t *ip, size_t len, double *latitude,
		  double *longitude)
{
	(void)db, (void)ip, (void)len, (void)latitude, (void)longitude;
	return false;
}
