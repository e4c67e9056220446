// SPDX-License-Identifier: BSD-3-Clause
// Batches: what members send each other, up to 64 KiB of records of one kind behind a header of 72
// bytes. The header says who sends to whom, in what order and when; cluster/seal.h protects all of
// it. A batch is made in the caller's buffer and read where it lies; nothing allocates.
//
//   magic 2, version 1, kind 1, from 1, to 1, count 2, cluster 8, epoch 8, salt 8, seq 8, stream 8,
//   time 8, clock 8, request 4, part 2, flags 1, zero 1;  records;  seal
//
// Parsing is strict and whole: rl_batch_parse has read every record once before it says yes, so a
// batch that is malformed at its end has no effect at its beginning.
//
// Threads: a writer or reader belongs to one.
#pragma once

#include "cluster/record.h"
#include "cluster/refusal.h"

enum {
	RL_BATCH_VERSION = 1,
	RL_BATCH_HEADER = 72,
	RL_BATCH_AT_KIND = 3,
	RL_BATCH_AT_NONCE = 16,  // epoch, salt and seq: 24 bytes
	RL_BATCH_SEAL = 64 + 16, // signature and tag
	RL_BATCH_MAX = 65536,    // header and seal included
	RL_BATCH_RECORDS = RL_BATCH_MAX - RL_BATCH_HEADER - RL_BATCH_SEAL,
	RL_BATCH_LAST = 1, // flag: the last part of an answer
	RL_BATCH_GONE = 2, // flag of a REPAIR: too long ago, ask for shards
};

struct rl_batch_head {
	uint8_t kind;
	uint8_t from;   // member
	uint8_t to;     // member; RL_NOBODY: all
	uint16_t count; // of records
	uint64_t cluster;
	uint64_t epoch; // the sender's start, by its clock in ms: later starts are greater
	uint64_t salt;  // random, of that start
	uint64_t seq;   // from 1, of all batches of that start; the seal's nonce with the two above
	// Of LOCATIONS, which go to all: from 1 without gaps. Of others: the last that went before.
	uint64_t stream;
	uint64_t time_ms;  // cluster's clock, when it was opened: ages count back from it
	uint64_t clock_ms; // the sender's own clock then (cluster/guard.h)
	uint32_t request;  // ties answers to questions; 0: none
	uint8_t flags;
	uint16_t part; // of an answer in several batches, from 0
};

struct rl_batch_writer {
	struct rl_batch_head head; // all but time_ms and count may be set until rl_batch_close
	struct rl_writer w;
	uint8_t *buffer;
	uint64_t opened_ms;
};

// buffer: RL_BATCH_MAX bytes, the caller's; used from the first rl_batch_add on. time_ms of the
// head is the time that ages are told against: set it here, and send the batch soon.
void rl_batch_open(struct rl_batch_writer *b, uint8_t *buffer, const struct rl_batch_head *head);
// 0; -ENOSPC: it does not fit any more, close this one and open another; -EINVAL: it fits in none
// (record.h says what cannot be told). After an error the batch is as it was.
int rl_batch_add(struct rl_batch_writer *b, const union rl_record *record);
static inline bool rl_batch_empty(const struct rl_batch_writer *b)
{
	return b->head.count == 0;
}
// Bytes left for records; any location fits RL_LOCATION_WIRE_MAX.
static inline size_t rl_batch_room(const struct rl_batch_writer *b)
{
	return (size_t)(b->w.end - b->w.at);
}
// Room is short, or it has waited for so long: time to send.
bool rl_batch_due(const struct rl_batch_writer *b, uint64_t now_ms, uint32_t max_wait_ms);
// Writes the header. The length without the seal; the seal's bytes behind it are free.
size_t rl_batch_close(struct rl_batch_writer *b);

// Who sends it and in what order: cluster, from, epoch, salt and seq of a header that is closed.
void rl_batch_sign_head(uint8_t *batch, const struct rl_batch_head *h);

struct rl_batch_reader {
	struct rl_batch_head head;
	struct rl_record_context context;
	struct rl_reader r;
	uint16_t left;
};

// The header alone, before anything is known to be true. RL_REFUSAL_NONE, _TOO_SHORT, _TOO_LONG,
// _VERSION or _MALFORMED.
enum rl_refusal rl_batch_head_parse(const uint8_t *data, size_t len, struct rl_batch_head *h);
// len without the seal. RL_REFUSAL_NONE: rl_batch_next gives head.count records, blobs pointing
// into data.
enum rl_refusal rl_batch_parse(struct rl_batch_reader *b, const uint8_t *data, size_t len);
bool rl_batch_next(struct rl_batch_reader *b, union rl_record *out);
