// SPDX-License-Identifier: BSD-3-Clause
// Inside sync: what its files use of each other.
#pragma once

#include "cluster/sync.h"

static inline bool rl_shards_has(const struct rl_shard_set *s, unsigned shard)
{
	return s->bits[shard / 8] >> shard % 8 & 1;
}

static inline void rl_shards_add(struct rl_shard_set *s, unsigned shard)
{
	s->bits[shard / 8] |= (uint8_t)(1u << shard % 8);
}

static inline void rl_shards_remove(struct rl_shard_set *s, unsigned shard)
{
	s->bits[shard / 8] &= (uint8_t) ~(1u << shard % 8);
}

static inline bool rl_shards_any(const struct rl_shard_set *s)
{
	for (unsigned i = 0; i < sizeof(s->bits); i++)
		if (s->bits[i])
			return true;
	return false;
}

static inline bool rl_sync_find(const struct rl_sync *s, uint64_t address, struct rl_location *l)
{
	const struct rl_directory *d = s->directory;
	return rl_directory_find(d, address, rl_directory_hash(d, address), l);
}
// sync.c: a claim of this member gets the time when the client was last heard here as its stamp.
void rl_sync_restamp(struct rl_sync *s, struct rl_location *l, uint64_t now_ms);

// This member has something to tell about it: a client of its own, a PUSH, an identity.
static inline bool rl_sync_tells(const struct rl_sync *s, const struct rl_location *l)
{
	return l->home == s->config.self || l->pushes.count != 0 || l->fingerprint != 0;
}

// sync_ask.c
// Any batch: which numbers there are, a new start. False: of an earlier start.
bool rl_sync_heard(struct rl_sync *s, const struct rl_batch_head *h, uint64_t now_ms);
// A numbered batch will be merged.
void rl_sync_got(struct rl_sync_peer *p, uint64_t number, uint64_t now_ms);
// Is it a part of the answer that is waited for?
bool rl_sync_is_answer(const struct rl_sync_peer *p, const struct rl_batch_head *h);
void rl_sync_answered(struct rl_sync_peer *p, const struct rl_batch_head *h, uint64_t now_ms);
size_t rl_sync_ask(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer, struct rl_batch_head *head);

// sync_answer.c
// A question, which replaces the sender's one before.
void rl_sync_asked(struct rl_sync *s, struct rl_batch_reader *b);
size_t rl_sync_answer(struct rl_sync *s, uint64_t now_ms, uint8_t *buffer,
		      struct rl_batch_head *head);
