// SPDX-License-Identifier: BSD-3-Clause
// Ways (rl_path.via): every way that peers use, interned to a 16-bit number with its header ready
// to copy. Reading by number and finding what is there already take no lock; a new way and the
// sweep take a spin lock.
#pragma once

#include "dpdk-app/frame_out.h"

#include <stdatomic.h>

enum { ADJACENCY_MAX = 65534 }; // 0xfffe, 0xffff: RL_VIA_NONE, RL_VIA_BACK

struct adjacency {
	struct frame_way way;
	struct frame_header header;
};

struct adjacency_table;

// max: ways, 1..ADJACENCY_MAX. NULL: out of memory.
struct adjacency_table *adjacency_new(unsigned max);
void adjacency_free(struct adjacency_table *t);

// Any thread: the way's number, RL_VIA_NONE if the table is full.
uint16_t adjacency_intern(struct adjacency_table *t, const struct frame_way *way);

// Any thread: NULL if there is no such way. Valid for two sweeps at least.
const struct adjacency *adjacency_get(const struct adjacency_table *t, uint16_t via);

// Control: used has a bit for each number (ADJACENCY_USED_BYTES) that some peer holds. A way that
// was neither used nor interned for two sweeps is no longer found, after a third one its number is
// given to another. Call it once a minute or less often: nobody may hold a number that no peer
// holds for as long as that. Returns the ways in use.
enum { ADJACENCY_USED_BYTES = 8192 };
unsigned adjacency_sweep(struct adjacency_table *t,
			 const uint8_t used[static ADJACENCY_USED_BYTES]);

static inline void adjacency_mark(uint8_t used[static ADJACENCY_USED_BYTES], uint16_t via)
{
	used[via >> 3] |= (uint8_t)(1u << (via & 7));
}

unsigned adjacency_count(const struct adjacency_table *t);
