// SPDX-License-Identifier: BSD-3-Clause
#include "root/core.h"

// Room for an ask about this request, filled but for what is asked; NULL: it is to be answered
// here.
static struct rl_ask *begin(struct rl_worker *w, const struct rl_request *q, uint8_t verb)
{
	uint32_t heard;
	if (w->ask_count == RL_ASKS || !q->direct || !q->proven ||
	    atomic_load_explicit(&q->cold->withheld, memory_order_relaxed))
		return NULL;
	struct rl_ask *a = &w->ask[w->ask_count];
	unsigned i = rl_peer_path_find(q->peer, q->cold, &q->packet->from);
	if (i == RL_PATH_NONE || !rl_peer_path_get(q->peer, q->cold, i, &a->path, &heard))
		return NULL;
	a->client = atomic_load_explicit(&q->peer->address, memory_order_relaxed);
	a->id = q->wire_id;
	a->verb = verb;
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
