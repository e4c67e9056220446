// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/quest_group.h"

#include "root/hash.h"

#include <string.h>

enum state { FREE, OPEN, KEPT };

struct rl_quest_group {
	struct rl_group_key group;
	uint64_t since_ms; // asked last, or settled
	uint8_t state;     // enum state
	uint8_t tries;
	uint8_t asked; // siblings, the last time
	uint8_t heard; // bits: who has answered
	uint8_t waiting;
	uint16_t count; // of the members below
	uint32_t total;
	uint32_t limit[RL_QUEST_GROUP_WAITERS];
	struct rl_quest_waiter waiter[RL_QUEST_GROUP_WAITERS];
	uint64_t member[RL_SIBLING_GATHER_MAX];
};

static uint32_t set_count(uint32_t questions)
{
	uint32_t sets = 1;
	while (sets * RL_QUEST_WAYS < questions && sets < 1u << 20)
		sets *= 2;
	return sets;
}

size_t rl_quest_group_size(uint32_t questions)
{
	return (size_t)set_count(questions) * RL_QUEST_WAYS * sizeof(struct rl_quest_group);
}

void rl_quest_group_init(struct rl_quest_groups *q, void *mem, uint32_t questions,
			 const uint64_t key[static 2], const struct rl_quest_group_host *host)
{
	*q = (struct rl_quest_groups){.at = mem,
				      .mask = set_count(questions) - 1,
				      .key = {key[0], key[1]},
				      .host = *host};
}

static struct rl_quest_group *set_of(const struct rl_quest_groups *q,
				     const struct rl_group_key *group)
{
	uint64_t hash = rl_hash192(q->key, group->network, group->mac, group->adi);
	return &q->at[(hash & q->mask) * RL_QUEST_WAYS];
}

static bool same(const struct rl_group_key *a, const struct rl_group_key *b)
{
	return a->network == b->network && a->mac == b->mac && a->adi == b->adi;
}

static struct rl_quest_group *find(const struct rl_quest_groups *q,
				   const struct rl_group_key *group)
{
	struct rl_quest_group *set = set_of(q, group);
	for (unsigned i = 0; i < RL_QUEST_WAYS; i++)
		if (set[i].state != FREE && same(&set[i].group, group))
			return &set[i];
	return NULL;
}

// A free place, or that of the group settled longest ago. NULL: all are questions under way.
static struct rl_quest_group *place(const struct rl_quest_groups *q,
				    const struct rl_group_key *group)
{
	struct rl_quest_group *set = set_of(q, group), *best = NULL;
	for (unsigned i = 0; i < RL_QUEST_WAYS; i++) {
		if (set[i].state == FREE)
			return &set[i];
		if (set[i].state == KEPT && (!best || set[i].since_ms < best->since_ms))
			best = &set[i];
	}
	return best;
}

// The members from `first` on, but not the client itself.
static bool tell(struct rl_quest_groups *q, const struct rl_quest_group *e, unsigned first,
		 const struct rl_quest_waiter *w, uint32_t limit)
{
	uint64_t member[RL_SIBLING_GATHER_MAX];
	unsigned n = 0;
	for (unsigned i = first; i < e->count && n < limit; i++)
		if (e->member[i] != w->client)
			member[n++] = e->member[i];
	if (n == 0)
		return false;
	q->counters.told++;
	q->host.answer(q->host.ctx, w, &e->group, e->total, member, n);
	return true;
}

static void send(struct rl_quest_groups *q, struct rl_quest_group *e, uint64_t now_ms)
{
	e->since_ms = now_ms;
	e->tries++;
	e->asked = (uint8_t)q->host.ask(q->host.ctx, &e->group);
}

static void settle(struct rl_quest_groups *q, struct rl_quest_group *e, uint64_t now_ms)
{
	// That nobody listens can be said only if somebody was asked.
	e->state = e->asked != 0 ? KEPT : FREE;
	e->since_ms = now_ms;
	e->waiting = 0;
	q->open--;
}

static void wait(struct rl_quest_group *e, const struct rl_quest_waiter *w, uint32_t limit)
{
	unsigned i = 0;
	// A client that asks again waits once, for the answer to the newer question.
	while (i < e->waiting && e->waiter[i].client != w->client)
		i++;
	if (i == RL_QUEST_GROUP_WAITERS)
		return;
	e->waiter[i] = *w;
	e->limit[i] = limit;
	e->waiting += i == e->waiting;
}

void rl_quest_group_ask(struct rl_quest_groups *q, const struct rl_group_key *group, uint32_t limit,
			const struct rl_quest_waiter *w, uint64_t now_ms)
{
	struct rl_quest_group *e = find(q, group);
	if (e && e->state == KEPT && now_ms - e->since_ms < RL_QUEST_GROUP_KEPT_MS) {
		q->counters.from_kept += tell(q, e, 0, w, limit);
		return;
	}
	if (!e || e->state == KEPT) {
		e = e ? e : place(q, group);
		if (!e) {
			q->counters.full++;
			return;
		}
		*e = (struct rl_quest_group){.group = *group, .state = OPEN};
		q->open++;
		q->counters.asked++;
		send(q, e, now_ms);
	} else if (e->count != 0) {
		tell(q, e, 0, w, limit); // what has come so far
	}
	wait(e, w, limit);
}

static unsigned add_members(struct rl_quest_group *e, const struct rl_sibling_listeners *l)
{
	unsigned first = e->count;
	for (unsigned i = 0; i < l->count && e->count < RL_SIBLING_GATHER_MAX; i++)
		e->member[e->count++] = rl_load40(l->member[i]);
	e->total += l->total;
	return first;
}

void rl_quest_group_found(struct rl_quest_groups *q, unsigned sibling,
			  const struct rl_sibling_listeners *l, uint64_t now_ms)
{
	struct rl_quest_group *e = find(q, &l->group);
	uint8_t bit = (uint8_t)(1u << sibling);
	if (!e || e->state != OPEN || e->heard & bit) {
		q->counters.unasked++;
		return;
	}
	e->heard |= bit;
	q->counters.found++;
	unsigned first = add_members(e, l);
	for (unsigned i = 0; i < e->waiting; i++)
		tell(q, e, first, &e->waiter[i], e->limit[i]);
	if (__builtin_popcount(e->heard) >= e->asked)
		settle(q, e, now_ms);
}

void rl_quest_group_tick(struct rl_quest_groups *q, uint64_t now_ms)
{
	size_t count = ((size_t)q->mask + 1) * RL_QUEST_WAYS;
	for (size_t i = 0; i < count && q->open != 0; i++) {
		struct rl_quest_group *e = &q->at[i];
		if (e->state != OPEN || now_ms - e->since_ms < RL_QUEST_AGAIN_MS)
			continue;
		// A sibling without listeners does not answer: only a silence of all is asked
		// again.
		if (e->tries == RL_QUEST_GROUP_TRIES || e->heard != 0)
			settle(q, e, now_ms);
		else
			send(q, e, now_ms);
	}
}
