// SPDX-License-Identifier: BSD-3-Clause
#include "root/probe.h"

#include "root/reply.h"

#include <sodium.h>

uint64_t rl_probe_cookie(const struct rl_root *r, uint64_t peer, const struct rl_inet *addr,
			 uint64_t now_ms)
{
	uint8_t msg[5 + 16 + 2 + 1 + 8], hash[crypto_shorthash_BYTES];
	struct rl_writer out = rl_writer(msg, sizeof(msg));
	rl_put40(&out, peer);
	rl_put_bytes(&out, addr->ip, 16);
	rl_put16(&out, addr->port);
	rl_put8(&out, addr->family);
	rl_put64(&out, now_ms / RL_PROBE_BUCKET_MS);
	crypto_shorthash(hash, msg, rl_writer_len(&out), r->cookie_key);
	return rl_load64(hash);
}

bool rl_probe_check(const struct rl_root *r, uint64_t peer, const struct rl_inet *addr,
		    uint64_t now_ms, uint64_t id)
{
	return id == rl_probe_cookie(r, peer, addr, now_ms) ||
	       id == rl_probe_cookie(r, peer, addr, now_ms - RL_PROBE_BUCKET_MS);
}

void rl_probe_send(struct rl_worker *w, struct rl_peer *peer, const struct rl_path *to)
{
	struct rl_root *r = w->root;
	struct rl_out *out = rl_out_new(w);
	if (!out)
		return;
	struct rl_peer_cold *cold = rl_peer_cold(&r->peers, peer);
	uint64_t address = atomic_load_explicit(&peer->address, memory_order_relaxed);
	rl_store64(out->data, rl_probe_cookie(r, address, &to->addr, w->now_ms));
	rl_store40(out->data + ZT_AT_TO, address);
	rl_store40(out->data + ZT_AT_FROM, r->self);
	out->data[ZT_AT_FLAGS] = 0;
	out->data[ZT_AT_VERB] = ZT_VERB_ECHO;
	rl_seal(w, &cold->key, out->data, RL_PROBE_LEN, ZT_SUITE_SALSA_POLY1305);
	rl_out_send(w, out, to, RL_PROBE_LEN);
	atomic_store_explicit(&cold->probe_ms, (uint32_t)w->now_ms, memory_order_relaxed);
	w->stats.probes++;
}

void rl_probe_all(struct rl_worker *w, struct rl_peer *peer)
{
	uint16_t now = (uint16_t)w->tick;
	uint16_t last = atomic_load_explicit(&peer->probed, memory_order_relaxed);
	if ((uint16_t)(now - last) < 1000 / RL_TICK_MS)
		return;
	if (!atomic_compare_exchange_strong_explicit(&peer->probed, &last, now,
						     memory_order_relaxed, memory_order_relaxed))
		return;
	const struct rl_peer_cold *cold = rl_peer_cold(&w->root->peers, peer);
	for (unsigned i = 0; i < RL_PATHS; i++) {
		struct rl_path path;
		uint32_t heard;
		if (rl_peer_path_get(peer, cold, i, &path, &heard) &&
		    rl_tick_age(w->tick, heard) <= w->root->opt.path_timeout_ms)
			rl_probe_send(w, peer, &path);
	}
}
