// SPDX-License-Identifier: BSD-3-Clause
// A packet for the root from a peer it knows: budget, MAC, expansion, then the verb's row. Around
// the verb stands what every authenticated packet does: it refreshes the path it came by, or gets a
// new one probed.
#include "root/probe.h"
#include "root/reply.h"

enum { REFRESH_MS = 1000 };

// Does the packet come by another way than the stored path goes, though from the same address? So
// it is when another gateway serves the peer, or when it talks to another address of ours.
static bool other_way(struct rl_worker *w, const struct rl_request *q, unsigned i)
{
	const struct rl_host *host = &w->root->host;
	struct rl_path path;
	uint32_t heard;
	uint16_t via = host->via(host->ctx, w->arrival);
	return via != RL_VIA_NONE && rl_peer_path_get(q->peer, q->cold, i, &path, &heard) &&
	       path.via != via;
}

// The packet came by stored path i: the path is alive, and probed if the proof would change
// something.
static void refresh(struct rl_worker *w, struct rl_request *q, unsigned i)
{
	uint32_t heard = rl_peer_path_heard(q->peer, q->cold, i);
	if (rl_tick_age(w->tick, heard) >= REFRESH_MS) {
		rl_peer_path_refresh(q->peer, q->cold, i, w->tick);
		q->probe = other_way(w, q, i);
	}
	unsigned best = atomic_load_explicit(&q->peer->best, memory_order_relaxed);
	if (i != best && best < RL_PATHS) {
		uint32_t last = rl_peer_path_heard(q->peer, q->cold, best);
		q->probe |= rl_tick_age(w->tick, last) > RL_PROBE_SILENT_MS;
	}
}

// A MAC is right: the peer is alive, and the path it came by if we hold it. Relayed packets say
// nothing about paths. A path unheard for too long is proven no more: its address may be somebody
// else's by now.
static void request_begin(struct rl_worker *w, struct rl_request *q)
{
	struct rl_packet *p = q->packet;
	uint32_t heard = atomic_load_explicit(&q->cold->heard, memory_order_relaxed);
	if (heard == 0 || rl_tick_age(w->tick, heard) >= 1000)
		atomic_store_explicit(&q->cold->heard, w->tick, memory_order_relaxed);
	q->direct = (p->data[ZT_AT_FLAGS] & ZT_HOPS_MASK) == 0;
	if (!q->direct)
		return;
	if (q->cold->sibling) {
		rl_sibling_begin(w, q);
		return;
	}
	unsigned i = rl_peer_path_find(q->peer, q->cold, &p->from);
	if (i != RL_PATH_NONE) {
		uint32_t last = rl_peer_path_heard(q->peer, q->cold, i);
		q->proven = rl_tick_age(w->tick, last) <= w->root->opt.path_timeout_ms;
	}
	if (q->proven)
		refresh(w, q, i);
	else
		q->probe = true;
}

void rl_request_end(struct rl_worker *w, struct rl_request *q)
{
	if (!q->probe || q->wire_len < RL_PROBE_LEN)
		return;
	struct rl_path back = {q->packet->from, RL_VIA_BACK};
	rl_probe_send(w, q->peer, &back);
}

static void ignore(struct rl_worker *w, struct rl_request *q)
{
	(void)w;
	rl_drop(q->packet, RL_DROP_IGNORED);
}

static void nop(struct rl_worker *w, struct rl_request *q)
{
	(void)w;
	rl_done(q->packet);
}

typedef void verb_fn(struct rl_worker *w, struct rl_request *q);

// Whatever has no row is ignored by name.
static verb_fn *const verbs[ZT_VERB_COUNT] = {
	[ZT_VERB_NOP] = nop,
	[ZT_VERB_HELLO] = rl_verb_hello,
	[ZT_VERB_OK] = rl_verb_ok,
	[ZT_VERB_WHOIS] = rl_verb_whois,
	[ZT_VERB_ECHO] = rl_verb_echo,
	[ZT_VERB_MULTICAST_LIKE] = rl_verb_like,
	[ZT_VERB_MULTICAST_GATHER] = rl_verb_gather,
	[ZT_VERB_NETWORK_CONFIG_REQUEST] = rl_verb_network_config,
};

static bool expand(struct rl_worker *w, struct rl_request *q)
{
	if (q->ahead) {
		q->data = q->ahead->data;
		q->len = q->ahead->len;
		return q->len != 0;
	}
	if (!(q->data[ZT_AT_VERB] & ZT_VERB_COMPRESSED))
		return true;
	size_t len = rl_armor_expand(q->data, q->len, w->expand);
	if (len == 0)
		return false;
	q->data = w->expand;
	q->len = len;
	return true;
}

bool rl_request_open(struct rl_worker *w, struct rl_packet *p, struct rl_peer *peer,
		     enum rl_drop over, struct rl_request *q)
{
	*q = (struct rl_request){.packet = p,
				 .peer = peer,
				 .cold = rl_peer_cold(&w->root->peers, peer),
				 .wire_id = rl_load64(p->data + ZT_AT_ID),
				 .data = p->data,
				 .len = p->len,
				 .wire_len = p->len};
	bool right = p->mac == RL_MAC_RIGHT;
	if (p->mac == RL_MAC_UNKNOWN)
		right = rl_armor_open(w->cipher, &q->cold->key, p->data, p->len);
	if (!right)
		return rl_drop(p, RL_DROP_BAD_MAC);
	// After the MAC: else anybody could use up what a peer is allowed.
	const struct rl_options *opt = &w->root->opt;
	if (!rl_peer_allow(q->cold, w->now_ms,
			   q->cold->sibling ? opt->sibling_pps : opt->peer_verb_pps))
		return rl_drop(p, q->cold->sibling ? RL_DROP_RATE_SIBLING : over);
	request_begin(w, q);
	return true;
}

void rl_known(struct rl_worker *w, struct rl_packet *p, struct rl_peer *peer)
{
	struct rl_request q;
	const struct rl_ahead *ahead = rl_ahead_turn(w, p);
	if (!rl_request_open(w, p, peer, RL_DROP_RATE_PEER, &q))
		return;
	q.ahead = ahead;
	if (!expand(w, &q)) {
		rl_drop(p, RL_DROP_BAD_LZ4);
		return;
	}
	unsigned verb = q.data[ZT_AT_VERB] & ZT_VERB_MASK;
	w->stats.verb[verb]++;
	(verbs[verb] ? verbs[verb] : ignore)(w, &q);
	rl_sight_request(w, &q, verb);
	rl_request_end(w, &q);
}
