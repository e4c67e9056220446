// SPDX-License-Identifier: BSD-3-Clause
// Small services for the smoke scripts, so that they need no other tools: waiting for a service's
// READY=1 (sd_notify), and a TCP transfer. Exit status 0, 1, or 2 for a wrong command line.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int ready(const char *path, int seconds)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int64_t end = now_ms() + (int64_t)seconds * 1000;
	char text[4096];

	if (strlen(path) >= sizeof(addr.sun_path))
		return 2;
	strcpy(addr.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror(path);
		return 1;
	}
	for (int64_t left = end - now_ms(); left > 0; left = end - now_ms()) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t len;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		len = recv(fd, text, sizeof(text) - 1, 0);
		if (len <= 0)
			continue;
		text[len] = 0;
		if (strstr(text, "READY=1"))
			return 0;
	}
	return 1;
}

static bool address(struct sockaddr_in6 *a, const char *ip, const char *port)
{
	char mapped[64];

	*a = (struct sockaddr_in6){.sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)atoi(port))};
	snprintf(mapped, sizeof(mapped), "%s%s", strchr(ip, ':') ? "" : "::ffff:", ip);
	return inet_pton(AF_INET6, mapped, &a->sin6_addr) == 1;
}

static int serve(const struct sockaddr_in6 *a, long bytes)
{
	static char block[8192];
	int one = 1, listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (const struct sockaddr *)a, sizeof(*a)) < 0 || listen(listener, 1) < 0) {
		perror("tcp-serve");
		return 1;
	}
	fd = accept(listener, NULL, NULL);
	memset(block, 'x', sizeof(block));
	while (fd >= 0 && bytes > 0) {
		ssize_t n = send(fd, block, (size_t)(bytes < 8192 ? bytes : 8192), MSG_NOSIGNAL);

		if (n <= 0)
			return 1;
		bytes -= n;
	}
	return fd < 0;
}

static int connect_for(const struct sockaddr_in6 *a, int64_t ms)
{
	int64_t end = now_ms() + ms;

	while (now_ms() < end) {
		int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0)
			return fd;
		close(fd);
		usleep(50000);
	}
	return -1;
}

static int fetch(const struct sockaddr_in6 *a, long bytes)
{
	struct timeval limit = {.tv_sec = 10};
	char block[8192];
	long got = 0;
	ssize_t n;
	int fd = connect_for(a, 5000);

	if (fd < 0)
		return 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	while ((n = recv(fd, block, sizeof(block), 0)) > 0)
		got += n;
	if (got != bytes)
		fprintf(stderr, "tcp-fetch: %ld bytes, not %ld\n", got, bytes);
	return got != bytes;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 a;

	if (argc == 4 && strcmp(argv[1], "ready") == 0)
		return ready(argv[2], atoi(argv[3]));
	if (argc == 5 && address(&a, argv[2], argv[3])) {
		if (strcmp(argv[1], "tcp-serve") == 0)
			return serve(&a, atol(argv[4]));
		if (strcmp(argv[1], "tcp-fetch") == 0)
			return fetch(&a, atol(argv[4]));
	}
	fprintf(stderr, "usage: helper ready SOCKET SECONDS | tcp-serve IP PORT BYTES | "
			"tcp-fetch IP PORT BYTES\n");
	return 2;
}
