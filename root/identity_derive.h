// SPDX-License-Identifier: BSD-3-Clause
// The steps of the address derivation (docs/protocol.md 1.4), for the vectors that check them one
// by one. Everybody else calls rl_identity_derive.
#pragma once

#include "root/identity.h"

enum { RL_DERIVE_ROUNDS = ZT_WORK_MEMORY / 16 }; // of the lookup pass: two words each

// First digest over the public blob, and the memory filled.
void rl_derive_fill(struct rl_scratch *s, const uint8_t public_key[static ZT_PUBLIC_LEN]);
// The next n rounds of the lookup pass; RL_DERIVE_ROUNDS in all.
void rl_derive_lookup(struct rl_scratch *s, uint32_t n);
// ZT_WORK_MEMORY bytes, and 64 bytes.
const uint8_t *rl_derive_memory(const struct rl_scratch *s);
const uint8_t *rl_derive_digest(const struct rl_scratch *s);
