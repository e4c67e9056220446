// SPDX-License-Identifier: BSD-3-Clause
// Memory of the core's tables: anonymous pages, huge ones if the kernel has them to give.
// Independent of DPDK's heap, so that --memory-mb is for packets and --max-peers for peers.
#pragma once

#include <stddef.h>

// Zeroed, at least cache-line aligned. NULL: out of memory. ctx is not used (struct rl_host).
void *memory_alloc(void *ctx, size_t size);
void memory_free(void *ctx, void *mem, size_t size);
