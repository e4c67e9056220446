// SPDX-License-Identifier: BSD-3-Clause
// Who listens to a multicast group at the siblings (root/sibling.h), for clients that gather.
// What a sibling says is handed to all that wait for it at once, as an answer of its own beside
// that of the client's root, and remembered for a moment, for many clients of a network ask for the
// same group; so is that nobody listens there.
//
// No I/O, one thread; time is an argument; memory is the caller's, sized at start.
#pragma once

#include "cluster/quest.h"
#include "root/sibling.h"

enum {
	RL_QUEST_GROUP_WAITERS = 8, // for one group; who comes later asks again in a minute
	RL_QUEST_GROUP_TRIES = 2,
	RL_QUEST_GROUP_KEPT_MS = 5000,
};

struct rl_quest_group_host {
	void *ctx;
	// Asks every sibling that is reached; returns how many.
	unsigned (*ask)(void *ctx, const struct rl_group_key *group);
	// n: 1 and more; the waiter itself is not among them, nor are more than it wants.
	void (*answer)(void *ctx, const struct rl_quest_waiter *w, const struct rl_group_key *group,
		       uint32_t total, const uint64_t *member, unsigned n);
};

struct rl_quest_group_counters {
	uint64_t asked;     // groups, each once
	uint64_t found;     // answers of siblings taken
	uint64_t told;      // clients answered
	uint64_t from_kept; // of them, without asking
	uint64_t full;      // not asked: too many questions at once
	uint64_t unasked;   // answers that nobody had asked for, not taken
};

struct rl_quest_group;
struct rl_quest_groups {
	struct rl_quest_group *at; // in sets of RL_QUEST_WAYS
	uint32_t mask;
	uint32_t open; // questions under way
	uint64_t key[2];
	struct rl_quest_group_host host;
	struct rl_quest_group_counters counters;
};

size_t rl_quest_group_size(uint32_t questions);
// mem: zeroed, 64-byte aligned.
void rl_quest_group_init(struct rl_quest_groups *q, void *mem, uint32_t questions,
			 const uint64_t key[static 2], const struct rl_quest_group_host *host);
// limit: as many addresses as the client wants.
void rl_quest_group_ask(struct rl_quest_groups *q, const struct rl_group_key *group, uint32_t limit,
			const struct rl_quest_waiter *w, uint64_t now_ms);
// What a sibling has said, authenticated. Not taken unless it was asked for.
void rl_quest_group_found(struct rl_quest_groups *q, unsigned sibling,
			  const struct rl_sibling_listeners *l, uint64_t now_ms);
// About every 100 ms.
void rl_quest_group_tick(struct rl_quest_groups *q, uint64_t now_ms);
