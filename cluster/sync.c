// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/sync.h"

#include "cluster/sync_parts.h"

#include <errno.h>

enum {
	CORRECT_MS = 1000,
	TICK_MOST_MS = 1000, // of work made up for after a pause
	GROUPS_MOST = 65536, // aged in one tick
	RESTAMP_MS = 3000,   // more than the directory's second and the clocks' differences
};
const struct rl_sync_config rl_sync_config_default = {
	.wait_ms = 10,
	.pause_ms = 250,
	.stale_ms = 10000,
	.reorder_ms = 40,
	.answer_ms = 1500,
	.silent_ms = 10000,
	.refresh_ms = 420000,
	.age_ms = 60000,
	.budget_bytes = 8 << 20,
	.dirty_max = 262144,
	.history_max = 1048576,
	.history_batches = 8192,
};

size_t rl_sync_size(const struct rl_sync_config *c)
{
	return rl_dirty_size(c->dirty_max) +
	       sizeof(uint64_t) * ((size_t)c->history_max + c->history_batches);
}

void rl_sync_init(struct rl_sync *s, const struct rl_sync_config *c, struct rl_directory *d,
		  void *mem, const uint64_t dice[3], uint64_t now_ms)
{
	uint64_t *words = mem;
	*s = (struct rl_sync){
		.config = *c,
		.directory = d,
		.history = words,
		.history_start = words + c->history_max,
		.request = (uint32_t)dice[2],
		.tick_ms = now_ms,
		.refresh_ms = now_ms,
		.refresh = rl_directory_walk_all(d),
	};
	rl_dirty_init(&s->dirty, s->history_start + c->history_batches, c->dirty_max, c->pause_ms,
		      dice);
	d->latest_ms = now_ms + RL_GUARD_AHEAD_MS;
}

// Later than what is known, so that clocks that differ a little do not undo a move.
static uint64_t stamp_after(const struct rl_sync *s, const struct rl_location *known,
			    uint64_t now_ms)
{
	uint64_t now = rl_sync_now(s, now_ms);
	if (known->stamp_ms >= now && rl_guard_allows(known->stamp_ms + 1, now))
		return known->stamp_ms + 1;
	return now;
}

static bool same_place(const struct rl_location *a, const struct rl_location *b)
{
	return rl_inet_equal(&a->v4, &b->v4) && rl_inet_equal(&a->v6, &b->v6) &&
	       a->backup == b->backup;
}

// Merges what this member knows first, and has it told.
static int merge_own(struct rl_sync *s, const struct rl_location *l, uint64_t now_ms)
{
	int change = rl_directory_merge(s->directory, l, true, now_ms, NULL);
	if (change < 0) {
		s->refusals.count[RL_REFUSAL_DIRECTORY_FULL]++;
		return change;
	}
	if (change != RL_CHANGE_NONE &&
	    !rl_dirty_mark(&s->dirty, l->address, change & RL_CHANGE_HOME, now_ms))
		s->refusals.count[RL_REFUSAL_DIRTY_FULL]++;
	return change;
}

int rl_sync_claim(struct rl_sync *s, const struct rl_location *l, uint64_t now_ms)
{
	struct rl_location known = {0}, claim = *l;
	rl_sync_find(s, l->address, &known);
	claim.home = s->config.self;
	claim.gone = false;
	bool stays = known.home == claim.home && !known.gone && same_place(&known, &claim) &&
		     rl_guard_allows(known.stamp_ms, rl_sync_now(s, now_ms));
	claim.stamp_ms = stays ? known.stamp_ms : stamp_after(s, &known, now_ms);
	return merge_own(s, &claim, now_ms);
}

void rl_sync_release(struct rl_sync *s, uint64_t address, uint64_t now_ms)
{
	struct rl_location known;
	if (!rl_sync_find(s, address, &known) || known.home != s->config.self || known.gone)
		return;
	struct rl_location end = {.address = address,
				  .home = s->config.self,
				  .gone = true,
				  .stamp_ms = stamp_after(s, &known, now_ms)};
	merge_own(s, &end, now_ms);
}

void rl_sync_restamp(struct rl_sync *s, struct rl_location *l, uint64_t now_ms)
{
	uint64_t age = rl_directory_unconfirmed_ms(s->directory, l->address, now_ms);
	uint64_t heard = rl_sync_now(s, now_ms) - age - 1000; // seconds, rounded down
	if (l->gone || age == UINT64_MAX || heard < l->stamp_ms + RESTAMP_MS)
		return;
	l->stamp_ms = heard;
	rl_directory_restamp(s->directory, l->address, heard);
}

void rl_sync_pushed(struct rl_sync *s, uint64_t address, uint8_t family, uint16_t port,
		    uint64_t now_ms)
{
	struct rl_location known = {0}, l = {.address = address};
	rl_sync_find(s, address, &known);
	l.pushes = known.pushes;
	l.push_port4 = family == 4 ? port : known.push_port4;
	l.push_port6 = family == 6 ? port : known.push_port6;
	rl_pushes_note(&l.pushes, rl_sync_now(s, now_ms));
	merge_own(s, &l, now_ms);
}

void rl_sync_valid(struct rl_sync *s, uint64_t address, uint64_t fingerprint, uint64_t now_ms)
{
	struct rl_location l = {.address = address, .fingerprint = fingerprint};
	merge_own(s, &l, now_ms);
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

// Groups that are due after ms of a round; the rest of the division is kept in *due.
static uint64_t due_groups(uint64_t *due, uint64_t groups, uint64_t ms, uint32_t round_ms)
{
	*due += groups * ms * 1000 / round_ms;
	return *due / 1000;
}

void rl_sync_tick(struct rl_sync *s, uint64_t now_ms)
{
	struct rl_directory *d = s->directory;
	uint64_t ms = now_ms > s->tick_ms ? min(now_ms - s->tick_ms, TICK_MOST_MS) : 0;
	s->tick_ms = now_ms;
	if (now_ms - s->correct_ms >= CORRECT_MS) {
		rl_guard_correct(&s->guard, now_ms);
		s->correct_ms = now_ms;
	}
	d->latest_ms = rl_sync_now(s, now_ms) + RL_GUARD_AHEAD_MS;
	s->budget += (int64_t)(s->config.budget_bytes * ms / 1000);
	if (s->budget > (int64_t)s->config.budget_bytes)
		s->budget = s->config.budget_bytes;
	due_groups(&s->refresh_due, d->groups, ms, s->config.refresh_ms);
	s->refresh_due =
		min(s->refresh_due, d->groups * 1000); // a link that was away owes one round
	uint64_t groups = due_groups(&s->age_due, d->groups, ms, s->config.age_ms);
	s->age_due -= groups * 1000;
	rl_directory_age(d, &s->aging, min(groups, GROUPS_MOST), now_ms, rl_sync_now(s, now_ms));
}
