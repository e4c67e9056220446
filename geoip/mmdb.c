// SPDX-License-Identifier: BSD-3-Clause
// libmaxminddb maps its file, so a file that is cut or written over while in use would kill the
// process (SIGBUS) or show half of each content. The file is therefore copied into memory without a
// name first, and the library maps that.
#include "geoip/mmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 128, // bits of an address
	// Nodes looked at for a first position: in a database of cities it is among the first few.
	CHECK_NODES = 65536,
};

struct rl_mmdb {
	MMDB_s lib;
};

__attribute__((format(printf, 4, 5))) static int fail(char *why, const char *path, int ret,
						      const char *format, ...)
{
	char what[RL_GEOIP_WHY_MAX / 2];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	snprintf(why, RL_GEOIP_WHY_MAX, "geoip: %s: %s", path, what);
	return ret;
}

// Latitude and longitude stand in an object "location" (MaxMind) or in the record itself (DB-IP),
// as 64 or 32 bits.
static bool number(MMDB_entry_s *record, const char *name, double *v)
{
	MMDB_entry_data_s data;
	int ret = MMDB_get_value(record, &data, "location", name, NULL);
	if (ret == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR || (!ret && !data.has_data))
		ret = MMDB_get_value(record, &data, name, NULL);
	if (ret != MMDB_SUCCESS || !data.has_data)
		return false;
	if (data.type == MMDB_DATA_TYPE_DOUBLE)
		*v = data.double_value;
	else if (data.type == MMDB_DATA_TYPE_FLOAT)
		*v = (double)data.float_value;
	else
		return false;
	return true;
}

// Comparisons that a NaN fails. Nobody lives at (0, 0), in the sea off Africa: it is what is
// written where nothing is known.
static bool position(MMDB_entry_s *record, double *latitude, double *longitude)
{
	double lat, lon;
	if (!number(record, "latitude", &lat) || !number(record, "longitude", &lon))
		return false;
	if (!(fabs(lat) <= 90 && fabs(lon) <= 180) || (lat == 0 && lon == 0))
		return false;
	*latitude = lat;
	*longitude = lon;
	return true;
}

struct walk {
	const MMDB_s *lib;
	uint32_t todo[DEPTH_MAX + 1];
	unsigned count;
	bool located, damaged, holds;
};

static void visit(struct walk *w, uint8_t type, uint64_t record, MMDB_entry_s *entry)
{
	double lat, lon;
	if (type == MMDB_RECORD_TYPE_INVALID)
		w->damaged = true;
	if (type == MMDB_RECORD_TYPE_SEARCH_NODE && w->count <= DEPTH_MAX)
		w->todo[w->count++] = (uint32_t)record;
	if (type != MMDB_RECORD_TYPE_DATA)
		return;
	w->holds = true;
	w->located = position(entry, &lat, &lon);
}

// Through the tree, depth first, until a record has a position.
static int check_content(const MMDB_s *lib, const char *path, char *why)
{
	struct walk w = {.lib = lib, .count = 1};
	MMDB_search_node_s node;
	for (unsigned n = 0; w.count && n < CHECK_NODES && !w.located && !w.damaged; n++) {
		if (MMDB_read_node(lib, w.todo[--w.count], &node) != MMDB_SUCCESS) {
			w.damaged = true;
			break;
		}
		visit(&w, node.right_record_type, node.right_record, &node.right_record_entry);
		if (!w.located)
			visit(&w, node.left_record_type, node.left_record, &node.left_record_entry);
	}
	if (w.damaged)
		return fail(why, path, -EINVAL, "damaged: fetch it again");
	if (!w.holds)
		return fail(why, path, -EINVAL, "holds no address at all: fetch it again");
	if (!w.located)
		return fail(why, path, -EINVAL,
			    "no latitude in its records: is it a city database?");
	return 0;
}

// The content of `from`, in memory that has no name. Descriptor or -errno.
static int copy(int from, off_t size)
{
	int to = memfd_create("geoip", MFD_CLOEXEC);
	if (to < 0)
		return -errno;
	while (size > 0) {
		ssize_t n = sendfile(to, from, NULL, (size_t)size);
		if (n <= 0) {
			int ret = n < 0 ? -errno : -EAGAIN; // it has just become shorter
			close(to);
			return ret;
		}
		size -= n;
	}
	return to;
}

static int read_file(const char *path, struct rl_mmdb_stamp *stamp, char *why)
{
	struct stat st;
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), to;
	if (from < 0 || fstat(from, &st)) {
		int ret = -errno;
		if (from >= 0)
			close(from);
		return fail(why, path, ret, "cannot be opened: %s", strerror(-ret));
	}
	*stamp = (struct rl_mmdb_stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
	if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > INT32_MAX)
		to = fail(why, path, -EINVAL, "%s",
			  !S_ISREG(st.st_mode) ? "is no file"
			  : st.st_size         ? "is larger than any such database"
					       : "is empty");
	else if ((to = copy(from, st.st_size)) < 0)
		fail(why, path, to, "cannot be read: %s", strerror(-to));
	close(from);
	return to;
}

int rl_mmdb_open(struct rl_mmdb **out, const char *path, struct rl_mmdb_stamp *stamp,
		 char why[static RL_GEOIP_WHY_MAX])
{
	char name[32];
	*out = NULL;
	struct rl_mmdb *db = calloc(1, sizeof(*db));
	if (!db)
		return fail(why, path, -ENOMEM, "out of memory");
	int fd = read_file(path, stamp, why);
	if (fd < 0) {
		free(db);
		return fd;
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	int ret = MMDB_open(name, MMDB_MODE_MMAP, &db->lib);
	close(fd); // the mapping keeps what it needs
	if (ret != MMDB_SUCCESS) {
		free(db);
		return fail(why, path, -EINVAL,
			    "no database in MaxMind's format, or a damaged one: %s",
			    MMDB_strerror(ret));
	}
	ret = check_content(&db->lib, path, why);
	if (ret)
		rl_mmdb_close(db);
	else
		*out = db;
	return ret;
}

void rl_mmdb_close(struct rl_mmdb *db)
{
	if (!db)
		return;
	MMDB_close(&db->lib);
	free(db);
}

bool rl_mmdb_find(const struct rl_mmdb *db, const uint8_t *ip, size_t len, double *latitude,
		  double *longitude)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const struct sockaddr *addr = len == 4 ? (const void *)&v4 : &v6;
	int ret = MMDB_SUCCESS;
	if (len == 4)
		memcpy(&v4.sin_addr, ip, 4);
	else if (len == 16 &&
		 db->lib.metadata.ip_version == 6) // else the library calls it an error
		memcpy(&v6.sin6_addr, ip, 16);
	else
		return false;
	MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&db->lib, addr, &ret);
	return ret == MMDB_SUCCESS && found.found_entry &&
	       position(&found.entry, latitude, longitude);
}
