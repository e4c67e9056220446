// SPDX-License-Identifier: BSD-3-Clause
// The dear work, off the packet path (docs/protocol.md 8.1 rows 5, 8, 9): key agreement with
// strangers, the outer layer of an encrypted HELLO, identity validation. Nothing is stored or
// answered before all of it has passed.
#include "root/reply.h"

#include <errno.h>
#include <sodium.h>

enum { BAD_ID_COST = 8 }; // validations that one failed identity uses up of its prefix

// The MAC proves that the sender has the secret of the key it shows. Only the address may still be
// a lie.
static enum rl_drop agree(struct rl_worker *w, struct rl_packet *p, const struct rl_hello *h,
			  struct rl_key *key)
{
	if (rl_known_bad_has(&w->known_bad, &h->id, w->now_ms))
		return RL_DROP_ID_KNOWN_BAD;
	if (rl_key_agree(key, &w->root->secret, h->id.public_key) != 0)
		return RL_DROP_ID_WEAK_KEY;
	if (!rl_armor_open(w->cipher, key, p->data, p->len))
		return RL_DROP_BAD_MAC;
	return RL_DROP_NONE;
}

static enum rl_drop validate(struct rl_worker *w, struct rl_scratch *s, struct rl_packet *p,
			     const struct rl_identity *id)
{
	const struct rl_host *host = &w->root->host;
	if (host->validated && host->validated(host->ctx, id)) {
		w->stats.validations_spared++;
		return RL_DROP_NONE;
	}
	uint64_t source = rl_budget_hash(&w->validate_budget, rl_prefix(&p->from, RL_PREFIX_SITE));
	uint32_t pps = w->root->opt.validate_pps, now = (uint32_t)w->now_ms;
	if (!rl_budget_take(&w->validate_budget, source, now, pps, 1))
		return RL_DROP_RATE_VALIDATE;
	w->stats.validations++;
	if (rl_identity_validate(s, id))
		return RL_DROP_NONE;
	rl_known_bad_add(&w->known_bad, id, w->now_ms);
	// As much of the fine as is there to be taken.
	for (unsigned i = 0; i < BAD_ID_COST; i++)
		rl_budget_take(&w->validate_budget, source, now, pps, 1);
	return RL_DROP_ID_INVALID;
}

static void fill(struct rl_worker *w, struct rl_peer_cold *cold, const struct rl_identity *id,
		 const struct rl_key *key)
{
	cold->key = *key;
	memcpy(cold->public_key, id->public_key, ZT_PUBLIC_LEN);
	cold->first = w->tick;
	atomic_store_explicit(&cold->heard, w->tick, memory_order_relaxed);
	atomic_store_explicit(&cold->latency_ms, UINT16_MAX, memory_order_relaxed);
}

// Two identities, both with their proof of work, and one address: the second one must find another
// (4.4). This ends the client program, so it is said only to who has proven everything but its
// place.
static void collide(struct rl_worker *w, struct rl_packet *p, const struct rl_identity *id,
		    struct rl_key *key)
{
	struct rl_writer out =
		rl_reply_header(w, w->plain, ZT_PACKET_MAX, id->address, ZT_VERB_ERROR);
	rl_put8(&out, ZT_VERB_HELLO);
	rl_put64(&out, rl_load64(p->data + ZT_AT_ID));
	rl_put8(&out, ZT_ERROR_IDENTITY_COLLISION);
	size_t len = rl_writer_len(&out);
	rl_armor_seal(w->cipher, key, w->plain, len, ZT_SUITE_SALSA_POLY1305);
	memcpy(p->data, w->plain, len); // shorter than any HELLO
	p->len = (uint16_t)len;
	p->verdict = RL_REPLY;
	w->stats.replies++;
	w->stats.collisions++;
}

// The newcomer is in the table, or somebody else's copy of it was quicker; either way it is
// answered as a known peer.
static void welcome(struct rl_worker *w, struct rl_packet *p, const struct rl_hello *h,
		    const struct rl_key *key)
{
	struct rl_root *r = w->root;
	struct rl_peer *peer = rl_peer_table_reserve(&r->peers);
	if (!peer) {
		rl_drop(p, RL_DROP_PEERS_FULL);
		return;
	}
	fill(w, rl_peer_cold(&r->peers, peer), &h->id, key);
	atomic_store_explicit(&peer->best, RL_PATH_NONE, memory_order_relaxed);
	atomic_store_explicit(&peer->proto, h->proto, memory_order_relaxed);
	if (rl_peer_table_publish(&r->peers, peer, h->id.address) == 0) {
		w->stats.admitted++;
		if (r->host.admitted)
			r->host.admitted(r->host.ctx, &h->id, w->now_ms);
	} else {
		rl_peer_table_release(&r->peers, peer);
		peer = rl_peer_table_find(&r->peers, h->id.address,
					  rl_peer_table_hash(&r->peers, h->id.address));
		if (!peer)
			return;
	}
	rl_hello_known(w, p, peer, h);
}

static void stranger(struct rl_worker *w, struct rl_scratch *s, struct rl_packet *p,
		     const struct rl_hello *h)
{
	struct rl_key key;
	if (!p->peer && rl_peer_table_full(&w->root->peers)) {
		rl_drop(p, RL_DROP_PEERS_FULL);
		return;
	}
	enum rl_drop bad = agree(w, p, h, &key);
	if (bad == RL_DROP_NONE)
		bad = validate(w, s, p, &h->id);
	if (bad != RL_DROP_NONE)
		rl_drop(p, bad);
	else if (p->peer)
		collide(w, p, &h->id, &key);
	else
		welcome(w, p, h, &key);
	sodium_memzero(&key, sizeof(key));
}

static void inner(struct rl_worker *w, struct rl_scratch *s, struct rl_packet *p)
{
	struct rl_root *r = w->root;
	p->peer = rl_peer_table_find(&r->peers, p->zt_from,
				     rl_peer_table_hash(&r->peers, p->zt_from));
	if ((p->data[ZT_AT_VERB] & ZT_VERB_MASK) != ZT_VERB_HELLO) {
		if (p->peer)
			rl_known(w, p, p->peer);
		else
			rl_drop(p, RL_DROP_UNKNOWN_SOURCE);
		return;
	}
	struct rl_hello h;
	enum rl_drop bad = rl_hello_parse(p->data, p->len, &h);
	if (bad == RL_DROP_NONE && h.id.address != p->zt_from)
		bad = RL_DROP_HELLO_NOT_SENDER;
	if (bad != RL_DROP_NONE)
		rl_drop(p, bad);
	else if (p->peer && memcmp(rl_peer_cold(&r->peers, p->peer)->public_key, h.id.public_key,
				   ZT_PUBLIC_LEN) == 0)
		rl_hello_known(w, p, p->peer, &h);
	else
		stranger(w, s, p, &h);
}

void rl_admit(struct rl_worker *w, struct rl_scratch *s, uint64_t now_ms, struct rl_packet *p)
{
	struct rl_root *r = w->root;
	w->now_ms = now_ms;
	w->tick = rl_tick_of(now_ms);
	w->out_count = 0;
	w->sight_count = 0;
	w->ask_count = 0;
	w->answer_count = 0;
	w->sibling_ask_count = 0;
	w->new_group_count = 0;
	w->new_group_more = false;
	w->arrival = p;
	p->verdict = RL_DONE;
	p->drop = RL_DROP_NONE;
	p->mac = RL_MAC_UNKNOWN;
	uint8_t flags = p->len >= ZT_HDR_LEN ? p->data[ZT_AT_FLAGS] : 0;
	bool good = rl_packet_parse(p, r->self) && p->zt_to == r->self && !p->fragment;
	if (good && flags & ZT_FLAG_ENCRYPTED &&
	    (flags & (ZT_SUITE_MASK | ZT_FLAG_FRAGMENTED)) == 0) {
		size_t len = rl_armor_xhello_open(w->cipher, &r->secret, p->data, p->len);
		good = len >= ZT_HDR_LEN;
		p->drop = RL_DROP_ID_WEAK_KEY;
		p->len = good ? (uint16_t)len : p->len;
	}
	if (good)
		inner(w, s, p);
	else
		p->verdict = RL_DROP;
	rl_seal_all(w);
	if (p->verdict == RL_DROP)
		rl_count(w, p->drop);
}
