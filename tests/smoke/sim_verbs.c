// SPDX-License-Identifier: BSD-3-Clause
// What a root answers (docs/protocol.md 4.2), and what it must not answer.
#include "tests/smoke/sim.h"

static bool ask_ok(struct sim *s, struct udp_node *n, const uint8_t *p, size_t len, uint8_t verb)
{
	return sim_ask(s, n, p, len, verb, ZT_VERB_OK) != NULL;
}

// The very first packets of a new node: what comes back, and that it is not more than was sent.
static void first_hello(struct sim *s, struct udp_node *n, bool encrypted)
{
	const struct node_event *e = &s->net.event;
	struct udp_want ok = {.verb = ZT_VERB_OK, .in_verb = ZT_VERB_HELLO};
	struct udp_socket *sock = &n->socket[sim_first_socket(s)];
	const char *kind = encrypted ? "encrypted " : "";
	size_t want_len = sock->local.family == 4 ? 59 : 71;
	const struct udp_seen *seen;
	struct rl_inet local = sock->local;

	n->encrypted = encrypted;
	n->node.proto = encrypted ? 13 : 12;
	for (unsigned k = 0; k < UDP_SOCKETS; k++)
		n->socket[k].mute = true;
	ok.in_id = 0;
	udp_hello(&s->net, n);
	do {
		seen = udp_wait(&s->net, n, &ok, 3000);
	} while (seen && seen->socket != sim_first_socket(s));
	if (!sim_check(s, seen, "the first %sHELLO is answered", kind))
		return;
	sim_check(s, seen->len == want_len, "by an OK of %zu bytes (%zu)", want_len, seen->len);
	sim_check(s, e->proto == 12, "that says protocol 12");
	sim_check(s, rl_inet_equal(&e->physical, &local), "and where it came from");
	sim_check(s, udp_now() - e->clock < 5000, "and the clock of the HELLO");
	sim_check(s, e->worlds_field && e->worlds_len == 0, "without worlds");
	udp_run(&s->net, 300);
	sim_check(s, udp_count(&s->net, n, &(struct udp_want){.verb = ZT_VERB_ECHO}, 0) > 0,
		  "and an ECHO asks for proof of the address");
	sim_check(s, sock->bytes_in <= sock->bytes_out, "%llu bytes came for %llu sent",
		  (unsigned long long)sock->bytes_in, (unsigned long long)sock->bytes_out);
	for (unsigned k = 0; k < UDP_SOCKETS; k++)
		n->socket[k].mute = false;
	n->hello_ms = 0;
	sim_check(s, udp_online(&s->net, n, 1, 6000) == 1, "the %snode comes online", kind);
}

static void whois(struct sim *s, struct udp_node *n)
{
	const struct node_event *e = &s->net.event;
	const struct rl_identity *b = &s->net.node[1].node.id, *c = &s->net.node[2].node.id;
	const uint64_t many[] = {b->address, 0x1234567890, c->address};
	uint8_t p[ZT_PACKET_MAX];
	size_t len;

	len = node_whois(&n->node, NODE_SUITE_AUTO, &s->root.address, 1, p);
	sim_check(s,
		  ask_ok(s, n, p, len, ZT_VERB_WHOIS) && e->whois_count == 1 &&
			  rl_identity_equal(&e->whois[0], &s->root),
		  "WHOIS of the root itself");
	len = node_whois(&n->node, NODE_SUITE_AUTO, &b->address, 1, p);
	sim_check(s,
		  ask_ok(s, n, p, len, ZT_VERB_WHOIS) && e->whois_count == 1 &&
			  rl_identity_equal(&e->whois[0], b),
		  "WHOIS of a node");
	len = node_whois(&n->node, NODE_SUITE_AUTO, many, 3, p);
	sim_check(s,
		  ask_ok(s, n, p, len, ZT_VERB_WHOIS) && e->whois_count == 2 &&
			  rl_identity_equal(&e->whois[0], b) && rl_identity_equal(&e->whois[1], c),
		  "WHOIS of three, one unknown: two, in order");
	len = node_whois(&n->node, NODE_SUITE_AUTO, &many[1], 1, p);
	sim_check(s, sim_silent(s, n, p, len, ZT_VERB_WHOIS), "WHOIS of nobody: silence");
}

static void echo(struct sim *s, struct udp_node *n)
{
	static const size_t sizes[] = {0, 1, 100, 1000, 1300};
	const struct node_event *e = &s->net.event;
	uint8_t text[1300], p[ZT_PACKET_MAX];

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t len = node_echo(&n->node, NODE_SUITE_AUTO, text, sizes[i], p);

		sim_check(s,
			  ask_ok(s, n, p, len, ZT_VERB_ECHO) && e->payload_len == sizes[i] &&
				  memcmp(e->payload, text, sizes[i]) == 0,
			  "ECHO of %zu bytes", sizes[i]);
	}
}

void sim_verbs(struct sim *s)
{
	const struct node_event *e = &s->net.event;
	struct udp_node *n;
	uint8_t p[ZT_PACKET_MAX];
	size_t len;

	sim_nodes(s, 4, true);
	n = s->net.node;
	first_hello(s, &n[0], false);
	first_hello(s, &n[3], true);
	sim_check(s, udp_online(&s->net, n, 4, 6000) == 4, "four nodes with two ports each");
	whois(s, n);
	echo(s, n);
	len = node_config_request(&n->node, 0x1234567890000001, p);
	sim_check(s,
		  sim_ask(s, n, p, len, ZT_VERB_NETWORK_CONFIG_REQUEST, ZT_VERB_ERROR) &&
			  e->error == ZT_ERROR_UNSUPPORTED_OPERATION && e->payload_len == 8 &&
			  rl_load64(e->payload) == 0x1234567890000001,
		  "NETWORK_CONFIG_REQUEST is refused with the network's ID");
	sim_done(s);
}

void sim_ignored(struct sim *s)
{
	uint8_t p[ZT_PACKET_MAX], body[64] = {0};
	struct udp_node *n;
	unsigned before, answers = 0;

	if (!sim_online(s, 1)) {
		sim_done(s);
		return;
	}
	n = s->net.node;
	sim_check(s, sim_settle(s, n), "the root is there");
	before = s->net.seen;
	for (unsigned verb = 0; verb < ZT_VERB_COUNT; verb++) {
		size_t len;

		switch (verb) {
		case ZT_VERB_HELLO:
		case ZT_VERB_WHOIS:
		case ZT_VERB_ECHO:
		case ZT_VERB_NETWORK_CONFIG_REQUEST:
		case ZT_VERB_MULTICAST_GATHER:
			continue;
		default:
			break;
		}
		len = node_make(&n->node, &n->node.root, NODE_SUITE_AUTO, (uint8_t)verb, body,
				sizeof(body), p);
		udp_send(&s->net, n, p, len);
	}
	udp_run(&s->net, 300);
	for (unsigned i = before; i < s->net.seen; i++)
		answers += s->net.log[i].verb != ZT_VERB_ECHO;
	sim_check(s, answers == 0, "verbs that a root does not act on are not answered (%u)",
		  answers);
	sim_check(s, sim_settle(s, n), "the root still answers");
	sim_done(s);
}

// Nobody else's, not even of an earlier run.
static struct node_group group(struct udp_node *n)
{
	return (struct node_group){node_random(&n->node), {0x33, 0x33, 0, 0, 1, 2}, 5};
}

static bool has_member(const struct node_event *e, uint64_t address)
{
	for (unsigned i = 0; i < e->gather_count; i++) {
		if (rl_load40(e->gather + 5 * i) == address)
			return true;
	}
	return false;
}

void sim_multicast(struct sim *s)
{
	const struct node_event *e = &s->net.event;
	struct node_group g, other;
	struct udp_node *n;
	uint8_t p[ZT_PACKET_MAX];
	size_t len;

	if (!sim_online(s, 4)) {
		sim_done(s);
		return;
	}
	n = s->net.node;
	g = group(n);
	other = group(n);
	for (unsigned i = 0; i < 3; i++) {
		len = node_like(&n[i].node, NODE_SUITE_AUTO, &g, 1, p);
		udp_send(&s->net, &n[i], p, len);
		sim_settle(s, &n[i]);
	}
	len = node_gather(&n[3].node, NODE_SUITE_AUTO, &g, 100, 272, p);
	sim_check(s,
		  ask_ok(s, &n[3], p, len, ZT_VERB_MULTICAST_GATHER) && e->gather_count == 3 &&
			  has_member(e, n[0].node.id.address) &&
			  has_member(e, n[1].node.id.address) &&
			  has_member(e, n[2].node.id.address),
		  "GATHER by a stranger to the group: three members");
	sim_check(s, e->gather_total == 3 && e->group.network == g.network && e->group.adi == g.adi,
		  "the group is named, three in all");
	len = node_gather(&n[0].node, NODE_SUITE_AUTO, &g, 100, 0, p);
	sim_check(s,
		  ask_ok(s, &n[0], p, len, ZT_VERB_MULTICAST_GATHER) && e->gather_count == 2 &&
			  !has_member(e, n[0].node.id.address),
		  "GATHER by a member: the others");
	len = node_gather(&n[0].node, NODE_SUITE_AUTO, &g, 1, 0, p);
	sim_check(s, ask_ok(s, &n[0], p, len, ZT_VERB_MULTICAST_GATHER) && e->gather_count == 1,
		  "GATHER of one: one");
	len = node_gather(&n[0].node, NODE_SUITE_AUTO, &g, 0, 0, p);
	sim_check(s, sim_silent(s, &n[0], p, len, ZT_VERB_MULTICAST_GATHER),
		  "GATHER of none: silence");
	len = node_gather(&n[0].node, NODE_SUITE_AUTO, &other, 10, 0, p);
	sim_check(s, sim_silent(s, &n[0], p, len, ZT_VERB_MULTICAST_GATHER),
		  "GATHER of an empty group: silence");
	sim_done(s);
}

void sim_suites(struct sim *s)
{
	static const unsigned suites[] = {0, 1, 3};
	uint8_t p[ZT_PACKET_MAX];
	struct udp_node *n;
	size_t len;

	if (!sim_online(s, 1)) {
		sim_done(s);
		return;
	}
	n = s->net.node;
	for (unsigned i = 0; i < 3; i++) {
		len = node_echo(&n->node, suites[i], "abc", 3, p);
		sim_check(s, ask_ok(s, n, p, len, ZT_VERB_ECHO), "ECHO in suite %u", suites[i]);
		len = node_whois(&n->node, suites[i], &s->root.address, 1, p);
		sim_check(s, ask_ok(s, n, p, len, ZT_VERB_WHOIS), "WHOIS in suite %u", suites[i]);
	}
	sim_check(s, s->net.event.suite == 3, "a node of protocol 12 is answered in suite 3");
	for (unsigned suite = 2; suite < 8; suite++) {
		if (suite == 3)
			continue;
		len = node_echo(&n->node, 0, "abc", 3, p);
		p[ZT_AT_FLAGS] = (uint8_t)(suite << ZT_SUITE_SHIFT);
		sim_check(s, sim_silent(s, n, p, len, ZT_VERB_ECHO), "suite %u: silence", suite);
	}
	// HELLO of a known node in suite 1, up to the sealed part.
	len = node_hello(&n->node, &n->node.root, udp_now(), &s->root4, p);
	len -= 2 + ZT_HDR_LEN;
	memmove(p, p + ZT_HDR_LEN, len);
	{
		uint8_t sealed[ZT_PACKET_MAX];

		len = node_make(&n->node, &n->node.root, 1, ZT_VERB_HELLO, p, len, sealed);
		sim_check(s, ask_ok(s, n, sealed, len, ZT_VERB_HELLO), "HELLO in suite 1");
	}
	sim_done(s);
}
