// SPDX-License-Identifier: BSD-3-Clause
// State of a simulated node, and the one way a packet is put together and sealed.
#include "tests/lib/node.h"

#include <errno.h>

// SplitMix64: small, and every seed is good.
uint64_t node_random(struct node *n)
{
	uint64_t z = n->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

int node_init(struct node *n, const struct rl_identity *id, const struct rl_secret *secret,
	      const struct rl_identity *root, struct rl_cipher *cipher, uint64_t seed)
{
	*n = (struct node){
		.id = *id,
		.secret = *secret,
		.cipher = cipher,
		.root.id = *root,
		.proto = 12,
		.mtu = ZT_MTU,
		.random = seed ^ id->address << 20,
	};
	return rl_key_agree(&n->root.key, secret, root->public_key);
}

int node_know(struct node *n, struct node_peer *peer, const struct rl_identity *id)
{
	int ret;

	*peer = (struct node_peer){.id = *id, .next = n->peers};
	ret = rl_key_agree(&peer->key, &n->secret, id->public_key);
	if (ret == 0)
		n->peers = peer;
	return ret;
}

struct node_peer *node_peer_find(struct node *n, uint64_t address)
{
	if (address == n->root.id.address)
		return &n->root;
	for (struct node_peer *p = n->peers; p; p = p->next) {
		if (p->id.address == address)
			return p;
	}
	return NULL;
}

bool node_path_learned(const struct node *n, unsigned socket, const struct rl_inet *addr)
{
	for (unsigned i = 0; i < n->path_count; i++) {
		const struct node_path *p = &n->path[i];

		if (p->learned && p->socket == socket && rl_inet_equal(&p->addr, addr))
			return true;
	}
	return false;
}

void node_expect(struct node *n, uint64_t to, uint8_t verb, uint64_t id)
{
	n->expect[n->next_expect++ % NODE_EXPECT_MAX] =
		(struct node_expect){.id = id, .to = to, .verb = verb};
}

static bool has_answer(uint8_t verb)
{
	switch (verb) {
	case ZT_VERB_HELLO:
	case ZT_VERB_WHOIS:
	case ZT_VERB_ECHO:
	case ZT_VERB_MULTICAST_GATHER:
	case ZT_VERB_NETWORK_CONFIG_REQUEST:
		return true;
	default:
		return false;
	}
}

static unsigned suite_for(const struct node *n, const struct node_peer *to, unsigned suite)
{
	if (suite != NODE_SUITE_AUTO)
		return suite;
	if (n->proto >= ZT_PROTO_AES && to->proto >= ZT_PROTO_AES)
		return ZT_SUITE_AES_GMAC_SIV;
	return ZT_SUITE_SALSA_POLY1305;
}

static size_t make(struct node *n, const struct node_peer *to, unsigned suite, uint8_t verb,
		   const void *payload, size_t len, bool compress, uint8_t *out)
{
	if (len > ZT_PACKET_MAX - ZT_HDR_LEN)
		return 0;
	memset(out, 0, ZT_HDR_LEN);
	rl_store64(out + ZT_AT_ID, node_random(n));
	rl_store40(out + ZT_AT_TO, to->id.address);
	rl_store40(out + ZT_AT_FROM, n->id.address);
	out[ZT_AT_VERB] = verb;
	if (len)
		memcpy(out + ZT_AT_PAYLOAD, payload, len);
	len += ZT_HDR_LEN;
	if (compress)
		len = rl_armor_compress(out, len);
	if (len > n->mtu)
		out[ZT_AT_FLAGS] |= ZT_FLAG_FRAGMENTED;
	rl_armor_seal(n->cipher, &to->key, out, len, suite_for(n, to, suite));
	if (has_answer(verb))
		node_expect(n, to->id.address, verb, rl_load64(out + ZT_AT_ID));
	return len;
}

size_t node_make(struct node *n, const struct node_peer *to, unsigned suite, uint8_t verb,
		 const void *payload, size_t len, uint8_t *out)
{
	return make(n, to, suite, verb, payload, len, false, out);
}

size_t node_make_compressed(struct node *n, const struct node_peer *to, unsigned suite,
			    uint8_t verb, const void *payload, size_t len, uint8_t *out)
{
	return make(n, to, suite, verb, payload, len, true, out);
}

const char *node_verdict_text(enum node_verdict v)
{
	static const char *const text[] = {
		[NODE_READ] = "read",
		[NODE_PIECE] = "piece",
		[NODE_NOT_MINE] = "not mine",
		[NODE_STRANGER] = "stranger",
		[NODE_BAD_MAC] = "bad MAC",
		[NODE_MALFORMED] = "malformed",
		[NODE_UNEXPECTED] = "unexpected",
	};

	return text[v];
}
