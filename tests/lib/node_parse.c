// SPDX-License-Identifier: BSD-3-Clause
// Fields of the verbs a client gets to see (docs/protocol.md 4).
#include "tests/lib/node.h"

static void get_version(struct rl_reader *r, struct node_event *e)
{
	e->proto = rl_get8(r);
	e->major = rl_get8(r);
	e->minor = rl_get8(r);
	e->revision = rl_get16(r);
}

static void get_group(struct rl_reader *r, struct node_group *g)
{
	const uint8_t *mac;

	g->network = rl_get64(r);
	mac = rl_get(r, 6);
	if (mac)
		memcpy(g->mac, mac, 6);
	g->adi = rl_get32(r);
}

static void parse_hello(struct rl_reader *r, struct node_event *e)
{
	get_version(r, e);
	e->clock = rl_get64(r);
	rl_identity_get(r, &e->hello_id);
	e->physical = rl_inet_get(r);
	e->planet_id = rl_get64(r);
	e->planet_timestamp = rl_get64(r);
}

static void parse_ok_hello(struct rl_reader *r, struct node_event *e)
{
	struct rl_world world;
	struct rl_reader worlds;

	e->clock = rl_get64(r);
	get_version(r, e);
	e->physical = rl_inet_get(r);
	if (!rl_reader_left(r))
		return;
	e->worlds_field = true;
	e->worlds_len = rl_get16(r);
	e->worlds = rl_get(r, e->worlds_len);
	if (r->bad)
		return;
	worlds = rl_reader(e->worlds, e->worlds_len);
	while (rl_reader_left(&worlds)) {
		rl_world_get(&worlds, &world);
		e->world_count++;
	}
	r->bad |= worlds.bad;
}

static void parse_ok_whois(struct rl_reader *r, struct node_event *e)
{
	while (rl_reader_left(r) && e->whois_count < NODE_WHOIS_MAX)
		rl_identity_get(r, &e->whois[e->whois_count++]);
	r->bad |= e->whois_count == 0;
}

static void parse_ok_gather(struct rl_reader *r, struct node_event *e)
{
	get_group(r, &e->group);
	e->gather_total = rl_get32(r);
	e->gather_count = rl_get16(r);
	e->gather = rl_get(r, 5 * (size_t)e->gather_count);
}

static void parse_ok(struct rl_reader *r, struct node_event *e)
{
	e->in_verb = rl_get8(r);
	e->in_id = rl_get64(r);
	e->payload_len = rl_reader_left(r);
	e->payload = r->at;
	if (e->in_verb == ZT_VERB_HELLO)
		parse_ok_hello(r, e);
	else if (e->in_verb == ZT_VERB_WHOIS)
		parse_ok_whois(r, e);
	else if (e->in_verb == ZT_VERB_MULTICAST_GATHER)
		parse_ok_gather(r, e);
}

static void parse_error(struct rl_reader *r, struct node_event *e)
{
	e->in_verb = rl_get8(r);
	e->in_id = rl_get64(r);
	e->error = rl_get8(r);
	e->payload_len = rl_reader_left(r);
	e->payload = r->at;
}

static void parse_rendezvous(struct rl_reader *r, struct node_event *e)
{
	const uint8_t *ip;
	uint8_t len;

	rl_get8(r);
	e->meet = rl_get40(r);
	e->meet_at.port = rl_get16(r);
	len = rl_get8(r);
	r->bad |= len != 4 && len != 16;
	ip = rl_get(r, len);
	if (!ip)
		return;
	memcpy(e->meet_at.ip, ip, len);
	e->meet_at.family = len == 4 ? 4 : 6;
	r->bad |= e->meet_at.port == 0;
}

bool node_parse(struct node_event *e)
{
	struct rl_reader r = rl_reader(e->data + ZT_AT_PAYLOAD, e->len - ZT_AT_PAYLOAD);

	e->verb = e->data[ZT_AT_VERB] & ZT_VERB_MASK;
	e->payload = r.at;
	e->payload_len = rl_reader_left(&r);
	switch (e->verb) {
	case ZT_VERB_HELLO:
		parse_hello(&r, e);
		break;
	case ZT_VERB_OK:
		parse_ok(&r, e);
		break;
	case ZT_VERB_ERROR:
		parse_error(&r, e);
		break;
	case ZT_VERB_RENDEZVOUS:
		parse_rendezvous(&r, e);
		break;
	default:
		break;
	}
	return !r.bad;
}
