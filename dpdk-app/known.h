// SPDX-License-Identifier: BSD-3-Clause
// Identities known from before: what joins the database on disk (store.h) and the core. A loader
// thread puts into the peer table at start who was there before the last stop; newcomers are stored
// as admission lets them in; once a day everybody heard since is stored again, so that those who
// stay away for long expire.
//
// Without a database (it cannot be opened, the disk is full) the root serves as ever; it only
// forgets at a restart.
#pragma once

#include "dpdk-app/store.h"
#include "root/root.h"

struct known;

// Never NULL but for lack of memory. dir: the state directory; problems are logged once.
struct known *known_open(const char *dir);
// Begins loading beside whatever runs: those heard within `timeout_ms` before now.
void known_load(struct known *k, struct rl_root *root, uint64_t now_ms, uint64_t timeout_ms);
// Stops loading, writes what is queued. NULL is fine.
void known_close(struct known *k);

// For rl_host: any admission thread.
bool known_valid(struct known *k, const struct rl_identity *id);
void known_admitted(struct known *k, const struct rl_identity *id, uint64_t now_ms);

// Control, for each peer of a sweep over the whole table, which known_sweep_begin announces. False:
// the disk is behind; ask again for the same peer later.
void known_sweep_begin(struct known *k, uint64_t now_ms);
bool known_sweep(struct known *k, const struct rl_peer_info *peer);
