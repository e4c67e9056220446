// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/ctl_socket.h"

#include "dpdk-app/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

// Does anybody answer there?
static int is_live(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int ret = connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? -errno : 1;
	close(fd);
	// EAGAIN: a full backlog, so somebody listens.
	return ret == -ECONNREFUSED || ret == -ENOENT ? 0 : ret == -EAGAIN ? 1 : ret;
}

// Removes what a killed process left, and nothing else.
static int clear(const struct sockaddr_un *at)
{
	struct stat st;
	if (lstat(at->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_error("control socket %s: there is something else of that name", at->sun_path);
		return -EEXIST;
	}
	int live = is_live(at);
	if (live > 0) {
		log_error("control socket %s: another rootline answers there", at->sun_path);
		return -EBUSY;
	}
	if (live == 0 && unlink(at->sun_path) == 0)
		return 0;
	int ret = live < 0 ? live : -errno;
	log_error("control socket %s: what is there cannot be replaced: %s", at->sun_path,
		  strerror(-ret));
	return ret;
}

int ctl_socket_listen(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int n = snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(at.sun_path)) {
		log_error(
			"control socket %s: the path is longer than %zu bytes; choose another with "
			"--control-socket",
			path, sizeof(at.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	int ret = clear(&at);
	if (ret)
		return ret;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	// The mode is set before there is a name, so that nobody slips in; the umask may have taken
	// too much of it.
	if (fchmod(fd, 0660) < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    chmod(path, 0660) < 0 || listen(fd, BACKLOG) < 0) {
		ret = -errno;
		log_error("control socket %s: %s", path, strerror(-ret));
		close(fd);
		return ret;
	}
	return fd;
}
