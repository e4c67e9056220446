// SPDX-License-Identifier: BSD-3-Clause
// One database file in memory. mmdb.c needs libmaxminddb; without it the build takes mmdb_none.c,
// where opening is -ENOTSUP.
#pragma once

#include "geoip/geoip.h"

#include <sys/types.h>
#include <time.h>

// Tells one content of a file from the next. All zero: there is no file.
struct rl_mmdb_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct rl_mmdb;

// Reads and checks a file; whatever becomes of the file afterwards, its content stays. The stamp is
// that of the file before it was read. 0, or -errno with "geoip: FILE: what is wrong" in `why`.
int rl_mmdb_open(struct rl_mmdb **db, const char *path, struct rl_mmdb_stamp *stamp,
		 char why[static RL_GEOIP_WHY_MAX]);
void rl_mmdb_close(struct rl_mmdb *db); // NULL is fine

// len 4 or 16. False: not in this file, or of a family it does not hold, or no sound position, or a
// damaged record. Any thread.
bool rl_mmdb_find(const struct rl_mmdb *db, const uint8_t *ip, size_t len, double *latitude,
		  double *longitude);
