// SPDX-License-Identifier: BSD-3-Clause
// Nodes that are asked of other members, or remembered from their replies.
#include "cluster/whois_parts.h"

#include "root/hash.h"

#include <string.h>

_Static_assert(sizeof(struct rl_whois_node) == 120, "as the header says");
enum { SEARCH = 64 }; // nodes looked at for one that can be forgotten

static uint32_t buckets_for(uint32_t nodes)
{
	uint32_t n = 16;
	while (n < nodes && n < 1u << 31)
		n *= 2;
	return n;
}

size_t rl_whois_nodes_size(const struct rl_whois_config *c)
{
	return c->nodes_max * sizeof(struct rl_whois_node) +
	       buckets_for(c->nodes_max) * sizeof(uint32_t);
}

void rl_whois_nodes_init(struct rl_whois *w, void *mem)
{
	uint32_t max = w->config.nodes_max;
	w->node = mem;
	w->bucket = (uint32_t *)(w->node + max);
	w->mask = buckets_for(max) - 1;
	for (uint32_t i = max; i > 0; i--) {
		w->node[i - 1].chain = w->free;
		w->free = i;
	}
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
	while (place != 0 && rl_whois_at(w, place)->address != address)
		place = rl_whois_at(w, place)->chain;
	return place ? rl_whois_at(w, place) : NULL;
}

// The list of those asked, in order of time.
static void list_remove(struct rl_whois *w, struct rl_whois_node *n)
{
	*(n->before ? &rl_whois_at(w, n->before)->after : &w->first) = n->after;
	*(n->after ? &rl_whois_at(w, n->after)->before : &w->last) = n->before;
	n->before = n->after = 0;
}

static void list_append(struct rl_whois *w, struct rl_whois_node *n)
{
	uint32_t place = place_of(w, n);
	n->before = w->last;
	*(w->last ? &rl_whois_at(w, w->last)->after : &w->first) = place;
	w->last = place;
}

static void forget(struct rl_whois *w, struct rl_whois_node *n)
{
	uint32_t place = place_of(w, n), *from = bucket_of(w, n->address);
	while (*from != place)
		from = &rl_whois_at(w, *from)->chain;
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
		if (n->state != RL_WHOIS_KNOWN || !idle(n))
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
	struct rl_whois_node *n = rl_whois_at(w, place);
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
	n->state = RL_WHOIS_ASKED;
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
	if (n->state == RL_WHOIS_ASKED)
		list_remove(w, n);
	n->state = state;
	if (state == RL_WHOIS_UNKNOWN && idle(n))
		forget(w, n);
}

// One that is waited for by nobody any more is not asked of a second member.
static void ask_again(struct rl_whois *w, struct rl_whois_node *n, uint64_t now_ms)
{
	if (n->refs == 0) {
		settle(w, n, RL_WHOIS_UNKNOWN);
		return;
	}
	list_remove(w, n);
	n->state = RL_WHOIS_FREE;
	if (!ask_next(w, n, now_ms))
		settle(w, n, RL_WHOIS_UNKNOWN);
}

static void send_to(struct rl_whois *w, uint8_t member)
{
	uint64_t address[RL_WHOIS_BATCH];
	while (w->queue[member] != 0) {
		unsigned n = 0;
		if (++w->request == 0)
			w->request = 1;
		while (w->queue[member] != 0 && n < RL_WHOIS_BATCH) {
			struct rl_whois_node *a = rl_whois_at(w, w->queue[member]);
			w->queue[member] = a->next;
			a->next = 0;
			a->queued = false;
			// An earlier reply may have come meanwhile.
			if (a->state != RL_WHOIS_ASKED) {
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

struct rl_identity rl_whois_identity(const struct rl_whois_node *n)
{
	struct rl_identity id = {.address = n->address};
	memcpy(id.public_key, n->public_key, ZT_PUBLIC_LEN);
	return id;
}

// Remembered, not for too long, and still the valid one.
static bool remembered(const struct rl_whois *w, const struct rl_whois_node *n, uint64_t now_ms)
{
	struct rl_identity id = rl_whois_identity(n);
	return now_ms - n->ms <= w->config.keep_ms && now_ms >= n->ms &&
	       w->host.fits(w->host.ctx, &id);
}

uint32_t rl_whois_want(struct rl_whois *w, uint64_t address, uint64_t now_ms)
{
	struct rl_whois_node *n = find(w, address);
	if (n && n->state == RL_WHOIS_KNOWN && idle(n) && !remembered(w, n, now_ms)) {
		forget(w, n);
		n = NULL;
	}
	if (n && n->refs == UINT16_MAX)
		return 0;
	if (n) {
		w->counts.remembered += n->state == RL_WHOIS_KNOWN;
		w->counts.shared += n->state == RL_WHOIS_ASKED;
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

void rl_whois_release(struct rl_whois *w, uint32_t place)
{
	struct rl_whois_node *n = rl_whois_at(w, place);
	n->refs--;
	if (n->state == RL_WHOIS_UNKNOWN && idle(n))
		forget(w, n);
}

static bool was_asked(const struct rl_whois_node *n, uint8_t from, uint32_t request)
{
	for (unsigned i = 0; i < n->tries; i++)
		if (n->member[i] == from && n->request[i] == request)
			return n->state != RL_WHOIS_KNOWN;
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
	settle(w, n, RL_WHOIS_KNOWN);
	n->ms = now_ms;
	w->counts.learned++;
}

void rl_whois_not_known(struct rl_whois *w, uint8_t from, uint32_t request, uint64_t now_ms)
{
	uint32_t end = w->last, place = w->first;
	while (place != 0) {
		struct rl_whois_node *n = rl_whois_at(w, place);
		bool stop = place == end;
		place = n->after;
		unsigned last = n->tries - 1u;
		if (!n->queued && n->member[last] == from && n->request[last] == request)
			ask_again(w, n, now_ms);
		if (stop)
			break;
	}
}

void rl_whois_overdue(struct rl_whois *w, uint64_t now_ms)
{
	while (w->first != 0) {
		struct rl_whois_node *n = rl_whois_at(w, w->first);
		if (now_ms - n->ms < w->config.retry_ms && now_ms >= n->ms)
			break;
		ask_again(w, n, now_ms);
	}
}
