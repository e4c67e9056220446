// SPDX-License-Identifier: BSD-3-Clause
// Keeps the directories of all members alike over links that lose, delay, repeat and reorder: what
// this member tells, what it makes of what it is told, and what it asks for.
//
//   - Own changes are collected for wait_ms, one record a peer however often it changed in
//     pause_ms, and go to all as LOCATIONS, numbered without gaps.
//   - Every batch names the number of the last LOCATIONS before it, so a lost one is noticed by the
//     next batch of any kind (heartbeats come each 1.5 s). After reorder_ms the missing numbers are
//     asked for. Their sender remembers whom its last batches were about, not their bytes, and
//     answers with what is true of those now; if it is too long ago, it says so.
//   - Then, and when a member is heard for the first time or has started anew, all its shards are
//     asked for, a few at a time, and answered within a budget of bytes.
//   - Beyond that each member tells all its clients, a little all the time, once in refresh_ms.
//     What it tells no more is aged out by the directory.
//
// A member speaks for its own clients only. What it says is bounded in time: batches older than
// stale_ms are dropped, stamps from the future refused (cluster/guard.h), and a member is believed
// only about the time after it has answered a question of this one, which no replay can.
//
// A host calls rl_sync_tick and rl_sync_next from its timer, and rl_sync_take for every batch that
// rl_seal_open and rl_batch_parse have let through. One thread (control); memory is sized once.
// now_ms is the own clock in ms since 1970, as in dpdk-app/clock.h: it never steps back by much.
#pragma once

#include "cluster/batch.h"
#include "cluster/directory.h"
#include "cluster/dirty.h"
#include "cluster/guard.h"

struct rl_sync_config {
	uint8_t self;
	uint32_t wait_ms;      // changes are collected for so long, unless a batch is full before
	uint32_t pause_ms;     // between two changes told of one peer
	uint32_t stale_ms;     // a batch may be under way for so long
	uint32_t reorder_ms;   // before a missing batch is asked for
	uint32_t answer_ms;    // without an answer it is asked again
	uint32_t silent_ms;    // members unheard for so long are not asked
	uint32_t refresh_ms;   // a round of the refresh; three of them in the directory's claim_ms
	uint32_t age_ms;       // a round of the directory's aging
	uint32_t budget_bytes; // a second, for answers
	uint32_t dirty_max;    // peers changed within pause_ms, or waiting for the link
	uint32_t history_max;  // addresses of changes that can be told again
	uint32_t history_batches;
	// Another member has changed what is known of a peer; both may lack a claim. May be NULL.
	void (*changed)(void *ctx, const struct rl_location *before,
			const struct rl_location *after, unsigned change);
	void *ctx;
};
// 10 ms, 250 ms, 10 s, 40 ms, 1.5 s, 10 s, 7 min, 1 min, 8 MiB, 262144, 1048576, 8192. Set self.
extern const struct rl_sync_config rl_sync_config_default;

enum { RL_SYNC_RANGES = 16 }; // runs of missing batches in one question

// Of one other member.
struct rl_sync_peer {
	uint64_t epoch;    // 0: never heard
	uint64_t heard_ms; // last batch
	uint64_t low;      // batches up to this number are known
	uint64_t high;     // the newest heard of
	uint64_t seen;     // bit i: number low + 1 + i is known
	uint64_t gap_ms;   // since when low < high
	struct rl_shard_set want;
	bool wanting; // any of `want`
	bool proven;  // has answered a question of this start
	struct {
		uint8_t kind; // of the question; 0: none
		uint32_t request;
		uint64_t heard_ms; // asked, or the last part of the answer
		uint64_t until;    // the last number asked for
		struct rl_shard_set shards;
		bool gone;      // parts said so
		uint16_t parts; // so far
		uint16_t total; // 0: not known yet
	} asked;
	uint64_t batches, records; // taken
	uint64_t lost;             // numbers asked for again
	uint64_t snapshots;        // shards got
	uint32_t lag_ms;           // of the last batch, by its time
	struct rl_refusals refusals;
};

// An answer in progress to one other member; a newer question of its replaces it.
struct rl_sync_job {
	uint8_t kind; // RL_BATCH_REPAIR, _SNAPSHOT; 0: none
	uint32_t request;
	uint16_t part;
	bool gone; // the history does not reach back so far
	unsigned ranges;
	struct rl_range range[RL_SYNC_RANGES]; // of history, for a repair; `to` excluded
	struct rl_shard_set shards;
	struct rl_directory_cursor cursor;
	bool walking; // cursor is in a shard
};

struct rl_sync {
	struct rl_sync_config config;
	struct rl_directory *directory;
	struct rl_guard guard;
	struct rl_dirty dirty;
	uint64_t stream;         // the last number told
	uint64_t *history;       // addresses, a ring
	uint64_t *history_start; // by stream number, a ring: where its addresses start
	uint64_t history_end;
	struct rl_sync_peer peer[RL_MEMBER_IDS];
	struct rl_sync_job job[RL_MEMBER_IDS];
	uint32_t request; // last used
	uint8_t ask_turn, answer_turn;
	struct rl_directory_cursor refresh;
	struct rl_directory_aging aging;
	uint64_t tick_ms, refresh_ms, correct_ms; // when last
	uint64_t refresh_due, age_due;            // groups, in thousandths
	int64_t budget;                           // bytes
	struct rl_refusals refusals;              // of this member's own telling
	uint64_t told[RL_BATCH_KINDS_END];        // records, by kind
};

size_t rl_sync_size(const struct rl_sync_config *c);
// mem: zeroed, aligned to 8, stays the caller's, as the directory does. dice: random, starts the
// numbers of requests.
void rl_sync_init(struct rl_sync *s, const struct rl_sync_config *c, struct rl_directory *d,
		  void *mem, const uint64_t dice[3], uint64_t now_ms);

// The cluster's time.
static inline uint64_t rl_sync_now(const struct rl_sync *s, uint64_t now_ms)
{
	return rl_guard_now(&s->guard, now_ms);
}

// This member is the peer's home: address, endpoints, backup, fingerprint as far as known. Home and
// stamp are set here. Call it for every sign of life worth a minute, too: what stays the same is
// only confirmed. RL_CHANGE_* or -ENOSPC.
int rl_sync_claim(struct rl_sync *s, const struct rl_location *l, uint64_t now_ms);
// It is gone from here. Nothing happens if another member is its home.
void rl_sync_release(struct rl_sync *s, uint64_t address, uint64_t now_ms);
// This member has sent it a PUSH, to this port of it.
void rl_sync_pushed(struct rl_sync *s, uint64_t address, uint8_t family, uint16_t port,
		    uint64_t now_ms);
// Its identity was proven valid here.
void rl_sync_valid(struct rl_sync *s, uint64_t address, uint64_t fingerprint, uint64_t now_ms);

// A batch has come. RL_REFUSAL_NONE: taken, or of a kind that is the caller's, INTRODUCE, HEARTBEAT
// and so on. Refusals are counted in peer[from].
enum rl_refusal rl_sync_take(struct rl_sync *s, struct rl_batch_reader *b, uint64_t now_ms);
// What rl_seal_open or rl_batch_parse have refused, for the same counters. from: 0 if not known.
void rl_sync_refused(struct rl_sync *s, uint8_t from, enum rl_refusal why);

// Time, aging, budgets. Every 5-20 ms.
void rl_sync_tick(struct rl_sync *s, uint64_t now_ms);
// The next batch to send, closed but not sealed, in the caller's buffer of RL_BATCH_MAX bytes; its
// length, 0 for none. Call until it gives 0 or the link takes no more; what is not fetched waits,
// in bounded room. head->to says for whom.
size_t rl_sync_next(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer,
		    struct rl_batch_head *head);
// A header for the caller's own batches: time, clock and stream.
struct rl_batch_head rl_sync_head(const struct rl_sync *s, uint8_t kind, uint8_t to,
				  uint64_t now_ms);
