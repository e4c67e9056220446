// SPDX-License-Identifier: BSD-3-Clause
// OK from a client (those of siblings: sibling.c): the one kind a root takes is the answer to its
// own probe (docs/protocol.md 8.3). It proves that the peer receives at the address it came from,
// and is the only thing that stores a path or moves the best one.
#include "root/probe.h"
#include "root/reply.h"

static void latency(struct rl_worker *w, struct rl_peer_cold *cold)
{
	uint32_t sent = atomic_load_explicit(&cold->probe_ms, memory_order_relaxed);
	uint32_t ms = (uint32_t)w->now_ms - sent;
	if (sent != 0 && ms < RL_PROBE_BUCKET_MS)
		atomic_store_explicit(&cold->latency_ms, (uint16_t)ms, memory_order_relaxed);
}

void rl_verb_ok(struct rl_worker *w, struct rl_request *q)
{
	struct rl_reader in = rl_reader(q->data + ZT_AT_PAYLOAD, q->len - ZT_AT_PAYLOAD);
	unsigned in_re = rl_get8(&in);
	uint64_t id = rl_get64(&in);
	if (in.bad) {
		rl_drop(q->packet, RL_DROP_MALFORMED);
		return;
	}
	if (q->cold->sibling) {
		rl_sibling_ok(w, q, in_re, &in);
		return;
	}
	const struct rl_inet *from = &q->packet->from;
	uint64_t address = atomic_load_explicit(&q->peer->address, memory_order_relaxed);
	if (in_re != ZT_VERB_ECHO || !q->direct ||
	    !rl_probe_check(w->root, address, from, w->now_ms, id)) {
		rl_drop(q->packet, RL_DROP_IGNORED);
		return;
	}
	q->probe = false;
	struct rl_path path = {*from, w->root->host.via(w->root->host.ctx, w->arrival)};
	if (path.via == RL_VIA_NONE) {
		rl_drop(q->packet, RL_DROP_WAYS_FULL);
		return;
	}
	rl_done(q->packet);
	w->stats.proofs++;
	latency(w, q->cold);
	bool moved = rl_peer_path_learn(q->peer, q->cold, &path, w->tick);
	w->stats.path_moves += moved;
	rl_sight_proof(w, q, &path, moved);
}
