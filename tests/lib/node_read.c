// SPDX-License-Identifier: BSD-3-Clause
// What a simulated node makes of a datagram: opens it, checks that it was expected, and does what a
// stock node does at once.
#include "tests/lib/node.h"

#include <stddef.h>

// The entry stays in the ring: one HELLO has an answer per path.
static bool expected(const struct node *n, const struct node_event *e)
{
	for (unsigned i = 0; i < NODE_EXPECT_MAX; i++) {
		const struct node_expect *x = &n->expect[i];

		if (x->id == e->in_id && x->verb == e->in_verb && x->to == e->from)
			return true;
	}
	return false;
}

// A HELLO brings the identity its MAC is made with; a node that said HELLO is not kept as a peer.
static bool open_stranger_hello(struct node *n, struct node_event *e, struct node_peer *peer)
{
	struct rl_reader r;

	if (e->suite != ZT_SUITE_POLY1305 || e->len < ZT_HELLO_AT_PHYSICAL ||
	    (e->data[ZT_AT_VERB] & ZT_VERB_MASK) != ZT_VERB_HELLO) {
		e->verdict = NODE_STRANGER;
		return false;
	}
	r = rl_reader(e->data + ZT_HELLO_AT_IDENTITY, e->len - ZT_HELLO_AT_IDENTITY);
	*peer = (struct node_peer){0};
	rl_identity_get(&r, &peer->id);
	if (r.bad || peer->id.address != e->from ||
	    rl_key_agree(&peer->key, &n->secret, peer->id.public_key) < 0) {
		e->verdict = NODE_MALFORMED;
		return false;
	}
	return true;
}

static struct node_path *path_of(struct node *n, unsigned socket, const struct rl_inet *addr)
{
	struct node_path *p;

	for (unsigned i = 0; i < n->path_count; i++) {
		p = &n->path[i];
		if (p->socket == socket && rl_inet_equal(&p->addr, addr))
			return p;
	}
	// Full: the first gives way, as a test node rarely sees so many addresses of one root.
	if (n->path_count == NODE_PATHS_MAX)
		p = &n->path[0];
	else
		p = &n->path[n->path_count++];
	*p = (struct node_path){.addr = *addr, .socket = (uint8_t)socket};
	return p;
}

// 6.2: a path is learned from a direct OK; anything else from an unknown address makes the node say
// HELLO there, at most once a second.
static void learn_path(struct node *n, uint64_t now_ms, unsigned socket, const struct rl_inet *from,
		       struct node_event *e)
{
	struct node_path *p;

	if (e->hops || e->from != n->root.id.address)
		return;
	p = path_of(n, socket, from);
	if (e->verb == ZT_VERB_OK)
		p->learned = true;
	if (p->learned || (p->hello_ms && now_ms - p->hello_ms < 1000))
		return;
	p->hello_ms = now_ms;
	e->say_hello = true;
}

static void answer_echo(struct node *n, const struct node_peer *peer, struct node_event *e)
{
	uint8_t body[ZT_PACKET_MAX];
	struct rl_writer w = rl_writer(body, sizeof(body));

	rl_put8(&w, ZT_VERB_ECHO);
	rl_put64(&w, e->id);
	rl_put_bytes(&w, e->payload, e->payload_len);
	if (!w.bad)
		e->reply_len = node_make(n, peer, NODE_SUITE_AUTO, ZT_VERB_OK, body,
					 rl_writer_len(&w), e->reply);
}

static void answer_hello(struct node *n, const struct node_peer *peer, const struct rl_inet *from,
			 struct node_event *e)
{
	uint8_t body[128];
	struct rl_writer w = rl_writer(body, sizeof(body));

	rl_put8(&w, ZT_VERB_HELLO);
	rl_put64(&w, e->id);
	rl_put64(&w, e->clock);
	rl_put8(&w, n->proto);
	rl_put8(&w, 1);
	rl_put8(&w, 14);
	rl_put16(&w, 1);
	rl_inet_put(&w, from);
	rl_put16(&w, 0);
	e->reply_len =
		node_make(n, peer, NODE_SUITE_AUTO, ZT_VERB_OK, body, rl_writer_len(&w), e->reply);
}

// Whole packet in e->data: opens, expands, parses.
static enum node_verdict open_packet(struct node *n, struct node_event *e, struct node_peer **peer,
				     struct node_peer *stranger)
{
	e->id = rl_load64(e->data + ZT_AT_ID);
	e->from = rl_load40(e->data + ZT_AT_FROM);
	e->hops = e->data[ZT_AT_FLAGS] & ZT_HOPS_MASK;
	e->suite = (e->data[ZT_AT_FLAGS] & ZT_SUITE_MASK) >> ZT_SUITE_SHIFT;
	*peer = node_peer_find(n, e->from);
	if (!*peer) {
		if (!open_stranger_hello(n, e, stranger))
			return e->verdict;
		*peer = stranger;
	}
	if (!rl_armor_open(n->cipher, &(*peer)->key, e->data, e->len))
		return NODE_BAD_MAC;
	if (e->data[ZT_AT_VERB] & ZT_VERB_COMPRESSED && e->len > ZT_HDR_LEN) {
		uint8_t out[ZT_PACKET_MAX];

		e->len = rl_armor_expand(e->data, e->len, out);
		if (!e->len)
			return NODE_MALFORMED;
		memcpy(e->data, out, e->len);
	}
	if (!node_parse(e))
		return NODE_MALFORMED;
	if (e->verb == ZT_VERB_OK && !expected(n, e))
		return NODE_UNEXPECTED;
	return NODE_READ;
}

static void act(struct node *n, uint64_t now_ms, unsigned socket, const struct rl_inet *from,
		struct node_peer *peer, struct node_event *e)
{
	if (e->verb == ZT_VERB_HELLO || (e->verb == ZT_VERB_OK && e->in_verb == ZT_VERB_HELLO))
		peer->proto = e->proto;
	learn_path(n, now_ms, socket, from, e);
	if (e->verb == ZT_VERB_ECHO)
		answer_echo(n, peer, e);
	if (e->verb == ZT_VERB_HELLO)
		answer_hello(n, peer, from, e);
}

enum node_verdict node_read(struct node *n, uint64_t now_ms, unsigned socket,
			    const struct rl_inet *from, const uint8_t *data, size_t len,
			    struct node_event *e)
{
	struct node_peer stranger;
	struct node_peer *peer;

	// Everything but the two large buffers.
	memset(e, 0, offsetof(struct node_event, reply));
	e->say_hello = false;
	e->len = 0;
	e->verdict = NODE_MALFORMED;
	if (len < ZT_DATAGRAM_MIN || len > ZT_PACKET_MAX)
		return e->verdict;
	if (rl_load40(data + ZT_AT_TO) != n->id.address)
		return e->verdict = NODE_NOT_MINE;
	if (data[ZT_AT_FROM] != ZT_ADDRESS_RESERVED && len < ZT_HDR_LEN)
		return e->verdict;
	if (data[ZT_AT_FROM] == ZT_ADDRESS_RESERVED || data[ZT_AT_FLAGS] & ZT_FLAG_FRAGMENTED) {
		if (!n->join || !node_join(n->join, data, len, e->data, &e->len))
			return e->verdict = NODE_PIECE;
	} else {
		memcpy(e->data, data, len);
		e->len = len;
	}
	if (e->len < ZT_HDR_LEN)
		return e->verdict;
	e->verdict = open_packet(n, e, &peer, &stranger);
	if (e->verdict == NODE_READ)
		act(n, now_ms, socket, from, peer, e);
	return e->verdict;
}
