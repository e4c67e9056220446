// SPDX-License-Identifier: BSD-3-Clause
// Packets that must have no effect: not authentic, replayed, from addresses nobody proved
// (docs/protocol.md 8.3, 8.4).
#include "tests/smoke/sim.h"

static unsigned received(const struct sim *s, const struct udp_node *n, unsigned since)
{
	unsigned count = 0;

	for (unsigned i = since; i < s->net.seen; i++)
		count += &s->net.node[s->net.log[i].node] == n;
	return count;
}

static unsigned answers_to(const struct sim *s, uint64_t id, unsigned since)
{
	unsigned count = 0;

	for (unsigned i = since; i < s->net.seen; i++)
		count += s->net.log[i].in_id == id && id;
	return count;
}

static size_t make_row(struct sim *s, struct udp_node *n, unsigned row, uint8_t *p)
{
	struct node_group g = {.network = 1};
	struct rl_inet target = s->root4.family ? s->root4 : s->root6;

	switch (row / 3) {
	case 0:
		return node_echo(&n->node, row % 3 == 2 ? 3 : row % 3, "abcd", 4, p);
	case 1:
		return node_whois(&n->node, row % 3 == 2 ? 3 : row % 3, &s->root.address, 1, p);
	case 2:
		return node_gather(&n->node, row % 3 == 2 ? 3 : row % 3, &g, 5, 0, p);
	default:
		return node_hello(&n->node, &n->node.root, udp_now(), &target, p);
	}
}

void sim_badmac(struct sim *s)
{
	// ID, destination is kept, source, flags, MAC, verb, payload.
	static const unsigned at[] = {0, 7, 17, ZT_AT_FLAGS, 19, 26, 27, 29};
	struct udp_node *known, *stranger;
	uint8_t p[ZT_PACKET_MAX];
	unsigned before, bad = 0, sent = 0;

	sim_nodes(s, 2, false);
	known = &s->net.node[0];
	stranger = &s->net.node[1];
	sim_check(s, udp_online(&s->net, known, 1, 6000) == 1, "a node is online");
	before = s->net.seen;
	for (unsigned row = 0; row < 10; row++) {
		for (unsigned k = 0; k < sizeof(at) / sizeof(at[0]); k++) {
			size_t len = make_row(s, known, row, p);
			uint64_t id;

			p[at[k]] ^= at[k] == ZT_AT_FLAGS ? ZT_FLAG_ENCRYPTED : 4;
			id = rl_load64(p);
			udp_send(&s->net, known, p, len);
			sent++;
			udp_run(&s->net, 10);
			bad += answers_to(s, id, before);
		}
	}
	sim_check(s, sim_settle(s, known), "the root still answers");
	sim_check(s, bad == 0, "%u packets with one bit changed: %u answered", sent, bad);

	before = s->net.seen;
	for (unsigned row = 0; row < 9; row++) {
		size_t len = make_row(s, stranger, row, p);

		udp_send(&s->net, stranger, p, len);
	}
	for (unsigned k = 0; k < 20; k++) {
		size_t len = make_row(s, stranger, 9, p);

		p[len - 1 - k] ^= 1;
		udp_send(&s->net, stranger, p, len);
	}
	udp_run(&s->net, 500);
	sim_check(s, received(s, stranger, before) == 0,
		  "a stranger without a right HELLO: silence");
	sim_check(s, udp_online(&s->net, stranger, 1, 6000) == 1, "with one it comes online");
	sim_done(s);
}

static bool relay_arrives(struct sim *s, struct udp_node *a, struct udp_node *b,
			  const struct node_peer *to)
{
	struct udp_want want = {.verb = ZT_VERB_USER_MESSAGE, .source = a->node.id.address};
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_user_message(&a->node, to, NODE_SUITE_AUTO, 1, "hello", 5, p);

	udp_send(&s->net, a, p, len);
	return udp_wait(&s->net, b, &want, 1000) != NULL;
}

static unsigned arrive(struct sim *s, struct udp_node *a, struct udp_node *b,
		       const struct node_peer *to, unsigned times)
{
	unsigned n = 0;

	for (unsigned i = 0; i < times; i++)
		n += relay_arrives(s, a, b, to);
	return n;
}

static unsigned relayed_to(const struct sim *s, const struct udp_node *n, unsigned since)
{
	return udp_count(&s->net, n, &(struct udp_want){.verb = ZT_VERB_USER_MESSAGE}, since);
}

// The attacker has every packet the victim ever sent, another address, and no key.
void sim_forged(struct sim *s)
{
	enum { PACKETS = 5 };
	static uint8_t seen[PACKETS][256];
	size_t len[PACKETS];
	struct node_peer ab[2];
	struct udp_node *a, *victim, *attacker;
	struct rl_inet target = s->root4.family ? s->root4 : s->root6;
	uint8_t bad[256];
	unsigned start;

	if (!sim_online(s, 3)) {
		sim_done(s);
		return;
	}
	a = &s->net.node[0];
	victim = &s->net.node[1];
	attacker = &s->net.node[2];
	node_join_free(attacker->node.join);
	attacker->node = victim->node; // so that it can read what it should not get
	attacker->node.join = NULL;
	for (unsigned k = 0; k < UDP_SOCKETS; k++)
		attacker->socket[k].mute = true;
	sim_acquaint(a, victim, ab);
	attacker->node.peers = victim->node.peers;
	start = s->net.seen;
	sim_check(s, arrive(s, a, victim, &ab[0], 5) == 5, "the victim is relayed to");

	len[0] = node_hello(&victim->node, &victim->node.root, udp_now(), &target, seen[0]);
	len[1] = node_echo(&victim->node, 1, NULL, 0, seen[1]);
	len[2] = node_whois(&victim->node, 3, &s->root.address, 1, seen[2]);
	len[3] = node_nop(&victim->node, seen[3]);
	for (unsigned i = 0; i < 4; i++)
		udp_send(&s->net, victim, seen[i], len[i]);
	udp_run(&s->net, 200);
	// Its answer to a probe, which proved its address.
	sim_check(s, victim->said_len > 0, "the victim has answered a probe");
	len[4] = victim->said_len;
	memcpy(seen[4], victim->said, len[4]);
	for (unsigned round = 0; round < 20; round++) {
		memcpy(bad, seen[0], len[0]);
		bad[ZT_AT_MAC] ^= 1;
		udp_send(&s->net, attacker, bad, len[0]);
		for (unsigned i = 0; i < PACKETS; i++)
			udp_send(&s->net, attacker, seen[i], len[i]);
	}
	sim_check(s, sim_settle(s, a), "the root still answers");
	sim_check(s, arrive(s, a, victim, &ab[0], 10) == 10,
		  "after forged and replayed packets all relays reach the victim");
	// The victim falls silent for longer than its best path is trusted without asking.
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned k = 0; k < PACKETS; k++)
			udp_send(&s->net, attacker, seen[k], len[k]);
		udp_run(&s->net, 1000);
	}
	sim_check(s, arrive(s, a, victim, &ab[0], 10) == 10, "after 8 s of silence too");
	sim_check(s, relayed_to(s, attacker, start) == 0, "none reaches the attacker (%u)",
		  relayed_to(s, attacker, start));
	sim_done(s);
}

static uint64_t sum(const struct udp_node *n, bool in)
{
	uint64_t total = 0;

	for (unsigned k = 0; k < UDP_SOCKETS; k++)
		total += in ? n->socket[k].bytes_in : n->socket[k].bytes_out;
	return total;
}

// A valid identity at an address that answers no probe, or a forged source.
void sim_unproven(struct sim *s)
{
	struct node_group g = {.network = 0x7777777777000001, .mac = {1}};
	struct rl_inet target = s->root4.family ? s->root4 : s->root6;
	uint8_t p[ZT_PACKET_MAX];
	uint64_t many[20];
	struct udp_node *n, *u;
	uint64_t worst = 0;
	size_t len;

	if (!sim_online(s, 1)) {
		sim_done(s);
		return;
	}
	n = &s->net.node[0];
	len = node_like(&n->node, 1, &g, 1, p);
	udp_send(&s->net, n, p, len);
	for (unsigned i = 0; i < 20; i++)
		many[i] = i & 1 ? n->node.id.address : s->root.address;
	sim_done(s);

	sim_nodes(s, 1, false);
	u = &s->net.node[0];
	for (unsigned k = 0; k < UDP_SOCKETS; k++)
		u->socket[k].mute = true;
	if (s->planet.type)
		u->node.planet_timestamp -= 1;
	for (unsigned round = 0; round < 30; round++) {
		len = node_hello(&u->node, &u->node.root, udp_now(), &target, p);
		udp_send(&s->net, u, p, len);
		len = node_whois(&u->node, 1, many, 20, p);
		udp_send(&s->net, u, p, len);
		len = node_gather(&u->node, 1, &g, 200, 0, p);
		udp_send(&s->net, u, p, len);
		len = node_echo(&u->node, 3, "abc", 3, p);
		udp_send(&s->net, u, p, len);
		len = node_nop(&u->node, p);
		udp_send(&s->net, u, p, len);
		udp_run(&s->net, 50);
		if (sum(u, true) > sum(u, false))
			worst = sum(u, true) - sum(u, false);
	}
	udp_run(&s->net, 500);
	sim_check(s, sum(u, true) > 0, "an unproven node is talked to");
	sim_check(s, worst == 0, "%llu bytes came for %llu sent", (unsigned long long)sum(u, true),
		  (unsigned long long)sum(u, false));
	sim_check(s, udp_count(&s->net, u, &(struct udp_want){ZT_VERB_OK, ZT_VERB_WHOIS}, 0) == 0,
		  "no long answer is among them");
	sim_done(s);
}
