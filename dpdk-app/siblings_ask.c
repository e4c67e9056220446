// SPDX-License-Identifier: BSD-3-Clause
// What siblings are asked, and what clients are told of it: the hands of cluster/quest.h and
// cluster/quest_group.h.
#include "dpdk-app/memory.h"
#include "dpdk-app/siblings_parts.h"
#include "root/tell.h"

#include <errno.h>
#include <sodium.h>

enum {
	ABROAD = 65536,
	QUESTIONS = 8192, // 2 MB
	GROUPS = 1024,
};

// A question to one sibling: an address, or a group.
static int ask_one(struct siblings *s, unsigned sibling, uint64_t address,
		   const struct rl_group_key *group)
{
	uint8_t front = atomic_load_explicit(&s->best[sibling], memory_order_relaxed);
	struct rl_worker *core = s->handle.core;
	if (front == SIBLINGS_NO_FRONT)
		return -ENOTCONN;
	if (group)
		return rl_tell_sibling_gather(core, sibling, front, SIBLINGS_LIFE_MS, group);
	return rl_tell_sibling_whois(core, sibling, front, SIBLINGS_LIFE_MS, address);
}

static unsigned ask_all(struct siblings *s, uint64_t address, const struct rl_group_key *group)
{
	unsigned asked = 0;
	for (unsigned i = 0; i < s->count; i++) {
		int ret = ask_one(s, i, address, group);
		if (ret == -ENOBUFS) {
			siblings_flush(s);
			ret = ask_one(s, i, address, group);
		}
		asked += ret == 0;
	}
	return asked;
}

static unsigned ask_whois(void *ctx, uint64_t address)
{
	return ask_all(ctx, address, NULL);
}

static unsigned ask_gather(void *ctx, const struct rl_group_key *group)
{
	return ask_all(ctx, 0, group);
}

static void tell_whois(void *ctx, const struct rl_quest_waiter *w, const struct rl_identity *id)
{
	struct siblings *s = ctx;
	struct rl_worker *core = s->handle.core;
	if (rl_tell_whois(core, w->client, &w->by, w->id, &id->address, 1, id, 1) != -ENOBUFS)
		return;
	siblings_flush(s);
	rl_tell_whois(core, w->client, &w->by, w->id, &id->address, 1, id, 1);
}

static void tell_gather(void *ctx, const struct rl_quest_waiter *w,
			const struct rl_group_key *group, uint32_t total, const uint64_t *member,
			unsigned n)
{
	struct siblings *s = ctx;
	struct rl_worker *core = s->handle.core;
	if (rl_tell_gather(core, w->client, &w->by, w->id, group, total, member, n) != -ENOBUFS)
		return;
	siblings_flush(s);
	rl_tell_gather(core, w->client, &w->by, w->id, group, total, member, n);
}

int siblings_ask_make(struct siblings *s)
{
	const struct rl_quest_host whois = {.ctx = s, .ask = ask_whois, .answer = tell_whois};
	const struct rl_quest_group_host gather = {
		.ctx = s, .ask = ask_gather, .answer = tell_gather};
	uint64_t key[6];
	s->abroad_memory = memory_alloc(NULL, rl_abroad_size(ABROAD));
	s->quest_memory = memory_alloc(NULL, rl_quest_size(QUESTIONS));
	s->group_memory = memory_alloc(NULL, rl_quest_group_size(GROUPS));
	if (!s->abroad_memory || !s->quest_memory || !s->group_memory)
		return -ENOMEM;
	randombytes_buf(key, sizeof(key));
	rl_abroad_init(&s->abroad, s->abroad_memory, ABROAD, key);
	rl_quest_init(&s->quests, s->quest_memory, QUESTIONS, key + 2, &s->abroad, &whois);
	rl_quest_group_init(&s->groups, s->group_memory, GROUPS, key + 4, &gather);
	return 0;
}

void siblings_ask_free(struct siblings *s)
{
	if (s->abroad_memory)
		memory_free(NULL, s->abroad_memory, rl_abroad_size(ABROAD));
	if (s->quest_memory)
		memory_free(NULL, s->quest_memory, rl_quest_size(QUESTIONS));
	if (s->group_memory)
		memory_free(NULL, s->group_memory, rl_quest_group_size(GROUPS));
}
