// SPDX-License-Identifier: BSD-3-Clause
#include "root/sight.h"

#include "root/core.h"

enum { HELLO_MS = 1000 };

static void note(struct rl_worker *w, const struct rl_request *q, enum rl_sight_kind kind,
		 const struct rl_path *path, bool moved)
{
	uint16_t ms = atomic_load_explicit(&q->cold->latency_ms, memory_order_relaxed);
	if (w->sight_count == RL_BURST_MAX)
		return;
	w->sight[w->sight_count++] = (struct rl_sight){
		.address = atomic_load_explicit(&q->peer->address, memory_order_relaxed),
		.path = *path,
		.kind = (uint8_t)kind,
		.proto = atomic_load_explicit(&q->peer->proto, memory_order_relaxed),
		.moved = moved,
		.latency_ms = ms == UINT16_MAX ? -1 : ms,
	};
}

// Is it this client's turn? Claims it: of two workers one notes. After a HELLO the first word to a
// best root is news at once: the client has arrived.
static bool due(struct rl_worker *w, struct rl_peer_cold *cold, bool hello)
{
	uint32_t every = w->root->opt.sight_ms;
	uint16_t now = (uint16_t)(w->tick << 1 | hello);
	uint16_t last = atomic_load_explicit(&cold->sighted, memory_order_relaxed);
	uint32_t age_ms = (uint16_t)((now | 1) - (last | 1)) / 2 * RL_TICK_MS;
	bool arrives = !hello && last & 1;
	if (hello && every > HELLO_MS)
		every = HELLO_MS;
	if (last != 0 && !arrives && age_ms < every)
		return false;
	return atomic_compare_exchange_strong_explicit(&cold->sighted, &last, now ? now : 2,
						       memory_order_relaxed, memory_order_relaxed);
}

void rl_sight_request(struct rl_worker *w, const struct rl_request *q, unsigned verb)
{
	struct rl_path path;
	uint32_t heard;
	if (w->root->opt.sight_ms == 0 || !q->direct || !q->proven || q->cold->sibling)
		return;
	bool hello = verb == ZT_VERB_HELLO;
	if (!hello && verb != ZT_VERB_WHOIS && verb != ZT_VERB_MULTICAST_LIKE &&
	    verb != ZT_VERB_MULTICAST_GATHER)
		return;
	if (!due(w, q->cold, hello))
		return;
	unsigned i = rl_peer_path_find(q->peer, q->cold, &q->packet->from);
	if (i != RL_PATH_NONE && rl_peer_path_get(q->peer, q->cold, i, &path, &heard))
		note(w, q, hello ? RL_SIGHT_HELLO : RL_SIGHT_SPOKE, &path, false);
}

void rl_sight_proof(struct rl_worker *w, const struct rl_request *q, const struct rl_path *path,
		    bool moved)
{
	if (w->root->opt.sight_ms != 0)
		note(w, q, RL_SIGHT_PROOF, path, moved);
}

const struct rl_sight *rl_worker_sights(const struct rl_worker *w, unsigned *count)
{
	*count = w->sight_count;
	return w->sight;
}
