// SPDX-License-Identifier: BSD-3-Clause
// Work that no packet causes, done a little at each turn of a worker's loop: a NOP to peers that
// have been silent, so that the NAT in front of them keeps our way in open (docs/protocol.md 6.8),
// and incomplete packets given up.
#include "root/probe.h"
#include "root/reply.h"

enum { PEERS_A_TURN = 32 };

bool rl_nop_send(struct rl_worker *w, struct rl_peer *peer, const struct rl_path *by)
{
	struct rl_peer_cold *cold = rl_peer_cold(&w->root->peers, peer);
	struct rl_out *box = rl_out_new(w);
	if (!box)
		return false;
	uint64_t address = atomic_load_explicit(&peer->address, memory_order_relaxed);
	rl_reply_header(w, box->data, RL_OUT_ROOM, address, ZT_VERB_NOP);
	rl_seal(w, &cold->key, box->data, ZT_HDR_LEN, rl_reply_suite(peer));
	rl_out_send(w, box, by, ZT_HDR_LEN);
	return true;
}

// By each family's path heard last. Whoever was heard within the period has had an answer, which
// did the same.
static void keep_alive(struct rl_worker *w, struct rl_peer *peer)
{
	const struct rl_options *o = &w->root->opt;
	struct rl_peer_cold *cold = rl_peer_cold(&w->root->peers, peer);
	static const uint8_t families[] = {6, 4};
	uint32_t heard = atomic_load_explicit(&cold->heard, memory_order_relaxed);
	if (atomic_load_explicit(&cold->withheld, memory_order_relaxed))
		return;
	// A client that has another root as its best one says HELLO every 225 s: were that lost,
	// its paths would time out here while it is alive. The probe, unlike a NOP, is answered.
	if (rl_tick_age(w->tick, heard) > o->path_timeout_ms / 2) {
		rl_probe_all(w, peer);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct rl_path fresh, path;
		if (!rl_peer_path_family(peer, cold, families[i], w->tick, o->path_timeout_ms,
					 &path))
			continue;
		if (!rl_peer_path_family(peer, cold, families[i], w->tick, o->keepalive_ms, &fresh))
			w->stats.keepalives += rl_nop_send(w, peer, &path);
	}
}

// How far the round through this worker's share should have come by now.
static uint64_t target(struct rl_worker *w, uint64_t share)
{
	uint64_t period = w->root->opt.keepalive_ms;
	uint64_t gone = w->now_ms - w->tick_round_ms;
	if (w->tick_round_ms == 0 || w->now_ms < w->tick_round_ms || gone >= 2 * period) {
		w->tick_round_ms = w->now_ms;
		w->tick_at = 0;
		gone = 0;
	}
	return gone >= period ? share : share * gone / period;
}

void rl_tick(struct rl_worker *w, uint64_t now_ms, unsigned part, unsigned parts)
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
	w->arrival = NULL;
	w->stats.drop[RL_DROP_FRAG_LOST] += rl_reassembly_expire(&w->reassembly, now_ms);
	if (r->opt.keepalive_ms == 0)
		return;
	uint64_t top = atomic_load_explicit(&r->peers.top, memory_order_acquire);
	uint64_t share = top / parts + (part < top % parts);
	uint64_t end = target(w, share);
	for (unsigned n = 0; n < PEERS_A_TURN && w->tick_at < end; n++) {
		struct rl_peer *peer = &r->peers.hot[(uint64_t)w->tick_at++ * parts + part];
		uint64_t address = atomic_load_explicit(&peer->address, memory_order_relaxed);
		if (address != 0 &&
		    rl_peer_table_find(&r->peers, address,
				       rl_peer_table_hash(&r->peers, address)) == peer)
			keep_alive(w, peer);
	}
	rl_seal_all(w);
	if (w->tick_at >= share && now_ms - w->tick_round_ms >= r->opt.keepalive_ms) {
		w->tick_round_ms += r->opt.keepalive_ms;
		w->tick_at = 0;
	}
}
