// SPDX-License-Identifier: BSD-3-Clause
// Inside record: the pairs of functions of its table, spread over some files.
#pragma once

#include "cluster/record.h"

// Not a reserved one.
uint64_t rl_record_address(struct rl_reader *r);

#define RL_RECORD_PAIR(type)                                                              \
	void rl_record_put_##type(struct rl_writer *w, const struct rl_record_context *c, \
				  const union rl_record *in);                             \
	void rl_record_get_##type(struct rl_reader *r, const struct rl_record_context *c, \
				  union rl_record *out)

RL_RECORD_PAIR(location);   // record_location.c
RL_RECORD_PAIR(group_hash); // record_group.c
RL_RECORD_PAIR(gather_ask);
RL_RECORD_PAIR(gather_reply);
RL_RECORD_PAIR(front_rtt); // record_front.c
RL_RECORD_PAIR(blob);      // record.c, as the rest
RL_RECORD_PAIR(range);
RL_RECORD_PAIR(shards);
RL_RECORD_PAIR(wanted);
RL_RECORD_PAIR(identity);
RL_RECORD_PAIR(introduction);
RL_RECORD_PAIR(notice);
