// SPDX-License-Identifier: BSD-3-Clause
// Packets for other nodes: relaying (docs/protocol.md 6.3, 3.4) and introductions (6.4).
#include "tests/smoke/sim.h"

static const struct udp_want message = {.verb = ZT_VERB_USER_MESSAGE};

static bool arrives(struct sim *s, struct udp_node *a, struct udp_node *b,
		    const struct node_peer *to, unsigned suite, size_t size)
{
	static uint8_t text[ZT_PACKET_MAX];
	const struct node_event *e = &s->net.event;
	struct udp_want want = message;
	uint8_t p[ZT_PACKET_MAX];
	size_t len;

	for (unsigned i = 0; i < size; i++)
		text[i] = (uint8_t)(node_random(&a->node) >> 8);
	len = node_user_message(&a->node, to, suite, 7, text, size, p);
	want.id = rl_load64(p);
	udp_send(&s->net, a, p, len);
	return udp_wait(&s->net, b, &want, 1000) && e->hops == 1 && e->payload_len == 8 + size &&
	       memcmp(e->payload + 8, text, size) == 0;
}

static void hop_limits(struct sim *s, struct udp_node *a, struct udp_node *b,
		       const struct node_peer *to)
{
	for (unsigned hops = 0; hops <= ZT_HOPS_MASK; hops++) {
		struct udp_want want = message;
		uint8_t p[ZT_PACKET_MAX];
		size_t len = node_user_message(&a->node, to, 3, 7, "hops", 4, p);
		const struct udp_seen *seen;

		p[ZT_AT_FLAGS] |= (uint8_t)hops;
		want.id = rl_load64(p);
		udp_send(&s->net, a, p, len);
		seen = udp_wait(&s->net, b, &want, hops < 3 ? 1000 : 200);
		if (hops < 3)
			sim_check(s, seen && seen->hops == hops + 1, "relayed %u times: goes on",
				  hops);
		else
			sim_check(s, !seen, "relayed %u times: ends here", hops);
	}
}

// Fragments count in a byte of their own.
static void fragment_hops(struct sim *s, struct udp_node *a, struct udp_node *b,
			  const struct node_peer *to)
{
	static const struct {
		uint8_t hops;
		bool passes;
	} rows[] = {{0, true}, {2, true}, {3, false}, {7, false}, {8, false}, {255, false}};
	uint8_t buf[ZT_PACKET_MAX + ZT_FRAG_MAX * ZT_FRAG_HDR_LEN];
	struct node_piece piece[ZT_FRAG_MAX];
	static uint8_t text[2000];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct udp_want want = message;
		uint8_t p[ZT_PACKET_MAX];
		size_t len = node_user_message(&a->node, to, 1, 7, text, sizeof(text), p);

		node_cut(p, len, ZT_MTU, buf, piece);
		buf[ZT_FRAG_AT_HOPS] = rows[i].hops;
		want.id = rl_load64(p);
		udp_raw(&s->net, a, a->use, piece[0].data, piece[0].len);
		udp_raw(&s->net, a, a->use, piece[1].data, piece[1].len);
		sim_check(s, !!udp_wait(&s->net, b, &want, 300) == rows[i].passes,
			  "fragment relayed %u times: %s", rows[i].hops,
			  rows[i].passes ? "goes on" : "ends here");
	}
}

void sim_relay(struct sim *s)
{
	static const size_t sizes[] = {0, 64, 1396, 1397, 2700, 9800};
	struct node_peer ab[2];
	struct udp_node *a, *b;
	uint8_t p[ZT_PACKET_MAX];
	size_t len;

	if (!sim_online(s, 2)) {
		sim_done(s);
		return;
	}
	a = &s->net.node[0];
	b = &s->net.node[1];
	sim_acquaint(a, b, ab);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sim_check(s, arrives(s, a, b, &ab[0], 1, sizes[i]), "suite 1, %zu bytes there",
			  sizes[i]);
		sim_check(s, arrives(s, b, a, &ab[1], 3, sizes[i]), "suite 3, %zu bytes back",
			  sizes[i]);
	}
	hop_limits(s, a, b, &ab[0]);
	fragment_hops(s, a, b, &ab[0]);

	// To nobody, and to oneself.
	struct node_peer nobody = ab[0];
	unsigned before = s->net.seen;

	nobody.id.address = 0x1234567890;
	len = node_user_message(&a->node, &nobody, 1, 7, "?", 1, p);
	udp_send(&s->net, a, p, len);
	udp_run(&s->net, 300);
	sim_check(s, udp_count(&s->net, a, &message, before) == 0, "to nobody: silence");
	sim_check(s, sim_settle(s, a), "the root still answers");
	sim_done(s);
}

struct hints {
	unsigned v4, v6, wrong;
};

// RENDEZVOUS that n got about `about` since then.
static struct hints hints(struct sim *s, const struct udp_node *n, const struct udp_node *about,
			  unsigned since)
{
	struct hints h = {0};

	for (unsigned i = since; i < s->net.seen; i++) {
		const struct udp_seen *x = &s->net.log[i];
		bool right = false;

		if (&s->net.node[x->node] != n || x->verb != ZT_VERB_RENDEZVOUS)
			continue;
		for (unsigned k = 0; k < UDP_SOCKETS; k++)
			right |= about->socket[k].fd >= 0 &&
				 rl_inet_equal(&x->meet_at, &about->socket[k].local);
		if (x->verdict != NODE_READ || x->meet != about->node.id.address || !right)
			h.wrong++;
		else if (x->meet_at.family == 4)
			h.v4++;
		else
			h.v6++;
	}
	return h;
}

static bool once_each(const struct sim *s, struct hints h)
{
	return h.wrong == 0 && h.v4 == (s->root4.family ? 1 : 0) &&
	       h.v6 == (s->root6.family ? 1 : 0);
}

static bool none(struct hints h)
{
	return h.wrong + h.v4 + h.v6 == 0;
}

static void say(struct sim *s, struct udp_node *a, const struct node_peer *to)
{
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_user_message(&a->node, to, NODE_SUITE_AUTO, 7, "hello", 5, p);

	udp_send(&s->net, a, p, len);
	udp_run(&s->net, 100);
}

static void whois(struct sim *s, struct udp_node *a, const struct udp_node *b)
{
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_whois(&a->node, NODE_SUITE_AUTO, &b->node.id.address, 1, p);

	sim_check(s, sim_ask(s, a, p, len, ZT_VERB_WHOIS, ZT_VERB_OK), "WHOIS is answered");
	udp_run(&s->net, 200);
}

void sim_rendezvous(struct sim *s)
{
	struct node_peer ab[2];
	struct udp_node *a, *b;
	unsigned start;
	uint64_t first;

	if (!sim_online(s, 2)) {
		sim_done(s);
		return;
	}
	a = &s->net.node[0];
	b = &s->net.node[1];
	sim_acquaint(a, b, ab);
	start = s->net.seen;
	first = udp_now();
	say(s, a, &ab[0]);
	sim_check(s, once_each(s, hints(s, a, b, start)) && once_each(s, hints(s, b, a, start)),
		  "the first relayed packet introduces the pair, once in each family");
	start = s->net.seen;
	for (unsigned i = 0; i < 20; i++) {
		say(s, a, &ab[0]);
		say(s, b, &ab[1]);
	}
	sim_check(s, none(hints(s, a, b, start)) && none(hints(s, b, a, start)),
		  "forty more do not");
	start = s->net.seen;
	whois(s, b, a);
	sim_check(s, once_each(s, hints(s, a, b, start)) && once_each(s, hints(s, b, a, start)),
		  "it is repeated when one has asked who the other is");
	start = s->net.seen;
	whois(s, b, a);
	whois(s, a, b);
	sim_check(s, none(hints(s, a, b, start)) && none(hints(s, b, a, start)), "but once only");
	while (udp_now() - first < 29000)
		say(s, a, &ab[0]);
	sim_check(s, none(hints(s, a, b, start)), "not again within 29 s");
	while (udp_now() - first < 32000)
		say(s, a, &ab[0]);
	sim_check(s, once_each(s, hints(s, a, b, start)) && once_each(s, hints(s, b, a, start)),
		  "again after 30 s");
	sim_done(s);
}
