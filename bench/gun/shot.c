// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/shot.h"

// Hops a relayed packet may have so that a root surely passes it on (docs/protocol.md 6.3).
enum { HOPS_RELAYED = 2 };

// Start of the part that is sealed with the HELLO's own ID; 0: it has none.
static uint16_t hello_sealed_at(const uint8_t *data, size_t len)
{
	struct rl_reader r = rl_reader(data, len);
	struct rl_identity id;

	rl_get(&r, ZT_HELLO_AT_IDENTITY);
	rl_identity_get(&r, &id);
	rl_inet_get(&r);
	rl_get(&r, 16); // planet: ID and timestamp
	return r.bad || rl_reader_left(&r) == 0 ? 0 : (uint16_t)(len - rl_reader_left(&r));
}

enum shot_class shot_class_of_verb(uint8_t verb)
{
	switch (verb & ZT_VERB_MASK) {
	case ZT_VERB_HELLO:
		return CLASS_HELLO;
	case ZT_VERB_WHOIS:
		return CLASS_WHOIS;
	case ZT_VERB_ECHO:
		return CLASS_ECHO;
	case ZT_VERB_MULTICAST_LIKE:
		return CLASS_LIKE;
	case ZT_VERB_MULTICAST_GATHER:
		return CLASS_GATHER;
	case ZT_VERB_NETWORK_CONFIG_REQUEST:
		return CLASS_CONFIG;
	default:
		return CLASS_OTHER;
	}
}

static void open_relayed(struct shot *s, const struct population *p, const uint8_t *data)
{
	bool piece = data[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED;
	uint8_t hops = piece ? data[ZT_FRAG_AT_HOPS] : data[ZT_AT_FLAGS] & ZT_HOPS_MASK;

	s->to = population_find(p, rl_load40(data + ZT_AT_TO));
	if (s->to == POPULATION_NONE)
		return;
	if (hops > HOPS_RELAYED) {
		s->kind = CLASS_HOSTILE;
		return;
	}
	// Both ends are ours, so nobody misses the MAC between them.
	if (piece || population_find(p, rl_load40(data + ZT_AT_FROM)) != POPULATION_NONE) {
		s->kind = piece ? CLASS_FRAGMENT : CLASS_RELAY;
		s->fresh = SHOT_FRESH_ID;
	}
}

static void open_for_root(struct shot *s, const struct population *p, struct rl_cipher *c,
			  uint8_t *data)
{
	uint8_t flags;
	unsigned suite;
	uint8_t copy[ZT_PACKET_MAX];
	const struct rl_key *key;

	if (data[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED || s->len < ZT_HDR_LEN) {
		s->kind = CLASS_OTHER;
		return;
	}
	flags = data[ZT_AT_FLAGS];
	suite = (flags & ZT_SUITE_MASK) >> ZT_SUITE_SHIFT;
	s->sender = population_find(p, rl_load40(data + ZT_AT_FROM));
	if (s->sender == POPULATION_NONE)
		return;
	s->kind = CLASS_OTHER;
	// A head cannot be sealed without its pieces; the outer layer of an encrypted HELLO is not
	// the node's to make again.
	if (flags & ZT_FLAG_FRAGMENTED || (suite == 0 && flags & ZT_FLAG_ENCRYPTED))
		return;
	key = &p->node[s->sender].key;
	memcpy(copy, data, s->len);
	if (!rl_armor_open(c, key, copy, s->len)) {
		s->kind = CLASS_HOSTILE;
		return;
	}
	s->kind = shot_class_of_verb(copy[ZT_AT_VERB]);
	s->hello = s->kind == CLASS_HELLO && s->len >= ZT_HELLO_AT_PHYSICAL;
	// Suite 3 does not carry the ID its sealed part hangs on: such a HELLO stays as it is.
	if (s->hello && suite == ZT_SUITE_AES_GMAC_SIV)
		return;
	s->sealed_at = s->hello ? hello_sealed_at(copy, s->len) : 0;
	if (s->sealed_at)
		rl_armor_hello_seal(key, copy, s->sealed_at, s->len);
	memcpy(data, copy, s->len);
	s->fresh = SHOT_SEALED;
	s->suite = (uint8_t)suite;
}

void shot_open(struct shot *s, const struct population *p, struct rl_cipher *c, uint8_t *data,
	       size_t len)
{
	*s = (struct shot){.kind = CLASS_FOREIGN,
			   .fresh = SHOT_AS_IS,
			   .sender = POPULATION_NONE,
			   .to = POPULATION_NONE,
			   .len = (uint16_t)len};
	if (len < ZT_DATAGRAM_MIN || len > ZT_PACKET_MAX)
		return;
	if (rl_load40(data + ZT_AT_TO) == p->root.address)
		open_for_root(s, p, c, data);
	else if (data[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED || len >= ZT_HDR_LEN)
		open_relayed(s, p, data);
}

// The address told in HELLO, if it takes the same room.
static void retarget_hello(uint8_t *data, size_t len, const struct rl_inet *target)
{
	size_t at = ZT_HELLO_AT_PHYSICAL, n = rl_inet_wire_len(target);
	struct rl_writer w = rl_writer(data + at, n);

	if (data[ZT_HELLO_AT_IDENTITY + ZT_IDENTITY_LEN - 1] != 0 || len < at + n ||
	    data[at] != target->family)
		return;
	rl_inet_put(&w, target);
}

uint64_t shot_seal(const struct shot *s, const struct population *p, struct rl_cipher *c,
		   uint8_t *data, uint64_t id, uint64_t now_ms, const struct rl_inet *target)
{
	const struct rl_key *key;

	if (s->fresh == SHOT_AS_IS)
		return s->len >= 8 ? rl_load64(data) : 0;
	rl_store64(data + ZT_AT_ID, id);
	if (s->fresh == SHOT_FRESH_ID)
		return id;
	key = &p->node[s->sender].key;
	if (s->hello) {
		rl_store64(data + ZT_HELLO_AT_CLOCK, now_ms);
		if (target)
			retarget_hello(data, s->len, target);
		if (s->sealed_at)
			rl_armor_hello_seal(key, data, s->sealed_at, s->len);
	}
	rl_armor_seal(c, key, data, s->len, s->suite);
	if (s->spoil)
		data[ZT_AT_MAC] ^= 1;
	return rl_load64(data + ZT_AT_ID);
}
