// SPDX-License-Identifier: BSD-3-Clause
// Simulated nodes at three members of one cluster: who GATHERs at one of them gets one answer, with
// the listeners of all. Arguments: the root's identity file, the members' IP/PORT, and the IP that
// the nodes have, as IP/1. Exit status 0 if every check held, 1 if not, 2 for a wrong command line.
#include "tests/lib/identities.h"
#include "tests/lib/udp_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 3, A = 0, B, C, EACH = 2, TRY_MS = 1000, TRIES = 20 };

// Each net is what is said to one member.
static struct {
	struct udp_net net[MEMBERS];
	struct rl_cipher *cipher;
	struct rl_identity root;
	struct test_identity *ids;
	unsigned failed;
} s;

static bool check(bool ok, const char *text)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", text);
	fflush(stdout);
	s.failed += !ok;
	return ok;
}

static bool open_net(unsigned m, const struct rl_inet *member, const struct rl_inet *ip)
{
	struct udp_net *net = &s.net[m];
	if (udp_net_init(net, EACH) < 0)
		return false;
	net->root4 = *member;
	for (unsigned i = 0; i < EACH; i++) {
		const struct test_identity *t = &s.ids[m * EACH + i];
		struct udp_node *n = &net->node[i];
		node_init(&n->node, &t->id, &t->secret, &s.root, s.cipher, udp_now());
		n->node.join = node_join_new();
		if (udp_open(n, 0, ip) < 0)
			return false;
	}
	return true;
}

static void like(unsigned m, unsigned i, const struct node_group *g)
{
	uint8_t p[ZT_PACKET_MAX];
	struct udp_node *n = &s.net[m].node[i];
	for (unsigned k = 0; k < 3; k++) { // nothing says whether it came
		udp_send(&s.net[m], n, p, node_like(&n->node, NODE_SUITE_AUTO, g, 1, p));
		udp_run(&s.net[m], 50);
	}
}

static bool named(const struct node_event *e, unsigned m, unsigned i)
{
	for (unsigned k = 0; k < e->gather_count; k++)
		if (rl_load40(e->gather + 5 * k) == s.net[m].node[i].node.id.address)
			return true;
	return false;
}

// Asks once: how many answers came until `wait_ms`; *e is the last.
static unsigned gather(unsigned m, unsigned i, const struct node_group *g, uint32_t limit,
		       unsigned wait_ms, struct node_event *e)
{
	uint8_t p[ZT_PACKET_MAX];
	struct udp_net *net = &s.net[m];
	struct udp_node *n = &net->node[i];
	size_t len = node_gather(&n->node, NODE_SUITE_AUTO, g, limit, 0, p);
	struct udp_want want = {
		.verb = ZT_VERB_OK, .in_verb = ZT_VERB_MULTICAST_GATHER, .in_id = rl_load64(p)};
	unsigned since = net->seen;
	udp_send(net, n, p, len);
	if (!udp_wait(net, n, &want, wait_ms))
		return 0;
	*e = net->event;
	static uint8_t members[ZT_PACKET_MAX];
	memcpy(members, e->gather, e->gather_count * (size_t)ZT_ADDRESS_LEN);
	e->gather = members;
	udp_run(net, 700); // longer than any question waits
	return udp_count(net, n, &want, since);
}

// Asks, and again as clients do, for on a busy machine a member may be too late with its word: at
// last there is the one answer that names so many of `total` listeners. Two answers are never
// right.
static bool finds(unsigned m, unsigned i, const struct node_group *g, uint32_t limit,
		  unsigned count, uint32_t total, struct node_event *e)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		unsigned answers = gather(m, i, g, limit, TRY_MS, e);
		if (answers > 1)
			return false;
		if (answers == 1 && e->gather_count == count && e->gather_total == total)
			return true;
	}
	return false;
}

static struct node_group fresh_group(void)
{
	return (struct node_group){
		node_random(&s.net[A].node[0].node), {0x33, 0x33, 0, 0, 1, 2}, 5};
}

static void listeners_of_two_members(void)
{
	struct node_group g = fresh_group();
	struct node_event e = {0};
	like(A, 0, &g);
	check(finds(B, 1, &g, 100, 1, 1, &e) && named(&e, A, 0), "a listener at a is found at b");
	like(B, 0, &g);
	check(finds(B, 1, &g, 100, 2, 2, &e) && named(&e, A, 0) && named(&e, B, 0) &&
		      e.group.network == g.network,
	      "one answer to a GATHER at b, with the listener at a and the one at b");
	check(finds(B, 0, &g, 100, 1, 2, &e) && named(&e, A, 0),
	      "who is a listener itself is told of the other");
	check(finds(C, 0, &g, 100, 2, 2, &e), "at c, where nobody listens, both are found");
	check(finds(C, 1, &g, 1, 1, 2, &e), "a GATHER of one gets one of two");
}

static void nobody_listens(void)
{
	struct node_group g = fresh_group();
	struct node_event e = {0};
	check(gather(B, 0, &g, 100, TRY_MS, &e) == 0, "of a group of nobody nothing is said");
}

int main(int argc, char **argv)
{
	struct rl_inet member[MEMBERS], ip;
	s.cipher = rl_cipher_new();
	if (argc != 3 + MEMBERS || !identity_load(argv[1], &s.root) ||
	    rl_inet_parse(&ip, argv[2 + MEMBERS]) ||
	    identities_load(IDENTITIES_FILE, 0, MEMBERS * EACH, &s.ids) != MEMBERS * EACH) {
		fprintf(stderr, "usage: cluster_multicast IDENTITY.public A B C OWN-IP/1\n");
		return 2;
	}
	ip.port = 0;
	for (unsigned m = 0; m < MEMBERS; m++) {
		if (rl_inet_parse(&member[m], argv[2 + m]) || !open_net(m, &member[m], &ip)) {
			fprintf(stderr, "cluster_multicast: no sockets towards %s\n", argv[2 + m]);
			return 2;
		}
		check(udp_online(&s.net[m], s.net[m].node, EACH, 20000) == EACH,
		      "two nodes are online at a member");
	}
	listeners_of_two_members();
	nobody_listens();
	for (unsigned m = 0; m < MEMBERS; m++) {
		for (unsigned i = 0; i < EACH; i++)
			node_join_free(s.net[m].node[i].node.join);
		udp_net_free(&s.net[m]);
	}
	rl_cipher_free(s.cipher);
	free(s.ids);
	return s.failed != 0;
}
