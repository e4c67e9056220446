// SPDX-License-Identifier: BSD-3-Clause
// Packets of a simulated node, one function per kind (docs/protocol.md 4).
#include "tests/lib/node.h"

enum {
	// Software version told in HELLO: that of a stock node.
	MAJOR = 1,
	MINOR = 14,
	REVISION = 1,
};

// Header to the moon list, nothing sealed yet. at: where the sealed part starts.
static size_t hello_plain(struct node *n, const struct node_peer *to, uint64_t now_ms,
			  const struct rl_inet *target, uint8_t *out, size_t *at)
{
	struct rl_writer w = rl_writer(out, ZT_PACKET_MAX);

	memset(out, 0, ZT_HDR_LEN);
	rl_put64(&w, node_random(n));
	rl_put40(&w, to->id.address);
	rl_put40(&w, n->id.address);
	rl_put8(&w, 0);
	rl_put64(&w, 0);
	rl_put8(&w, ZT_VERB_HELLO);
	rl_put8(&w, n->proto);
	rl_put8(&w, MAJOR);
	rl_put8(&w, MINOR);
	rl_put16(&w, REVISION);
	rl_put64(&w, now_ms);
	rl_identity_put(&w, &n->id);
	rl_inet_put(&w, target);
	rl_put64(&w, n->planet_id);
	rl_put64(&w, n->planet_timestamp);
	*at = rl_writer_len(&w);
	rl_put16(&w, n->moon_count);
	for (unsigned i = 0; i < n->moon_count; i++) {
		rl_put8(&w, ZT_WORLD_MOON);
		rl_put64(&w, n->moon[i].id);
		rl_put64(&w, n->moon[i].timestamp);
	}
	return w.bad ? 0 : rl_writer_len(&w);
}

static size_t hello(struct node *n, const struct node_peer *to, uint64_t now_ms,
		    const struct rl_inet *target, uint8_t flags, uint8_t *out)
{
	size_t at;
	size_t len = hello_plain(n, to, now_ms, target, out, &at);

	out[ZT_AT_FLAGS] = flags;
	rl_armor_hello_seal(&to->key, out, at, len);
	rl_armor_seal(n->cipher, &to->key, out, len, ZT_SUITE_POLY1305);
	node_expect(n, to->id.address, ZT_VERB_HELLO, rl_load64(out + ZT_AT_ID));
	return len;
}

size_t node_hello(struct node *n, const struct node_peer *to, uint64_t now_ms,
		  const struct rl_inet *target, uint8_t *out)
{
	return hello(n, to, now_ms, target, 0, out);
}

size_t node_hello_encrypted(struct node *n, uint64_t now_ms, const struct rl_inet *target,
			    uint8_t *out)
{
	size_t len = hello(n, &n->root, now_ms, target, ZT_FLAG_ENCRYPTED, out);
	uint8_t ephemeral[32];

	for (unsigned i = 0; i < sizeof(ephemeral); i += 8)
		rl_store64(ephemeral + i, node_random(n));
	return rl_armor_xhello_seal(n->cipher, n->root.id.public_key, ephemeral, out, len);
}

size_t node_whois(struct node *n, unsigned suite, const uint64_t *addresses, unsigned count,
		  uint8_t *out)
{
	uint8_t body[ZT_PACKET_MAX];
	struct rl_writer w = rl_writer(body, sizeof(body));

	for (unsigned i = 0; i < count; i++)
		rl_put40(&w, addresses[i]);
	if (w.bad)
		return 0;
	return node_make(n, &n->root, suite, ZT_VERB_WHOIS, body, rl_writer_len(&w), out);
}

size_t node_echo(struct node *n, unsigned suite, const void *payload, size_t len, uint8_t *out)
{
	return node_make(n, &n->root, suite, ZT_VERB_ECHO, payload, len, out);
}

size_t node_nop(struct node *n, uint8_t *out)
{
	return node_make(n, &n->root, NODE_SUITE_AUTO, ZT_VERB_NOP, NULL, 0, out);
}

static void put_group(struct rl_writer *w, const struct node_group *g)
{
	rl_put64(w, g->network);
	rl_put_bytes(w, g->mac, 6);
	rl_put32(w, g->adi);
}

size_t node_like(struct node *n, unsigned suite, const struct node_group *groups, unsigned count,
		 uint8_t *out)
{
	uint8_t body[ZT_PACKET_MAX];
	struct rl_writer w = rl_writer(body, sizeof(body) - ZT_HDR_LEN);

	for (unsigned i = 0; i < count; i++)
		put_group(&w, &groups[i]);
	if (w.bad)
		return 0;
	return node_make_compressed(n, &n->root, suite, ZT_VERB_MULTICAST_LIKE, body,
				    rl_writer_len(&w), out);
}

size_t node_gather(struct node *n, unsigned suite, const struct node_group *group, uint32_t limit,
		   size_t com_len, uint8_t *out)
{
	uint8_t body[1024] = {0};
	struct rl_writer w = rl_writer(body, sizeof(body));

	rl_put64(&w, group->network);
	rl_put8(&w, com_len ? 1 : 0);
	rl_put_bytes(&w, group->mac, 6);
	rl_put32(&w, group->adi);
	rl_put32(&w, limit);
	rl_put(&w, com_len);
	if (w.bad)
		return 0;
	return node_make(n, &n->root, suite, ZT_VERB_MULTICAST_GATHER, body, rl_writer_len(&w),
			 out);
}

size_t node_config_request(struct node *n, uint64_t network, uint8_t *out)
{
	static const char dictionary[] = "v=7\nvend=1\npv=c\nmajv=1\nminv=e\nrevv=1\nmr=400\n"
					 "mc=80\nmcr=40\nmt=80\nf=0\nrevr=1\n";
	uint8_t body[512];
	struct rl_writer w = rl_writer(body, sizeof(body));

	rl_put64(&w, network);
	rl_put16(&w, sizeof(dictionary) - 1);
	rl_put_bytes(&w, dictionary, sizeof(dictionary) - 1);
	rl_put64(&w, 0);
	rl_put64(&w, 0);
	return node_make_compressed(n, &n->root, NODE_SUITE_AUTO, ZT_VERB_NETWORK_CONFIG_REQUEST,
				    body, rl_writer_len(&w), out);
}

size_t node_frame(struct node *n, const struct node_peer *to, uint64_t network, uint16_t ethertype,
		  const void *data, size_t len, uint8_t *out)
{
	uint8_t body[ZT_PACKET_MAX];
	struct rl_writer w = rl_writer(body, sizeof(body));

	rl_put64(&w, network);
	rl_put16(&w, ethertype);
	rl_put_bytes(&w, data, len);
	if (w.bad)
		return 0;
	return node_make(n, to, NODE_SUITE_AUTO, ZT_VERB_FRAME, body, rl_writer_len(&w), out);
}

size_t node_user_message(struct node *n, const struct node_peer *to, unsigned suite, uint64_t type,
			 const void *data, size_t len, uint8_t *out)
{
	uint8_t body[ZT_PACKET_MAX];
	struct rl_writer w = rl_writer(body, sizeof(body));

	rl_put64(&w, type);
	rl_put_bytes(&w, data, len);
	if (w.bad)
		return 0;
	return node_make(n, to, suite, ZT_VERB_USER_MESSAGE, body, rl_writer_len(&w), out);
}
