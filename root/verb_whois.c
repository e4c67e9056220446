// SPDX-License-Identifier: BSD-3-Clause
// WHOIS (docs/protocol.md 4.5): identities of the root itself and its fellow roots from a prepared
// table, since every client asks for them every 5 s (6.8), then those of peers. Long lists are
// answered by several OKs that fit a datagram. What others may know is asked of the host first
// (root/ask.h).
#include "root/reply.h"

static const struct rl_identity *known_root(const struct rl_root *r, uint64_t address)
{
	if (address == r->self)
		return &r->id;
	const struct rl_worlds *worlds = atomic_load_explicit(&r->worlds, memory_order_acquire);
	for (unsigned i = 0; worlds && i < worlds->root_count; i++)
		if (worlds->root[i].address == address)
			return &worlds->root[i];
	return NULL;
}

bool rl_whois_knows(const struct rl_root *r, uint64_t address)
{
	return known_root(r, address) ||
	       rl_peer_table_find(&r->peers, address, rl_peer_table_hash(&r->peers, address));
}

bool rl_whois_put(const struct rl_root *r, struct rl_writer *out, uint64_t address,
		  struct rl_peer **peer)
{
	*peer = NULL;
	const struct rl_identity *id = known_root(r, address);
	if (id) {
		rl_identity_put(out, id);
		return true;
	}
	*peer = rl_peer_table_find(&r->peers, address, rl_peer_table_hash(&r->peers, address));
	if (!*peer)
		return false;
	struct rl_identity found = {.address = address};
	memcpy(found.public_key, rl_peer_cold(&r->peers, *peer)->public_key, ZT_PUBLIC_LEN);
	rl_identity_put(out, &found);
	return true;
}

unsigned rl_whois_ahead(struct rl_worker *w, const struct rl_packet *p, uint64_t hash[],
			unsigned max)
{
	const struct rl_root *r = w->root;
	struct rl_reader in = rl_reader(p->data + ZT_AT_PAYLOAD, p->len - ZT_AT_PAYLOAD);
	unsigned n = 0, whois_max = r->opt.whois_max;
	if (max > whois_max)
		max = whois_max;
	while (rl_reader_left(&in) >= ZT_ADDRESS_LEN && n < max) {
		uint64_t address = rl_get40(&in);
		if (address == r->self)
			continue;
		hash[n] = rl_peer_table_hash(&r->peers, address);
		rl_peer_table_prefetch(&r->peers, hash[n++]);
		rl_pairs_prefetch(&r->pairs, rl_pairs_hash(&r->pairs, p->zt_from, address));
	}
	return n;
}

void rl_whois_ahead_peers(struct rl_worker *w, const uint64_t hash[], unsigned n)
{
	RL_PREFETCHES_APART();
	const struct rl_peer_table *t = &w->root->peers;
	for (unsigned i = 0; i < n; i++) {
		const struct rl_peer *peer =
			rl_peer_table_guess(t, rl_peer_table_bucket(t, hash[i]), hash[i]);
		if (!peer)
			continue;
		const uint8_t *key = rl_peer_cold(t, peer)->public_key;
		__builtin_prefetch(peer);
		__builtin_prefetch(key);
		__builtin_prefetch(key + ZT_PUBLIC_LEN - 1); // not aligned to lines
	}
}

void rl_verb_whois(struct rl_worker *w, struct rl_request *q)
{
	struct rl_root *r = w->root;
	struct rl_peer *introduce[RL_ASK_WHOIS_MAX];
	uint64_t asked[RL_ASK_WHOIS_MAX];
	unsigned n = 0, introduced = 0, answered = 0, whois_max = r->opt.whois_max;
	struct rl_reader in = rl_reader(q->data + ZT_AT_PAYLOAD, q->len - ZT_AT_PAYLOAD);
	// Read before anything is written: the answer may take the place of the question.
	while (rl_reader_left(&in) >= ZT_ADDRESS_LEN && n < whois_max && n < RL_ASK_WHOIS_MAX)
		asked[n++] = rl_get40(&in);
	unsigned abroad = n > 0 && r->siblings.count != 0 ? rl_sibling_asks(w, q, asked, n) : 0;
	if (n > 0 && r->host.elsewhere && rl_ask_whois(w, q, asked, n))
		return;
	for (unsigned i = 0; i < n;) {
		struct rl_writer out = rl_reply_begin(w, q, ZT_VERB_OK, ZT_VERB_WHOIS);
		unsigned here = 0;
		for (; i < n && here < RL_WHOIS_PER_OK; i++) {
			struct rl_peer *peer;
			if (!rl_whois_put(r, &out, asked[i], &peer))
				continue;
			here++;
			if (peer && peer != q->peer)
				introduce[introduced++] = peer;
		}
		if (here == 0)
			break;
		if (!rl_reply_allowed(w, q, rl_writer_len(&out))) {
			if (answered == 0)
				return;
			break;
		}
		rl_reply_send(w, q, &out);
		answered += here;
	}
	if (answered == 0) {
		if (abroad != 0)
			rl_done(q->packet);
		else
			rl_drop(q->packet, RL_DROP_NO_ANSWER);
		return;
	}
	// Who asks about a peer right after having been introduced to it has lost that hint (6.1).
	for (unsigned i = 0; i < introduced; i++)
		rl_introduce_again(w, q->peer, introduce[i]);
}
