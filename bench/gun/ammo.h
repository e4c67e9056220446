// SPDX-License-Identifier: BSD-3-Clause
// A capture file in memory, ready to be sent: each UDP datagram to the root as a shot. Read once,
// before the first packet leaves.
#pragma once

#include "bench/gun/shot.h"

struct ammo_item {
	struct shot shot;
	uint64_t at; // offset in bytes
};

struct ammo {
	struct ammo_item *item;
	uint32_t count;
	uint8_t *bytes;
	uint64_t len;
	struct rl_inet to; // where the packets were sent
	// Of the file
	uint64_t frames;
	uint64_t elsewhere; // UDP, to others
	uint64_t left_out;  // no UDP, pieces of IP datagrams, too long, cut short by the capture
	uint64_t fresh;     // of `count`: those that will be made fresh
};

// p may be NULL: then every packet stays as it is. to: only what was sent there; with port 0, the
// destination that most packets of its family have. 0 or a negative value and the reason in why.
// Free it in both cases.
int ammo_load(struct ammo *a, const char *path, const struct population *p,
	      const struct rl_inet *to, size_t payload_max, struct say_why *why);
void ammo_free(struct ammo *a);
