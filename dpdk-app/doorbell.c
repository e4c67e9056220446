// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/doorbell.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

// A socket that receives frames, bound to an interface by its driver.
static bool is_packet_socket(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return false;
	return domain == AF_PACKET || domain == AF_XDP;
}

void doorbell_find(struct doorbell *d)
{
	DIR *dir = opendir("/proc/self/fd");
	d->count = 0;
	if (!dir)
		return;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char *end;
		int fd = (int)strtol(e->d_name, &end, 10);
		if (end == e->d_name || *end || !is_packet_socket(fd))
			continue;
		if (d->count == DOORBELL_MAX) {
			// Half of the bells would be worse than none.
			d->count = 0;
			break;
		}
		d->fd[d->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	closedir(dir);
}

bool doorbell_wait(struct doorbell *d, uint32_t us)
{
	struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
	bool rung = ppoll(d->fd, d->count, &t, NULL) > 0;
	for (unsigned i = 0; rung && i < d->count; i++) {
		// An interface that went down leaves an error behind, which would ring for ever.
		int err;
		socklen_t len = sizeof(err);
		if (d->fd[i].revents & POLLERR)
			getsockopt(d->fd[i].fd, SOL_SOCKET, SO_ERROR, &err, &len);
	}
	return rung;
}
