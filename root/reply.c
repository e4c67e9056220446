// SPDX-License-Identifier: BSD-3-Clause
#include "root/reply.h"

#include "root/probe.h"

// As many pieces as a client puts together. Each but the head spends a few bytes on its own header,
// so this is less than ZT_PACKET_MAX.
enum { ANSWER_MAX = ZT_MTU + (ZT_FRAG_MAX - 1) * (ZT_MTU - ZT_FRAG_HDR_LEN) };
enum { OK_LEN = 1 + 8 }; // verb and ID of what is answered

struct rl_out *rl_out_new(struct rl_worker *w)
{
	if (w->out_count == RL_OUT_MAX) {
		rl_count(w, RL_DROP_OUTBOX_FULL);
		return NULL;
	}
	return &w->out[w->out_count];
}

void rl_out_send(struct rl_worker *w, struct rl_out *out, const struct rl_path *to, size_t len)
{
	out->to = *to;
	out->back = to->via == RL_VIA_BACK ? w->arrival : NULL;
	out->len = (uint16_t)len;
	w->out_count++;
}

void rl_seal(struct rl_worker *w, const struct rl_key *key, uint8_t *data, size_t len,
	     unsigned suite)
{
	w->seal[w->seal_count++] =
		(struct rl_armor_job){key, data, (uint16_t)len, (uint8_t)suite, false};
	if (w->seal_count == RL_SEAL_MAX)
		rl_seal_all(w);
}

void rl_seal_all(struct rl_worker *w)
{
	rl_armor_seal_many(w->cipher, w->seal, w->seal_count);
	w->seal_count = 0;
}

struct rl_writer rl_reply_header(struct rl_worker *w, uint8_t *buf, size_t room, uint64_t to,
				 enum zt_verb verb)
{
	struct rl_writer out = rl_writer(buf, room);
	rl_put64(&out, rl_random64(&w->random));
	rl_put40(&out, to);
	rl_put40(&out, w->root->self);
	rl_put8(&out, 0);
	rl_put64(&out, 0); // MAC
	rl_put8(&out, verb);
	return out;
}

struct rl_writer rl_reply_begin(struct rl_worker *w, const struct rl_request *q, enum zt_verb kind,
				enum zt_verb in_re)
{
	uint64_t to = atomic_load_explicit(&q->peer->address, memory_order_relaxed);
	struct rl_writer out = rl_reply_header(w, w->plain, ANSWER_MAX, to, kind);
	rl_put8(&out, in_re);
	rl_put64(&out, q->wire_id);
	return out;
}

bool rl_reply_allowed(struct rl_worker *w, struct rl_request *q, size_t len)
{
	enum rl_drop why = RL_DROP_UNPROVEN;
	if (atomic_load_explicit(&q->cold->withheld, memory_order_relaxed))
		why = RL_DROP_WITHHELD;
	else if (q->proven || q->answered + len + RL_PROBE_LEN <= q->wire_len)
		return true;
	else if (q->listed && q->answered + len <= q->wire_len + OK_LEN)
		return true;
	if (q->answered == 0)
		return rl_drop(q->packet, why);
	rl_count(w, why);
	return false;
}

unsigned rl_reply_suite(const struct rl_peer *peer)
{
	uint8_t proto = atomic_load_explicit(&peer->proto, memory_order_relaxed);
	return proto >= ZT_PROTO_AES ? ZT_SUITE_AES_GMAC_SIV : ZT_SUITE_SALSA_POLY1305;
}

// Sealed first, cut afterwards (3.2). The pieces carry the ID as it is after sealing.
static void send_fragments(struct rl_worker *w, const struct rl_path *to, const uint8_t *data,
			   size_t len)
{
	const size_t chunk = ZT_MTU - ZT_FRAG_HDR_LEN;
	unsigned total = 1 + (unsigned)((len - ZT_MTU + chunk - 1) / chunk);
	struct rl_out *head = rl_out_new(w);
	if (!head)
		return;
	memcpy(head->data, data, ZT_MTU);
	rl_out_send(w, head, to, ZT_MTU);
	size_t at = ZT_MTU;
	for (unsigned i = 1; i < total; i++) {
		size_t n = len - at < chunk ? len - at : chunk;
		struct rl_out *piece = rl_out_new(w);
		if (!piece)
			return;
		memcpy(piece->data, data, ZT_FRAG_AT_MARK); // ID and destination
		piece->data[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
		piece->data[ZT_FRAG_AT_COUNT] = (uint8_t)(total << 4 | i);
		piece->data[ZT_FRAG_AT_HOPS] = 0;
		memcpy(piece->data + ZT_FRAG_HDR_LEN, data + at, n);
		rl_out_send(w, piece, to, ZT_FRAG_HDR_LEN + n);
		at += n;
	}
}

void rl_reply_send(struct rl_worker *w, struct rl_request *q, const struct rl_writer *out)
{
	struct rl_packet *p = q->packet;
	const struct rl_key *key = &q->cold->key;
	unsigned suite = rl_reply_suite(q->peer);
	uint8_t *data = out->start;
	size_t len = rl_writer_len(out);
	w->stats.replies++;
	q->answered += len;
	if (len <= p->room && len <= ZT_MTU && p->verdict != RL_REPLY) {
		memcpy(p->data, data, len);
		p->len = (uint16_t)len;
		p->verdict = RL_REPLY;
		rl_seal(w, key, p->data, len, suite);
		return;
	}
	if (p->verdict != RL_REPLY)
		p->verdict = RL_DONE;
	struct rl_path back = {p->from, RL_VIA_BACK};
	if (len > ZT_MTU) {
		data[ZT_AT_FLAGS] |= ZT_FLAG_FRAGMENTED;
		rl_armor_seal(w->cipher, key, data, len, suite);
		send_fragments(w, &back, data, len);
		return;
	}
	struct rl_out *box = rl_out_new(w);
	if (!box)
		return;
	memcpy(box->data, data, len);
	rl_seal(w, key, box->data, len, suite);
	rl_out_send(w, box, &back, len);
}
