// SPDX-License-Identifier: BSD-3-Clause
#include "root/core.h"

bool rl_ask_path(struct rl_worker *w, const struct rl_request *q, struct rl_path *path)
{
	const struct rl_inet *from = &q->packet->from;
	uint32_t heard;
	if (!q->direct || !q->proven ||
	    atomic_load_explicit(&q->cold->withheld, memory_order_relaxed))
		return false;
	if (q->cold->sibling)
		return rl_sibling_path(w, q->cold, from, path);
	unsigned i = rl_peer_path_find(q->peer, q->cold, from);
	return i != RL_PATH_NONE && rl_peer_path_get(q->peer, q->cold, i, path, &heard);
}

// Room for an ask about this request, filled but for what is asked; NULL: it is to be answered
// here.
static struct rl_ask *begin(struct rl_worker *w, const struct rl_request *q, uint8_t verb)
{
	if (w->ask_count == RL_ASKS)
		return NULL;
	struct rl_ask *a = &w->ask[w->ask_count];
	if (!rl_ask_path(w, q, &a->path))
		return NULL;
	a->client = atomic_load_explicit(&q->peer->address, memory_order_relaxed);
	a->id = q->wire_id;
	a->verb = verb;
	a->sibling = q->cold->sibling != 0;
	return a;
}

static bool end(struct rl_worker *w, const struct rl_request *q)
{
	w->ask_count++;
	w->stats.asked++;
	return rl_done(q->packet);
}

static bool elsewhere_alone(const struct rl_root *r, uint64_t address)
{
	return !rl_whois_knows(r, address) && r->host.elsewhere(r->host.ctx, address);
}

bool rl_ask_whois(struct rl_worker *w, const struct rl_request *q, const uint64_t *address,
		  unsigned n)
{
	const struct rl_root *r = w->root;
	unsigned i = 0;
	while (i < n && !elsewhere_alone(r, address[i]))
		i++;
	struct rl_ask *a = i < n ? begin(w, q, ZT_VERB_WHOIS) : NULL;
	if (!a)
		return false;
	a->whois.count = (uint8_t)n;
	memcpy(a->whois.address, address, n * sizeof(*address));
	return end(w, q);
}

bool rl_ask_gather(struct rl_worker *w, const struct rl_request *q, const struct rl_group_key *key,
		   uint32_t limit)
{
	const struct rl_host *host = &w->root->host;
	if (limit == 0 || !host->groups_elsewhere(host->ctx, key))
		return false;
	struct rl_ask *a = begin(w, q, ZT_VERB_MULTICAST_GATHER);
	if (!a)
		return false;
	a->gather.group = *key;
	a->gather.limit = limit;
	return end(w, q);
}

const struct rl_ask *rl_worker_asks(const struct rl_worker *w, unsigned *count)
{
	*count = w->ask_count;
	return w->ask;
}
