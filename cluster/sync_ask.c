// SPDX-License-Identifier: BSD-3-Clause
// What is missing of each other member, and asking it for that.
#include "cluster/sync_parts.h"

enum { SHARDS_ASKED = 16 }; // at once

static void want_all(struct rl_sync_peer *p)
{
	memset(p->want.bits, 0xff, sizeof(p->want.bits));
	p->wanting = true;
}

// Everything up to this number is known.
static void settle(struct rl_sync_peer *p, uint64_t number, uint64_t now_ms)
{
	if (number > p->low) {
		uint64_t by = number - p->low;
		p->seen = by < 64 ? p->seen >> by : 0;
		p->low = number;
		p->gap_ms = now_ms; // what is missing now, if anything, is another one
	}
	while (p->seen & 1) {
		p->seen >>= 1;
		p->low++;
	}
	if (p->high < p->low)
		p->high = p->low;
}

static void hear_of(struct rl_sync_peer *p, uint64_t number, uint64_t now_ms)
{
	if (number <= p->high)
		return;
	if (p->low == p->high)
		p->gap_ms = now_ms;
	p->high = number;
}

void rl_sync_got(struct rl_sync_peer *p, uint64_t number, uint64_t now_ms)
{
	hear_of(p, number, now_ms);
	if (number <= p->low)
		return;
	uint64_t at = number - p->low - 1;
	if (at < 64)
		p->seen |= UINT64_C(1) << at;
	settle(p, p->low, now_ms);
	if (p->seen == 0 && p->low < p->high && at == 0)
		p->gap_ms = now_ms;
}

bool rl_sync_heard(struct rl_sync *s, const struct rl_batch_head *h, uint64_t now_ms)
{
	struct rl_sync_peer *p = &s->peer[h->from];
	if (h->epoch < p->epoch)
		return false;
	if (h->epoch > p->epoch) {
		// A new start: its numbers begin anew, and what it knew it may have lost. Until it
		// says otherwise its clients are where they were.
		p->epoch = h->epoch;
		p->seen = 0;
		p->proven = false;
		p->asked.kind = RL_BATCH_NONE;
		p->low = p->high = h->stream - (h->kind == RL_BATCH_LOCATIONS && h->stream > 0);
		want_all(p);
	}
	p->heard_ms = now_ms;
	if (h->kind != RL_BATCH_LOCATIONS)
		hear_of(p, h->stream, now_ms);
	return true;
}

bool rl_sync_is_answer(const struct rl_sync_peer *p, const struct rl_batch_head *h)
{
	uint8_t question = h->kind == RL_BATCH_REPAIR     ? RL_BATCH_REPAIR_ASK
			   : h->kind == RL_BATCH_SNAPSHOT ? RL_BATCH_SNAPSHOT_ASK
							  : RL_BATCH_NONE;
	return question != RL_BATCH_NONE && p->asked.kind == question &&
	       p->asked.request == h->request;
}

static void finish(struct rl_sync_peer *p, uint64_t now_ms)
{
	if (p->asked.kind == RL_BATCH_REPAIR_ASK) {
		settle(p, p->asked.until, now_ms);
		if (p->asked.gone)
			want_all(p);
	} else {
		for (unsigned i = 0; i < RL_SHARDS; i++) {
			if (!rl_shards_has(&p->asked.shards, i))
				continue;
			rl_shards_remove(&p->want, i);
			p->snapshots++;
		}
		p->wanting = rl_shards_any(&p->want);
	}
	p->asked.kind = RL_BATCH_NONE;
}

// Parts may come in any order; the last one tells how many there are.
void rl_sync_answered(struct rl_sync_peer *p, const struct rl_batch_head *h, uint64_t now_ms)
{
	p->proven = true;
	p->asked.heard_ms = now_ms;
	p->asked.parts++;
	p->asked.gone |= (h->flags & RL_BATCH_GONE) != 0;
	if (h->flags & RL_BATCH_LAST)
		p->asked.total = (uint16_t)(h->part + 1);
	if (p->asked.total != 0 && p->asked.parts >= p->asked.total)
		finish(p, now_ms);
}

static bool is_known(const struct rl_sync_peer *p, uint64_t number)
{
	uint64_t at = number - p->low - 1;
	return at < 64 && p->seen >> at & 1;
}

// The runs of missing numbers, as many as one question holds. Numbers between them are known.
static void ask_missing(struct rl_sync_peer *p, struct rl_batch_writer *b)
{
	union rl_record r = {.range = {0}};
	for (uint64_t n = p->low + 1; n <= p->high && b->head.count < RL_SYNC_RANGES; n++) {
		if (is_known(p, n))
			continue;
		r.range.from = n;
		// Beyond the window nothing is known to be here.
		while (n < p->high && !is_known(p, n + 1))
			n = n - p->low > 64 ? p->high : n + 1;
		r.range.to = n;
		rl_batch_add(b, &r);
		p->lost += r.range.to - r.range.from + 1;
	}
	p->asked.until = r.range.to;
}

static void ask_shards(struct rl_sync_peer *p, struct rl_batch_writer *b)
{
	union rl_record r = {.shards = {{0}}};
	for (unsigned i = 0, n = 0; i < RL_SHARDS && n < SHARDS_ASKED; i++) {
		if (!rl_shards_has(&p->want, i))
			continue;
		rl_shards_add(&r.shards, i);
		n++;
	}
	rl_batch_add(b, &r);
	p->asked.shards = r.shards;
}

static uint8_t question(const struct rl_sync *s, const struct rl_sync_peer *p, uint64_t now_ms)
{
	if (p->low < p->high && now_ms - p->gap_ms >= s->config.reorder_ms)
		return RL_BATCH_REPAIR_ASK;
	return p->wanting ? RL_BATCH_SNAPSHOT_ASK : RL_BATCH_NONE;
}

static bool may_ask(const struct rl_sync *s, const struct rl_sync_peer *p, uint64_t now_ms)
{
	if (p->epoch == 0 || now_ms - p->heard_ms >= s->config.silent_ms)
		return false;
	return p->asked.kind == RL_BATCH_NONE || now_ms - p->asked.heard_ms >= s->config.answer_ms;
}

size_t rl_sync_ask(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer, struct rl_batch_head *head)
{
	for (unsigned n = 0; n < RL_MEMBER_IDS; n++) {
		uint8_t member = s->ask_turn++;
		struct rl_sync_peer *p = &s->peer[member];
		if (!may_ask(s, p, now_ms))
			continue;
		p->asked.kind = question(s, p, now_ms);
		if (p->asked.kind == RL_BATCH_NONE)
			continue;
		if (++s->request == 0)
			s->request = 1;
		p->asked.request = s->request;
		p->asked.heard_ms = now_ms;
		p->asked.parts = p->asked.total = 0;
		p->asked.gone = false;
		struct rl_batch_writer b;
		*head = rl_sync_head(s, p->asked.kind, member, now_ms);
		head->request = s->request;
		rl_batch_open(&b, buffer, head);
		if (p->asked.kind == RL_BATCH_REPAIR_ASK)
			ask_missing(p, &b);
		else
			ask_shards(p, &b);
		*head = b.head;
		return rl_batch_close(&b);
	}
	return 0;
}
