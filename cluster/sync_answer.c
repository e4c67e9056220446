// SPDX-License-Identifier: BSD-3-Clause
// Answers to other members: the present state of whom lost batches were about, and shards.
#include "cluster/sync_parts.h"

#include <errno.h>

enum {
	STEPS_MOST = 4096, // groups walked for one batch
	STEP_COST = 16,    // bytes of the budget for walking a group
	STEP_ROOM = RL_GROUP_ENTRIES * RL_LOCATION_WIRE_MAX,
};

static bool remembered(const struct rl_sync *s, uint64_t number)
{
	if (number > s->stream || s->stream - number >= s->config.history_batches)
		return false;
	uint64_t start = s->history_start[number % s->config.history_batches];
	return s->history_end - start <= s->config.history_max;
}

static uint64_t end_of(const struct rl_sync *s, uint64_t number)
{
	return number >= s->stream ? s->history_end
				   : s->history_start[(number + 1) % s->config.history_batches];
}

static void add_range(struct rl_sync *s, struct rl_sync_job *j, const struct rl_range *r)
{
	if (r->from > s->stream || j->ranges == RL_SYNC_RANGES)
		return; // nothing to tell; nobody asks for more
	if (!remembered(s, r->from)) {
		j->gone = true;
		return;
	}
	uint64_t from = s->history_start[r->from % s->config.history_batches];
	j->range[j->ranges++] = (struct rl_range){from, end_of(s, r->to)};
}

void rl_sync_asked(struct rl_sync *s, struct rl_batch_reader *b)
{
	struct rl_sync_job *j = &s->job[b->head.from];
	union rl_record r;
	*j = (struct rl_sync_job){.request = b->head.request};
	j->kind = b->head.kind == RL_BATCH_REPAIR_ASK ? RL_BATCH_REPAIR : RL_BATCH_SNAPSHOT;
	while (rl_batch_next(b, &r)) {
		if (j->kind == RL_BATCH_REPAIR)
			add_range(s, j, &r.range);
		else
			j->shards = r.shards;
	}
}

// False: there is more. Ranges that were overwritten while they waited for their turn are gone.
static bool repair_range(struct rl_sync *s, struct rl_sync_job *j, struct rl_range *at,
			 struct rl_batch_writer *b)
{
	while (at->from < at->to) {
		union rl_record r;
		if (s->history_end - at->from > s->config.history_max) {
			j->gone = true;
			return true;
		}
		if (rl_batch_room(b) < RL_LOCATION_WIRE_MAX)
			return false;
		uint64_t address = s->history[at->from++ % s->config.history_max];
		if (rl_sync_find(s, address, &r.location) && rl_sync_tells(s, &r.location))
			rl_batch_add(b, &r);
	}
	return true;
}

static bool repair(struct rl_sync *s, struct rl_sync_job *j, struct rl_batch_writer *b)
{
	for (; j->ranges > 0; j->ranges--)
		if (!repair_range(s, j, &j->range[j->ranges - 1], b))
			return false;
	return true;
}

static bool next_shard(struct rl_sync *s, struct rl_sync_job *j)
{
	for (unsigned i = 0; i < RL_SHARDS; i++) {
		if (!rl_shards_has(&j->shards, i))
			continue;
		rl_shards_remove(&j->shards, i);
		j->cursor = rl_directory_walk_shard(s->directory, (uint8_t)i);
		return true;
	}
	return false;
}

static bool snapshot(struct rl_sync *s, struct rl_sync_job *j, struct rl_batch_writer *b)
{
	for (unsigned n = 0; n < STEPS_MOST; n++, s->budget -= STEP_COST) {
		struct rl_location found[RL_GROUP_ENTRIES];
		if (rl_batch_room(b) < STEP_ROOM)
			return false;
		if (!j->walking && !next_shard(s, j))
			return true;
		unsigned count = rl_directory_step(s->directory, &j->cursor, found);
		j->walking = !j->cursor.done;
		for (unsigned i = 0; i < count; i++)
			if (found[i].home == s->config.self)
				rl_batch_add(b, &(union rl_record){.location = found[i]});
	}
	return false;
}

static size_t part(struct rl_sync *s, uint8_t member, uint64_t now_ms, uint8_t *buffer,
		   struct rl_batch_head *head)
{
	struct rl_sync_job *j = &s->job[member];
	struct rl_batch_writer b;
	*head = rl_sync_head(s, j->kind, member, now_ms);
	rl_batch_open(&b, buffer, head);
	bool last = j->kind == RL_BATCH_REPAIR ? repair(s, j, &b) : snapshot(s, j, &b);
	// An empty part tells the asker that the answer goes on.
	b.head.request = j->request;
	b.head.part = j->part++;
	b.head.flags = (uint8_t)((last ? RL_BATCH_LAST : 0) | (j->gone ? RL_BATCH_GONE : 0));
	if (last)
		j->kind = RL_BATCH_NONE;
	*head = b.head;
	return rl_batch_close(&b);
}

size_t rl_sync_answer(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer,
		      struct rl_batch_head *head)
{
	for (unsigned n = 0; n < RL_MEMBER_IDS && s->budget > 0; n++) {
		uint8_t member = s->answer_turn++;
		if (s->job[member].kind == RL_BATCH_NONE)
			continue;
		size_t len = part(s, member, now_ms, buffer, head);
		s->budget -= (int64_t)(len + RL_BATCH_SEAL);
		return len;
	}
	return 0;
}
