// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/punt.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// The filter comes before the bind: not one packet is ever queued.
static int drop_everything(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &nothing};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int bind_any(int fd, int family, uint16_t port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	int on = 1;

	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&in, sizeof(in));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

static int hold(struct punt *p, int family, uint16_t port, char why[static PORT_WHY_MAX])
{
	const char *name = family == AF_INET ? "IPv4" : "IPv6";
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	// A kernel without IPv6 has nobody to answer for us there.
	if (fd < 0 && family == AF_INET6 && errno == EAFNOSUPPORT)
		return 0;
	if (fd >= 0 && drop_everything(fd) == 0 && bind_any(fd, family, port) == 0) {
		p->fd[p->count++] = fd;
		return 0;
	}
	err = errno;
	if (fd >= 0)
		close(fd);
	if (err == EADDRINUSE)
		snprintf(why, PORT_WHY_MAX,
			 "UDP port %u (%s) is held by another program on this machine: stop it (a "
			 "ZeroTier client, zerotier-one, uses 9993; `ss -ulpn` shows who it is) or "
			 "choose another with --udp-port",
			 port, name);
	else
		snprintf(why, PORT_WHY_MAX, "cannot take UDP port %u (%s) from the kernel: %s",
			 port, name, strerror(err));
	return -err;
}

int punt_open(struct punt *p, const uint16_t *ports, unsigned count, char why[static PORT_WHY_MAX])
{
	p->count = 0;
	if (count > PUNT_PORTS_MAX) {
		snprintf(why, PORT_WHY_MAX, "more than %d UDP ports", PUNT_PORTS_MAX);
		return -EINVAL;
	}
	for (unsigned i = 0; i < count; i++) {
		int ret = hold(p, AF_INET, ports[i], why);

		if (ret == 0)
			ret = hold(p, AF_INET6, ports[i], why);
		if (ret) {
			punt_close(p);
			return ret;
		}
	}
	return 0;
}

int punt_socket(const struct punt *p, int family)
{
	for (unsigned i = 0; i < p->count; i++) {
		int domain;
		socklen_t len = sizeof(domain);

		if (getsockopt(p->fd[i], SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
		    domain == family)
			return p->fd[i];
	}
	return -1;
}

void punt_close(struct punt *p)
{
	for (unsigned i = 0; i < p->count; i++)
		close(p->fd[i]);
	p->count = 0;
}
