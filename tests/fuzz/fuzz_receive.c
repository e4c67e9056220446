// SPDX-License-Identifier: BSD-3-Clause
// The core as strangers see it: the input chooses packets of every kind, right, wrong, cut and
// repeated, their senders and the passing of time. receive_rig.c checks what comes of it.
#include "tests/fuzz/receive_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct turn {
	struct rig *g;
	struct rl_reader in;
	struct node *node;
	struct datagram d;
};

static uint8_t body[ZT_PACKET_MAX];
static const uint8_t suites[] = {0, 1, 3, NODE_SUITE_AUTO};

static size_t bytes(struct rl_reader *in, size_t most)
{
	size_t left = rl_reader_left(in), n = rl_get16(in) % (most + 1);
	// What the input does not hold is made of the length itself, so that short inputs can say
	// long things.
	for (size_t i = 0; i < n; i++)
		body[i] = i + 2 < left && i < 64 ? rl_get8(in) : (uint8_t)(i / 5 + n);
	return n;
}

static void hello(struct turn *t, bool encrypted)
{
	uint8_t how = rl_get8(&t->in);
	struct rl_inet target = rl_inet4(0x0a000001, 9993);
	t->node->proto = 3 + how % 12;
	t->node->planet_id = how & 64 ? ZT_WORLD_ID_EARTH : 0;
	t->node->planet_timestamp = how & 32 ? 2000 : 10;
	t->node->moon_count = how & 16 ? NODE_MOONS_MAX : 0;
	t->d.len = encrypted ? node_hello_encrypted(t->node, t->g->now, &target, t->d.data)
			     : node_hello(t->node, &t->node->root, t->g->now, &target, t->d.data);
}

static void whois(struct turn *t)
{
	uint8_t how = rl_get8(&t->in);
	size_t n = how % 8 ? how % 8 : bytes(&t->in, 1900);
	uint64_t asked[1900];
	for (size_t i = 0; i < n; i++)
		asked[i] =
			i % 3 ? t->g->node[(i + how) % NODES].id.address : t->node->root.id.address;
	t->d.len = node_whois(t->node, suites[how >> 6], asked, (unsigned)n, t->d.data);
}

static void like(struct turn *t, bool gather)
{
	static struct node_group group[NODE_TUPLES_MAX];
	uint8_t how = rl_get8(&t->in);
	unsigned n = how & 32 ? NODE_TUPLES_MAX : 1 + how % 16;
	for (unsigned i = 0; i < n; i++)
		group[i] = (struct node_group){.network = 1 + how % 2, .adi = i + how / 64};
	t->d.len = gather ? node_gather(t->node, 1 + (how & 2), &group[how % 4], rl_get16(&t->in),
					how & 16 ? 272 : 0, t->d.data)
			  : node_like(t->node, 1 + (how & 2), group, n, t->d.data);
}

// Any verb, any payload, sealed with the right key; compressed bytes and all.
static void raw_verb(struct turn *t)
{
	uint8_t verb = rl_get8(&t->in), how = rl_get8(&t->in);
	size_t n = bytes(&t->in, how & 128 ? ZT_PACKET_MAX - ZT_HDR_LEN : 200);
	t->d.len = node_make(t->node, &t->node->root, suites[how % 4], verb, body, n, t->d.data);
}

// OK(WHOIS) or OK(GATHER), as a sibling answers: so many identities, or bytes, but for a few.
static void introduce(struct turn *t)
{
	uint8_t how = rl_get8(&t->in);
	struct rl_writer out = rl_writer(body, sizeof(body));
	bool gather = rl_get8(&t->in) & 1;
	rl_put8(&out, gather ? ZT_VERB_MULTICAST_GATHER : ZT_VERB_WHOIS);
	rl_put64(&out, how);
	if (gather)
		memset(rl_put(&out, 22), how, 22);
	if (gather)
		rl_put16(&out, (uint16_t)(how % 128));
	for (unsigned i = 0; i < how % 128; i++)
		rl_identity_put(&out, &t->g->node[i % NODES].id);
	size_t len = rl_writer_len(&out) - (how & 128 ? how % 9 : 0);
	t->d.len = node_make(t->node, &t->node->root, 1, ZT_VERB_OK, body, len, t->d.data);
}

static void proof(struct turn *t)
{
	uint8_t how = rl_get8(&t->in);
	struct datagram *kept = &t->g->proof[how % 4];
	struct rl_inet from = t->d.from;
	t->d.len = 0;
	if (kept->len == 0)
		return;
	uint16_t via = t->d.via;
	t->d = *kept;
	t->d.via = via;
	if (how & 128)
		t->d.from = from; // proves nothing there, unless it is the same
}

static void to_others(struct turn *t)
{
	uint8_t how = rl_get8(&t->in);
	const struct rl_identity *to = &t->g->node[how % NODES].id;
	struct node_peer peer = {.id = *to};
	size_t n = bytes(&t->in, 3000);
	t->d.len = node_make(t->node, &peer, 1, ZT_VERB_USER_MESSAGE, body, n, t->d.data);
	if (t->d.len)
		t->d.data[ZT_AT_FLAGS] |= how >> 5;
}

static void raw(struct turn *t)
{
	size_t n = bytes(&t->in, 300);
	memcpy(t->d.data, body, n);
	t->d.len = n;
	if (n >= ZT_AT_FROM)
		rl_store40(t->d.data + ZT_AT_TO, t->node->root.id.address);
	if (n >= ZT_AT_FLAGS && n % 2)
		rl_store40(t->d.data + ZT_AT_FROM, t->node->id.address);
}

// The last one again, changed in a byte or only in where it comes from.
static void again(struct turn *t)
{
	uint16_t at = rl_get16(&t->in);
	struct rl_inet from = t->d.from;
	uint16_t via = t->d.via;
	t->d = t->g->last;
	t->d.via = via;
	if (at & 1)
		t->d.from = from;
	if (at & 2 && t->d.len) {
		t->d.data[(at >> 2) % t->d.len] ^= rl_get8(&t->in) | 1;
		t->d.proves = 0;
		t->d.changed = true; // or a second change might undo this one
	}
}

static void cut_and_send(struct turn *t)
{
	static uint8_t cut[ZT_PACKET_MAX + ZT_FRAG_MAX * ZT_FRAG_HDR_LEN];
	struct node_piece piece[ZT_FRAG_MAX];
	uint8_t leave_out = rl_get8(&t->in), swap = rl_get8(&t->in);
	struct datagram part = t->d;
	unsigned n = node_cut(t->d.data, t->d.len, t->node->mtu, cut, piece);
	for (unsigned k = 0; k < n; k++) {
		unsigned i = swap & 1 ? n - 1 - k : k;
		if (leave_out >> i & 1)
			continue;
		part.piece_of = n > 1 ? rl_load64(t->d.data) : 0;
		part.len = piece[i].len;
		memcpy(part.data, piece[i].data, piece[i].len);
		rig_send(t->g, &part);
	}
}

static void packet(struct turn *t, uint8_t kind)
{
	uint8_t who = rl_get8(&t->in), where = rl_get8(&t->in);
	static const uint16_t spare[] = {0, 30, 1432, 40};
	t->node = &t->g->node[who % NODES];
	t->node->mtu = who & 128 ? 200 : ZT_MTU;
	t->d = (struct datagram){.from = rig_address[where % ADDRESSES],
				 .via = where & 128 ? RL_VIA_NONE : where / ADDRESSES,
				 .spare = spare[where >> 5 & 3]};
	switch (kind) {
	case 0:
		hello(t, false);
		break;
	case 1:
		hello(t, true);
		break;
	case 2:
		whois(t);
		break;
	case 3:
		t->d.len =
			node_echo(t->node, NODE_SUITE_AUTO, body, bytes(&t->in, 9996), t->d.data);
		break;
	case 4:
		like(t, false);
		break;
	case 5:
		like(t, true);
		break;
	case 6:
		raw_verb(t);
		break;
	case 7:
	case 8:
		proof(t);
		break;
	case 9:
		to_others(t);
		break;
	case 10:
		raw(t);
		break;
	case 11:
		again(t);
		break;
	case 13:
		introduce(t);
		break;
	default:
		t->d.len = node_config_request(t->node, 1, t->d.data);
		break;
	}
	if (t->d.len > t->node->mtu && who & 64 && kind != 11) {
		cut_and_send(t);
		return;
	}
	rig_send(t->g, &t->d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig g;
	static struct turn t;
	t = (struct turn){.g = &g, .in = rl_reader(data, size)};
	rig_open(&g, rl_get8(&t.in));
	for (unsigned n = 0; n < 64 && rl_reader_left(&t.in); n++) {
		uint8_t op = rl_get8(&t.in);
		switch (op & 31) {
		case 16:
			rig_flush(&g);
			break;
		case 17:
			g.now += rl_get16(&t.in);
			break;
		case 18:
			g.now += rl_get16(&t.in) * 1000ULL;
			break;
		case 19:
			g.now -= rl_get16(&t.in);
			break;
		case 20:
			rig_tick(&g, op >> 5 & 1, 2);
			break;
		case 21:
			rig_tick(&g, 0, 1);
			break;
		case 22:
			rig_expire(&g);
			break;
		default:
			packet(&t, op & 15);
			break;
		}
		if (op & 64)
			rig_flush(&g);
	}
	rig_flush(&g);
	rig_close(&g);
	return 0;
}
