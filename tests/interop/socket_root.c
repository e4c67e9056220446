// SPDX-License-Identifier: BSD-3-Clause
// The core behind plain UDP sockets, one datagram at a time: the smallest host there is. It proves
// against real clients that the core alone is a root, without DPDK between.
//
//   socket_root IDENTITY.SECRET PLANET|- IP/PORT [IP/PORT ...]
#include "root/root.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS_MAX = 8 };

static int sock[SOCKETS_MAX];
static struct rl_inet own[SOCKETS_MAX];
static unsigned sockets;

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static socklen_t to_sockaddr(const struct rl_inet *a, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		struct sockaddr_in *in = (void *)ss;
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in = (void *)ss;
	in->sin6_family = AF_INET6;
	in->sin6_port = htons(a->port);
	memcpy(&in->sin6_addr, a->ip, 16);
	return sizeof(*in);
}

static struct rl_inet from_sockaddr(const struct sockaddr_storage *ss)
{
	struct rl_inet a = {0};
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)ss;
		a.family = 4;
		a.port = ntohs(in->sin_port);
		memcpy(a.ip, &in->sin_addr, 4);
	} else {
		const struct sockaddr_in6 *in = (const void *)ss;
		a.family = 6;
		a.port = ntohs(in->sin6_port);
		memcpy(a.ip, &in->sin6_addr, 16);
	}
	return a;
}

// The way is the socket.
static uint16_t via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	return (uint16_t)(uintptr_t)p->host;
}

static void *take(void *ctx, size_t size)
{
	(void)ctx;
	size = (size + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, size);
	return mem ? memset(mem, 0, size) : NULL;
}

static void give(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	(void)size;
	free(mem);
}

static void transmit(unsigned by, const struct rl_inet *to, const void *data, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t n = to_sockaddr(to, &ss);
	if (sendto(sock[by], data, len, 0, (void *)&ss, n) < 0)
		perror("socket_root: sendto");
}

static void transmit_out(struct rl_worker *w)
{
	unsigned n;
	const struct rl_out *out = rl_worker_out(w, &n);
	for (unsigned i = 0; i < n; i++) {
		unsigned by = out[i].to.via == RL_VIA_BACK ? via(NULL, out[i].back) : out[i].to.via;
		transmit(by, &out[i].to.addr, out[i].data, out[i].len);
	}
}

static void receive(unsigned i, struct rl_worker *w, struct rl_worker *admission,
		    struct rl_scratch *scratch)
{
	static uint8_t data[ZT_PACKET_MAX];
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	ssize_t len = recvfrom(sock[i], data, sizeof(data), 0, (void *)&ss, &n);
	if (len <= 0)
		return;
	struct rl_packet p = {.data = data,
			      .len = (uint16_t)len,
			      .room = sizeof(data),
			      .from = from_sockaddr(&ss),
			      .host = (void *)(uintptr_t)i},
			 *burst[] = {&p};
	rl_receive_burst(w, now_ms(), burst, 1);
	struct rl_worker *by = w;
	if (p.verdict == RL_DEFER) {
		by = admission;
		rl_admit(by, scratch, now_ms(), &p);
	}
	if (p.verdict == RL_REPLY)
		transmit(i, &p.from, p.data, p.len);
	else if (p.verdict == RL_RELAY)
		transmit(p.to.via, &p.to.addr, p.data, p.len);
	transmit_out(by);
}

static bool read_file(const char *path, void *buf, size_t room, size_t *len)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	*len = fread(buf, 1, room, f);
	fclose(f);
	return true;
}

static struct rl_root *make_root(const char *identity, const char *planet)
{
	static const struct rl_host host = {.via = via, .alloc = take, .free = give};
	static struct rl_world world;
	char text[512] = "";
	uint8_t data[ZT_WORLD_MAX], seed[32];
	size_t len;
	struct rl_identity id;
	struct rl_secret secret;
	if (!read_file(identity, text, sizeof(text) - 1, &len) ||
	    rl_identity_parse(&id, &secret, text) != 0) {
		fprintf(stderr, "socket_root: %s: no identity with its secret\n", identity);
		return NULL;
	}
	randombytes_buf(seed, sizeof(seed));
	struct rl_root *r = rl_root_new(&id, &secret, NULL, &host, seed);
	if (!r || strcmp(planet, "-") == 0)
		return r;
	if (!read_file(planet, data, sizeof(data), &len) ||
	    rl_world_parse(&world, data, len) != 0) {
		fprintf(stderr, "socket_root: %s: no planet\n", planet);
		rl_root_free(r);
		return NULL;
	}
	rl_root_set_worlds(r, rl_worlds_new(&world, 1));
	return r;
}

static bool bind_socket(const char *text)
{
	struct sockaddr_storage ss;
	if (sockets == SOCKETS_MAX || rl_inet_parse(&own[sockets], text) != 0)
		return false;
	socklen_t n = to_sockaddr(&own[sockets], &ss);
	sock[sockets] = socket(ss.ss_family, SOCK_DGRAM, 0);
	return sock[sockets] >= 0 && bind(sock[sockets++], (void *)&ss, n) == 0;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: socket_root IDENTITY.SECRET PLANET|- IP/PORT [...]\n");
		return 2;
	}
	uint8_t seed[2][32];
	randombytes_buf(seed, sizeof(seed));
	struct rl_root *root = make_root(argv[1], argv[2]);
	if (!root)
		return 1;
	for (int i = 3; i < argc; i++)
		if (!bind_socket(argv[i])) {
			perror(argv[i]);
			return 1;
		}
	struct rl_worker *w = rl_worker_new(root, seed[0]);
	struct rl_worker *admission = rl_worker_new(root, seed[1]);
	struct rl_scratch *scratch = rl_scratch_new();
	if (!w || !admission || !scratch)
		return 1;
	fprintf(stderr, "socket_root: serving\n");
	for (;;) {
		struct pollfd pfd[SOCKETS_MAX];
		for (unsigned i = 0; i < sockets; i++)
			pfd[i] = (struct pollfd){.fd = sock[i], .events = POLLIN};
		poll(pfd, sockets, 100);
		for (unsigned i = 0; i < sockets; i++)
			if (pfd[i].revents)
				receive(i, w, admission, scratch);
		rl_tick(w, now_ms(), 0, 1);
		transmit_out(w);
	}
}
