// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/whois.h"

#include "root/hash.h"

#include <string.h>

enum { FREE, ASKED, KNOWN, UNKNOWN };
_Static_assert(sizeof(struct rl_whois_node) == 120, "as the header says");
enum { SEARCH = 64 }; // nodes looked at for one that can be forgotten

static uint32_t buckets_for(uint32_t nodes)
{
	uint32_t n = 16;
	while (n < nodes && n < 1u << 31)
		n *= 2;
	return n;
}

size_t rl_whois_size(const struct rl_whois_config *c)
{
	return c->nodes_max * sizeof(struct rl_whois_node) +
	       c->questions_max * sizeof(struct rl_whois_question) +
	       ((size_t)buckets_for(c->nodes_max) + c->questions_max) * sizeof(uint32_t);
}

void rl_whois_init(struct rl_whois *w, const struct rl_whois_config *c,
		   const struct rl_whois_host *host, void *mem, const uint64_t dice[2])
{
	*w = (struct rl_whois){.config = *c,
			       .host = *host,
			       .node = mem,
			       .key = {dice[0], dice[1]},
			       .mask = buckets_for(c->nodes_max) - 1,
			       .request = (uint32_t)dice[0]};
	w->question = (struct rl_whois_question *)(w->node + c->nodes_max);
	w->active = (uint32_t *)(w->question + c->questions_max);
	w->bucket = w->active + c->questions_max;
	for (uint32_t i = 0; i < c->questions_max; i++)
		w->active[i] = i;
	for (uint32_t i = c->nodes_max; i > 0; i--) {
		w->node[i - 1].chain = w->free;
		w->free = i;
	}
}

static struct rl_whois_node *at(struct rl_whois *w, uint32_t place)
{
	return &w->node[place - 1];
}

static uint32_t place_of(const struct rl_whois *w, const struct rl_whois_node *n)
{
	return (uint32_t)(n - w->node) + 1;
}

static uint32_t *bucket_of(struct rl_whois *w, uint64_t address)
{
	return &w->bucket[rl_hash64(w->key, address) & w->mask];
}

static struct rl_whois_node *find(struct rl_whois *w, uint64_t address)
{
	uint32_t place = *bucket_of(w, address);
	while (place != 0 && at(w, place)->address != address)
		place = at(w, place)->chain;
	return place ? at(w, place) : NULL;
}

// The list of those asked, in order of time.
static void list_remove(struct rl_whois *w, struct rl_whois_node *n)
{
	*(n->before ? &at(w, n->before)->after : &w->first) = n->after;
	*(n->after ? &at(w, n->after)->before : &w->last) = n->before;
	n->before = n->after = 0;
}

static void list_append(struct rl_whois *w, struct rl_whois_node *n)
{
	uint32_t place = place_of(w, n);
	n->before = w->last;
	*(w->last ? &at(w, w->last)->after : &w->first) = place;
	w->last = place;
}

static void forget(struct rl_whois *w, struct rl_whois_node *n)
{
	uint32_t place = place_of(w, n), *from = bucket_of(w, n->address);
	while (*from != place)
		from = &at(w, *from)->chain;
	*from = n->chain;
	*n = (struct rl_whois_node){.chain = w->free};
	w->free = place;
}

// Nobody waits for it, and it is in no queue.
static bool idle(const struct rl_whois_node *n)
{
	return n->refs == 0 && !n->queued;
}

// A hand goes round over what is remembered; what was used since it passed is spared once.
static void make_room(struct rl_whois *w)
{
	for (unsigned i = 0; i < SEARCH && w->free == 0; i++) {
		struct rl_whois_node *n = &w->node[w->hand];
		w->hand = (w->hand + 1) % w->config.nodes_max;
		if (n->state != KNOWN || !idle(n))
			continue;
		if (n->used)
			n->used = false;
		else
			forget(w, n);
	}
}

static struct rl_whois_node *new_node(struct rl_whois *w, uint64_t address)
{
	uint32_t *bucket = bucket_of(w, address), place;
	make_room(w);
	place = w->free;
	if (place == 0)
		return NULL;
	struct rl_whois_node *n = at(w, place);
	w->free = n->chain;
	*n = (struct rl_whois_node){.address = address, .chain = *bucket};
	*bucket = place;
	return n;
}

// To the next member that may know. False: there is none.
static bool ask_next(struct rl_whois *w, struct rl_whois_node *n, uint64_t now_ms)
{
	uint8_t member = RL_NOBODY;
	if (n->tries < RL_WHOIS_TRIES && !n->queued)
		member = w->host.next(w->host.ctx, n->address, n->member, n->tries);
	if (member == RL_NOBODY)
		return false;
	if (n->tries > 0)
		w->counts.retried++;
	n->member[n->tries++] = member;
	n->state = ASKED;
	n->ms = now_ms;
	n->queued = true;
	n->next = w->queue[member];
	w->queue[member] = place_of(w, n);
	w->queued = true;
	list_append(w, n);
	return true;
}

static void settle(struct rl_whois *w, struct rl_whois_node *n, uint8_t state)
{
	if (n->state == ASKED)
		list_remove(w, n);
	n->state = state;
	if (state == UNKNOWN && idle(n))
		forget(w, n);
}

// One that is waited for by nobody any more is not asked of a second member.
static void ask_again(struct rl_whois *w, struct rl_whois_node *n, uint64_t now_ms)
{
	if (n->refs == 0) {
		settle(w, n, UNKNOWN);
		return;
	}
	list_remove(w, n);
	n->state = FREE;
	if (!ask_next(w, n, now_ms))
		settle(w, n, UNKNOWN);
}

static void send_to(struct rl_whois *w, uint8_t member)
{
	uint64_t address[RL_WHOIS_BATCH];
	while (w->queue[member] != 0) {
		unsigned n = 0;
		if (++w->request == 0)
			w->request = 1;
		while (w->queue[member] != 0 && n < RL_WHOIS_BATCH) {
			struct rl_whois_node *a = at(w, w->queue[member]);
			w->queue[member] = a->next;
			a->next = 0;
			a->queued = false;
			// An earlier reply may have come meanwhile.
			if (a->state != ASKED) {
				settle(w, a, a->state);
				continue;
			}
			a->request[a->tries - 1] = w->request;
			address[n++] = a->address;
		}
		if (n == 0)
			return;
		w->sent[w->request % RL_WHOIS_REQUESTS].request = w->request;
		w->sent[w->request % RL_WHOIS_REQUESTS].left = (uint16_t)n;
		w->counts.asked += n;
		w->host.ask(w->host.ctx, member, w->request, address, n);
	}
}

void rl_whois_flush(struct rl_whois *w)
{
	if (!w->queued)
		return;
	w->queued = false;
	for (unsigned m = 1; m < RL_MEMBER_IDS; m++)
		if (w->queue[m] != 0)
			send_to(w, (uint8_t)m);
}

static struct rl_identity identity_of(const struct rl_whois_node *n)
{
	struct rl_identity id = {.address = n->address};
	memcpy(id.public_key, n->public_key, ZT_PUBLIC_LEN);
	return id;
}

// Remembered, not for too long, and still the valid one.
static bool remembered(const struct rl_whois *w, const struct rl_whois_node *n, uint64_t now_ms)
{
	struct rl_identity id = identity_of(n);
	return now_ms - n->ms <= w->config.keep_ms && now_ms >= n->ms &&
	       w->host.fits(w->host.ctx, &id);
}

// The node of an address that is unknown here; 0: nobody knows it, or there is no room.
static uint32_t want(struct rl_whois *w, uint64_t address, uint64_t now_ms)
{
	struct rl_whois_node *n = find(w, address);
	if (n && n->state == KNOWN && idle(n) && !remembered(w, n, now_ms)) {
		forget(w, n);
		n = NULL;
	}
	if (n && n->refs == UINT16_MAX)
		return 0;
	if (n) {
		w->counts.remembered += n->state == KNOWN;
		w->counts.shared += n->state == ASKED;
	} else {
		n = new_node(w, address);
		if (!n)
			return 0;
		if (!ask_next(w, n, now_ms)) {
			forget(w, n);
			return 0;
		}
	}
	n->used = true;
	n->refs++;
	return place_of(w, n);
}

static void release(struct rl_whois *w, uint32_t place)
{
	struct rl_whois_node *n = at(w, place);
	n->refs--;
	if (n->state == UNKNOWN && idle(n))
		forget(w, n);
}

static void answer(struct rl_whois *w, struct rl_whois_question *q)
{
	struct rl_identity given[RL_ASK_WHOIS_MAX];
	unsigned n = 0, open = 0;
	for (unsigned i = 0; i < q->wanted; i++) {
		const struct rl_whois_node *node = at(w, q->node[i]);
		open += node->state == ASKED;
		if (node->state == KNOWN)
			given[n++] = identity_of(node);
	}
	if (!w->host.answer(w->host.ctx, q, n ? given : NULL, n))
		w->counts.unanswered++;
	else if (open)
		w->counts.late++;
	else
		w->counts.whole++;
	for (unsigned i = 0; i < q->wanted; i++)
		release(w, q->node[i]);
}

static bool settled(const struct rl_whois *w, const struct rl_whois_question *q)
{
	for (unsigned i = 0; i < q->wanted; i++)
		if (w->node[q->node[i] - 1].state == ASKED)
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

static bool client_full(const struct rl_whois *w, uint64_t client)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < w->count; i++)
		n += w->question[w->active[i]].client == client;
	return n >= w->config.client_max;
}

static bool has_room(struct rl_whois *w, uint64_t client)
{
	if (w->count == w->config.questions_max)
		w->counts.full++;
	else if (client_full(w, client))
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
	if (!has_room(w, a->client)) {
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
		uint32_t place = want(w, q->address[i], now_ms);
		if (place != 0)
			q->node[q->wanted++] = place;
	}
	if (settled(w, q))
		answer(w, q);
	else
		w->count++;
}

static bool was_asked(const struct rl_whois_node *n, uint8_t from, uint32_t request)
{
	for (unsigned i = 0; i < n->tries; i++)
		if (n->member[i] == from && n->request[i] == request)
			return n->state != KNOWN;
	return false;
}

void rl_whois_learn(struct rl_whois *w, uint8_t from, uint32_t request,
		    const struct rl_identity *id, uint64_t now_ms)
{
	struct rl_whois_node *n = find(w, id->address);
	if (!n || request == 0 || !was_asked(n, from, request) || !w->host.fits(w->host.ctx, id)) {
		w->counts.refused++;
		return;
	}
	if (w->sent[request % RL_WHOIS_REQUESTS].request == request)
		w->sent[request % RL_WHOIS_REQUESTS].left--;
	memcpy(n->public_key, id->public_key, ZT_PUBLIC_LEN);
	settle(w, n, KNOWN);
	n->ms = now_ms;
	w->counts.learned++;
}

// Those it does not know are asked of the next one.
static void not_known_there(struct rl_whois *w, uint8_t from, uint32_t request, uint64_t now_ms)
{
	uint32_t end = w->last, place = w->first;
	while (place != 0) {
		struct rl_whois_node *n = at(w, place);
		bool stop = place == end;
		place = n->after;
		unsigned last = n->tries - 1u;
		if (!n->queued && n->member[last] == from && n->request[last] == request)
			ask_again(w, n, now_ms);
		if (stop)
			break;
	}
}

void rl_whois_replied(struct rl_whois *w, uint8_t from, uint32_t request, bool last,
		      uint64_t now_ms)
{
	bool whole = w->sent[request % RL_WHOIS_REQUESTS].request == request &&
		     w->sent[request % RL_WHOIS_REQUESTS].left == 0;
	if (request != 0 && last && !whole)
		not_known_there(w, from, request, now_ms);
	answer_due(w, now_ms);
}

void rl_whois_tick(struct rl_whois *w, uint64_t now_ms)
{
	while (w->first != 0) {
		struct rl_whois_node *n = at(w, w->first);
		if (now_ms - n->ms < w->config.retry_ms && now_ms >= n->ms)
			break;
		ask_again(w, n, now_ms);
	}
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
