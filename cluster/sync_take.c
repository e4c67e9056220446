// SPDX-License-Identifier: BSD-3-Clause
// A batch has come from another member.
#include "cluster/sync_parts.h"

enum { BURST = 16 };

// Another member claims a client of ours, and later than it did we have heard that one ourselves.
// We may have told that in a refresh, which nobody asks for if it is lost: those who missed it
// believe the other now.
static void contradict(struct rl_sync *s, const struct rl_location *before,
		       const struct rl_location *l, int change, uint64_t now_ms)
{
	if (before->home != s->config.self || before->gone || l->home == RL_NOBODY ||
	    l->home == s->config.self || change & RL_CHANGE_HOME)
		return;
	if (!rl_dirty_mark(&s->dirty, l->address, false, now_ms))
		s->refusals.count[RL_REFUSAL_DIRTY_FULL]++;
}

// True: merged, or known already.
static bool take_one(struct rl_sync *s, struct rl_sync_peer *p, const struct rl_location *l,
		     uint64_t now_ms)
{
	struct rl_location before, after;
	if (!rl_guard_allows(l->stamp_ms, rl_sync_now(s, now_ms))) {
		p->refusals.count[RL_REFUSAL_FUTURE]++;
		return false;
	}
	int change = rl_directory_merge(s->directory, l, true, now_ms, &before);
	if (change < 0) {
		p->refusals.count[RL_REFUSAL_DIRECTORY_FULL]++;
		return false;
	}
	contradict(s, &before, l, change, now_ms);
	if (change != RL_CHANGE_NONE && s->config.changed && rl_sync_find(s, l->address, &after))
		s->config.changed(s->config.ctx, &before, &after, (unsigned)change);
	return true;
}

static bool is_question(uint8_t kind)
{
	return kind == RL_BATCH_REPAIR_ASK || kind == RL_BATCH_SNAPSHOT_ASK;
}

// A batch is of now, or it is nothing. Questions are let through, as a member whose clock is wrong
// gets it right by the answers.
static enum rl_refusal check_time(const struct rl_sync *s, const struct rl_batch_head *h,
				  uint64_t now_ms)
{
	uint64_t now = rl_sync_now(s, now_ms);
	if (is_question(h->kind))
		return RL_REFUSAL_NONE;
	if (!rl_guard_allows(h->time_ms, now))
		return RL_REFUSAL_FUTURE;
	return h->time_ms + s->config.stale_ms < now ? RL_REFUSAL_STALE : RL_REFUSAL_NONE;
}

// In bursts, so that the directory's lines are on their way when they are needed.
static void take_locations(struct rl_sync *s, struct rl_sync_peer *p, struct rl_batch_reader *b,
			   uint64_t now_ms)
{
	union rl_record r[BURST];
	uint64_t hash[BURST];
	for (unsigned n = BURST; n == BURST;) {
		for (n = 0; n < BURST && rl_batch_next(b, &r[n]); n++) {
			hash[n] = rl_directory_hash(s->directory, r[n].location.address);
			rl_directory_prefetch(s->directory, hash[n]);
		}
		for (unsigned i = 0; i < n; i++)
			rl_directory_prefetch_entry(s->directory, hash[i]);
		for (unsigned i = 0; i < n; i++)
			p->records += take_one(s, p, &r[i].location, now_ms);
	}
}

static void take_records(struct rl_sync *s, struct rl_sync_peer *p, struct rl_batch_reader *b,
			 uint64_t now_ms)
{
	switch (b->head.kind) {
	case RL_BATCH_LOCATIONS:
		rl_sync_got(p, b->head.stream, now_ms);
		take_locations(s, p, b, now_ms);
		break;
	case RL_BATCH_REFRESH:
	case RL_BATCH_SNAPSHOT:
	case RL_BATCH_REPAIR:
		take_locations(s, p, b, now_ms);
		break;
	case RL_BATCH_REPAIR_ASK:
	case RL_BATCH_SNAPSHOT_ASK:
		rl_sync_asked(s, b);
		break;
	default: // the caller's
		break;
	}
}

enum rl_refusal rl_sync_take(struct rl_sync *s, struct rl_batch_reader *b, uint64_t now_ms)
{
	const struct rl_batch_head *h = &b->head;
	struct rl_sync_peer *p = &s->peer[h->from];
	enum rl_refusal why = RL_REFUSAL_NONE;
	if (h->from == s->config.self)
		why = RL_REFUSAL_OWN;
	else if (h->to != RL_NOBODY && h->to != s->config.self)
		why = RL_REFUSAL_NOT_TO_US;
	else if (!rl_sync_heard(s, h, now_ms))
		why = RL_REFUSAL_OLD_BOOT;
	if (why != RL_REFUSAL_NONE) {
		p->refusals.count[why]++;
		return why;
	}
	// An answer to a question of ours is of now, whatever its sender's clock says; and ours may
	// be the wrong one.
	bool answer = rl_sync_is_answer(p, h);
	if (answer)
		rl_sync_answered(p, h, now_ms);
	if (p->proven)
		rl_guard_heard(&s->guard, h->from, h->clock_ms, now_ms);
	why = answer ? RL_REFUSAL_NONE : check_time(s, h, now_ms);
	if (why != RL_REFUSAL_NONE) {
		p->refusals.count[why]++;
		return why;
	}
	uint64_t now = rl_sync_now(s, now_ms);
	p->lag_ms = now > h->time_ms ? (uint32_t)(now - h->time_ms) : 0;
	p->batches++;
	take_records(s, p, b, now_ms);
	return RL_REFUSAL_NONE;
}

void rl_sync_refused(struct rl_sync *s, uint8_t from, enum rl_refusal why)
{
	s->peer[from].refusals.count[why]++;
}
