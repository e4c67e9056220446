// SPDX-License-Identifier: BSD-3-Clause
// What it costs two clients that their homes are two members: four simulated nodes, three at the
// member --a, one at the member --b. Packets from the first to the second stay at a; packets from
// the third to the fourth go from a to b. Both kinds take turns, so that whatever else the machine
// does meets both alike; each bears the time of its sending, and the kernel notes its arrival.
//
// Writes one JSON object a line, as the other programs of the bench do. Exit status 1: somebody was
// not served; 2: a wrong command line.
#include "bench/micro/figures.h"
#include "tests/lib/identities.h"
#include "tests/lib/udp_node.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	TEXT = 64,  // bytes of the message within each packet
	STAMP = 16, // at its end: number and time of sending
	NODES_A = 3,
	ONLINE_MS = 8000,
	FOUND_MS = 30000, // until a knows whom b has
	KINDS = 2,
	ROUNDS = 5, // of each rate; figures are medians of them
	PACKETS_MAX = 400000,
	LATE_MS = 100,
	NS = 1000000000,
};

static const char *const kinds[KINDS] = {"local", "split"};

struct side {
	struct udp_net net;
	struct rl_inet member;
};

struct way {
	int from, to;
	struct rl_inet member;
	uint8_t packet[256];
	size_t len;
	uint32_t sent, got;
	double *us; // of those that came
};

static struct way way[KINDS];

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t); // the clock of the kernel's stamps
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "cluster_pairs: %s\n", what);
	exit(1);
}

static void go_online(struct side *s, unsigned count, const struct rl_inet *base,
		      const struct rl_identity *root, struct rl_cipher *cipher,
		      const struct test_identity *ids)
{
	if (udp_net_init(&s->net, count) < 0)
		fail("out of memory");
	s->net.root4 = s->member;
	for (unsigned i = 0; i < count; i++) {
		struct udp_node *n = &s->net.node[i];
		if (node_init(&n->node, &ids[i].id, &ids[i].secret, root, cipher, udp_now()) < 0)
			fail("the root's identity is not one");
		n->node.join = node_join_new();
		int ret = udp_open(n, 0, base);
		if (ret < 0)
			fail(strerror(-ret));
	}
	if (udp_online(&s->net, s->net.node, count, ONLINE_MS) != count)
		fail("a member does not answer all of its nodes");
}

// A message that only its receiver could open; members relay it as it is.
static void prepare(struct way *w, struct side *at, struct udp_node *from, struct udp_node *to)
{
	static struct node_peer peer[KINDS];
	static unsigned used;
	uint8_t text[TEXT] = {0}, packet[ZT_PACKET_MAX];
	int on = 1;

	node_know(&from->node, &peer[used], &to->node.id);
	w->len = node_user_message(&from->node, &peer[used++], 3, 7, text, sizeof(text), packet);
	memcpy(w->packet, packet, w->len);
	w->from = from->socket[0].fd;
	w->to = to->socket[0].fd;
	w->member = at->member;
	w->us = malloc(PACKETS_MAX * sizeof(*w->us));
	if (!w->us || setsockopt(w->to, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		fail("no time of arrival");
}

static void send_one(struct way *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(w->member.port)};
	uint64_t stamp[2] = {w->sent++, now_ns()};

	memcpy(&to.sin_addr, w->member.ip, 4);
	memcpy(w->packet + w->len - STAMP, stamp, STAMP);
	sendto(w->from, w->packet, w->len, 0, (struct sockaddr *)&to, sizeof(to));
}

static uint64_t arrival(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct timespec t;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
	}
	return now_ns();
}

// All that has come for it. Whatever else the members say to their nodes is shorter or longer, or
// not from the sender.
static void take(struct way *w)
{
	uint8_t data[2048], control[128];
	ssize_t len;

	for (;;) {
		struct iovec v = {data, sizeof(data)};
		struct msghdr m = {.msg_iov = &v,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};
		uint64_t stamp[2];
		len = recvmsg(w->to, &m, MSG_DONTWAIT);
		if (len < 0)
			return;
		if ((size_t)len != w->len || memcmp(data, w->packet, 18) != 0)
			continue;
		memcpy(stamp, data + len - STAMP, STAMP);
		if (stamp[0] < w->sent && w->got < PACKETS_MAX)
			w->us[w->got++] = (double)(arrival(&m) - stamp[1]) / 1000;
	}
}

static void take_all(uint64_t until_ns)
{
	struct pollfd p[KINDS] = {{way[0].to, POLLIN, 0}, {way[1].to, POLLIN, 0}};

	do {
		int64_t left = (int64_t)(until_ns - now_ns());
		struct timespec t = {left > 0 ? left / NS : 0, left > 0 ? left % NS : 0};
		ppoll(p, KINDS, &t, NULL);
		for (unsigned k = 0; k < KINDS; k++)
			take(&way[k]);
	} while (now_ns() < until_ns);
}

static void begin(void)
{
	for (unsigned k = 0; k < KINDS; k++)
		way[k].sent = way[k].got = 0;
}

// Both kinds at this rate together, in turn.
static void run(unsigned rate, double seconds)
{
	uint64_t gap = NS / rate, next = now_ns(), end = next + (uint64_t)(seconds * NS);

	begin();
	for (unsigned k = 0; next < end; k ^= 1, next += gap) {
		take_all(next);
		if (way[k].sent < PACKETS_MAX)
			send_one(&way[k]);
	}
	take_all(now_ns() + LATE_MS * 1000000ull);
}

static void wait_found(void)
{
	for (uint64_t end = udp_now() + FOUND_MS; udp_now() < end;) {
		begin();
		send_one(&way[0]);
		send_one(&way[1]);
		take_all(now_ns() + NS / 10);
		if (way[0].got && way[1].got)
			return;
	}
	fail("packets do not arrive: the members do not know of each other's nodes");
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double at(const struct way *w, double share)
{
	return w->us[(uint32_t)(share * (w->got - 1))];
}

static void figure_of(const char *name, unsigned rate, const char *what, const char *title,
		      double value, const char *unit, double limit)
{
	char full[64], text[96];

	snprintf(full, sizeof(full), "cluster_relay_%s_%s", name, what);
	snprintf(text, sizeof(text), "cluster, relay at %u/s: %s", rate, title);
	figure(full, text, value, unit, limit);
}

// Of one rate, round by round.
struct result {
	const char *name;
	unsigned rate;
	double p50[KINDS][ROUNDS], p99[KINDS][ROUNDS], added[ROUNDS];
	double sent, got;
};

static void note(struct result *r, unsigned round)
{
	for (unsigned k = 0; k < KINDS; k++) {
		struct way *w = &way[k];
		if (w->got < w->sent / 2 || w->got == 0)
			fail("less than half of the packets arrived");
		qsort(w->us, w->got, sizeof(*w->us), by_value);
		r->p50[k][round] = at(w, 0.5);
		r->p99[k][round] = at(w, 0.99);
		r->sent += w->sent;
		r->got += w->got;
	}
	r->added[round] = r->p50[1][round] - r->p50[0][round];
}

static void report(struct result *r)
{
	char what[32], title[64];

	for (unsigned k = 0; k < KINDS; k++) {
		double *p[] = {r->p50[k], r->p99[k]};
		for (unsigned i = 0; i < 2; i++) {
			snprintf(what, sizeof(what), "%s_p%s_us", kinds[k], i ? "99" : "50");
			snprintf(title, sizeof(title), "%s, %s",
				 k ? "over two members" : "at one member", i ? "99 %" : "median");
			figure_of(r->name, r->rate, what, title, figure_median(p[i], ROUNDS), "us",
				  0);
		}
	}
	figure_of(r->name, r->rate, "added_us", "what the second member adds",
		  figure_median(r->added, ROUNDS), "us", 0);
	figure_of(r->name, r->rate, "arrived", "packets that arrived", r->got / r->sent, "share",
		  1);
}

struct arguments {
	struct side a, b;
	struct rl_inet base;
	const char *root;
	double seconds;
};

static bool option(struct arguments *g, int c)
{
	switch (c) {
	case 'r':
		g->root = optarg;
		return true;
	case 'a':
		return rl_inet_parse(&g->a.member, optarg) == 0;
	case 'b':
		return rl_inet_parse(&g->b.member, optarg) == 0;
	case 'f':
		if (rl_inet_parse(&g->base, optarg) != 0)
			return false;
		g->base.port = 0; // any
		return true;
	case 's':
		g->seconds = strtod(optarg, NULL);
		return g->seconds > 0 && g->seconds <= 60;
	default:
		return false;
	}
}

static void parse(struct arguments *g, int argc, char **argv)
{
	static const struct option options[] = {
		{"root", 1, NULL, 'r'}, {"a", 1, NULL, 'a'},       {"b", 1, NULL, 'b'},
		{"from", 1, NULL, 'f'}, {"seconds", 1, NULL, 's'}, {NULL, 0, NULL, 0},
	};
	bool ok = true;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		ok &= option(g, c);
	if (ok && optind == argc && g->root && g->a.member.family == 4 && g->b.member.family == 4 &&
	    g->base.family == 4)
		return;
	fprintf(stderr, "usage: cluster_pairs --root IDENTITY.public --a IP/PORT --b IP/PORT "
			"--from IP/1 [--seconds S]\n");
	exit(2);
}

static void load_root(struct rl_identity *id, const char *path)
{
	char text[RL_IDENTITY_SECRET_TEXT + 8];
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[len] = 0;
	if (rl_identity_parse(id, NULL, text) != 0)
		fail("no identity in that file");
}

int main(int argc, char **argv)
{
	static struct result results[] = {{.name = "low", .rate = 1000},
					  {.name = "mid", .rate = 20000}};
	struct arguments g = {.seconds = 5};
	struct test_identity *ids;
	struct rl_identity root;

	parse(&g, argc, argv);
	load_root(&root, g.root);
	if (identities_load(IDENTITIES_FILE, 0, NODES_A + 1, &ids) != NODES_A + 1)
		fail("no identities");
	struct rl_cipher *cipher = rl_cipher_new();
	if (!cipher)
		fail("no cipher");
	go_online(&g.a, NODES_A, &g.base, &root, cipher, ids);
	go_online(&g.b, 1, &g.base, &root, cipher, ids + NODES_A);
	prepare(&way[0], &g.a, &g.a.net.node[0], &g.a.net.node[1]);
	prepare(&way[1], &g.a, &g.a.net.node[2], &g.b.net.node[0]);
	wait_found();
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		run(results[i % 2].rate, g.seconds / ROUNDS);
		note(&results[i % 2], i / 2);
	}
	report(&results[0]);
	report(&results[1]);
	return 0;
}
