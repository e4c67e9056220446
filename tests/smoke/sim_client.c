// SPDX-License-Identifier: BSD-3-Clause
// Talks to a running root as simulated nodes and checks what it says. Exit status 0 if every check
// held, 1 if not, 2 for a wrong command line.
#include "tests/smoke/sim.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	void (*run)(struct sim *s);
} scenarios[] = {
	{"verbs", sim_verbs},           {"ignored", sim_ignored},     {"multicast", sim_multicast},
	{"suites", sim_suites},         {"fragments", sim_fragments}, {"worlds", sim_worlds},
	{"badmac", sim_badmac},         {"forged", sim_forged},       {"unproven", sim_unproven},
	{"sizes", sim_sizes},           {"frames", sim_frames},       {"relay", sim_relay},
	{"rendezvous", sim_rendezvous}, {"crowd", sim_crowd},         {"rebind", sim_rebind},
	{"lost6", sim_lost6},
};

enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

bool sim_check(struct sim *s, bool ok, const char *text, ...)
{
	va_list args;

	s->checks++;
	s->failed += !ok;
	printf(ok ? "ok - " : "not ok - ");
	va_start(args, text);
	vprintf(text, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return ok;
}

struct rl_inet sim_addr(const struct sim *s, unsigned host, unsigned family)
{
	struct rl_inet a = family == 4 ? s->base4 : s->base6;

	a.ip[family == 4 ? 3 : 15] = (uint8_t)(a.ip[family == 4 ? 3 : 15] + host);
	a.port = 0;
	return a;
}

unsigned sim_first_socket(const struct sim *s)
{
	return s->root4.family ? 0 : 1;
}

static void open_sockets(struct sim *s, struct udp_node *n, unsigned host, bool secondary)
{
	for (unsigned k = 0; k < (secondary ? 4 : 2); k++) {
		struct rl_inet local = sim_addr(s, host, k & 1 ? 6 : 4);
		int ret;

		if (!(k & 1 ? s->root6.family : s->root4.family))
			continue;
		ret = udp_open(n, k, &local);
		if (ret < 0) {
			fprintf(stderr, "sim_client: node %u, socket %u: %s\n", host, k,
				strerror(-ret));
			exit(2);
		}
	}
	n->use = sim_first_socket(s);
}

void sim_nodes(struct sim *s, unsigned count, bool secondary)
{
	if (udp_net_init(&s->net, count) < 0 || s->next_id + count > s->id_count) {
		fprintf(stderr, "sim_client: out of memory or of identities\n");
		exit(2);
	}
	s->net.root4 = s->root4;
	s->net.root6 = s->root6;
	for (unsigned i = 0; i < count; i++) {
		struct udp_node *n = &s->net.node[i];
		const struct test_identity *t = &s->ids[s->next_id++];

		node_init(&n->node, &t->id, &t->secret, &s->root, s->cipher, udp_now());
		n->node.join = node_join_new();
		n->node.planet_id = s->planet.id;
		n->node.planet_timestamp = s->planet.timestamp;
		open_sockets(s, n, i, secondary);
	}
}

bool sim_online(struct sim *s, unsigned count)
{
	sim_nodes(s, count, false);
	return sim_check(s, udp_online(&s->net, s->net.node, count, 6000) == count,
			 "%u nodes are online", count);
}

void sim_done(struct sim *s)
{
	for (unsigned i = 0; i < s->net.count; i++)
		node_join_free(s->net.node[i].node.join);
	udp_net_free(&s->net);
}

const struct udp_seen *sim_ask(struct sim *s, struct udp_node *n, const uint8_t *p, size_t len,
			       uint8_t verb, uint8_t answer)
{
	struct udp_want want = {.verb = answer, .in_verb = verb, .in_id = rl_load64(p)};

	udp_send(&s->net, n, p, len);
	return udp_wait(&s->net, n, &want, 1500);
}

bool sim_silent(struct sim *s, struct udp_node *n, const uint8_t *p, size_t len, uint8_t verb)
{
	struct udp_want want = {.verb = ZT_VERB_OK, .in_verb = verb, .in_id = rl_load64(p)};

	udp_send(&s->net, n, p, len);
	return !udp_wait(&s->net, n, &want, 300);
}

bool sim_settle(struct sim *s, struct udp_node *n)
{
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_echo(&n->node, NODE_SUITE_AUTO, "settle", 6, p);
	bool ok = sim_ask(s, n, p, len, ZT_VERB_ECHO, ZT_VERB_OK) != NULL;

	udp_run(&s->net, 200);
	return ok;
}

void sim_acquaint(struct udp_node *a, struct udp_node *b, struct node_peer ab[2])
{
	node_know(&a->node, &ab[0], &b->node.id);
	node_know(&b->node, &ab[1], &a->node.id);
}

static int usage(void)
{
	fprintf(stderr, "usage: sim_client --root IDENTITY.public [--root4 IP/PORT --base4 IP/1] "
			"[--root6 IP/PORT --base6 IP/1]\n"
			"       [--planet FILE] [--moon FILE] [--skip IDENTITIES] SCENARIO...\n"
			"scenarios:");
	for (unsigned i = 0; i < SCENARIOS; i++)
		fprintf(stderr, " %s", scenarios[i].name);
	fprintf(stderr, "\n");
	return 2;
}

static bool load_world(struct rl_world *w, const char *path)
{
	uint8_t buf[ZT_WORLD_MAX];
	FILE *f = fopen(path, "re");
	size_t len;

	if (!f)
		return false;
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return rl_world_parse(w, buf, len) == 0;
}

static bool option(struct sim *s, int c, const char *arg, unsigned *skip)
{
	switch (c) {
	case 'r':
		return identity_load(arg, &s->root);
	case '4':
		return rl_inet_parse(&s->root4, arg) == 0;
	case '6':
		return rl_inet_parse(&s->root6, arg) == 0;
	case 'b':
		return rl_inet_parse(&s->base4, arg) == 0;
	case 'B':
		return rl_inet_parse(&s->base6, arg) == 0;
	case 'p':
		return load_world(&s->planet, arg);
	case 'm':
		return load_world(&s->moon, arg);
	case 's':
		*skip = (unsigned)strtoul(arg, NULL, 10);
		return true;
	default:
		return false;
	}
}

static bool run(struct sim *s, const char *name)
{
	for (unsigned i = 0; i < SCENARIOS; i++) {
		if (strcmp(scenarios[i].name, name) != 0)
			continue;
		printf("# %s, %s%s\n", name, s->root4.family ? "IPv4 " : "",
		       s->root6.family ? "IPv6" : "");
		scenarios[i].run(s);
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"root", 1, NULL, 'r'},  {"root4", 1, NULL, '4'}, {"root6", 1, NULL, '6'},
		{"base4", 1, NULL, 'b'}, {"base6", 1, NULL, 'B'}, {"planet", 1, NULL, 'p'},
		{"moon", 1, NULL, 'm'},  {"skip", 1, NULL, 's'},  {0},
	};
	static struct sim s;
	unsigned skip = 0;
	int ret, c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!option(&s, c, optarg, &skip)) {
			fprintf(stderr, "sim_client: option value not understood: %s\n",
				optarg ? optarg : "?");
			return usage();
		}
	}
	if (!s.root.address || optind == argc || (!s.root4.family && !s.root6.family))
		return usage();
	ret = identities_load(IDENTITIES_FILE, skip, 2100, &s.ids);
	s.cipher = rl_cipher_new();
	if (ret <= 0 || !s.cipher) {
		fprintf(stderr, "sim_client: no identities\n");
		return 2;
	}
	s.id_count = (unsigned)ret;
	for (; optind < argc; optind++) {
		if (!run(&s, argv[optind]))
			return usage();
	}
	printf("# %u checks, %u failed\n", s.checks, s.failed);
	rl_cipher_free(s.cipher);
	free(s.ids);
	return s.failed || !s.checks;
}
