// SPDX-License-Identifier: BSD-3-Clause
// Questions to siblings (root/sibling.h): who is this node? All siblings that are reached are asked
// at once, three times in a second and a half, as datagrams get lost; who answers first knows it.
// Clients that ask for the same node meanwhile wait together. What was found is remembered for
// workers (cluster/abroad.h), the identity itself for the next who asks.
//
// No I/O, one thread; time is an argument; memory is the caller's, sized at start.
#pragma once

#include "cluster/abroad.h"
#include "root/identity.h"
#include "root/inet.h"

#include <stdbool.h>

enum {
	RL_QUEST_WAYS = 4,
	RL_QUEST_EACH = 64,      // questions under way because of one client
	RL_QUEST_CLIENTS = 1024, // told apart for that, or nearly
	RL_QUEST_WAITERS = 4,    // for one node; who comes later asks again in half a second
	RL_QUEST_AGAIN_MS = 500,
	RL_QUEST_TRIES = 3,
	RL_QUEST_KEPT_MS = 60000, // an identity
};

// A client's WHOIS.
struct rl_quest_waiter {
	uint64_t client;
	uint64_t id;
	struct rl_inet by;
};

struct rl_quest_host {
	void *ctx;
	// Sends the question to every sibling that is reached; returns how many.
	unsigned (*ask)(void *ctx, uint64_t address);
	void (*answer)(void *ctx, const struct rl_quest_waiter *w, const struct rl_identity *id);
};

struct rl_quest_counters {
	uint64_t asked;     // nodes, each once
	uint64_t sent;      // times the siblings were asked about one
	uint64_t found;     // answered by a sibling
	uint64_t nobody;    // answered by none
	uint64_t told;      // clients answered
	uint64_t from_kept; // of them, without asking
	uint64_t full;      // not asked: too many questions at once
	uint64_t over;      // not asked: too many of one client at once
	uint64_t unasked;   // identities that nobody had asked for, not taken
};

struct rl_quest;
struct rl_quests {
	struct rl_quest *at; // in sets of RL_QUEST_WAYS
	uint32_t mask;
	uint32_t open;                // questions under way
	uint8_t of[RL_QUEST_CLIENTS]; // of them, by hash of the client that was the first to ask
	uint64_t key[2];
	struct rl_abroad *abroad;
	struct rl_quest_host host;
	struct rl_quest_counters counters;
};

size_t rl_quest_size(uint32_t questions);
// mem: zeroed, 64-byte aligned. abroad stays the caller's.
void rl_quest_init(struct rl_quests *q, void *mem, uint32_t questions, const uint64_t key[static 2],
		   struct rl_abroad *abroad, const struct rl_quest_host *host);
// w NULL: only where it is, for packets.
void rl_quest_ask(struct rl_quests *q, uint64_t address, const struct rl_quest_waiter *w,
		  uint64_t now_ms);
// What a sibling has said, authenticated. Not taken unless it was asked for.
void rl_quest_found(struct rl_quests *q, unsigned sibling, const struct rl_identity *id,
		    uint64_t now_ms);
// About every 100 ms.
void rl_quest_tick(struct rl_quests *q, uint64_t now_ms);
