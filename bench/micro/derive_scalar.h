// SPDX-License-Identifier: BSD-3-Clause
// The address derivation (docs/protocol.md 1.4) block by block, as simple as it can be written:
// what the fast one is compared with.
#pragma once

#include "root/identity.h"

// memory: ZT_WORK_MEMORY bytes.
void derive_scalar(uint8_t *memory, const uint8_t public_key[static ZT_PUBLIC_LEN],
		   uint8_t digest[static 64]);
