// SPDX-License-Identifier: BSD-3-Clause
// The kernel's UDP ports are held, say nothing, and are given back. In a network namespace of its
// own.
#include "dpdk-app/punt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const uint16_t ports[] = {9993, 9443};

static int client(int family, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons(port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, SOCK_DGRAM, 0);

	if (family == AF_INET)
		assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	else
		assert_int_equal(connect(fd, (struct sockaddr *)&in6, sizeof(in6)), 0);
	return fd;
}

// What a datagram to this machine's port causes: 0 silence, else the error that ICMP brought.
static int answer(int family, uint16_t port)
{
	int fd = client(family, port), err = 0;
	socklen_t size = sizeof(err);

	assert_int_equal(send(fd, "x", 1, 0), 1);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	poll(&p, 1, 50);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size);
	close(fd);
	return err;
}

static void test_silent(void **state)
{
	char why[PORT_WHY_MAX];
	struct punt p;

	(void)state;
	assert_int_equal(answer(AF_INET, 9993), ECONNREFUSED);
	assert_int_equal(answer(AF_INET6, 9993), ECONNREFUSED);
	assert_int_equal(punt_open(&p, ports, 2, why), 0);
	assert_int_equal(p.count, 4);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(answer(AF_INET, ports[i]), 0);
		assert_int_equal(answer(AF_INET6, ports[i]), 0);
	}
	assert_int_equal(answer(AF_INET, 9994), ECONNREFUSED);
	// Nothing has been queued.
	for (unsigned i = 0; i < p.count; i++) {
		char byte;
		assert_int_equal(recv(p.fd[i], &byte, 1, MSG_DONTWAIT), -1);
	}
	punt_close(&p);
	assert_int_equal(answer(AF_INET, 9993), ECONNREFUSED);
}

static void test_taken(void **state)
{
	char why[PORT_WHY_MAX];
	struct punt p, q;

	(void)state;
	assert_int_equal(punt_open(&p, ports + 1, 1, why), 0);
	assert_int_equal(punt_open(&q, ports, 2, why), -EADDRINUSE);
	assert_int_equal(q.count, 0);
	assert_non_null(strstr(why, "UDP port 9443"));
	assert_non_null(strstr(why, "zerotier-one"));
	// The other port, taken before the failure, has been given back.
	assert_int_equal(answer(AF_INET, 9993), ECONNREFUSED);
	punt_close(&p);
	assert_int_equal(punt_open(&q, ports, 2, why), 0);
	punt_close(&q);
}

// A socket on one address alone stands in the way too.
static void test_taken_on_one_address(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(9993),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char why[PORT_WHY_MAX];
	struct punt p;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(punt_open(&p, ports, 1, why), -EADDRINUSE);
	close(fd);
}

static void test_too_many(void **state)
{
	uint16_t many[PUNT_PORTS_MAX + 1] = {0};
	char why[PORT_WHY_MAX];
	struct punt p;

	(void)state;
	assert_int_equal(punt_open(&p, many, PUNT_PORTS_MAX + 1, why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_taken_on_one_address),
		cmocka_unit_test(test_too_many),
	};
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK};
	int fd;

	if (unshare(CLONE_NEWNET) < 0) {
		printf("SKIP: no network namespace: %s\n", strerror(errno));
		return 77;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		return 1;
	close(fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
