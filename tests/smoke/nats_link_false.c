// SPDX-License-Identifier: BSD-3-Clause
// Servers that behave as nats-server never would of its own will.
#include "tests/smoke/nats_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct member m;

static int listening(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(PORT),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 8)) {
		check(false, "a server of our own: %s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static void say_info(int client, bool tls)
{
	dprintf(client,
		"INFO {\"server_id\":\"x\",\"version\":\"2.9.10\",\"headers\":true,"
		"\"max_payload\":1048576,\"tls_required\":%s}\r\n",
		tls ? "true" : "false");
}

// Accepts, promises TLS, and then says nothing more, like a machine that has lost its power.
void silent_server(void)
{
	struct rl_link_nats_config c = plain_config(1);
	struct server other;
	int fd = listening(), client;

	note("a server that falls silent while a connection is made");
	if (fd < 0)
		return;
	c.servers = (const char *const[]){"nats://127.0.0.1:4222", "nats://127.0.0.1:4223"};
	c.server_count = 2;
	server_start(&other, OTHER_PORT, "");
	member_start(&m, &c);
	client = accept(fd, NULL, NULL);
	say_info(client, true);
	uint64_t start = now_us();
	bool up = until(&m, NULL, 12000, m.up);
	check(up && !strcmp(m.text, "127.0.0.1:4223"), "the next one is used after %.1f s",
	      (double)(now_us() - start) / 1e6);
	note("it says: %s", member_status(&m).error);
	member_stop(&m);
	close(client);

	member_start(&m, &c);
	client = accept(fd, NULL, NULL);
	say_info(client, true);
	poll(NULL, 0, 200);
	start = fair_us();
	member_stop(&m);
	uint64_t took = fair_us() - start;
	check(took < 500000, "stopping meanwhile takes %.0f ms", (double)took / 1000);
	close(client);
	close(fd);
	server_end(&other);
	poll(NULL, 0, 200);
}

// Lets one client in: its CONNECT and its subscriptions each end with a PING.
static void let_in(int client)
{
	char said[4096];
	say_info(client, false);
	for (unsigned pings = 0; pings < 2;) {
		ssize_t n = recv(client, said, sizeof(said), 0);
		if (n <= 0)
			return;
		if (memmem(said, (size_t)n, "PING\r\n", 6)) {
			dprintf(client, "PONG\r\n");
			pings++;
		}
	}
}

// Lets everybody in, and out again at once.
void fickle_server(void)
{
	struct rl_link_nats_config c = plain_config(1);
	int fd = listening();
	unsigned times = 0;

	note("a server that lets everybody in, and out again");
	if (fd < 0)
		return;
	member_start(&m, &c);
	for (uint64_t start = now_us(); now_us() - start < 2000000;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 50) != 1)
			continue;
		int client = accept(fd, NULL, NULL);
		let_in(client);
		close(client);
		times++;
	}
	member_poll(&m);
	check(times >= 3 && times <= 10, "is tried %u times in 2 s", times);
	member_stop(&m);
	close(fd);
}
