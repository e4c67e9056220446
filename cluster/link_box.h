// SPDX-License-Identifier: BSD-3-Clause
// A bounded box of messages between threads: two rings of bytes, one a lane, and a bell to wait for
// them. Records lie whole and in order, so they are read where they are.
//
// Threads: any number put; one takes. A mutex is held for a copy at most (64 KiB: some
// microseconds), never across a system call other than the bell's.
#pragma once

#include "cluster/link.h"

#include <pthread.h>

struct rl_link_head {
	uint32_t len;     // of the bytes that follow
	uint32_t request; // 0: none
	uint64_t time_ms; // when it was put, by the link's clock
	int32_t error;
	uint8_t what; // enum rl_link_what
	uint8_t lane;
	uint8_t to;
	uint8_t asker;
};
_Static_assert(sizeof(struct rl_link_head) % 8 == 0, "what follows is aligned");

struct rl_link_ring {
	uint8_t *bytes;
	size_t size;       // a multiple of 8
	size_t first, end; // where the next is read and written
	size_t used;       // bytes in use, unused ends included
	uint32_t count;
};

struct rl_link_box {
	pthread_mutex_t mutex;
	struct rl_link_ring ring[RL_LINK_LANES];
	int bell; // eventfd; readable: something was put, or somebody rang
	int held; // lane of the record that is being read; -1: none
};

// Room in bytes for each lane; at least one largest record is made to fit. 0 or -errno.
int rl_link_box_init(struct rl_link_box *b, const size_t room[static RL_LINK_LANES]);
// After a failed init, too; a box of zeros is fine.
void rl_link_box_free(struct rl_link_box *b);

// Copies a record into its lane. If there is no room, records put before stale_ms are thrown away
// first, their number to *stale. Rings if the lane was empty. False: no room.
bool rl_link_box_put(struct rl_link_box *b, const struct rl_link_head *h, const void *bytes,
		     uint64_t stale_ms, unsigned *stale);
// The next record, urgent before bulk, or NULL. It stays, and may be changed, until it is dropped
// by the same thread. Asked again, it is the same one.
struct rl_link_head *rl_link_box_first(struct rl_link_box *b);
void rl_link_box_drop(struct rl_link_box *b);

static inline uint8_t *rl_link_head_bytes(struct rl_link_head *h)
{
	return (uint8_t *)(h + 1);
}

// Bytes in use.
size_t rl_link_box_bytes(struct rl_link_box *b);

void rl_link_bell_ring(int bell);
// Waits for the bell, ms at most, and silences it. 0: does not wait.
void rl_link_bell_wait(int bell, int ms);
