// SPDX-License-Identifier: BSD-3-Clause
// RENDEZVOUS to both ends of a pair that talks through us (docs/protocol.md 4.6, 6.1, 6.4): once
// per pair and interval, by each family that both are reached by, IPv6 first. And once more when
// one of them has asked who the other is: the first hint was lost on it.
//
// The packet that causes it cannot be authenticated, so it counts only if it comes from a proven
// path of the node it names as its source: nobody else can make the root talk to two of its
// clients.
#include "root/reply.h"

enum { REPEAT_WITHIN_MS = 10000 };

struct end {
	struct rl_peer *peer;
	struct rl_peer_cold *cold;
	uint64_t address;
};

static struct end end_of(struct rl_worker *w, struct rl_peer *peer)
{
	return (struct end){peer, rl_peer_cold(&w->root->peers, peer),
			    atomic_load_explicit(&peer->address, memory_order_relaxed)};
}

// A private address helps only who is reached at a private address too.
static bool useful(const struct rl_inet *about, const struct rl_inet *told)
{
	enum rl_scope scope = rl_inet_scope(about);
	return scope == RL_SCOPE_GLOBAL || scope == RL_SCOPE_PSEUDO_PRIVATE ||
	       scope == rl_inet_scope(told);
}

bool rl_rendezvous_send(struct rl_worker *w, struct rl_peer *whom, const struct rl_path *by,
			uint64_t about, const struct rl_inet *at)
{
	struct end to = end_of(w, whom);
	struct rl_out *box = rl_out_new(w);
	if (!box)
		return false;
	struct rl_writer out =
		rl_reply_header(w, box->data, RL_OUT_ROOM, to.address, ZT_VERB_RENDEZVOUS);
	rl_put8(&out, 0);
	rl_put40(&out, about);
	rl_put16(&out, at->port);
	rl_put8(&out, at->family == 4 ? 4 : 16);
	rl_put_bytes(&out, at->ip, at->family == 4 ? 4 : 16);
	size_t len = rl_writer_len(&out);
	rl_seal(w, &to.cold->key, box->data, len, rl_reply_suite(whom));
	rl_out_send(w, box, by, len);
	w->stats.rendezvous++;
	return true;
}

static bool tell_both(struct rl_worker *w, const struct end *a, const struct end *b)
{
	static const uint8_t families[] = {6, 4};
	uint32_t timeout = w->root->opt.path_timeout_ms;
	unsigned told = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct rl_path to_a, to_b;
		if (!rl_peer_path_family(a->peer, a->cold, families[i], w->tick, timeout, &to_a) ||
		    !rl_peer_path_family(b->peer, b->cold, families[i], w->tick, timeout, &to_b))
			continue;
		if (useful(&to_a.addr, &to_b.addr)) {
			rl_rendezvous_send(w, b->peer, &to_b, a->address, &to_a.addr);
			told++;
		}
		if (useful(&to_b.addr, &to_a.addr)) {
			rl_rendezvous_send(w, a->peer, &to_a, b->address, &to_b.addr);
			told++;
		}
	}
	return told != 0;
}

void rl_introduce(struct rl_worker *w, struct rl_packet *p)
{
	const struct rl_root *r = w->root;
	uint32_t every = r->opt.introduce_ms;
	if (every == 0 || !rl_pairs_due(&r->pairs, p->pair, w->now_ms, every))
		return;
	p->hash = rl_peer_table_hash(&r->peers, p->zt_from);
	rl_peer_table_prefetch(&r->peers, p->hash);
	w->due[w->due_count++] = p;
}

static void introduce(struct rl_worker *w, const struct rl_packet *p, struct rl_peer *from)
{
	struct end a = end_of(w, from), b = end_of(w, p->peer);
	if (rl_peer_path_find(a.peer, a.cold, &p->from) == RL_PATH_NONE)
		return;
	if (!rl_pairs_claim(&w->root->pairs, p->pair, w->now_ms, w->root->opt.introduce_ms))
		return;
	if (tell_both(w, &b, &a))
		w->stats.introductions++;
}

// A new pair touches a dozen cache lines that nothing has touched before, so these go through the
// burst in passes of their own.
void rl_introduce_due(struct rl_worker *w)
{
	struct rl_root *r = w->root;
	struct rl_peer *from[RL_BURST_MAX];
	for (unsigned i = 0; i < w->due_count; i++) {
		uint64_t hash = w->due[i]->hash;
		from[i] =
			rl_peer_table_guess(&r->peers, rl_peer_table_bucket(&r->peers, hash), hash);
		if (from[i])
			__builtin_prefetch(from[i]);
	}
	for (unsigned i = 0; i < w->due_count; i++) {
		const struct rl_packet *p = w->due[i];
		from[i] = rl_peer_table_confirm(&r->peers, from[i], p->zt_from, p->hash);
		if (!from[i] || from[i] == p->peer)
			continue;
		rl_peer_prefetch_cold(rl_peer_cold(&r->peers, from[i]));
		rl_peer_prefetch_cold(rl_peer_cold(&r->peers, p->peer));
	}
	for (unsigned i = 0; i < w->due_count; i++)
		if (from[i] && from[i] != w->due[i]->peer)
			introduce(w, w->due[i], from[i]);
	w->due_count = 0;
}

void rl_introduce_again(struct rl_worker *w, struct rl_peer *asker, struct rl_peer *other)
{
	struct end a = end_of(w, asker), b = end_of(w, other);
	struct rl_pairs *pairs = &w->root->pairs;
	uint64_t hash = rl_pairs_hash(pairs, a.address, b.address);
	if (!rl_pairs_claim_repeat(pairs, hash, w->now_ms, REPEAT_WITHIN_MS))
		return;
	if (tell_both(w, &a, &b))
		w->stats.introductions_repeated++;
}
