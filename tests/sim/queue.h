// SPDX-License-Identifier: BSD-3-Clause
// The clock of the simulation: events in order of their millisecond, and within one in the order in
// which they were put. A wheel with one slot a millisecond; the memory is taken once.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	SIM_WHEEL = 1 << 18, // no event may lie further ahead: 262 s
	SIM_TO_MAX = 6,
};

struct sim_event {
	uint32_t next; // the queue's
	uint32_t subject;
	uint32_t stamp;
	uint8_t kind, member, verb, path;
	uint8_t count; // of to
	uint8_t to[SIM_TO_MAX];
};

struct sim_queue {
	uint64_t now;
	struct sim_event *pool;
	uint32_t size, used, most, free; // most: of used, ever
	uint32_t *head, *tail;           // of the slots; 0: empty
};

// 0 or -ENOMEM. Room for this many events at a time.
int sim_queue_init(struct sim_queue *q, uint32_t events, uint64_t now);
void sim_queue_free(struct sim_queue *q);
// Copies e to now + delay. Ends the program, with a sentence, if there is no room.
void sim_queue_put(struct sim_queue *q, uint64_t delay_ms, const struct sim_event *e);
// The next event until and with `until`; the clock moves there. False: none, and the clock is at
// `until`.
bool sim_queue_next(struct sim_queue *q, uint64_t until, struct sim_event *e);
