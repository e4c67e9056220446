// SPDX-License-Identifier: BSD-3-Clause
// The one way in. Passes over a burst, so that memory latency is hidden: parse and prefetch the
// table's line, look up and prefetch the peer, open what known peers say to the root (for_us.c),
// decide; then all answers are sealed. Cheap checks before dear ones
// (docs/protocol.md 8.1).
#include "root/reply.h"

static uint64_t source_hash(const struct rl_budget *b, const struct rl_packet *p)
{
	return rl_budget_hash(b, rl_prefix(&p->from, RL_PREFIX_HOST));
}

static bool of_a_member(const struct rl_root *r, const struct rl_packet *p)
{
	return r->opt.sight_ms != 0 && p->drop == RL_DROP_BAD_SOURCE && p->zt_to == r->self &&
	       p->zt_from == r->self;
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
		p->verdict = of_a_member(r, p) ? RL_MEMBER : RL_DROP;
		return;
	}
	if (p->zt_to == r->self)
		w->ours[w->ours_count++] = p;
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

// Over what any address may send. Other members and siblings may send more. Out of line: it is
// rare, and the relay path is short of registers.
static __attribute__((noinline, cold)) bool over(struct rl_worker *w, struct rl_packet *p,
						 enum rl_drop why)
{
	const struct rl_root *r = w->root;
	unsigned at = rl_forwarders_find(&r->forwarders, &p->from);
	if (at == RL_FORWARDER_NONE)
		return !rl_drop(p, why);
	if (rl_budget_total_take(&w->forwarder_budget[at], (uint32_t)w->now_ms,
				 r->opt.forwarder_pps, 1))
		return false;
	return !rl_drop(p, RL_DROP_RATE_MEMBER);
}

static void pass_decide(struct rl_worker *w, struct rl_packet *p)
{
	struct rl_root *r = w->root;
	uint32_t now = (uint32_t)w->now_ms;
	if (p->verdict == RL_DROP)
		return;
	if (p->verdict == RL_MEMBER) {
		if (!rl_budget_take(&w->known_budget, source_hash(&w->known_budget, p), now,
				    r->opt.known_pps, 1))
			over(w, p, RL_DROP_RATE_KNOWN);
		return;
	}
	w->arrival = p;
	if (p->zt_to == r->self) {
		rl_for_us(w, p, false);
		return;
	}
	if (!rl_budget_take(&w->relay_budget, p->source, now, r->opt.relay_pps, 1) &&
	    over(w, p, RL_DROP_RATE_RELAY))
		return;
	p->peer = rl_peer_table_confirm(&r->peers, p->peer, p->zt_to, p->hash);
	rl_relay(w, p);
}

void rl_receive_burst(struct rl_worker *w, uint64_t now_ms, struct rl_packet *p[], unsigned n)
{
	w->now_ms = now_ms;
	w->tick = rl_tick_of(now_ms);
	w->out_count = 0;
	w->sight_count = 0;
	w->ask_count = 0;
	w->answer_count = 0;
	w->sibling_ask_count = 0;
	w->new_group_count = 0;
	w->new_group_more = false;
	w->ours_count = 0;
	for (unsigned i = 0; i < n; i++)
		pass_parse(w, p[i]);
	pass_lookup(w, p, n);
	rl_open_burst(w);
	for (unsigned i = 0; i < n; i++)
		pass_decide(w, p[i]);
	rl_introduce_due(w);
	rl_seal_all(w);
	// The reasons are counted here and nowhere else; a MISS counts when the host knows that
	// nobody else helps.
	for (unsigned i = 0; i < n; i++) {
		if (p[i]->verdict == RL_DROP)
			rl_count(w, p[i]->drop);
		else if (p[i]->verdict == RL_DEFER)
			w->stats.deferred++;
	}
}
