// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/craft.h"

// A second of an idle device: the root asked for itself every 5 s, six copies of a HELLO each
// 225 s, its groups told once a minute.
static const double idle_whois = 0.2, idle_hello = 6 / 225.0;
const double craft_idle_pps = 0.2 + 6 / 225.0 + 1 / 60.0;

void craft_init(struct craft *c, const struct population *pop, struct rl_cipher *cipher,
		uint64_t seed)
{
	*c = (struct craft){.pop = pop, .random = seed};
	c->node.cipher = cipher;
	c->node.proto = ZT_PROTO_SELF;
	c->node.mtu = ZT_MTU;
	c->node.random = seed;
	c->node.root.id = pop->root->id;
	c->node.root.proto = ZT_PROTO_SELF;
}

static uint32_t anybody(struct craft *c)
{
	return population_below(&c->random, c->pop->count);
}

// The sender of the next sealed packet: any of the whole population.
static void speak(struct craft *c)
{
	c->sender = anybody(c);
	c->from = population_from(c->sender);
	c->expect = RL_REPLY;
	population_identity(c->pop, c->sender, &c->node.id);
	population_key(c->sender, &c->node.root.key);
}

// Nobody on the way can open it, so nothing of the payload matters but its length.
static size_t relay(struct craft *c, const uint32_t pair[2], uint8_t *out, size_t len)
{
	rl_store64(out, population_mix(c->random++));
	rl_store40(out + ZT_AT_TO, c->pop->address[pair[1]]);
	rl_store40(out + ZT_AT_FROM, c->pop->address[pair[0]]);
	out[ZT_AT_FLAGS] = ZT_SUITE_AES_GMAC_SIV << ZT_SUITE_SHIFT;
	c->from = population_from(pair[0]);
	c->expect = RL_RELAY;
	return len;
}

static const uint32_t *next_pair(struct craft *c)
{
	if (c->next_pair == c->pop->pair_count)
		c->next_pair = 0;
	return c->pop->pair[c->next_pair++];
}

size_t craft_relay_128(struct craft *c, uint8_t *out)
{
	return relay(c, next_pair(c), out, 128);
}

size_t craft_relay_1400(struct craft *c, uint8_t *out)
{
	return relay(c, next_pair(c), out, 1400);
}

size_t craft_relay_fragment(struct craft *c, uint8_t *out)
{
	relay(c, next_pair(c), out, 128);
	out[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
	out[ZT_FRAG_AT_COUNT] = 2 << 4 | 1;
	out[ZT_FRAG_AT_HOPS] = 0;
	return 128;
}

size_t craft_relay_new_pair(struct craft *c, uint8_t *out)
{
	uint32_t pair[2] = {anybody(c), anybody(c)};
	while (pair[0] == pair[1])
		pair[1] = anybody(c);
	return relay(c, pair, out, 128);
}

static size_t hello(struct craft *c, uint8_t *out)
{
	static const struct rl_inet target = {.ip = {10, 77, 0, 1}, .port = ZT_PORT, .family = 4};
	return node_hello(&c->node, &c->node.root, 1700000000000, &target, out);
}

size_t craft_hello(struct craft *c, uint8_t *out)
{
	speak(c);
	return hello(c, out);
}

static size_t whois(struct craft *c, unsigned count, uint8_t *out)
{
	uint64_t asked[16];
	speak(c);
	for (unsigned i = 0; i < count; i++)
		asked[i] = c->pop->address[anybody(c)];
	return node_whois(&c->node, NODE_SUITE_AUTO, asked, count, out);
}

size_t craft_whois_1(struct craft *c, uint8_t *out)
{
	return whois(c, 1, out);
}

size_t craft_whois_16(struct craft *c, uint8_t *out)
{
	return whois(c, 16, out);
}

static size_t whois_self(struct craft *c, uint8_t *out)
{
	return node_whois(&c->node, NODE_SUITE_AUTO, &c->node.root.id.address, 1, out);
}

size_t craft_whois_self(struct craft *c, uint8_t *out)
{
	speak(c);
	return whois_self(c, out);
}

static struct node_group group(struct craft *c, unsigned j)
{
	struct rl_group_key key = population_group(c->pop, c->sender, j);
	struct node_group g = {.network = key.network, .adi = key.adi};
	memset(g.mac, 0xff, sizeof(g.mac));
	return g;
}

static size_t like(struct craft *c, bool plain, uint8_t *out)
{
	unsigned n = c->pop->groups_each;
	struct node_group g[16];
	uint8_t body[16 * 18];
	struct rl_writer w = rl_writer(body, sizeof(body));
	c->expect = RL_DONE;
	for (unsigned j = 0; j < n; j++) {
		g[j] = group(c, j);
		rl_put64(&w, g[j].network);
		rl_put_bytes(&w, g[j].mac, 6);
		rl_put32(&w, g[j].adi);
	}
	if (plain)
		return node_make(&c->node, &c->node.root, NODE_SUITE_AUTO, ZT_VERB_MULTICAST_LIKE,
				 body, rl_writer_len(&w), out);
	return node_like(&c->node, NODE_SUITE_AUTO, g, n, out);
}

// Compressed, as stock nodes send it.
size_t craft_like_16(struct craft *c, uint8_t *out)
{
	speak(c);
	return like(c, false, out);
}

size_t craft_like_16_plain(struct craft *c, uint8_t *out)
{
	speak(c);
	return like(c, true, out);
}

size_t craft_gather_32(struct craft *c, uint8_t *out)
{
	speak(c);
	struct node_group g = group(c, (unsigned)population_below(&c->random, 16));
	return node_gather(&c->node, NODE_SUITE_AUTO, &g, 32, 0, out);
}

// Of six copies of a HELLO, from three sockets by two families, the root holds four addresses: two
// come from an address it has not stored, and are probed.
size_t craft_idle(struct craft *c, uint8_t *out)
{
	double r = (double)population_below(&c->random, 1 << 24) / (1 << 24) * craft_idle_pps;
	speak(c);
	if (r < idle_whois)
		return whois_self(c, out);
	if (r >= idle_whois + idle_hello)
		return like(c, false, out);
	if (r >= idle_whois + idle_hello * 4 / 6)
		c->from.port++;
	return hello(c, out);
}
