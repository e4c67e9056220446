// SPDX-License-Identifier: BSD-3-Clause
// Identities that failed validation a short while ago: showing one again costs us a look-up, not
// milliseconds (docs/protocol.md 8.1). Fixed, aged, four to a set, found by a keyed fingerprint of
// address and keys. One thread only.
#pragma once

#include "root/hash.h"
#include "root/identity.h"

enum { RL_KNOWN_BAD_MS = 600000, RL_KNOWN_BAD_WAYS = 4 };

struct rl_known_bad {
	struct rl_known_bad_cell *cells;
	uint8_t key[16];
	uint32_t mask; // of the sets
};

size_t rl_known_bad_size(uint32_t cells);
// mem: zeroed, the caller's. key: 16 random bytes.
void rl_known_bad_init(struct rl_known_bad *k, void *mem, uint32_t cells,
		       const uint8_t key[static 16]);
void rl_known_bad_add(struct rl_known_bad *k, const struct rl_identity *id, uint64_t now_ms);
bool rl_known_bad_has(const struct rl_known_bad *k, const struct rl_identity *id, uint64_t now_ms);
