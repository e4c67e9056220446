// SPDX-License-Identifier: BSD-3-Clause
// Valid identities on disk (LMDB), so that a restart asks nobody to prove anything again and knows
// its clients at once: a client says HELLO only every 225 s, and until then a root that has
// forgotten it is deaf to it (docs/protocol.md 6.8).
//
// One thread of its own writes, in batches; nobody waits for it. If the disk fails the root goes on
// without.
#pragma once

#include "root/identity.h"

struct store;

struct store_record {
	struct rl_identity id;
	uint64_t first_ms; // admitted
	uint64_t heard_ms; // last heard, to a day or so
};

struct store_stats {
	uint64_t written; // records
	uint64_t lost;    // queue full, or the database refused
	uint64_t expired;
};

enum { STORE_WHY_MAX = 512, STORE_KEEP_DAYS = 30 };

// path: a file, made if missing (mode 0600; its lock file beside it). NULL with a sentence in
// `why`.
struct store *store_open(const char *path, char why[static STORE_WHY_MAX]);
// Writes what is queued, then closes. NULL is fine.
void store_close(struct store *s);

// Any thread, never blocks on the disk: queued for writing. False: the queue is full (counted).
bool store_put(struct store *s, const struct store_record *r);
// Is there room in the queue? Asking does not count as a loss.
bool store_room(struct store *s);
// Any thread: is exactly this identity known to be valid? Reads the page cache: microseconds.
bool store_has(struct store *s, const struct rl_identity *id);
// Every record heard since `since_ms`, until `each` returns false. The number given, or -errno.
long store_load(struct store *s, uint64_t since_ms,
		bool (*each)(void *ctx, const struct store_record *r), void *ctx);
// Any thread: forgets those unheard for STORE_KEEP_DAYS, soon, on the store's thread.
void store_expire(struct store *s, uint64_t now_ms);
void store_stats(struct store *s, struct store_stats *out);
