// SPDX-License-Identifier: BSD-3-Clause
// Questions of clients, until they are answered. What they ask for: whois_node.c.
#include "cluster/whois_parts.h"

#include <string.h>

size_t rl_whois_size(const struct rl_whois_config *c)
{
	return c->questions_max * (sizeof(struct rl_whois_question) + sizeof(uint32_t)) +
	       rl_whois_nodes_size(c);
}

void rl_whois_init(struct rl_whois *w, const struct rl_whois_config *c,
		   const struct rl_whois_host *host, void *mem, const uint64_t dice[2])
{
	*w = (struct rl_whois){.config = *c,
			       .host = *host,
			       .question = mem,
			       .key = {dice[0], dice[1]},
			       .request = (uint32_t)dice[0]};
	// Words of eight bytes first, those of four last.
	struct rl_whois_node *nodes = (struct rl_whois_node *)(w->question + c->questions_max);
	rl_whois_nodes_init(w, nodes);
	w->active = (uint32_t *)((uint8_t *)nodes + rl_whois_nodes_size(c));
	for (uint32_t i = 0; i < c->questions_max; i++)
		w->active[i] = i;
}

static void answer(struct rl_whois *w, struct rl_whois_question *q)
{
	struct rl_identity given[RL_ASK_WHOIS_MAX];
	unsigned n = 0, open = 0;
	for (unsigned i = 0; i < q->wanted; i++) {
		const struct rl_whois_node *node = rl_whois_at(w, q->node[i]);
		open += node->state == RL_WHOIS_ASKED;
		if (node->state == RL_WHOIS_KNOWN)
			given[n++] = rl_whois_identity(node);
	}
	if (!w->host.answer(w->host.ctx, q, n ? given : NULL, n))
		w->counts.unanswered++;
	else if (open)
		w->counts.late++;
	else
		w->counts.whole++;
	for (unsigned i = 0; i < q->wanted; i++)
		rl_whois_release(w, q->node[i]);
}

static bool settled(const struct rl_whois *w, const struct rl_whois_question *q)
{
	for (unsigned i = 0; i < q->wanted; i++)
		if (rl_whois_at(w, q->node[i])->state == RL_WHOIS_ASKED)
			return false;
	return true;
}

static void answer_due(struct rl_whois *w, uint64_t now_ms)
{
	for (uint32_t i = 0; i < w->count;) {
		uint32_t number = w->active[i];
		struct rl_whois_question *q = &w->question[number];
		bool late = now_ms - q->ms >= w->config.wait_ms || now_ms < q->ms;
		if (!late && !settled(w, q)) {
			i++;
			continue;
		}
		answer(w, q);
		w->active[i] = w->active[--w->count];
		w->active[w->count] = number;
	}
}

// Siblings ask for all their clients, and so may have half of the room; and so may this member.
static bool client_full(const struct rl_whois *w, const struct rl_ask *a)
{
	bool many = a->sibling || a->client == RL_WHOIS_OURS;
	uint32_t n = 0, most = many ? w->config.questions_max / 2 : w->config.client_max;
	for (uint32_t i = 0; i < w->count; i++)
		n += w->question[w->active[i]].client == a->client;
	return n >= most;
}

static bool has_room(struct rl_whois *w, const struct rl_ask *a)
{
	if (w->count == w->config.questions_max)
		w->counts.full++;
	else if (client_full(w, a))
		w->counts.client_full++;
	else
		return true;
	return false;
}

static void fill(struct rl_whois_question *q, const struct rl_ask *a, uint64_t now_ms)
{
	q->client = a->client;
	q->id = a->id;
	q->by = a->path.addr;
	q->ms = now_ms;
	q->count = a->whois.count;
	q->wanted = 0;
	memcpy(q->address, a->whois.address, a->whois.count * sizeof(a->whois.address[0]));
}

void rl_whois_ask(struct rl_whois *w, const struct rl_ask *a, uint64_t now_ms)
{
	w->counts.questions++;
	if (!has_room(w, a)) {
		struct rl_whois_question alone;
		fill(&alone, a, now_ms);
		w->host.answer(w->host.ctx, &alone, NULL, 0);
		return;
	}
	struct rl_whois_question *q = &w->question[w->active[w->count]];
	fill(q, a, now_ms);
	for (unsigned i = 0; i < q->count; i++) {
		if (w->host.here(w->host.ctx, q->address[i]))
			continue;
		uint32_t place = rl_whois_want(w, q->address[i], now_ms);
		if (place != 0)
			q->node[q->wanted++] = place;
	}
	if (settled(w, q))
		answer(w, q);
	else
		w->count++;
}

void rl_whois_replied(struct rl_whois *w, uint8_t from, uint32_t request, bool last,
		      uint64_t now_ms)
{
	bool whole = w->sent[request % RL_WHOIS_REQUESTS].request == request &&
		     w->sent[request % RL_WHOIS_REQUESTS].left == 0;
	if (request != 0 && last && !whole)
		rl_whois_not_known(w, from, request, now_ms);
	answer_due(w, now_ms);
}

void rl_whois_tick(struct rl_whois *w, uint64_t now_ms)
{
	rl_whois_overdue(w, now_ms);
	answer_due(w, now_ms);
}

bool rl_whois_allow(struct rl_whois *w, uint8_t member, uint64_t now_ms)
{
	uint64_t second = now_ms / 1000;
	if (w->budget[member].second != second) {
		w->budget[member].second = second;
		w->budget[member].used = 0;
	}
	if (w->budget[member].used >= w->config.answer_rate) {
		w->counts.over++;
		return false;
	}
	w->budget[member].used++;
	w->counts.answered++;
	return true;
}
