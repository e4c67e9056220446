// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/quest.h"

#include "root/hash.h"

#include <string.h>

enum state { FREE, OPEN, KEPT };

struct rl_quest {
	uint64_t address;
	uint64_t since_ms; // asked last, or known
	uint8_t state;     // enum state
	uint8_t tries;
	uint8_t waiting;
	bool reached; // at least one sibling was asked
	bool counted; // in q->of
	uint16_t of;  // where
	uint8_t public_key[ZT_PUBLIC_LEN];
	struct rl_quest_waiter waiter[RL_QUEST_WAITERS];
};

static uint32_t set_count(uint32_t questions)
{
	uint32_t sets = 1;
	while (sets * RL_QUEST_WAYS < questions && sets < 1u << 20)
		sets *= 2;
	return sets;
}

size_t rl_quest_size(uint32_t questions)
{
	return (size_t)set_count(questions) * RL_QUEST_WAYS * sizeof(struct rl_quest);
}

void rl_quest_init(struct rl_quests *q, void *mem, uint32_t questions, const uint64_t key[static 2],
		   struct rl_abroad *abroad, const struct rl_quest_host *host)
{
	*q = (struct rl_quests){.at = mem,
				.mask = set_count(questions) - 1,
				.key = {key[0], key[1]},
				.abroad = abroad,
				.host = *host};
}

static struct rl_quest *set_of(const struct rl_quests *q, uint64_t address)
{
	return &q->at[(rl_hash64(q->key, address) & q->mask) * RL_QUEST_WAYS];
}

static struct rl_quest *find(const struct rl_quests *q, uint64_t address)
{
	struct rl_quest *set = set_of(q, address);
	for (unsigned i = 0; i < RL_QUEST_WAYS; i++)
		if (set[i].state != FREE && set[i].address == address)
			return &set[i];
	return NULL;
}

// A free place, or that of the identity kept longest. NULL: all are questions under way.
static struct rl_quest *place(const struct rl_quests *q, uint64_t address)
{
	struct rl_quest *set = set_of(q, address), *best = NULL;
	for (unsigned i = 0; i < RL_QUEST_WAYS; i++) {
		if (set[i].state == FREE)
			return &set[i];
		if (set[i].state == KEPT && (!best || set[i].since_ms < best->since_ms))
			best = &set[i];
	}
	return best;
}

static void tell(struct rl_quests *q, const struct rl_quest *e, const struct rl_quest_waiter *w)
{
	struct rl_identity id = {.address = e->address};
	memcpy(id.public_key, e->public_key, ZT_PUBLIC_LEN);
	q->counters.told++;
	q->host.answer(q->host.ctx, w, &id);
}

static void send(struct rl_quests *q, struct rl_quest *e, uint64_t now_ms)
{
	e->since_ms = now_ms;
	e->tries++;
	if (q->host.ask(q->host.ctx, e->address) == 0)
		return;
	e->reached = true;
	q->counters.sent++;
}

static void wait(struct rl_quest *e, const struct rl_quest_waiter *w)
{
	// A client that repeats its question waits once, for the answer to the newer one.
	for (unsigned i = 0; i < e->waiting; i++) {
		if (e->waiter[i].client == w->client) {
			e->waiter[i] = *w;
			return;
		}
	}
	if (e->waiting < RL_QUEST_WAITERS)
		e->waiter[e->waiting++] = *w;
}

// A new question, if its client may have one more. NULL: counted.
static struct rl_quest *begin(struct rl_quests *q, struct rl_quest *e, uint64_t address,
			      const struct rl_quest_waiter *w)
{
	uint16_t of = w ? (uint16_t)(rl_hash64(q->key, w->client) % RL_QUEST_CLIENTS) : 0;
	if (w && q->of[of] == RL_QUEST_EACH) {
		q->counters.over++;
		return NULL;
	}
	e = e ? e : place(q, address);
	if (!e) {
		q->counters.full++;
		return NULL;
	}
	*e = (struct rl_quest){.address = address, .state = OPEN, .counted = w != NULL, .of = of};
	q->of[of] += w != NULL;
	q->open++;
	q->counters.asked++;
	return e;
}

static void end(struct rl_quests *q, struct rl_quest *e, enum state state)
{
	e->state = state;
	q->open--;
	q->of[e->of] -= e->counted;
}

static bool kept(const struct rl_quest *e, uint64_t now_ms)
{
	return e->state == KEPT && now_ms - e->since_ms < RL_QUEST_KEPT_MS;
}

void rl_quest_ask(struct rl_quests *q, uint64_t address, const struct rl_quest_waiter *w,
		  uint64_t now_ms)
{
	struct rl_quest *e = find(q, address);
	if (e && w && kept(e, now_ms)) {
		q->counters.from_kept++;
		tell(q, e, w);
		return;
	}
	if (!e || e->state == KEPT) {
		e = begin(q, e, address, w);
		if (!e)
			return;
		rl_abroad_note(q->abroad, address, RL_ABROAD_ASKED, 0, now_ms);
		send(q, e, now_ms);
	}
	if (w)
		wait(e, w);
}

void rl_quest_found(struct rl_quests *q, unsigned sibling, const struct rl_identity *id,
		    uint64_t now_ms)
{
	struct rl_quest *e = find(q, id->address);
	if (!e || e->state != OPEN) {
		q->counters.unasked += !e;
		return;
	}
	memcpy(e->public_key, id->public_key, ZT_PUBLIC_LEN);
	end(q, e, KEPT);
	e->since_ms = now_ms;
	q->counters.found++;
	rl_abroad_note(q->abroad, id->address, RL_ABROAD_AT, sibling, now_ms);
	for (unsigned i = 0; i < e->waiting; i++)
		tell(q, e, &e->waiter[i]);
	e->waiting = 0;
}

// Nobody has answered. That nobody knows it can be said only if somebody was asked.
static void give_up(struct rl_quests *q, struct rl_quest *e, uint64_t now_ms)
{
	if (e->reached) {
		q->counters.nobody++;
		rl_abroad_note(q->abroad, e->address, RL_ABROAD_NOBODY, 0, now_ms);
	}
	end(q, e, FREE);
}

void rl_quest_tick(struct rl_quests *q, uint64_t now_ms)
{
	size_t count = ((size_t)q->mask + 1) * RL_QUEST_WAYS;
	for (size_t i = 0; i < count && q->open != 0; i++) {
		struct rl_quest *e = &q->at[i];
		if (e->state != OPEN || now_ms - e->since_ms < RL_QUEST_AGAIN_MS)
			continue;
		if (e->tries == RL_QUEST_TRIES)
			give_up(q, e, now_ms);
		else
			send(q, e, now_ms);
	}
}
