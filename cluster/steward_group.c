// SPDX-License-Identifier: BSD-3-Clause
// Multicast groups: tells the other members which groups clients here listen to, and learns it of
// them; has GATHERs answered with listeners of all members.
#include "cluster/steward_parts.h"

#include <errno.h>
#include <sodium.h>

enum {
	WAIT_MS = 200,     // new groups are collected for so long
	CONFIRM_MS = 1000, // after the last batch an empty one follows, which shows if it was lost
	AGAIN_MS = 5000,   // after a batch was lost here, and between rounds that somebody needs
	LEAST_SETS = 256,  // of the root's groups in one turn of a round
};

// The next batch of SUBSCRIBE, empty or not.
static void tell(struct rl_steward *s, bool last)
{
	struct rl_steward_groups *g = &s->groups;
	struct rl_batch_head *h = &g->batch.head;
	if (!g->open)
		return;
	h->request = ++g->number;
	h->part = g->part;
	h->flags = last ? RL_BATCH_LAST : 0;
	g->confirm = !rl_batch_empty(&g->batch);
	g->told_ms = s->now_ms;
	g->part = g->part < UINT16_MAX ? g->part + 1 : g->part;
	g->open = false;
	uint64_t full = s->counters.link_full;
	rl_steward_send_even_empty(s, &g->batch);
	// The others notice that it is missing, and take this member for one with any group.
	if (s->counters.link_full != full)
		g->wanted = true;
}

static void open_batch(struct rl_steward *s)
{
	struct rl_batch_head head =
		rl_sync_head(&s->sync, RL_BATCH_SUBSCRIBE, RL_NOBODY, s->now_ms);
	rl_batch_open(&s->groups.batch, s->groups.buffer, &head);
	s->groups.open = true;
}

static void add(struct rl_steward *s, const struct rl_group_key *key)
{
	union rl_record r = {.group_hash = rl_audience_hash(&s->audience, key)};
	for (unsigned tries = 0; tries < 2; tries++) {
		if (!s->groups.open)
			open_batch(s);
		if (rl_batch_add(&s->groups.batch, &r) == 0)
			break;
		tell(s, false);
	}
	s->groups.told++;
}

void rl_steward_new_groups(struct rl_steward *s, const struct rl_group_key *key, unsigned n,
			   uint64_t now_ms)
{
	s->now_ms = now_ms;
	for (unsigned i = 0; i < n; i++)
		add(s, &key[i]);
}

void rl_steward_all_groups(struct rl_steward *s)
{
	s->groups.wanted = true;
}

static bool round_due(const struct rl_steward *s)
{
	const struct rl_steward_groups *g = &s->groups;
	uint64_t since = s->now_ms - g->round_ms;
	return g->round_ms == 0 || s->now_ms < g->round_ms ||
	       since >= (g->wanted ? AGAIN_MS : RL_AUDIENCE_ROUND_MS);
}

static void begin_round(struct rl_steward *s)
{
	struct rl_steward_groups *g = &s->groups;
	tell(s, false);
	g->round_ms = s->now_ms;
	g->wanted = false;
	g->walking = true;
	g->at = g->part = 0;
	open_batch(s);
}

// So many sets a turn that a round takes half as long as it may.
static void walk(struct rl_steward *s)
{
	struct rl_steward_groups *g = &s->groups;
	struct rl_group_key key[RL_GROUP_WAYS];
	uint64_t sets = s->host.groups ? s->host.group_sets(s->host.ctx) : 0;
	uint64_t each = sets / (RL_AUDIENCE_WALK_MS / 2 / RL_STEWARD_TURN_MS) + LEAST_SETS;
	for (uint64_t i = 0; i < each && g->at < sets; i++, g->at++) {
		unsigned n = s->host.groups(s->host.ctx, g->at, key);
		for (unsigned k = 0; k < n; k++)
			add(s, &key[k]);
	}
	if (g->at < sets)
		return;
	g->walking = false;
	if (!g->open)
		open_batch(s);
	tell(s, true);
}

// An empty one to this member alone: it is to tell all again.
static void ask_for_all(struct rl_steward *s)
{
	for (unsigned i = 0; i < s->members.count; i++) {
		uint8_t id = s->members.ids[i];
		if (!rl_audience_wants(&s->audience, id, s->now_ms))
			continue;
		struct rl_batch_head head =
			rl_sync_head(&s->sync, RL_BATCH_SUBSCRIBE, id, s->now_ms);
		struct rl_batch_writer b;
		rl_batch_open(&b, s->batch, &head);
		rl_steward_send_even_empty(s, &b);
	}
}

static struct rl_member_set alive(const struct rl_steward *s)
{
	struct rl_member_set set = {0};
	for (unsigned i = 0; i < s->members.count; i++) {
		uint8_t id = s->members.ids[i];
		if (id != s->members.self && rl_member_alive(&s->members, id))
			rl_member_set_add(&set, id);
	}
	return set;
}

// Questions of this turn: one batch for each member, of what it is to be asked.
static void ask_member(struct rl_steward *s, uint8_t to)
{
	struct rl_batch_head head = rl_sync_head(&s->sync, RL_BATCH_GATHER_ASK, to, s->now_ms);
	union rl_record r = {.gather_ask.limit = RL_GATHER_MAX};
	struct rl_batch_writer b;
	uint32_t at = 0;
	rl_batch_open(&b, s->batch, &head);
	while (rl_gather_next(&s->gather, to, &at, &r.gather_ask.group)) {
		if (rl_batch_add(&b, &r) != -ENOSPC)
			continue;
		rl_steward_send(s, &b);
		rl_batch_open(&b, s->batch, &head);
		rl_batch_add(&b, &r);
	}
	rl_steward_send(s, &b);
}

static void ask(struct rl_steward *s)
{
	if (s->gather.unsent_count == 0)
		return;
	for (unsigned i = 0; i < s->members.count; i++)
		if (s->members.ids[i] != s->members.self)
			ask_member(s, s->members.ids[i]);
	rl_gather_sent(&s->gather);
}

void rl_steward_group_turn(struct rl_steward *s)
{
	struct rl_steward_groups *g = &s->groups;
	struct rl_member_set others = alive(s);
	rl_audience_turn(&s->audience, &others, s->now_ms);
	ask(s);
	rl_gather_tick(&s->gather, s->now_ms);
	if (!g->walking && round_due(s))
		begin_round(s);
	if (g->walking)
		walk(s);
	if (g->open && rl_batch_due(&g->batch, s->now_ms, WAIT_MS))
		tell(s, false);
	if (!g->open && g->confirm && s->now_ms - g->told_ms >= CONFIRM_MS) {
		open_batch(s);
		tell(s, false);
	}
	ask_for_all(s);
}

void rl_steward_gather(struct rl_steward *s, const struct rl_gather_asker *who,
		       const struct rl_group_key *group, uint64_t now_ms)
{
	uint64_t hash = rl_audience_hash(&s->audience, group);
	struct rl_member_set have = rl_audience_find(&s->audience, hash);
	struct rl_gather_asker asker = *who;
	s->now_ms = now_ms;
	if (asker.limit > RL_GATHER_MAX)
		asker.limit = RL_GATHER_MAX;
	rl_gather_ask(&s->gather, hash, group, &asker, &have, now_ms);
}

static void reply(struct rl_steward *s, struct rl_batch_writer *b, const struct rl_gather_ask *q)
{
	uint64_t node[RL_GATHER_MAX];
	uint8_t bytes[RL_GATHER_MAX * ZT_ADDRESS_LEN];
	union rl_record r = {.gather_reply = {.group = q->group, .addresses = bytes}};
	struct rl_gather_reply *answer = &r.gather_reply;
	unsigned n = 0;
	if (s->host.gather)
		n = s->host.gather(s->host.ctx, &q->group, 0, q->limit, node, &answer->total);
	for (unsigned i = 0; i < n; i++)
		rl_store40(bytes + i * (size_t)ZT_ADDRESS_LEN, node[i]);
	answer->count = (uint8_t)n;
	if (answer->total < n)
		answer->total = n;
	if (rl_batch_add(b, &r) != -ENOSPC)
		return;
	struct rl_batch_head head = b->head;
	rl_steward_send(s, b);
	head.count = 0;
	rl_batch_open(b, s->batch, &head);
	rl_batch_add(b, &r);
}

static void take_asks(struct rl_steward *s, struct rl_batch_reader *from)
{
	struct rl_batch_head head =
		rl_sync_head(&s->sync, RL_BATCH_GATHER_REPLY, from->head.from, s->now_ms);
	struct rl_batch_writer b;
	union rl_record r;
	rl_batch_open(&b, s->batch, &head);
	while (rl_batch_next(from, &r))
		reply(s, &b, &r.gather_ask);
	rl_steward_send(s, &b);
}

static void take_replies(struct rl_steward *s, struct rl_batch_reader *b)
{
	union rl_record r;
	while (rl_batch_next(b, &r)) {
		uint64_t hash = rl_audience_hash(&s->audience, &r.gather_reply.group);
		rl_gather_reply(&s->gather, hash, b->head.from, &r.gather_reply, s->now_ms);
	}
}

static void take_groups(struct rl_steward *s, struct rl_batch_reader *b)
{
	const struct rl_batch_head *h = &b->head;
	union rl_record r;
	if (h->to != RL_NOBODY) {
		s->groups.wanted = true;
		return;
	}
	rl_audience_batch(&s->audience, h->from, h->request, h->part == 0, h->flags & RL_BATCH_LAST,
			  s->now_ms);
	while (rl_batch_next(b, &r))
		rl_audience_put(&s->audience, r.group_hash, h->from, s->now_ms);
}

bool rl_steward_group_batch(struct rl_steward *s, struct rl_batch_reader *b)
{
	switch (b->head.kind) {
	case RL_BATCH_SUBSCRIBE:
		take_groups(s, b);
		return true;
	case RL_BATCH_GATHER_ASK:
		take_asks(s, b);
		return true;
	case RL_BATCH_GATHER_REPLY:
		take_replies(s, b);
		return true;
	default:
		return false;
	}
}

static unsigned local(void *ctx, const struct rl_group_key *group, uint64_t but, unsigned max,
		      uint64_t *out, uint32_t *total)
{
	struct rl_steward *s = ctx;
	return s->host.gather ? s->host.gather(s->host.ctx, group, but, max, out, total) : 0;
}

static void answer(void *ctx, const struct rl_gather_asker *who, const struct rl_group_key *group,
		   uint32_t total, const uint64_t *address, unsigned n)
{
	struct rl_steward *s = ctx;
	if (s->host.gathered && s->host.gathered(s->host.ctx, who, group, total, address, n) != 0)
		s->counters.unsent += n != 0;
}

size_t rl_steward_group_size(const struct rl_steward_config *c)
{
	return rl_audience_size(c->audience_max) + rl_gather_size(&c->gather) + RL_BATCH_MAX;
}

void rl_steward_group_init(struct rl_steward *s, void *mem, const uint64_t dice[8], uint64_t now_ms)
{
	struct rl_gather_host host = {.ctx = s, .local = local, .answer = answer};
	static const uint8_t purpose[crypto_generichash_KEYBYTES_MIN] = "gather";
	uint8_t seed[32], *at = mem;
	crypto_generichash(seed, sizeof(seed), (const uint8_t *)dice, 8 * sizeof(*dice), purpose,
			   sizeof(purpose));
	rl_audience_init(&s->audience, at, s->config.audience_max, s->directory.key, now_ms);
	at += rl_audience_size(s->config.audience_max);
	rl_gather_init(&s->gather, &s->config.gather, &host, at, seed);
	at += rl_gather_size(&s->config.gather);
	s->groups.buffer = at;
	sodium_memzero(seed, sizeof(seed));
}
