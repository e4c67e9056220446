// SPDX-License-Identifier: BSD-3-Clause
// What this member tells of itself: changes, the refresh.
#include "cluster/sync_parts.h"

enum {
	ENOUGH = 1000,        // changes: a batch well worth sending at once
	SKIPS_MOST = 4096,    // peers with nothing left to tell, passed over for one batch
	REFRESH_STEPS = 2048, // groups of one batch
	REFRESH_WAIT_MS = 1000,
	STEP_ROOM = RL_GROUP_ENTRIES * RL_LOCATION_WIRE_MAX,
};

struct rl_batch_head rl_sync_head(const struct rl_sync *s, uint8_t kind, uint8_t to,
				  uint64_t now_ms)
{
	return (struct rl_batch_head){
		.kind = kind,
		.from = s->config.self,
		.to = to,
		.stream = s->stream,
		.time_ms = rl_sync_now(s, now_ms),
		.clock_ms = now_ms,
	};
}

// Whom a batch is about is kept, so that it can be told again if the batch is lost.
static size_t changes(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer,
		      struct rl_batch_head *head)
{
	uint32_t for_ms, count = rl_dirty_waiting(&s->dirty, now_ms, &for_ms);
	if (count == 0 || (count < ENOUGH && for_ms < s->config.wait_ms))
		return 0;
	struct rl_batch_writer b;
	uint64_t start = s->history_end, address;
	*head = rl_sync_head(s, RL_BATCH_LOCATIONS, RL_NOBODY, now_ms);
	head->stream++;
	rl_batch_open(&b, buffer, head);
	for (unsigned skips = 0; skips < SKIPS_MOST && rl_batch_room(&b) >= RL_LOCATION_WIRE_MAX;) {
		union rl_record r;
		if ((address = rl_dirty_next(&s->dirty, now_ms)) == 0)
			break;
		if (rl_sync_find(s, address, &r.location) && rl_sync_tells(s, &r.location) &&
		    rl_batch_add(&b, &r) == 0)
			s->history[s->history_end++ % s->config.history_max] = address;
		else
			skips++;
	}
	if (rl_batch_empty(&b))
		return 0;
	s->stream++;
	s->history_start[s->stream % s->config.history_batches] = start;
	*head = b.head;
	return rl_batch_close(&b);
}

// The refresh tells a claim as of when the client was last heard here. So of two members that each
// believe to be its home, after a partition or a new start of one, the right one wins in the end.
static void refresh_one(struct rl_sync *s, struct rl_location *l, struct rl_batch_writer *b,
			uint64_t now_ms)
{
	if (l->home != s->config.self || l->gone)
		return;
	rl_sync_restamp(s, l, now_ms);
	rl_batch_add(b, &(union rl_record){.location = *l});
}

static size_t refresh(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer,
		      struct rl_batch_head *head)
{
	uint64_t due = s->refresh_due / 1000;
	if (due == 0 || (due < REFRESH_STEPS && now_ms - s->refresh_ms < REFRESH_WAIT_MS))
		return 0;
	struct rl_batch_writer b;
	*head = rl_sync_head(s, RL_BATCH_REFRESH, RL_NOBODY, now_ms);
	rl_batch_open(&b, buffer, head);
	for (unsigned n = 0; n < REFRESH_STEPS && due > 0 && rl_batch_room(&b) >= STEP_ROOM; n++) {
		struct rl_location found[RL_GROUP_ENTRIES];
		if (s->refresh.done)
			s->refresh = rl_directory_walk_all(s->directory);
		unsigned count = rl_directory_step(s->directory, &s->refresh, found);
		for (unsigned i = 0; i < count; i++)
			refresh_one(s, &found[i], &b, now_ms);
		s->refresh_due -= 1000;
		due--;
	}
	if (due < REFRESH_STEPS)
		s->refresh_ms = now_ms;
	*head = b.head;
	return rl_batch_empty(&b) ? 0 : rl_batch_close(&b);
}

size_t rl_sync_next(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer, struct rl_batch_head *head)
{
	size_t len = rl_sync_ask(s, now_ms, buffer, head);
	if (len == 0)
		len = changes(s, now_ms, buffer, head);
	if (len == 0)
		len = rl_sync_answer(s, now_ms, buffer, head);
	if (len == 0)
		len = refresh(s, now_ms, buffer, head);
	if (len != 0)
		s->told[head->kind] += head->count;
	return len;
}
