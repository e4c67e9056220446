// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/gather.h"

#include "cluster/pile.h"

#include <string.h>

enum { WAYS = 4 };

struct rl_gather_waiter {
	struct rl_gather_asker who;
	uint32_t next; // number + 1
};

struct rl_gather_question {
	struct rl_group_key group;
	uint64_t asked_ms;
	uint64_t until_ms;            // what was said holds so long; 0: nothing was asked here
	struct rl_member_set missing; // have been asked and not replied
	uint32_t waiting;             // who waits, number + 1
	uint32_t next;                // in the order of asking, number + 1
	bool open;                    // clients wait for more
	bool listed;                  // in that order: its deadline has not come
	uint16_t count;
	uint32_t total; // listeners at all members that replied
	uint64_t node[RL_GATHER_MAX];
};

static uint32_t set_count(uint32_t questions)
{
	uint32_t n = 1;
	while (n * WAYS < questions && n < 1U << 24)
		n *= 2;
	return n;
}

static size_t question_bytes(const struct rl_gather_config *c)
{
	return (size_t)set_count(c->questions) * WAYS * sizeof(struct rl_gather_question);
}

size_t rl_gather_size(const struct rl_gather_config *c)
{
	size_t unsent = (size_t)set_count(c->questions) * WAYS * sizeof(uint32_t);
	return question_bytes(c) + c->askers * sizeof(struct rl_gather_waiter) + unsent;
}

void rl_gather_init(struct rl_gather *g, const struct rl_gather_config *c,
		    const struct rl_gather_host *host, void *mem, const uint8_t seed[static 32])
{
	*g = (struct rl_gather){
		.config = *c, .host = *host, .question = mem, .mask = set_count(c->questions) - 1};
	g->waiter = (void *)((uint8_t *)mem + question_bytes(c));
	g->unsent = (void *)(g->waiter + c->askers);
	rl_random_init(&g->random, seed);
	g->key[0] = rl_random64(&g->random);
	g->key[1] = rl_random64(&g->random);
	for (uint32_t i = c->askers; i > 0; i--) {
		g->waiter[i - 1].next = g->free;
		g->free = i;
	}
}

static uint64_t age(uint64_t now_ms, uint64_t then_ms)
{
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

static bool same_group(const struct rl_group_key *a, const struct rl_group_key *b)
{
	return a->network == b->network && a->mac == b->mac && a->adi == b->adi;
}

static struct rl_gather_question *set_of(const struct rl_gather *g, uint64_t hash)
{
	return &g->question[(size_t)(hash >> 32 & g->mask) * WAYS];
}

static struct rl_gather_question *find(const struct rl_gather *g, uint64_t hash,
				       const struct rl_group_key *group)
{
	struct rl_gather_question *set = set_of(g, hash);
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].until_ms != 0 && same_group(&set[i].group, group))
			return &set[i];
	return NULL;
}

// Room for a question: that of one asked before, a free one, or the oldest; not one under way.
static struct rl_gather_question *place(const struct rl_gather *g, uint64_t hash,
					struct rl_gather_question *before)
{
	struct rl_gather_question *set = set_of(g, hash), *best = NULL;
	if (g->unsent_count == (g->mask + 1) * WAYS)
		return NULL;
	if (before)
		return before->listed ? NULL : before;
	for (unsigned i = 0; i < WAYS; i++)
		if (!set[i].listed && (!best || set[i].until_ms < best->until_ms))
			best = &set[i];
	return best;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
	return b > UINT32_MAX - a ? UINT32_MAX : a + b;
}

// With what the others have said, if anything.
static void answer(struct rl_gather *g, const struct rl_gather_question *q,
		   const struct rl_group_key *group, const struct rl_gather_asker *who)
{
	struct rl_pile here, there = {.n = 0};
	uint64_t out[RL_GATHER_MAX];
	uint32_t total = 0;
	unsigned n = g->host.local(g->host.ctx, group, who->client, who->limit, here.node, &total);
	rl_pile_count(&here, n, who->limit, total);
	if (q) {
		for (unsigned i = 0; i < q->count; i++)
			if (q->node[i] != who->client)
				there.node[there.n++] = q->node[i];
		there.of = q->count < RL_GATHER_MAX ? there.n : q->total;
		unsigned twice = rl_pile_differ(&here, &there);
		total = sum(total, q->total - twice);
		g->counters.twice += twice;
	}
	n = rl_pile_draw(&here, &there, who->limit, &g->random, out);
	g->host.answer(g->host.ctx, who, group, total, out, n);
}

static uint8_t *share_of(struct rl_gather *g, uint64_t client)
{
	return &g->share[rl_hash64(g->key, client) % RL_GATHER_SHARES];
}

// False: no room, or not for this client; counted.
static bool wait_for(struct rl_gather *g, struct rl_gather_question *q,
		     const struct rl_gather_asker *who)
{
	uint8_t *share = share_of(g, who->client);
	if (*share >= g->config.each) {
		g->counters.greedy++;
		return false;
	}
	if (g->free == 0) {
		g->counters.full++;
		return false;
	}
	uint32_t i = g->free;
	struct rl_gather_waiter *w = &g->waiter[i - 1];
	g->free = w->next;
	*w = (struct rl_gather_waiter){.who = *who, .next = q->waiting};
	q->waiting = i;
	++*share;
	return true;
}

static void close_question(struct rl_gather *g, struct rl_gather_question *q)
{
	q->open = false;
	while (q->waiting != 0) {
		uint32_t i = q->waiting;
		struct rl_gather_waiter *w = &g->waiter[i - 1];
		answer(g, q, &q->group, &w->who);
		--*share_of(g, w->who.client);
		q->waiting = w->next;
		w->next = g->free;
		g->free = i;
	}
}

static void list(struct rl_gather *g, struct rl_gather_question *q)
{
	uint32_t number = (uint32_t)(q - g->question) + 1;
	q->listed = true;
	q->next = 0;
	if (g->last != 0)
		g->question[g->last - 1].next = number;
	else
		g->first = number;
	g->last = number;
	g->unsent[g->unsent_count++] = number - 1;
}

static bool open_question(struct rl_gather *g, struct rl_gather_question *q,
			  const struct rl_group_key *group, const struct rl_gather_asker *who,
			  const struct rl_member_set *have, uint64_t now_ms)
{
	struct rl_gather_question fresh = {.waiting = 0};
	if (!wait_for(g, &fresh, who))
		return false;
	q->group = *group;
	q->asked_ms = now_ms;
	q->until_ms = now_ms + g->config.keep_ms;
	q->missing = *have;
	q->waiting = fresh.waiting;
	q->open = true;
	q->count = 0;
	q->total = 0;
	list(g, q);
	g->counters.asked++;
	return true;
}

void rl_gather_ask(struct rl_gather *g, uint64_t hash, const struct rl_group_key *group,
		   const struct rl_gather_asker *who, const struct rl_member_set *have,
		   uint64_t now_ms)
{
	struct rl_gather_question *q = find(g, hash, group);
	if (q && q->open) {
		bool waits = wait_for(g, q, who);
		g->counters.joined += waits;
		if (!waits)
			answer(g, NULL, group, who);
		return;
	}
	if (q && q->until_ms > now_ms) {
		g->counters.kept++;
		answer(g, q, group, who);
		return;
	}
	if (!rl_member_set_any(have)) {
		g->counters.alone++;
		answer(g, NULL, group, who);
		return;
	}
	q = place(g, hash, q);
	g->counters.full += !q;
	if (!q || !open_question(g, q, group, who, have, now_ms))
		answer(g, NULL, group, who);
}

bool rl_gather_next(const struct rl_gather *g, uint8_t member, uint32_t *at,
		    struct rl_group_key *group)
{
	while (*at < g->unsent_count) {
		const struct rl_gather_question *q = &g->question[g->unsent[(*at)++]];
		if (!rl_member_set_has(&q->missing, member))
			continue;
		*group = q->group;
		return true;
	}
	return false;
}

void rl_gather_sent(struct rl_gather *g)
{
	g->unsent_count = 0;
}

static void merge(struct rl_gather *g, struct rl_gather_question *q,
		  const struct rl_gather_reply *r)
{
	struct rl_pile before, reply;
	memcpy(before.node, q->node, q->count * sizeof(*q->node));
	rl_pile_count(&before, q->count, RL_GATHER_MAX, q->total);
	for (unsigned i = 0; i < r->count; i++)
		reply.node[i] = rl_load40(r->addresses + i * (size_t)ZT_ADDRESS_LEN);
	rl_pile_count(&reply, r->count, RL_GATHER_MAX, r->total);
	unsigned twice = rl_pile_differ(&before, &reply);
	g->counters.twice += twice;
	q->total = sum(q->total, r->total - twice);
	q->count = (uint16_t)rl_pile_draw(&before, &reply, RL_GATHER_MAX, &g->random, q->node);
}

void rl_gather_reply(struct rl_gather *g, uint64_t hash, uint8_t from,
		     const struct rl_gather_reply *r, uint64_t now_ms)
{
	struct rl_gather_question *q = find(g, hash, &r->group);
	if (!q || !rl_member_set_has(&q->missing, from)) {
		g->counters.unasked++;
		return;
	}
	g->counters.replies++;
	rl_member_set_remove(&q->missing, from);
	merge(g, q, r);
	if (rl_member_set_any(&q->missing) || !q->open)
		return;
	g->counters.whole++;
	q->until_ms = now_ms + g->config.keep_ms;
	close_question(g, q);
}

static void deadline(struct rl_gather *g, struct rl_gather_question *q, uint64_t now_ms)
{
	q->listed = false;
	if (!q->open)
		return;
	g->counters.late++;
	q->until_ms = now_ms + g->config.part_ms;
	close_question(g, q);
}

void rl_gather_tick(struct rl_gather *g, uint64_t now_ms)
{
	while (g->first != 0) {
		struct rl_gather_question *q = &g->question[g->first - 1];
		if (age(now_ms, q->asked_ms) < g->config.wait_ms)
			return;
		g->first = q->next;
		if (g->first == 0)
			g->last = 0;
		deadline(g, q, now_ms);
	}
}
