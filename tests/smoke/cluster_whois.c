// SPDX-License-Identifier: BSD-3-Clause
// Simulated nodes at two members of one cluster: who asks at one of them who nodes of the other are
// gets one answer, packets between them arrive, and both are told where the other is. Arguments:
// the root's identity file, IP/PORT of both members, and the nodes' own IP as IP/1. Exit status 0
// if every check held, 1 if not, 2 for a wrong command line.
#include "tests/lib/identities.h"
#include "tests/lib/udp_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Places: x and z are at member A, y and w at B; the last one says HELLO to A, and later to B.
enum {
	A,
	B,
	MEMBERS,
	X = 0,
	Z = 1,
	Y = 0,
	W = 1,
	LAST = 2,
	EACH = 3,
	IDENTITIES = 5,
	TRIES = 5,
	ONLINE_MS = 30000
};

// Each net is what is said to one member.
static struct {
	struct udp_net net[MEMBERS];
	struct rl_cipher *cipher;
	struct rl_identity root;
	struct test_identity *ids;
	struct node_peer known[2];
	unsigned failed;
} s;

static bool check(bool ok, const char *text)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", text);
	fflush(stdout);
	s.failed += !ok;
	return ok;
}

static bool open_net(unsigned m, const char *member, const struct rl_inet *ip)
{
	struct udp_net *net = &s.net[m];
	if (udp_net_init(net, EACH) < 0 || rl_inet_parse(&net->root4, member) < 0)
		return false;
	for (unsigned i = 0; i < EACH; i++) {
		const struct test_identity *t = &s.ids[i == LAST ? LAST : m * EACH + i];
		struct udp_node *n = &net->node[i];
		node_init(&n->node, &t->id, &t->secret, &s.root, s.cipher, udp_now() + i);
		if (udp_open(n, 0, ip) < 0)
			return false;
	}
	return true;
}

static struct udp_node *node_of(unsigned m, unsigned i)
{
	return &s.net[m].node[i];
}

static uint64_t address_of(unsigned m, unsigned i)
{
	return node_of(m, i)->node.id.address;
}

// NULL: no answer in time. The net's event is the answer.
static const struct udp_seen *whois(unsigned m, unsigned i, const uint64_t *address, unsigned n,
				    unsigned timeout_ms)
{
	struct udp_node *from = node_of(m, i);
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_whois(&from->node, NODE_SUITE_AUTO, address, n, p);
	struct udp_want want = {
		.verb = ZT_VERB_OK, .in_verb = ZT_VERB_WHOIS, .in_id = rl_load64(p)};
	udp_send(&s.net[m], from, p, len);
	return udp_wait(&s.net[m], from, &want, timeout_ms);
}

static bool tells(const struct node_event *e, unsigned k, const struct rl_identity *id)
{
	return k < e->whois_count && rl_identity_equal(&e->whois[k], id);
}

// Asks until all `want` are told in one answer, as a client asks until it knows: on a busy machine
// packets get lost, and members take longer than the second that an answer waits for them.
static const struct udp_seen *whois_whole(unsigned m, unsigned i, const uint64_t *address,
					  unsigned n, unsigned want)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		const struct udp_seen *seen = whois(m, i, address, n, 1500);
		if (seen && s.net[m].event.whois_count == want)
			return seen;
	}
	return NULL;
}

// What makes a member a client's home.
static bool lands(unsigned m, unsigned first, unsigned count)
{
	bool good = udp_online(&s.net[m], node_of(m, first), count, ONLINE_MS) == count;
	for (unsigned i = first; i < first + count; i++)
		good = good && whois_whole(m, i, &s.root.address, 1, 1);
	return good;
}

// Members tell each other of clients within moments; until then the answer is silence.
static bool known_across(void)
{
	uint64_t y = address_of(B, Y);
	for (unsigned tries = 0; tries < 30; tries++)
		if (whois(A, Z, &y, 1, 300))
			return tells(&s.net[A].event, 0, &node_of(B, Y)->node.id);
	return false;
}

static void mixed_list(void)
{
	const uint64_t list[] = {address_of(B, W), address_of(A, X), s.root.address};
	const struct node_event *e = &s.net[B].event;
	uint64_t start = udp_now();
	const struct udp_seen *seen = whois_whole(B, Y, list, 3, 3);
	printf("# asked of the other member, answered after %llu ms\n",
	       (unsigned long long)(udp_now() - start));
	check(seen && tells(e, 0, &node_of(B, W)->node.id) &&
		      tells(e, 1, &node_of(A, X)->node.id) && tells(e, 2, &s.root),
	      "a list of a node here, one there and the root: all in one answer");
	unsigned after = s.net[B].seen;
	uint64_t id = seen ? seen->in_id : 0;
	struct udp_want again = {.verb = ZT_VERB_OK, .in_id = id};
	udp_run(&s.net[B], 1200);
	check(seen && udp_count(&s.net[B], node_of(B, Y), &again, after) == 0,
	      "and no second answer");
}

static void nobody(void)
{
	const uint64_t list[] = {0x1234567890, address_of(A, Z), 0x1234567891};
	const struct node_event *e = &s.net[B].event;
	check(whois_whole(B, W, list, 3, 1) && tells(e, 0, &node_of(A, Z)->node.id),
	      "a list with nobodies: who is known is answered");
	check(!whois(B, W, list, 1, 1500), "a nobody alone: silence");
}

static bool arrives_once(unsigned m, unsigned to, const struct node_peer *peer)
{
	struct udp_want want = {.verb = ZT_VERB_USER_MESSAGE};
	uint8_t p[ZT_PACKET_MAX], text[1200];
	memset(text, (int)m + 1, sizeof(text));
	size_t len = node_user_message(&node_of(m, 0)->node, peer, 3, 7, text, sizeof(text), p);
	want.id = rl_load64(p);
	udp_send(&s.net[m], node_of(m, 0), p, len);
	const struct udp_seen *seen = udp_wait(&s.net[to], node_of(to, 0), &want, 2000);
	return seen && seen->hops == 2 &&
	       memcmp(s.net[to].event.payload + 8, text, sizeof(text)) == 0;
}

static bool arrives(unsigned m, unsigned to, const struct node_peer *peer)
{
	for (unsigned tries = 0; tries < TRIES; tries++)
		if (arrives_once(m, to, peer))
			return true;
	return false;
}

// RENDEZVOUS that the first node of m got about that of `other`, with its true address.
static unsigned hints(unsigned m, unsigned other)
{
	const struct udp_net *net = &s.net[m];
	unsigned n = 0;
	for (unsigned i = 0; i < net->seen; i++) {
		const struct udp_seen *e = &net->log[i];
		n += e->verdict == NODE_READ && e->node == 0 && e->verb == ZT_VERB_RENDEZVOUS &&
		     e->meet == address_of(other, 0) &&
		     rl_inet_equal(&e->meet_at, &node_of(other, 0)->socket[0].local);
	}
	return n;
}

static bool more_hints(unsigned a, unsigned b)
{
	for (unsigned tries = 0; tries < 40; tries++) {
		if (hints(A, B) > a && hints(B, A) > b)
			return true;
		udp_run(&s.net[A], 50);
		udp_run(&s.net[B], 50);
	}
	return false;
}

static void talk(void)
{
	uint64_t x = address_of(A, X);
	node_know(&node_of(A, X)->node, &s.known[A], &node_of(B, Y)->node.id);
	node_know(&node_of(B, Y)->node, &s.known[B], &node_of(A, X)->node.id);
	check(arrives(A, B, &s.known[A]), "a packet from A's client reaches B's");
	check(arrives(B, A, &s.known[B]), "and one back");
	check(more_hints(0, 0), "both are told where the other is");
	udp_run(&s.net[A], 300);
	udp_run(&s.net[B], 300);
	unsigned at_a = hints(A, B), at_b = hints(B, A);
	check(whois_whole(B, Y, &x, 1, 1) && more_hints(at_a, at_b),
	      "and again when one of them asks who the other is");
}

int main(int argc, char **argv)
{
	struct rl_inet ip;
	if (argc != 5 || !identity_load(argv[1], &s.root) || rl_inet_parse(&ip, argv[4]) < 0) {
		fputs("usage: cluster_whois IDENTITY.public IP/PORT IP/PORT IP/1\n", stderr);
		return 2;
	}
	ip.port = 0;
	s.cipher = rl_cipher_new();
	if (!s.cipher || identities_load(IDENTITIES_FILE, 0, IDENTITIES, &s.ids) != IDENTITIES ||
	    !open_net(A, argv[2], &ip) || !open_net(B, argv[3], &ip)) {
		fputs("cluster_whois: no identities, or no sockets\n", stderr);
		return 2;
	}
	check(udp_online(&s.net[A], node_of(A, LAST), 1, ONLINE_MS) == 1, "a newcomer at A");
	if (check(lands(A, X, 2) && lands(B, Y, 2), "two clients at home at each member") &&
	    check(known_across(), "A's client learns who B's is")) {
		mixed_list();
		nobody();
		talk();
	}
	check(udp_online(&s.net[B], node_of(B, LAST), 1, ONLINE_MS) == 1, "the newcomer at B, too");
	udp_net_free(&s.net[A]);
	udp_net_free(&s.net[B]);
	rl_cipher_free(s.cipher);
	free(s.ids);
	return s.failed != 0;
}
