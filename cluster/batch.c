// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/batch.h"

#include <errno.h>

enum {
	AT_MAGIC = 0,
	AT_VERSION = 2,
	AT_KIND = 3,
	AT_FROM = 4,
	AT_TO = 5,
	AT_COUNT = 6,
	AT_CLUSTER = 8,
	AT_EPOCH = 16,
	AT_SALT = 24,
	AT_SEQ = 32,
	AT_STREAM = 40,
	AT_TIME = 48,
	AT_CLOCK = 56,
	AT_REQUEST = 64,
	AT_PART = 68,
	AT_FLAGS = 70,
	AT_ZERO = 71,
	AT_END = 72,

	MAGIC = 0x724c, // "rL"
	FULL_ENOUGH = RL_BATCH_RECORDS - RL_RECORD_MAX,
};

_Static_assert((int)AT_END == (int)RL_BATCH_HEADER, "header fields add up");
_Static_assert((int)AT_EPOCH == (int)RL_BATCH_AT_NONCE && AT_SEQ + 8 - AT_EPOCH == 24,
	       "the seal's nonce");

static struct rl_record_context context_of(const struct rl_batch_head *h)
{
	return (struct rl_record_context){.kind = h->kind, .from = h->from, .time_ms = h->time_ms};
}

void rl_batch_open(struct rl_batch_writer *b, uint8_t *buffer, const struct rl_batch_head *head)
{
	*b = (struct rl_batch_writer){
		.head = *head,
		.buffer = buffer,
		.w = rl_writer(buffer + RL_BATCH_HEADER, RL_BATCH_RECORDS),
		.opened_ms = head->time_ms,
	};
	b->head.count = 0;
}

int rl_batch_add(struct rl_batch_writer *b, const union rl_record *record)
{
	struct rl_record_context c = context_of(&b->head);
	struct rl_writer before = b->w;
	if (b->head.count == UINT16_MAX)
		return -ENOSPC;
	rl_record_put(&b->w, &c, record);
	if (!b->w.bad) {
		b->head.count++;
		return 0;
	}
	b->w = before;
	return before.end - before.at >= RL_RECORD_MAX ? -EINVAL : -ENOSPC;
}

bool rl_batch_due(const struct rl_batch_writer *b, uint64_t now_ms, uint32_t max_wait_ms)
{
	if (rl_batch_empty(b))
		return false;
	return rl_writer_len(&b->w) >= FULL_ENOUGH || now_ms - b->opened_ms >= max_wait_ms;
}

size_t rl_batch_close(struct rl_batch_writer *b)
{
	const struct rl_batch_head *h = &b->head;
	uint8_t *to = b->buffer;
	rl_batch_sign_head(to, h);
	rl_store16(to + AT_MAGIC, MAGIC);
	to[AT_VERSION] = RL_BATCH_VERSION;
	to[AT_KIND] = h->kind;
	to[AT_TO] = h->to;
	rl_store16(to + AT_COUNT, h->count);
	rl_store64(to + AT_STREAM, h->stream);
	rl_store64(to + AT_TIME, h->time_ms);
	rl_store64(to + AT_CLOCK, h->clock_ms);
	rl_store32(to + AT_REQUEST, h->request);
	to[AT_ZERO] = 0;
	to[AT_FLAGS] = h->flags;
	rl_store16(to + AT_PART, h->part);
	return RL_BATCH_HEADER + rl_writer_len(&b->w);
}

void rl_batch_sign_head(uint8_t *batch, const struct rl_batch_head *h)
{
	batch[AT_FROM] = h->from;
	rl_store64(batch + AT_CLUSTER, h->cluster);
	rl_store64(batch + AT_EPOCH, h->epoch);
	rl_store64(batch + AT_SALT, h->salt);
	rl_store64(batch + AT_SEQ, h->seq);
}

enum rl_refusal rl_batch_head_parse(const uint8_t *data, size_t len, struct rl_batch_head *h)
{
	if (len < RL_BATCH_HEADER)
		return RL_REFUSAL_TOO_SHORT;
	if (len > RL_BATCH_MAX)
		return RL_REFUSAL_TOO_LONG;
	if (rl_load16(data + AT_MAGIC) != MAGIC || data[AT_VERSION] != RL_BATCH_VERSION)
		return RL_REFUSAL_VERSION;
	*h = (struct rl_batch_head){
		.kind = data[AT_KIND],
		.from = data[AT_FROM],
		.to = data[AT_TO],
		.count = rl_load16(data + AT_COUNT),
		.cluster = rl_load64(data + AT_CLUSTER),
		.epoch = rl_load64(data + AT_EPOCH),
		.salt = rl_load64(data + AT_SALT),
		.seq = rl_load64(data + AT_SEQ),
		.stream = rl_load64(data + AT_STREAM),
		.time_ms = rl_load64(data + AT_TIME),
		.clock_ms = rl_load64(data + AT_CLOCK),
		.request = rl_load32(data + AT_REQUEST),
		.flags = data[AT_FLAGS],
		.part = rl_load16(data + AT_PART),
	};
	// Numbers that are never reached need not be counted to.
	bool ok = h->stream >> 60 == 0 && h->kind != RL_BATCH_NONE &&
		  h->kind < RL_BATCH_KINDS_END && h->from != RL_NOBODY && h->seq != 0 &&
		  h->epoch != 0 && h->time_ms <= RL_STAMP_MAX && h->clock_ms <= RL_STAMP_MAX &&
		  h->flags <= (RL_BATCH_LAST | RL_BATCH_GONE) && data[AT_ZERO] == 0;
	return ok ? RL_REFUSAL_NONE : RL_REFUSAL_MALFORMED;
}

static void rewind_to_records(struct rl_batch_reader *b, const uint8_t *data, size_t len)
{
	b->r = rl_reader(data + RL_BATCH_HEADER, len - RL_BATCH_HEADER);
	b->left = b->head.count;
}

enum rl_refusal rl_batch_parse(struct rl_batch_reader *b, const uint8_t *data, size_t len)
{
	enum rl_refusal why = rl_batch_head_parse(data, len, &b->head);
	if (why != RL_REFUSAL_NONE)
		return why;
	b->context = context_of(&b->head);
	rewind_to_records(b, data, len);
	union rl_record unused;
	while (rl_batch_next(b, &unused)) {
	}
	// All of them, and nothing behind.
	if (b->r.bad || b->left != 0 || rl_reader_left(&b->r) != 0)
		return RL_REFUSAL_MALFORMED;
	rewind_to_records(b, data, len);
	return RL_REFUSAL_NONE;
}

bool rl_batch_next(struct rl_batch_reader *b, union rl_record *out)
{
	if (b->left == 0)
		return false;
	rl_record_get(&b->r, &b->context, out);
	if (b->r.bad)
		return false;
	b->left--;
	return true;
}
