// SPDX-License-Identifier: BSD-3-Clause
// Where an IP address is believed to be, from databases in MaxMind's format (mmdb) with positions
// of cities: GeoLite2-City, GeoIP2-City, DB-IP City. One file for both families, one for each, or
// one for one family alone. What is not known is not known: there is no default place.
//
// The files are read into memory when they are opened. Whoever writes over them, cuts them or
// removes them disturbs no look-up; what they held is served until a new content has been read and
// checked.
//
// Threads: look-ups from any thread, without locks; open, reload, refresh and close from one thread
// at a time (the control thread). See geoip.c for why a look-up never meets a database that is
// gone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RL_GEOIP_FILES_MAX = 2,
	RL_GEOIP_READERS_MAX = 128,
	RL_GEOIP_WHY_MAX = 512,
};

struct rl_geoip;

// Degrees, north and east positive: -90..90, -180..180, never (0, 0).
struct rl_geoip_place {
	double latitude, longitude;
	unsigned file; // which of the files says so
};

// Opens and checks n files, 1..RL_GEOIP_FILES_MAX. 0, or -errno with a sentence in `why`.
// *g is NULL only after -ENOMEM and -EINVAL (n). After every other failure it is a handle that
// knows no place and takes the files as soon as rl_geoip_refresh finds them mended: a root starts
// without its databases. Who insists on them closes it.
int rl_geoip_open(struct rl_geoip **g, const char *const paths[], unsigned n,
		  char why[static RL_GEOIP_WHY_MAX]);

// Reads all files again (SIGHUP). Either all of them are taken, or what was served stays in force.
// Takes as long as reading the files takes, and waits for look-ups under way (microseconds).
// 0 or -errno with `why`.
int rl_geoip_reload(struct rl_geoip *g, char why[static RL_GEOIP_WHY_MAX]);

// rl_geoip_reload if a file is not the one read last: by device, inode, size and time of change.
// Costs a stat() a file, for a timer. 1: reloaded; 0: nothing new; -errno with `why`, once for each
// state of the files (one that is still being written is tried again when it has grown).
int rl_geoip_refresh(struct rl_geoip *g, char why[static RL_GEOIP_WHY_MAX]);

// No look-up may be under way or follow. NULL is fine.
void rl_geoip_close(struct rl_geoip *g);

// ip: len 4 or 16 bytes in network order; IPv4 mapped into IPv6 counts as IPv4. reader: number of
// the calling thread, below RL_GEOIP_READERS_MAX; two threads never use the same one at a time.
// False: unknown; then *place is unchanged. The first file that knows the address counts.
bool rl_geoip_find(struct rl_geoip *g, unsigned reader, const uint8_t *ip, size_t len,
		   struct rl_geoip_place *place);

// Whether the files could be read, now or earlier.
bool rl_geoip_ready(const struct rl_geoip *g);

// As given to rl_geoip_open; NULL if there is no such file.
const char *rl_geoip_path(const struct rl_geoip *g, unsigned file);
