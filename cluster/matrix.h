// SPDX-License-Identifier: BSD-3-Clause
// Round trips between the front addresses of all members, for operators: each member measures its
// own row by keepalives (cluster/front.h) and tells the others all of it every few seconds
// (RL_BATCH_FRONTS). A figure that is not heard again is forgotten, like the way it belongs to.
//
// Times are the local clock's. One thread (control); no allocation.
#pragma once

#include "cluster/record.h"

enum {
	RL_MATRIX_TELL_MS = 4500,  // with each third heartbeat
	RL_MATRIX_LIFE_MS = 16000, // as the ways themselves: three keepalives, or three batches
};

struct rl_matrix {
	uint8_t self;
	uint32_t rtt_us[RL_MEMBER_IDS][RL_MEMBER_IDS]; // from, to; 0: not known
	uint64_t heard_ms[RL_MEMBER_IDS];              // of the row; the own one is always fresh
	uint64_t measured_ms[RL_MEMBER_IDS];           // of the own row's figures
	uint64_t told_ms;
};

void rl_matrix_init(struct rl_matrix *m, uint8_t self);
// A keepalive to this member has come back. A figure out of the record's range is not taken.
void rl_matrix_measured(struct rl_matrix *m, uint8_t to, uint32_t rtt_us, uint64_t now_ms);
// A row comes: what was known of it is gone; then its figures.
void rl_matrix_row(struct rl_matrix *m, uint8_t from, uint64_t now_ms);
void rl_matrix_heard(struct rl_matrix *m, uint8_t from, const struct rl_front_rtt *f);
// Is it time to tell the own row? True: then it counts as told.
bool rl_matrix_due(struct rl_matrix *m, uint64_t now_ms);
// 0: not known, or not any more.
uint32_t rl_matrix_get(const struct rl_matrix *m, uint8_t from, uint8_t to, uint64_t now_ms);
