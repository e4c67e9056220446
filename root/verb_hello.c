// SPDX-License-Identifier: BSD-3-Clause
// HELLO (docs/protocol.md 4.3): read it, check it with the key it brings, answer it.
#include "root/reply.h"

enum rl_drop rl_hello_parse(const uint8_t *data, size_t len, struct rl_hello *h)
{
	*h = (struct rl_hello){0};
	if (len < ZT_HELLO_AT_IDENTITY)
		return RL_DROP_HELLO_MALFORMED;
	struct rl_reader in = rl_reader(data + ZT_AT_PAYLOAD, len - ZT_AT_PAYLOAD);
	h->proto = rl_get8(&in);
	h->major = rl_get8(&in);
	h->minor = rl_get8(&in);
	h->revision = rl_get16(&in);
	h->clock = rl_get64(&in);
	if (h->proto < ZT_PROTO_MIN)
		return RL_DROP_HELLO_OLD;
	rl_identity_get(&in, &h->id);
	// Everything after the identity is optional: very old senders stop early.
	if (rl_reader_left(&in) != 0)
		rl_inet_get(&in);
	if (rl_reader_left(&in) >= 16) {
		h->planet_id = rl_get64(&in);
		h->planet_timestamp = rl_get64(&in);
		if (rl_reader_left(&in) != 0)
			h->sealed_at = (size_t)(in.at - data);
	}
	return in.bad ? RL_DROP_HELLO_MALFORMED : RL_DROP_NONE;
}

static bool world_newer(const struct rl_worlds *worlds, unsigned i, uint8_t type, uint64_t id,
			uint64_t timestamp)
{
	return worlds->world[i].type == type && worlds->world[i].id == id &&
	       worlds->world[i].timestamp > timestamp;
}

// Which of our worlds this client wants and lacks, as bits. Moons are listed in the sealed part,
// which is opened here, after its MAC was checked. False: a count that points beyond the end.
static bool worlds_wanted(const struct rl_worlds *worlds, const struct rl_request *q,
			  const struct rl_hello *h, uint32_t *bits)
{
	*bits = 0;
	if (!worlds)
		return true;
	for (unsigned i = 0; i < worlds->count; i++)
		if (h->planet_id != 0 &&
		    world_newer(worlds, i, ZT_WORLD_PLANET, h->planet_id, h->planet_timestamp))
			*bits |= 1u << i;
	if (h->sealed_at == 0)
		return true;
	rl_armor_hello_seal(&q->cold->key, q->data, h->sealed_at, q->len);
	struct rl_reader in = rl_reader(q->data + h->sealed_at, q->len - h->sealed_at);
	if (rl_reader_left(&in) < 2)
		return true;
	for (unsigned n = rl_get16(&in); n > 0 && !in.bad; n--) {
		uint8_t type = rl_get8(&in);
		uint64_t id = rl_get64(&in);
		uint64_t timestamp = rl_get64(&in);
		for (unsigned i = 0; i < worlds->count && !in.bad; i++)
			if (type == ZT_WORLD_MOON &&
			    world_newer(worlds, i, ZT_WORLD_MOON, id, timestamp))
				*bits |= 1u << i;
	}
	return !in.bad;
}

static void put_worlds(struct rl_worker *w, struct rl_writer *out, const struct rl_worlds *worlds,
		       uint32_t bits)
{
	uint8_t *len = rl_put(out, 2);
	size_t before = rl_writer_len(out);
	for (unsigned i = 0; bits != 0; i++, bits >>= 1) {
		// What does not fit waits for the client's next HELLO, which then lacks less.
		if (!(bits & 1) || worlds->world[i].len > (size_t)(out->end - out->at))
			continue;
		rl_put_bytes(out, worlds->world[i].bytes, worlds->world[i].len);
		w->stats.worlds_sent++;
	}
	rl_store16(len, (uint16_t)(rl_writer_len(out) - before));
}

// A client must find a newer world in its first OK: the first one teaches it the path, and the next
// HELLO is minutes away. An unproven address gets no world, so it gets no OK either: the probe
// makes the client ask again at once.
void rl_hello_answer(struct rl_worker *w, struct rl_request *q, const struct rl_hello *h)
{
	const struct rl_worlds *worlds =
		atomic_load_explicit(&w->root->worlds, memory_order_acquire);
	uint32_t wanted;
	atomic_store_explicit(&q->peer->proto, h->proto, memory_order_relaxed);
	atomic_store_explicit(&q->cold->major, h->major, memory_order_relaxed);
	atomic_store_explicit(&q->cold->minor, h->minor, memory_order_relaxed);
	atomic_store_explicit(&q->cold->revision, h->revision, memory_order_relaxed);
	if (!worlds_wanted(worlds, q, h, &wanted)) {
		rl_drop(q->packet, RL_DROP_HELLO_MALFORMED);
		return;
	}
	if (!q->direct)
		wanted = 0; // teaches no path: the first direct OK is still to come
	if (wanted != 0 && !q->proven) {
		rl_drop(q->packet, RL_DROP_UNPROVEN);
		return;
	}
	struct rl_writer out = rl_reply_begin(w, q, ZT_VERB_OK, ZT_VERB_HELLO);
	rl_put64(&out, h->clock);
	rl_put8(&out, ZT_PROTO_SELF);
	rl_put8(&out, RL_SOFTWARE_MAJOR);
	rl_put8(&out, RL_SOFTWARE_MINOR);
	rl_put16(&out, RL_SOFTWARE_REVISION);
	struct rl_inet seen = q->packet->from;
	if (h->proto < 5)
		seen.port = 0;
	rl_inet_put(&out, &seen);
	put_worlds(w, &out, worlds, wanted);
	if (rl_reply_allowed(w, q, rl_writer_len(&out)))
		rl_reply_send(w, q, &out);
}

void rl_hello_known(struct rl_worker *w, struct rl_packet *p, struct rl_peer *peer,
		    const struct rl_hello *h)
{
	struct rl_request q;
	if (!rl_request_open(w, p, peer, RL_DROP_HELLO_AGAIN, &q))
		return;
	w->stats.verb[ZT_VERB_HELLO]++;
	rl_hello_answer(w, &q, h);
	rl_sight_request(w, &q, ZT_VERB_HELLO);
	rl_request_end(w, &q);
}

// HELLO in suite 1 or 3, from a peer that has said it in the clear before.
void rl_verb_hello(struct rl_worker *w, struct rl_request *q)
{
	struct rl_hello h;
	enum rl_drop bad = rl_hello_parse(q->data, q->len, &h);
	if (bad == RL_DROP_NONE &&
	    (h.id.address != q->packet->zt_from ||
	     memcmp(h.id.public_key, q->cold->public_key, ZT_PUBLIC_LEN) != 0))
		bad = RL_DROP_HELLO_NOT_SENDER;
	// The sealed part hangs on the packet ID before sealing, which suite 3 does not carry
	// (4.3.2).
	if ((q->packet->data[ZT_AT_FLAGS] & ZT_SUITE_MASK) >> ZT_SUITE_SHIFT ==
	    ZT_SUITE_AES_GMAC_SIV)
		h.sealed_at = 0;
	if (bad != RL_DROP_NONE)
		rl_drop(q->packet, bad);
	else
		rl_hello_answer(w, q, &h);
}
