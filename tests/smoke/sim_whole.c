// SPDX-License-Identifier: BSD-3-Clause
// Long packets for the root itself (docs/protocol.md 3.3), and worlds in OK(HELLO) (4.3.5).
#include "tests/smoke/sim.h"

enum { GROUPS = 180 };

enum order { FORWARD, BACKWARD, TWICE };

// So many groups that they do not compress below one datagram.
static void make_groups(struct udp_node *n, struct node_group *g)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		uint64_t r = node_random(&n->node);

		g[i] = (struct node_group){.network = r, .adi = (uint32_t)(r >> 7)};
		memcpy(g[i].mac, &r, 6);
	}
}

static unsigned send_pieces(struct sim *s, struct udp_node *n, const uint8_t *p, size_t len,
			    enum order order)
{
	uint8_t buf[ZT_PACKET_MAX + ZT_FRAG_MAX * ZT_FRAG_HDR_LEN];
	struct node_piece piece[ZT_FRAG_MAX];
	unsigned count = node_cut(p, len, ZT_MTU, buf, piece);

	for (unsigned i = 0; i < count; i++) {
		unsigned k = order == BACKWARD ? count - 1 - i : i;

		udp_raw(&s->net, n, n->use, piece[k].data, piece[k].len);
		if (order == TWICE)
			udp_raw(&s->net, n, n->use, piece[k].data, piece[k].len);
	}
	return count;
}

static bool is_member(struct sim *s, struct udp_node *asker, const struct node_group *g,
		      uint64_t member)
{
	const struct node_event *e = &s->net.event;
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_gather(&asker->node, NODE_SUITE_AUTO, g, 10, 0, p);

	return sim_ask(s, asker, p, len, ZT_VERB_MULTICAST_GATHER, ZT_VERB_OK) &&
	       e->gather_count == 1 && rl_load40(e->gather) == member;
}

void sim_fragments(struct sim *s)
{
	static const struct {
		unsigned suite;
		enum order order;
		const char *text;
	} rows[] = {
		{1, FORWARD, "suite 1"},
		{3, FORWARD, "suite 3"},
		{1, BACKWARD, "suite 1, last piece first"},
		{3, BACKWARD, "suite 3, last piece first"},
		{3, TWICE, "suite 3, every piece twice"},
	};
	static struct node_group g[GROUPS];
	uint8_t p[ZT_PACKET_MAX];

	if (!sim_online(s, 2)) {
		sim_done(s);
		return;
	}
	struct udp_node *a = &s->net.node[0], *b = &s->net.node[1];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len;
		unsigned count;

		make_groups(a, g);
		// Small enough for one minute's budget of new subscriptions over all rows.
		len = node_like(&a->node, rows[i].suite, g, GROUPS, p);
		count = send_pieces(s, a, p, len, rows[i].order);
		sim_settle(s, a);
		sim_check(s,
			  count > 1 && is_member(s, b, &g[0], a->node.id.address) &&
				  is_member(s, b, &g[GROUPS - 1], a->node.id.address),
			  "a LIKE in %u pieces, %s", count, rows[i].text);
	}
	sim_done(s);
}

// A node that holds an older planet, or lists the moon: what its first OK(HELLO) brings.
static void first_ok(struct sim *s, unsigned i, unsigned want_type, const char *text)
{
	struct udp_want ok = {.verb = ZT_VERB_OK, .in_verb = ZT_VERB_HELLO};
	struct udp_node *n = &s->net.node[i];
	const struct rl_world *w = want_type == ZT_WORLD_PLANET ? &s->planet : &s->moon;
	struct rl_world got = {0};

	udp_hello(&s->net, n);
	if (!sim_check(s, udp_wait(&s->net, n, &ok, 3000), "%s: OK", text))
		return;
	if (!want_type) {
		sim_check(s, s->net.event.worlds_len == 0, "%s: no world in it", text);
		return;
	}
	sim_check(s,
		  rl_world_parse(&got, s->net.event.worlds, s->net.event.worlds_len) == 0 &&
			  got.type == want_type && got.id == w->id && got.timestamp == w->timestamp,
		  "%s: the world is in the first OK", text);
}

void sim_worlds(struct sim *s)
{
	struct udp_node *n;

	sim_nodes(s, 5, false);
	n = s->net.node;
	sim_check(s, s->planet.type == ZT_WORLD_PLANET && s->moon.type == ZT_WORLD_MOON,
		  "a planet and a moon are given");
	n[0].node.planet_timestamp--;
	first_ok(s, 0, ZT_WORLD_PLANET, "older planet");
	first_ok(s, 1, 0, "same planet");
	n[2].node.planet_timestamp -= 10;
	n[2].node.planet_id++;
	first_ok(s, 2, 0, "another planet");
	n[3].node.moon[n[3].node.moon_count++] = (struct node_moon){s->moon.id, 0};
	first_ok(s, 3, ZT_WORLD_MOON, "moon wanted");
	n[4].node.moon[n[4].node.moon_count++] = (struct node_moon){s->moon.id, s->moon.timestamp};
	first_ok(s, 4, 0, "moon held");
	sim_done(s);
}
