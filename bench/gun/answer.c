// SPDX-License-Identifier: BSD-3-Clause
// What the generator makes of a frame that came: an answer to something it sent, a packet that was
// relayed to one of its nodes, or a question of the root that a node must answer (docs/protocol.md
// 6.11).
#include "bench/gun/engine.h"
#include "bench/gun/neighbour.h"

enum {
	ROUNDS = 4, // bursts taken before something is sent again
	MAJOR = 1,  // software told in OK(HELLO): that of a stock node
	MINOR = 14,
	REVISION = 1,
};

// A packet of the root, opened.
struct said {
	const struct datagram *d;
	uint32_t node;
	uint64_t id;
	uint64_t now_ns;
	const uint8_t *data;
	size_t len;
};

static void hear(struct engine *e, enum heard h)
{
	e->heard[h]++;
}

// Room for an answer: after a flush there mostly is some.
static uint8_t *answer_room(struct engine *e)
{
	uint8_t *room = engine_room(e);

	if (room)
		return room;
	engine_flush(e);
	return engine_room(e);
}

// OK to the root, back from where its packet came to.
static void answer(struct engine *e, const struct said *m, uint8_t verb, const uint8_t *body,
		   size_t len)
{
	uint8_t *out = answer_room(e);
	struct rl_writer w;

	if (!out || ZT_HDR_LEN + 9 + len > engine_payload_max(e)) {
		hear(e, HEARD_UNANSWERED);
		return;
	}
	w = rl_writer(out, engine_payload_max(e));
	rl_put64(&w, rng_next(&e->rng));
	rl_put40(&w, e->p->root.address);
	rl_put40(&w, e->p->node[m->node].address);
	rl_put8(&w, 0);
	rl_put64(&w, 0);
	rl_put8(&w, ZT_VERB_OK);
	rl_put8(&w, verb);
	rl_put64(&w, m->id);
	rl_put_bytes(&w, body, len);
	rl_armor_seal(e->cipher, &e->p->node[m->node].key, out, rl_writer_len(&w),
		      ZT_SUITE_SALSA_POLY1305);
	engine_send(e, &m->d->to, &m->d->from, rl_writer_len(&w));
}

static void on_echo(struct engine *e, const struct said *m)
{
	hear(e, HEARD_PROBE);
	e->root_probes = true;
	e->flags[m->node] |= NODE_PROVEN;
	answer(e, m, ZT_VERB_ECHO, m->data + ZT_AT_PAYLOAD, m->len - ZT_AT_PAYLOAD);
}

static void on_hello(struct engine *e, const struct said *m)
{
	uint8_t body[64];
	struct rl_writer w = rl_writer(body, sizeof(body));

	if (m->len < ZT_HELLO_AT_IDENTITY) {
		hear(e, HEARD_MALFORMED);
		return;
	}
	hear(e, HEARD_HELLO);
	e->root_probes = true;
	e->flags[m->node] |= NODE_PROVEN;
	rl_put_bytes(&w, m->data + ZT_HELLO_AT_CLOCK, 8);
	rl_put8(&w, ZT_PROTO_SELF);
	rl_put8(&w, MAJOR);
	rl_put8(&w, MINOR);
	rl_put16(&w, REVISION);
	rl_inet_put(&w, &m->d->from);
	rl_put16(&w, 0); // worlds
	answer(e, m, ZT_VERB_HELLO, body, rl_writer_len(&w));
}

static enum heard heard_ok(uint8_t verb)
{
	switch (verb) {
	case ZT_VERB_HELLO:
		return HEARD_OK_HELLO;
	case ZT_VERB_WHOIS:
		return HEARD_OK_WHOIS;
	case ZT_VERB_ECHO:
		return HEARD_OK_ECHO;
	case ZT_VERB_MULTICAST_GATHER:
		return HEARD_OK_GATHER;
	default:
		return HEARD_OK_OTHER;
	}
}

// The book of the packet it answers, and whoever wants to know.
static void answered(struct engine *e, const struct engine_answer *a, uint16_t port)
{
	enum shot_class kind;

	ledger_answer(e->ledger, ledger_key(a->id, port), a->now_ns, &kind);
	if (e->on_answer && a->node != POPULATION_NONE)
		e->on_answer(e->on_answer_ctx, a);
}

static void on_ok(struct engine *e, const struct said *m)
{
	struct rl_reader r = rl_reader(m->data + ZT_AT_PAYLOAD, m->len - ZT_AT_PAYLOAD);
	uint8_t verb = rl_get8(&r);
	struct engine_answer a = {.kind = shot_class_of_verb(verb),
				  .node = m->node,
				  .id = rl_get64(&r),
				  .now_ns = m->now_ns};

	if (r.bad) {
		hear(e, HEARD_MALFORMED);
		return;
	}
	hear(e, heard_ok(verb));
	if (verb == ZT_VERB_HELLO)
		e->flags[m->node] |= NODE_OK;
	answered(e, &a, m->d->to.port);
}

// Only one request is rightly answered with an error: a root has no networks.
static void on_error(struct engine *e, const struct said *m)
{
	struct rl_reader r = rl_reader(m->data + ZT_AT_PAYLOAD, m->len - ZT_AT_PAYLOAD);
	uint8_t verb = rl_get8(&r);
	uint64_t id = rl_get64(&r);
	enum shot_class kind;

	hear(e, r.bad ? HEARD_MALFORMED : HEARD_ERROR);
	if (!r.bad && verb == ZT_VERB_NETWORK_CONFIG_REQUEST)
		ledger_answer(e->ledger, ledger_key(id, m->d->to.port), m->now_ns, &kind);
}

static void from_root(struct engine *e, const struct datagram *d, uint32_t node, uint64_t now_ns)
{
	struct said m = {.d = d,
			 .node = node,
			 .id = rl_load64(d->data + ZT_AT_ID),
			 .now_ns = now_ns,
			 .data = e->open,
			 .len = d->len};

	memcpy(e->open, d->data, d->len);
	if (!rl_armor_open(e->cipher, &e->p->node[node].key, e->open, d->len)) {
		hear(e, HEARD_BAD_MAC);
		return;
	}
	switch (e->open[ZT_AT_VERB] & ZT_VERB_MASK) {
	case ZT_VERB_OK:
		on_ok(e, &m);
		return;
	case ZT_VERB_ERROR:
		on_error(e, &m);
		return;
	case ZT_VERB_ECHO:
		on_echo(e, &m);
		return;
	case ZT_VERB_HELLO:
		on_hello(e, &m);
		return;
	case ZT_VERB_NOP:
		hear(e, HEARD_NOP);
		return;
	case ZT_VERB_RENDEZVOUS:
		hear(e, HEARD_RENDEZVOUS);
		return;
	default:
		hear(e, HEARD_OTHER);
		return;
	}
}

// Whoever is in the population may have sent it; a fragment does not say who did.
static void on_relayed(struct engine *e, const struct datagram *d, bool piece, uint64_t now_ns)
{
	struct engine_answer a = {
		.kind = piece ? CLASS_FRAGMENT : CLASS_RELAY,
		.node = piece ? POPULATION_NONE
			      : population_find(e->p, rl_load40(d->data + ZT_AT_FROM)),
		.id = rl_load64(d->data),
		.now_ns = now_ns};

	hear(e, piece ? HEARD_FRAGMENT : HEARD_RELAYED);
	answered(e, &a, 0);
}

static void on_datagram(struct engine *e, const struct datagram *d, uint64_t now_ns)
{
	uint32_t node;
	bool piece;

	if (d->len < ZT_DATAGRAM_MIN || d->len > ZT_PACKET_MAX) {
		hear(e, HEARD_MALFORMED);
		return;
	}
	node = e->p ? population_find(e->p, rl_load40(d->data + ZT_AT_TO)) : POPULATION_NONE;
	piece = d->data[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED;
	if (node == POPULATION_NONE)
		hear(e, HEARD_NOT_OURS);
	else if (!piece && d->len < ZT_HDR_LEN)
		hear(e, HEARD_MALFORMED);
	else if (!piece && rl_load40(d->data + ZT_AT_FROM) == e->p->root.address)
		from_root(e, d, node, now_ns);
	else
		on_relayed(e, d, piece, now_ns);
}

static void on_frame(struct engine *e, const struct link_frame *f, uint64_t now_ns)
{
	struct datagram d;

	switch (datagram_read(&d, DATAGRAM_ETHERNET, f->data, f->len)) {
	case DATAGRAM_UDP:
		if (!rl_inet_same_ip(&d.from, &e->target))
			return;
		if (d.sum_ok || f->sum_known)
			on_datagram(e, &d, now_ns);
		else
			hear(e, HEARD_BAD_SUM);
		return;
	case DATAGRAM_FRAGMENT:
		hear(e, HEARD_IP_FRAGMENT);
		return;
	case DATAGRAM_OTHER:
		if (e->answer_neighbours && e->p && neighbour_answer(e, f->data, f->len))
			hear(e, HEARD_NEIGHBOUR);
		return;
	}
}

unsigned engine_receive(struct engine *e)
{
	struct link_frame f[LINK_BURST];
	unsigned total = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = e->link->ops->receive(e->link, f, LINK_BURST);
		uint64_t now_ns = n ? engine_now() : 0;

		for (unsigned i = 0; i < n; i++)
			on_frame(e, &f[i], now_ns);
		total += n;
		if (n < LINK_BURST)
			break;
	}
	if (total)
		engine_flush(e);
	return total;
}
