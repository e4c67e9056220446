// SPDX-License-Identifier: BSD-3-Clause
// A packet for another node travels on as it is but for its hop count (docs/protocol.md 3.4, 6.3).
// Nothing in it can be authenticated here: its MAC is end to end.
#include "root/core.h"
#include "root/probe.h"

// The path to use: the best one, or if that has been silent, the one heard last. False: none heard
// lately.
static bool choose_path(const struct rl_worker *w, const struct rl_peer *peer, struct rl_path *to,
			bool *silent)
{
	const struct rl_peer_cold *cold = NULL;
	unsigned best = atomic_load_explicit(&peer->best, memory_order_relaxed);
	uint32_t heard;
	if (best < RL_PATH_V6B && rl_peer_path_get(peer, cold, best, to, &heard) &&
	    rl_tick_age(w->tick, heard) <= RL_PROBE_SILENT_MS)
		return true;
	*silent = true;
	cold = rl_peer_cold(&w->root->peers, peer);
	uint64_t least = (uint64_t)w->root->opt.path_timeout_ms + 1;
	for (unsigned i = 0; i < RL_PATHS; i++) {
		struct rl_path path;
		if (!rl_peer_path_get(peer, cold, i, &path, &heard))
			continue;
		uint64_t age = rl_tick_age(w->tick, heard);
		// Of two that are equally old the best one stays.
		if (age > least || (age == least && i != best))
			continue;
		least = age;
		*to = path;
	}
	return least <= w->root->opt.path_timeout_ms;
}

// The hop count is three bits in a head, outside the MAC; a plain ++ at 7 would spill into the
// cipher bits. In a fragment it has a byte of its own, whose upper bits are sent as zero.
static bool count_hop(struct rl_packet *p, unsigned limit)
{
	uint8_t *at = p->data + (p->fragment ? ZT_FRAG_AT_HOPS : ZT_AT_FLAGS);
	uint8_t hops = p->fragment ? *at : *at & ZT_HOPS_MASK;
	if (hops >= limit)
		return rl_drop(p, RL_DROP_HOPS);
	*at = (uint8_t)((*at & ~ZT_HOPS_MASK) | (hops + 1));
	return true;
}

static void miss(struct rl_packet *p, enum rl_drop why)
{
	p->verdict = RL_MISS;
	p->drop = why;
}

void rl_relay(struct rl_worker *w, struct rl_packet *p)
{
	bool silent = false;
	bool fresh = p->fragment ? p->data[ZT_FRAG_AT_HOPS] == 0
				 : (p->data[ZT_AT_FLAGS] & ZT_HOPS_MASK) == 0;
	if (!count_hop(p, w->root->opt.hop_limit))
		return;
	if (!p->peer) {
		miss(p, RL_DROP_NO_PEER);
		return;
	}
	if (!choose_path(w, p->peer, &p->to, &silent)) {
		miss(p, RL_DROP_NO_PATH);
		return;
	}
	p->verdict = RL_RELAY;
	w->stats.relay_packets++;
	w->stats.relay_bytes += p->len;
	w->stats.relay_fragments += p->fragment;
	if (silent)
		rl_probe_all(w, p->peer);
	if (fresh && !p->fragment)
		rl_introduce(w, p);
}
