// SPDX-License-Identifier: BSD-3-Clause
// The one way in. Three passes over a burst, so that memory latency is hidden: parse and prefetch
// the table's line, look up and prefetch the peer, decide. Cheap checks before dear ones
// (docs/protocol.md 8.1).
#include "root/core.h"

static uint64_t source_hash(const struct rl_budget *b, const struct rl_packet *p)
{
	return rl_budget_hash(b, rl_prefix(&p->from, RL_PREFIX_HOST));
}

// Whom this packet makes us look up: the destination of what travels on, the sender of what is for
// us.
static void pass_parse(struct rl_worker *w, struct rl_packet *p)
{
	struct rl_root *r = w->root;
	w->stats.rx_packets++;
	w->stats.rx_bytes += p->len;
	p->peer = NULL;
	p->hash = 0;
	p->drop = RL_DROP_NONE;
	p->verdict = RL_DONE;
	if (!rl_packet_parse(p, r->self)) {
		p->verdict = RL_DROP;
		return;
	}
	if (p->zt_to == r->self && p->fragment) {
		p->source = source_hash(&w->known_budget, p);
		return;
	}
	p->hash = rl_peer_table_hash(&r->peers, p->zt_to == r->self ? p->zt_from : p->zt_to);
	rl_peer_table_prefetch(&r->peers, p->hash);
	const struct rl_budget *b = p->zt_to == r->self ? &w->known_budget : &w->relay_budget;
	p->source = source_hash(b, p);
	rl_budget_prefetch(b, p->source);
}

// Its line is read in the last pass: asked for here, where fewer others are on their way than in
// the first pass.
RL_PREFETCHES pair_prefetch(struct rl_worker *w, struct rl_packet *p)
{
	const struct rl_pairs *pairs = &w->root->pairs;
	if (p->fragment)
		return;
	p->pair = rl_pairs_hash(pairs, p->zt_from, p->zt_to);
	rl_pairs_prefetch(pairs, p->pair);
}

RL_PREFETCHES peer_prefetch(struct rl_worker *w, struct rl_packet *p)
{
	__builtin_prefetch(p->peer);
	if (p->zt_to == w->root->self)
		rl_peer_prefetch_cold(rl_peer_cold(&w->root->peers, p->peer));
}

static void pass_lookup(struct rl_worker *w, struct rl_packet *p[], unsigned n)
{
	const struct rl_peer_table *t = &w->root->peers;
	const struct rl_bucket *beyond[RL_BURST_MAX];
	unsigned more[RL_BURST_MAX], count = 0;
	for (unsigned i = 0; i < n; i++) {
		if (p[i]->verdict == RL_DROP || p[i]->hash == 0)
			continue;
		const struct rl_bucket *b = rl_peer_table_bucket(t, p[i]->hash);
		p[i]->peer = rl_peer_table_guess(t, b, p[i]->hash);
		if (p[i]->peer) {
			peer_prefetch(w, p[i]);
		} else if ((b = rl_peer_table_beyond(t, b))) {
			__builtin_prefetch(b);
			beyond[count] = b;
			more[count++] = i;
		}
		if (p[i]->zt_to != w->root->self)
			pair_prefetch(w, p[i]);
	}
	for (unsigned i = 0; i < count; i++) {
		struct rl_packet *m = p[more[i]];
		m->peer = rl_peer_table_guess(t, beyond[i], m->hash);
		if (m->peer)
			peer_prefetch(w, m);
	}
}

static bool stranger_budget(struct rl_worker *w, struct rl_packet *p, struct rl_budget *b,
			    struct rl_budget_total *total, uint32_t pps, enum rl_drop why)
{
	const struct rl_options *opt = &w->root->opt;
	uint32_t now = (uint32_t)w->now_ms;
	if (!rl_budget_take(b, rl_budget_hash(b, rl_prefix(&p->from, RL_PREFIX_SITE)), now, pps, 1))
		return rl_drop(p, why);
	if (!rl_budget_total_take(total, now, opt->stranger_total_pps, 1))
		return rl_drop(p, why);
	p->verdict = RL_DEFER;
	return true;
}

// A HELLO in the clear brings its own key: everything that can be checked before public-key work is
// checked here.
static void hello(struct rl_worker *w, struct rl_packet *p)
{
	struct rl_root *r = w->root;
	struct rl_hello h;
	enum rl_drop bad = rl_hello_parse(p->data, p->len, &h);
	if (bad == RL_DROP_NONE && h.id.address != p->zt_from)
		bad = RL_DROP_HELLO_NOT_SENDER;
	if (bad != RL_DROP_NONE) {
		rl_drop(p, bad);
		return;
	}
	if (p->peer && memcmp(rl_peer_cold(&r->peers, p->peer)->public_key, h.id.public_key,
			      ZT_PUBLIC_LEN) == 0) {
		rl_hello_known(w, p, p->peer, &h);
		return;
	}
	// Nobody moves out before control has looked; until then public-key work would be for
	// nothing.
	if (!p->peer && rl_peer_table_full(&r->peers)) {
		rl_drop(p, RL_DROP_PEERS_FULL);
		return;
	}
	stranger_budget(w, p, &w->stranger_budget, &w->stranger_total, r->opt.stranger_pps,
			RL_DROP_RATE_STRANGER);
}

static void fragment(struct rl_worker *w, struct rl_packet *p, bool head)
{
	uint64_t id = rl_load64(p->data + ZT_AT_ID);
	uint8_t count = p->data[ZT_FRAG_AT_COUNT];
	const uint8_t *piece = head ? p->data : p->data + ZT_FRAG_HDR_LEN;
	uint8_t *joined;
	size_t len;
	switch (rl_reassembly_add(&w->reassembly, &p->from, id, head ? 0 : count & 15,
				  head ? 0 : count >> 4, piece, (size_t)(p->data + p->len - piece),
				  w->now_ms, &joined, &len)) {
	case RL_FRAG_KEPT:
		rl_done(p);
		return;
	case RL_FRAG_BAD:
		rl_drop(p, RL_DROP_FRAG_BAD);
		return;
	case RL_FRAG_COMPLETE:
		break;
	}
	w->stats.reassembled++;
	struct rl_packet whole = {.data = joined,
				  .len = (uint16_t)len,
				  .from = p->from,
				  .host = p->host,
				  .verdict = RL_DONE};
	if (!rl_packet_parse(&whole, w->root->self) || whole.fragment ||
	    whole.zt_to != w->root->self) {
		rl_drop(p, RL_DROP_FRAG_BAD);
		return;
	}
	whole.hash = rl_peer_table_hash(&w->root->peers, whole.zt_from);
	rl_for_us(w, &whole, true);
	p->verdict = whole.verdict;
	p->drop = whole.drop;
}

void rl_for_us(struct rl_worker *w, struct rl_packet *p, bool joined)
{
	struct rl_root *r = w->root;
	if (p->fragment) {
		fragment(w, p, false);
		return;
	}
	uint8_t flags = p->data[ZT_AT_FLAGS];
	unsigned suite = (flags & ZT_SUITE_MASK) >> ZT_SUITE_SHIFT;
	if (suite > ZT_SUITE_AES_GMAC_SIV || suite == ZT_SUITE_TRUSTED) {
		rl_drop(p, RL_DROP_BAD_SUITE);
		return;
	}
	if (flags & ZT_FLAG_FRAGMENTED && !joined) {
		fragment(w, p, true);
		return;
	}
	p->peer = rl_peer_table_confirm(&r->peers, p->peer, p->zt_from, p->hash);
	if (suite == ZT_SUITE_POLY1305 && flags & ZT_FLAG_ENCRYPTED && !joined) {
		if (p->len < ZT_HDR_LEN + ZT_XHELLO_KEY_LEN)
			rl_drop(p, RL_DROP_TOO_SHORT);
		else
			stranger_budget(w, p, &w->encrypted_budget, &w->encrypted_total,
					r->opt.encrypted_pps, RL_DROP_RATE_ENCRYPTED);
		return;
	}
	if (suite == ZT_SUITE_POLY1305 && (p->data[ZT_AT_VERB] & ZT_VERB_MASK) == ZT_VERB_HELLO) {
		// Public-key work needs the host's own packet, and no HELLO is long enough for
		// fragments.
		if (joined)
			rl_drop(p, RL_DROP_HELLO_MALFORMED);
		else
			hello(w, p);
		return;
	}
	if (!p->peer)
		rl_drop(p, RL_DROP_UNKNOWN_SOURCE);
	else
		rl_known(w, p, p->peer);
}

static void pass_decide(struct rl_worker *w, struct rl_packet *p)
{
	struct rl_root *r = w->root;
	uint32_t now = (uint32_t)w->now_ms;
	if (p->verdict == RL_DROP)
		return;
	w->arrival = p;
	if (p->zt_to != r->self) {
		if (!rl_budget_take(&w->relay_budget, p->source, now, r->opt.relay_pps, 1)) {
			rl_drop(p, RL_DROP_RATE_RELAY);
			return;
		}
		p->peer = rl_peer_table_confirm(&r->peers, p->peer, p->zt_to, p->hash);
		rl_relay(w, p);
		return;
	}
	if (!rl_budget_take(&w->known_budget, p->source, now, r->opt.known_pps, 1))
		rl_drop(p, RL_DROP_RATE_KNOWN);
	else
		rl_for_us(w, p, false);
}

void rl_receive_burst(struct rl_worker *w, uint64_t now_ms, struct rl_packet *p[], unsigned n)
{
	w->now_ms = now_ms;
	w->tick = rl_tick_of(now_ms);
	w->out_count = 0;
	w->sight_count = 0;
	for (unsigned i = 0; i < n; i++)
		pass_parse(w, p[i]);
	pass_lookup(w, p, n);
	for (unsigned i = 0; i < n; i++)
		pass_decide(w, p[i]);
	rl_introduce_due(w);
	// The reasons are counted here and nowhere else; a MISS counts when the host knows that
	// nobody else helps.
	for (unsigned i = 0; i < n; i++) {
		if (p[i]->verdict == RL_DROP)
			rl_count(w, p[i]->drop);
		else if (p[i]->verdict == RL_DEFER)
			w->stats.deferred++;
	}
}
