// SPDX-License-Identifier: BSD-3-Clause
// What no client sends (docs/protocol.md 8): each forgery costs the root something or abuses a rule
// if a check is missing. None may be answered, but for those a root may take as harmless.
#include "bench/gun/craft.h"

enum { UNDEFINED_SUITE = 5 };

typedef void (*forgery)(struct craft *c, struct shot *s, uint8_t *data);

static uint32_t any(struct craft *c)
{
	return rng_below(&c->rng, c->p->count);
}

static void as_is(struct craft *c, struct shot *s, uint8_t *data, size_t len)
{
	s->kind = CLASS_HOSTILE;
	s->fresh = SHOT_AS_IS;
	s->len = (uint16_t)len;
	rl_store64(data, rng_next(&c->rng));
}

static struct rl_writer packet(struct craft *c, struct shot *s, uint8_t verb, uint8_t *data)
{
	return craft_begin(c->p, s, any(c), c->plan.suite, verb, CLASS_HOSTILE, data);
}

static void junk(struct craft *c, struct shot *s, uint8_t *data)
{
	packet(c, s, 0, data);
	as_is(c, s, data, 1 + rng_below(&c->rng, ZT_MTU - 1));
	rng_fill(&c->rng, data, s->len);
}

static void too_short(struct craft *c, struct shot *s, uint8_t *data)
{
	packet(c, s, ZT_VERB_ECHO, data);
	as_is(c, s, data, ZT_AT_FROM + rng_below(&c->rng, ZT_HDR_LEN - ZT_AT_FROM));
}

static void wrong_mac(struct craft *c, struct shot *s, uint8_t *data)
{
	struct rl_writer w = packet(c, s, ZT_VERB_WHOIS, data);

	rl_put40(&w, c->p->root.address);
	s->len = (uint16_t)rl_writer_len(&w);
	s->spoil = true;
}

// Somebody else's identity, from another address, without the secret: must not move a path.
static void stolen_hello(struct craft *c, struct shot *s, uint8_t *data)
{
	craft_hello(c->p, any(c), c->plan.protocol, s, data);
	s->kind = CLASS_HOSTILE;
	s->spoil = true;
	s->from = sources_at(&c->p->sources, any(c), SOURCES_SOCKETS - 1);
}

// A key nobody has seen: the root's own key agreement is what it costs, if nothing limits it.
static void stranger(struct craft *c, struct shot *s, uint8_t *data)
{
	craft_hello(c->p, any(c), c->plan.protocol, s, data);
	as_is(c, s, data, s->len);
	population_invent_public(rng_next(&c->rng), 0, data + ZT_HELLO_AT_IDENTITY + 6);
	rl_store40(data + ZT_AT_FROM, rng_next(&c->rng) % 0xff00000000 + 1);
	memcpy(data + ZT_HELLO_AT_IDENTITY, data + ZT_AT_FROM, ZT_ADDRESS_LEN);
	rng_fill(&c->rng, data + ZT_AT_MAC, ZT_MAC_LEN);
}

// The identity names another node than the packet's source.
static void not_the_sender(struct craft *c, struct shot *s, uint8_t *data)
{
	craft_hello(c->p, any(c), c->plan.protocol, s, data);
	as_is(c, s, data, s->len);
	rl_store40(data + ZT_AT_FROM, c->p->node[any(c)].address ^ 1);
}

static void cut_hello(struct craft *c, struct shot *s, uint8_t *data)
{
	craft_hello(c->p, any(c), c->plan.protocol, s, data);
	as_is(c, s, data, ZT_HDR_LEN + rng_below(&c->rng, ZT_HELLO_AT_PHYSICAL - ZT_HDR_LEN));
}

// 4.3.4: an outer layer around nothing.
static void encrypted_hello(struct craft *c, struct shot *s, uint8_t *data)
{
	craft_hello(c->p, any(c), c->plan.protocol, s, data);
	as_is(c, s, data, s->len + (size_t)ZT_XHELLO_KEY_LEN);
	data[ZT_AT_FLAGS] = ZT_FLAG_ENCRYPTED;
	rng_fill(&c->rng, data + ZT_AT_MAC, s->len - (size_t)ZT_AT_MAC);
}

static void suite(struct craft *c, struct shot *s, uint8_t *data)
{
	packet(c, s, ZT_VERB_ECHO, data);
	as_is(c, s, data, ZT_HDR_LEN + 8);
	data[ZT_AT_FLAGS] = (rng_next(&c->rng) & 1 ? ZT_SUITE_TRUSTED : UNDEFINED_SUITE)
			    << ZT_SUITE_SHIFT;
}

static void from_the_root(struct craft *c, struct shot *s, uint8_t *data)
{
	packet(c, s, ZT_VERB_ECHO, data);
	as_is(c, s, data, ZT_HDR_LEN);
	rl_store40(data + ZT_AT_FROM, c->p->root.address);
}

static void relayed(struct craft *c, struct shot *s, uint8_t *data, uint64_t to, uint8_t hops)
{
	packet(c, s, 0, data);
	as_is(c, s, data, CRAFT_RELAY_SMALL);
	rl_store40(data + ZT_AT_TO, to);
	data[ZT_AT_FLAGS] =
		(uint8_t)(ZT_FLAG_ENCRYPTED | ZT_SUITE_SALSA_POLY1305 << ZT_SUITE_SHIFT | hops);
	rng_fill(&c->rng, data + ZT_AT_MAC, CRAFT_RELAY_SMALL - ZT_AT_MAC);
}

// 7 and one more is 0 if nobody looks (8.4, R10).
static void circling(struct craft *c, struct shot *s, uint8_t *data)
{
	relayed(c, s, data, c->p->node[any(c)].address, ZT_HOPS_MASK);
}

static void to_nobody(struct craft *c, struct shot *s, uint8_t *data)
{
	relayed(c, s, data, rng_next(&c->rng) % 0xff00000000 + 1, 0);
}

// Fills reassembly: a head that nothing follows, pieces without a head, impossible numbers.
static void endless_fragments(struct craft *c, struct shot *s, uint8_t *data)
{
	uint64_t dice = rng_next(&c->rng);

	packet(c, s, ZT_VERB_MULTICAST_LIKE, data);
	as_is(c, s, data, CRAFT_RELAY_LARGE);
	rng_fill(&c->rng, data + ZT_AT_MAC, CRAFT_RELAY_LARGE - ZT_AT_MAC);
	if (dice & 1) {
		data[ZT_AT_FLAGS] = ZT_FLAG_ENCRYPTED | ZT_FLAG_FRAGMENTED |
				    ZT_SUITE_SALSA_POLY1305 << ZT_SUITE_SHIFT;
		return;
	}
	data[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
	data[ZT_FRAG_AT_COUNT] = (uint8_t)(dice >> 8);
	data[ZT_FRAG_AT_HOPS] = (uint8_t)(dice >> 16);
}

// 8.5 N7: addresses a root must not be talked into contacting.
static void push_paths(struct craft *c, struct shot *s, uint8_t *data)
{
	struct rl_writer w = packet(c, s, ZT_VERB_PUSH_DIRECT_PATHS, data);

	rl_put16(&w, 1);
	rl_put8(&w, 2); // redirect
	rl_put16(&w, 0);
	rl_put8(&w, 4);
	rl_put8(&w, 6);
	rl_put32(&w, 0xc0000201); // 192.0.2.1
	rl_put16(&w, ZT_PORT);
	s->len = (uint16_t)rl_writer_len(&w);
}

static void rendezvous(struct craft *c, struct shot *s, uint8_t *data)
{
	struct rl_writer w = packet(c, s, ZT_VERB_RENDEZVOUS, data);

	rl_put8(&w, 0);
	rl_put40(&w, c->p->node[any(c)].address);
	rl_put16(&w, ZT_PORT);
	rl_put8(&w, 4);
	rl_put32(&w, 0xc0000201);
	s->len = (uint16_t)rl_writer_len(&w);
}

// An answer nobody asked for.
static void unasked_ok(struct craft *c, struct shot *s, uint8_t *data)
{
	struct rl_writer w = packet(c, s, ZT_VERB_OK, data);

	rl_put8(&w, ZT_VERB_ECHO);
	rl_put64(&w, rng_next(&c->rng));
	s->len = (uint16_t)rl_writer_len(&w);
}

// Says it is compressed, and is not (2.7).
static void bad_lz4(struct craft *c, struct shot *s, uint8_t *data)
{
	struct rl_writer w = packet(c, s, ZT_VERB_MULTICAST_LIKE | ZT_VERB_COMPRESSED, data);
	uint8_t *body = rl_put(&w, 200);

	memset(body, 0xff, 200);
	s->len = (uint16_t)rl_writer_len(&w);
}

static const forgery forgeries[] = {
	junk,           too_short, wrong_mac,         stolen_hello, stranger,
	not_the_sender, cut_hello, encrypted_hello,   suite,        from_the_root,
	circling,       to_nobody, endless_fragments, push_paths,   rendezvous,
	unasked_ok,     bad_lz4,
};

unsigned craft_hostile_kinds(void)
{
	return sizeof(forgeries) / sizeof(forgeries[0]);
}

void craft_hostile_of(struct craft *c, unsigned kind, struct shot *s, uint8_t *data)
{
	forgeries[kind](c, s, data);
}

void craft_hostile(struct craft *c, struct shot *s, uint8_t *data)
{
	craft_hostile_of(c, rng_below(&c->rng, craft_hostile_kinds()), s, data);
}
