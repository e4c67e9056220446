// SPDX-License-Identifier: BSD-3-Clause
// Packets for the root. What known peers say in suites 1 and 3 is opened for the whole burst before
// any of it is answered: side by side that takes a fraction of the time, and what they ask for
// can be prefetched. Nobody's key depends on what another packet says, so it makes no difference
// otherwise. Cheap checks before dear ones (docs/protocol.md 8.1).
#include "root/core.h"

enum { ASKED_MAX = 1024 }; // peers prefetched for the WHOIS of a burst

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
	if (p->mac != RL_MAC_UNKNOWN) {
		rl_known(w, p, p->peer);
		return;
	}
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

// Is it, as far as can be seen from outside, a known peer's and whole? Then it is to be opened. A
// HELLO in the clear is not: what it shows is checked before its MAC.
static bool to_open(struct rl_worker *w, struct rl_packet *p)
{
	const struct rl_root *r = w->root;
	uint32_t now = (uint32_t)w->now_ms;
	if (!rl_budget_take(&w->known_budget, p->source, now, r->opt.known_pps, 1))
		return rl_drop(p, RL_DROP_RATE_KNOWN);
	uint8_t flags = p->fragment ? ZT_FLAG_FRAGMENTED : p->data[ZT_AT_FLAGS];
	unsigned suite = (flags & ZT_SUITE_MASK) >> ZT_SUITE_SHIFT;
	if (flags & ZT_FLAG_FRAGMENTED ||
	    (suite != ZT_SUITE_SALSA_POLY1305 && suite != ZT_SUITE_AES_GMAC_SIV))
		return false;
	p->peer = rl_peer_table_confirm(&r->peers, p->peer, p->zt_from, p->hash);
	return p->peer != NULL;
}

// What is asked for can be looked up now.
static void look_ahead(struct rl_worker *w, struct rl_packet *const p[], unsigned n)
{
	uint64_t asked[ASKED_MAX];
	unsigned count = 0;
	for (unsigned i = 0; i < n; i++) {
		if (p[i]->mac != RL_MAC_RIGHT)
			continue;
		if (p[i]->data[ZT_AT_VERB] == ZT_VERB_WHOIS)
			count += rl_whois_ahead(w, p[i], asked + count, ASKED_MAX - count);
		else
			rl_ahead_note(w, p[i]);
	}
	rl_ahead_begin(w);
	rl_whois_ahead_peers(w, asked, count);
	rl_ahead_begun(w);
}

void rl_open_burst(struct rl_worker *w)
{
	struct rl_armor_job job[RL_BURST_MAX];
	struct rl_packet *opened[RL_BURST_MAX];
	unsigned count = 0;
	w->multicast_count = w->multicast_at = 0;
	for (unsigned i = 0; i < w->ours_count; i++) {
		struct rl_packet *p = w->ours[i];
		p->mac = RL_MAC_UNKNOWN;
		if (!to_open(w, p))
			continue;
		opened[count] = p;
		job[count++] =
			(struct rl_armor_job){.key = &rl_peer_cold(&w->root->peers, p->peer)->key,
					      .p = p->data,
					      .len = p->len};
	}
	rl_armor_open_many(w->cipher, job, count);
	for (unsigned i = 0; i < count; i++)
		opened[i]->mac = job[i].ok ? RL_MAC_RIGHT : RL_MAC_WRONG;
	look_ahead(w, opened, count);
}
