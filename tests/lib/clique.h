// SPDX-License-Identifier: BSD-3-Clause
// Some members of a cluster in one process: each with its directory, its sealed batches and a clock
// of its own; between them links that delay, lose, repeat and reorder, by a fixed seed. Time is a
// number that goes on when clique_run says so.
#pragma once

#include "cluster/seal.h"
#include "cluster/sync.h"
#include "root/random.h"

#include <stdbool.h>

enum {
	CLIQUE_MAX = 16, // members are 1..count
	CLIQUE_STEP_MS = 5,
	CLIQUE_BEAT_MS = 1500,
};
#define CLIQUE_START UINT64_C(1700000000000)

struct clique_links {
	uint32_t delay_ms, jitter_ms; // jitter beyond CLIQUE_STEP_MS reorders
	uint32_t lose, repeat;        // of a thousand
};

struct clique_member {
	struct rl_directory directory;
	struct rl_sync sync;
	struct rl_seal seal;
	void *memory[2];
	int64_t clock;  // ahead of true time, ms
	uint8_t side;   // of a partition: members of different sides do not hear each other
	bool down;      // neither sends nor hears; its state is kept
	uint64_t bytes; // sent, per receiver
	uint64_t opened_bad;
	uint64_t changes; // that the sync's callback told of
};

struct clique {
	unsigned count;
	uint64_t now_ms; // true time
	struct clique_links links;
	struct rl_random dice;
	uint64_t directory_max;
	struct rl_sync_config config;
	uint8_t key[RL_SEAL_KEY];
	uint8_t public_key[CLIQUE_MAX + 1][RL_SEAL_PUBLIC];
	uint8_t secret[CLIQUE_MAX + 1][RL_SEAL_SECRET];
	struct clique_member member[CLIQUE_MAX + 1];
	struct clique_packet *under_way; // newest first
	bool places_only;                // agreement need not be on stamps and PUSHes
	// Asked before each batch goes to one receiver; true: it is lost. May be NULL.
	bool (*lose)(const struct clique *c, const struct rl_batch_head *h, uint8_t to);
};

// config NULL: rl_sync_config_default with less memory. All members start at once.
struct clique *clique_new(unsigned count, uint8_t seed, const struct clique_links *links,
			  uint64_t directory_max, const struct rl_sync_config *config);
void clique_free(struct clique *c);
void clique_run(struct clique *c, uint64_t ms);
// Until all agree, at most ms. How long it took, or UINT64_MAX.
uint64_t clique_until_agreed(struct clique *c, uint64_t ms);
// A member starts anew: all it knew is gone but its keys.
void clique_restart(struct clique *c, uint8_t member);

// A member's own clock.
uint64_t clique_clock(const struct clique *c, uint8_t member);
// The member claims the peer, at an IPv4 address made of `host`.
int clique_claim(struct clique *c, uint8_t member, uint64_t address, uint32_t host);
// What a member knows; address 0 if nothing.
struct rl_location clique_at(const struct clique *c, uint8_t member, uint64_t address);
// Do all members that are up know the same live claims, and the same PUSHes of those
// clients?
bool clique_agree(const struct clique *c);
// Refusals at one member, of all senders and of itself.
uint64_t clique_refused(const struct clique *c, uint8_t member, enum rl_refusal why);
