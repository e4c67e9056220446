// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/craft.h"

#include <errno.h>

enum {
	// Software told in HELLO: that of a stock node.
	MAJOR = 1,
	MINOR = 14,
	REVISION = 1,
	FILL_MAX = 1 << 13,
};

static const struct {
	const char *name, *help;
} row[] = {
#define X(id, name, help) {name, help},
	TRAFFIC(X)
#undef X
};

const char *traffic_name(enum traffic t)
{
	return row[t].name;
}

const char *traffic_help(enum traffic t)
{
	return row[t].help;
}

// An idle device in 900 s: WHOIS of the root every 5 s, HELLO every 225 s, LIKE every 60 s.
static void set_weights(struct craft_plan *plan)
{
	for (unsigned t = 0; t < TRAFFIC_COUNT; t++) {
		if (plan->weight[t])
			return;
	}
	if (plan->traffic == TRAFFIC_IDLE) {
		plan->weight[TRAFFIC_WHOIS_ROOT] = 180;
		plan->weight[TRAFFIC_REFRESH] = 4;
		plan->weight[TRAFFIC_LIKE] = 15;
	} else if (plan->traffic == TRAFFIC_MIXED) {
		plan->weight[TRAFFIC_RELAY_SMALL] = 40;
		plan->weight[TRAFFIC_RELAY_LARGE] = 25;
		plan->weight[TRAFFIC_RELAY_FRAGMENT] = 5;
		plan->weight[TRAFFIC_WHOIS_ROOT] = 18;
		plan->weight[TRAFFIC_WHOIS] = 4;
		plan->weight[TRAFFIC_REFRESH] = 2;
		plan->weight[TRAFFIC_LIKE] = 2;
		plan->weight[TRAFFIC_GATHER] = 2;
		plan->weight[TRAFFIC_ECHO] = 2;
	} else {
		plan->weight[plan->traffic] = 1;
	}
}

struct craft_plan craft_plan_default(enum traffic t)
{
	return (struct craft_plan){
		.traffic = t,
		.ask = 1,
		.groups = 2,
		.limit = 32,
		.copies = 2,
		.suite = ZT_SUITE_SALSA_POLY1305,
		.protocol = ZT_PROTO_SELF,
		.seed = 1,
	};
}

static int check(const struct craft_plan *plan, const struct population *p, struct say_why *why)
{
	const unsigned *w = plan->weight;
	bool pairs = w[TRAFFIC_RELAY_SMALL] || w[TRAFFIC_RELAY_LARGE] || w[TRAFFIC_RELAY_FRAGMENT];

	if (pairs && p->count < 2)
		return say_why(why, "relaying takes two nodes at least; the population has %u",
			       p->count);
	if (plan->size && (plan->size < ZT_HDR_LEN || plan->size > FILL_MAX))
		return say_why(why, "a packet of %u bytes cannot be made: %d to %d", plan->size,
			       ZT_HDR_LEN, FILL_MAX);
	return 0;
}

int craft_init(struct craft *c, const struct population *p, const struct craft_plan *plan,
	       struct say_why *why)
{
	int ret;

	c->p = p;
	c->plan = *plan;
	c->rng = (struct rng){rng_mix(plan->seed)};
	c->total = 0;
	c->turn = 0;
	c->copies = 0;
	memset(c->liked, 0, sizeof(c->liked));
	set_weights(&c->plan);
	ret = check(&c->plan, p, why);
	if (ret < 0)
		return ret;
	for (unsigned t = 0; t < TRAFFIC_COUNT; t++)
		c->total += c->plan.weight[t];
	zipf_init(&c->zipf, p->count, plan->zipf);
	rng_fill(&c->rng, c->filler, sizeof(c->filler));
	return 0;
}

static void header(uint8_t *data, uint64_t to, uint64_t from, uint8_t verb)
{
	memset(data, 0, ZT_HDR_LEN);
	rl_store40(data + ZT_AT_TO, to);
	rl_store40(data + ZT_AT_FROM, from);
	data[ZT_AT_VERB] = verb;
}

static void start(struct shot *s, const struct population *p, uint32_t node, enum shot_class kind)
{
	*s = (struct shot){.kind = kind,
			   .sender = node,
			   .to = POPULATION_NONE,
			   .from = sources_at(&p->sources, node, 0)};
}

struct rl_writer craft_begin(const struct population *p, struct shot *s, uint32_t node,
			     unsigned suite, uint8_t verb, enum shot_class kind, uint8_t *data)
{
	struct rl_writer w = rl_writer(data, ZT_MTU);

	start(s, p, node, kind);
	s->fresh = SHOT_SEALED;
	s->suite = (uint8_t)suite;
	header(data, p->root.address, p->node[node].address, verb);
	rl_put(&w, ZT_HDR_LEN);
	return w;
}

void craft_hello(const struct population *p, uint32_t node, unsigned protocol, struct shot *s,
		 uint8_t *data)
{
	const struct rl_inet nowhere = rl_inet4(0, 0);
	struct rl_inet target = {.family = p->sources.family};
	struct rl_identity id;
	struct rl_writer w =
		craft_begin(p, s, node, ZT_SUITE_POLY1305, ZT_VERB_HELLO, CLASS_HELLO, data);

	population_identity(p, node, &id);
	rl_put8(&w, (uint8_t)protocol);
	rl_put8(&w, MAJOR);
	rl_put8(&w, MINOR);
	rl_put16(&w, REVISION);
	rl_put64(&w, 0); // clock
	rl_identity_put(&w, &id);
	rl_inet_put(&w, p->sources.family == 4 ? &nowhere : &target);
	rl_put64(&w, 0); // planet: none held, so no new one is sent
	rl_put64(&w, 0);
	s->hello = true;
	s->sealed_at = (uint16_t)rl_writer_len(&w);
	rl_put16(&w, 0); // moons
	s->len = (uint16_t)rl_writer_len(&w);
}

void craft_relay(const struct population *p, uint32_t node, uint32_t to, unsigned size,
		 struct shot *s, uint8_t *data)
{
	start(s, p, node, CLASS_RELAY);
	s->to = to;
	s->fresh = SHOT_FRESH_ID;
	s->len = (uint16_t)size;
	header(data, p->node[to].address, p->node[node].address, 0);
	data[ZT_AT_FLAGS] = ZT_FLAG_ENCRYPTED | ZT_SUITE_SALSA_POLY1305 << ZT_SUITE_SHIFT;
}

static void make_hello(struct craft *c, struct shot *s, uint8_t *data)
{
	craft_hello(c->p, c->turn, c->plan.protocol, s, data);
	c->turn = (c->turn + 1) % c->p->count;
}

static void refresh(struct craft *c, struct shot *s, uint8_t *data, bool again)
{
	if (!again) {
		c->copied = zipf_next(&c->zipf, &c->rng);
		c->copies = c->plan.copies;
	}
	c->copies--;
	craft_hello(c->p, c->copied, c->plan.protocol, s, data);
	s->socket = (uint8_t)(c->plan.copies - 1 - c->copies);
	s->from = sources_at(&c->p->sources, c->copied, s->socket);
	s->repeat = again;
}

static struct rl_writer request(struct craft *c, struct shot *s, uint8_t verb, enum shot_class kind,
				uint8_t *data)
{
	return craft_begin(c->p, s, zipf_next(&c->zipf, &c->rng), c->plan.suite, verb, kind, data);
}

static void whois(struct craft *c, struct shot *s, uint8_t *data, bool root)
{
	struct rl_writer w = request(c, s, ZT_VERB_WHOIS, CLASS_WHOIS, data);

	for (unsigned i = 0; i < (root ? 1 : c->plan.ask); i++) {
		uint32_t other = zipf_other(&c->zipf, &c->rng, s->sender);

		rl_put40(&w, root ? c->p->root.address : c->p->node[other].address);
	}
	s->len = (uint16_t)rl_writer_len(&w);
}

// Nodes with neighbouring numbers share a network, whose groups are numbered.
static void put_group(struct rl_writer *w, const struct craft *c, uint32_t node, unsigned group)
{
	uint64_t network = node / CRAFT_NETWORK;
	uint8_t mac[6] = {0x01, 0x00, 0x5e, 0x00, (uint8_t)(group >> 8), (uint8_t)group};

	rl_put64(w, (c->p->node[network * CRAFT_NETWORK].address << 24) | 0x67756e);
	rl_put_bytes(w, mac, 6);
	rl_put32(w, 0);
}

static void note_like(struct craft *c, uint32_t node)
{
	uint32_t network = node / CRAFT_NETWORK, at = network % CRAFT_LIKED;

	if (c->liked[at].network != network + 1) {
		c->liked[at].network = network + 1;
		c->liked[at].first = node;
		c->liked[at].two = false;
	}
	c->liked[at].two |= c->liked[at].first != node;
}

static void like(struct craft *c, struct shot *s, uint8_t *data, uint32_t node)
{
	struct rl_writer w =
		craft_begin(c->p, s, node, c->plan.suite, ZT_VERB_MULTICAST_LIKE, CLASS_LIKE, data);

	note_like(c, node);
	for (unsigned i = 0; i < c->plan.groups; i++)
		put_group(&w, c, s->sender, i);
	s->len = (uint16_t)rl_writer_len(&w);
}

// A root is silent about a group without other members: in a mixture that subscribes, too, the
// first nodes of a network do that instead.
static void gather(struct craft *c, struct shot *s, uint8_t *data)
{
	uint32_t node = zipf_next(&c->zipf, &c->rng), network = node / CRAFT_NETWORK;
	uint32_t at = network % CRAFT_LIKED;
	struct rl_writer w = craft_begin(c->p, s, node, c->plan.suite, ZT_VERB_MULTICAST_GATHER,
					 CLASS_GATHER, data);
	uint8_t group[18];
	struct rl_writer g = rl_writer(group, sizeof(group));

	if (c->plan.weight[TRAFFIC_LIKE] &&
	    (c->liked[at].network != network + 1 || !c->liked[at].two)) {
		like(c, s, data, node);
		return;
	}
	put_group(&g, c, s->sender, rng_below(&c->rng, c->plan.groups));
	rl_put_bytes(&w, group, 8);
	rl_put8(&w, 0); // no certificate
	rl_put_bytes(&w, group + 8, 10);
	rl_put32(&w, c->plan.limit);
	s->len = (uint16_t)rl_writer_len(&w);
}

static unsigned sized(const struct craft *c, unsigned usual, size_t room)
{
	unsigned size = c->plan.size ? c->plan.size : usual;

	return size < room ? size : (unsigned)room;
}

static void fill(struct craft *c, uint8_t *to, size_t len)
{
	memcpy(to, c->filler + rng_below(&c->rng, FILL_MAX), len);
}

static void echo(struct craft *c, struct shot *s, uint8_t *data, size_t room)
{
	s->len = 0;
	request(c, s, ZT_VERB_ECHO, CLASS_ECHO, data);
	s->len = (uint16_t)sized(c, CRAFT_ECHO, room < ZT_MTU ? room : ZT_MTU);
	fill(c, data + ZT_HDR_LEN, s->len - (size_t)ZT_HDR_LEN);
}

// Sealed between the two ends, as far as a root can see: random MAC and payload.
static void relay(struct craft *c, struct shot *s, uint8_t *data, unsigned size)
{
	uint32_t node = zipf_next(&c->zipf, &c->rng);

	craft_relay(c->p, node, zipf_other(&c->zipf, &c->rng, node), size, s, data);
	fill(c, data + ZT_AT_MAC, size - (size_t)ZT_AT_MAC);
}

// The second of three pieces.
static void fragment(struct craft *c, struct shot *s, uint8_t *data, unsigned size)
{
	relay(c, s, data, size);
	s->kind = CLASS_FRAGMENT;
	data[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
	data[ZT_FRAG_AT_COUNT] = 3 << 4 | 1;
	data[ZT_FRAG_AT_HOPS] = 0;
	fill(c, data + ZT_FRAG_HDR_LEN, size - (size_t)ZT_FRAG_HDR_LEN);
}

static enum traffic pick(struct craft *c)
{
	unsigned at = c->total > 1 ? rng_below(&c->rng, c->total) : 0;
	unsigned t = 0;

	for (; at >= c->plan.weight[t]; t++)
		at -= c->plan.weight[t];
	return t;
}

void craft_next(struct craft *c, struct shot *s, uint8_t *data, size_t room)
{
	if (c->copies) {
		refresh(c, s, data, true);
		return;
	}
	switch (pick(c)) {
	case TRAFFIC_HELLO:
		make_hello(c, s, data);
		return;
	case TRAFFIC_REFRESH:
		refresh(c, s, data, false);
		return;
	case TRAFFIC_WHOIS:
		whois(c, s, data, false);
		return;
	case TRAFFIC_WHOIS_ROOT:
		whois(c, s, data, true);
		return;
	case TRAFFIC_LIKE:
		like(c, s, data, zipf_next(&c->zipf, &c->rng));
		return;
	case TRAFFIC_GATHER:
		gather(c, s, data);
		return;
	case TRAFFIC_ECHO:
		echo(c, s, data, room);
		return;
	case TRAFFIC_RELAY_SMALL:
		relay(c, s, data, sized(c, CRAFT_RELAY_SMALL, room));
		return;
	case TRAFFIC_RELAY_LARGE:
		relay(c, s, data, sized(c, CRAFT_RELAY_LARGE, room));
		return;
	case TRAFFIC_RELAY_FRAGMENT:
		fragment(c, s, data, sized(c, CRAFT_RELAY_SMALL, room));
		return;
	case TRAFFIC_HOSTILE:
		craft_hostile(c, s, data);
		return;
	case TRAFFIC_MIXED: // never picked: these two only stand for weights
	case TRAFFIC_IDLE:
	case TRAFFIC_COUNT:
		break;
	}
	__builtin_unreachable();
}
