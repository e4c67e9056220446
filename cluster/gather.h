// SPDX-License-Identifier: BSD-3-Clause
// GATHERs whose answer lies at several members: each is answered once, with listeners of all
// members that have the group.
//
// A question is about a group, not of a client: clients that ask meanwhile wait for the same
// replies, and those that ask within the next seconds get what was said then. It is over when all
// members asked have replied, or at its deadline; what comes later still counts for those who ask
// next. The listeners of this member are looked up for each answer, so they are always of now.
//
// Of more listeners than are wanted, each has the same chance: what members send is a random part
// of their listeners and how many there are, and parts are joined in proportion to those numbers.
// Who is named by two members, having moved, is named and counted once.
//
// No room, or a client with too many questions under way: answered with the listeners here alone.
//
// One thread; memory is sized once. now_ms as in cluster/steward.h.
#pragma once

#include "cluster/audience.h"
#include "cluster/record.h"
#include "root/random.h"

struct rl_gather_asker {
	uint64_t client;
	uint64_t id;       // of its question
	struct rl_inet by; // the path it came by
	uint16_t limit;    // addresses wanted; 1..RL_GATHER_MAX
};

struct rl_gather_host {
	void *ctx;
	// Up to max listeners here at random, without `but` (0: nobody); total: as many as there
	// are.
	unsigned (*local)(void *ctx, const struct rl_group_key *group, uint64_t but, unsigned max,
			  uint64_t *out, uint32_t *total);
	// The answer; n may be 0.
	void (*answer)(void *ctx, const struct rl_gather_asker *who,
		       const struct rl_group_key *group, uint32_t total, const uint64_t *address,
		       unsigned n);
};

struct rl_gather_config {
	uint32_t questions; // [4096] groups asked about or remembered; 2.2 kB each
	uint32_t askers;    // [16384] that wait
	uint32_t wait_ms;   // [500] the deadline
	uint32_t keep_ms;   // [5000] replies of all members are good for so long
	uint32_t part_ms;   // [1000] and those of some of them
	uint8_t each;       // [64] questions of one client under way
};
// In brackets: as in rl_steward_config_default.

#define RL_GATHER_COUNTERS(X)                                                            \
	X(asked, "groups that other members were asked about")                           \
	X(joined, "GATHERs that waited for a question under way")                        \
	X(kept, "GATHERs answered with what members had said before")                    \
	X(alone, "GATHERs answered by this member alone, as no other has the group")     \
	X(full, "GATHERs answered by this member alone, for lack of room")               \
	X(greedy, "GATHERs answered by this member alone, as the client asks too often") \
	X(whole, "questions to which all members replied in time")                       \
	X(late, "questions answered without the replies of some")                        \
	X(replies, "replies taken")                                                      \
	X(unasked, "replies of members that were not asked, or too late")                \
	X(twice, "listeners named by two members")

struct rl_gather_counters {
#define X(name, help) uint64_t name;
	RL_GATHER_COUNTERS(X)
#undef X
};

struct rl_gather_question;
struct rl_gather_waiter;

enum { RL_GATHER_SHARES = 4096 };

struct rl_gather {
	struct rl_gather_config config;
	struct rl_gather_host host;
	struct rl_gather_question *question; // in sets of four, by the group's hash
	struct rl_gather_waiter *waiter;
	uint32_t *unsent; // questions nobody was told of yet
	uint32_t unsent_count;
	uint32_t mask;        // of sets
	uint32_t first, last; // under way, in the order of asking; number + 1
	uint32_t free;        // waiters; number + 1
	uint64_t key[2];
	struct rl_random random;
	struct rl_gather_counters counters;
	uint8_t share[RL_GATHER_SHARES]; // questions under way, by a hash of the client
};

size_t rl_gather_size(const struct rl_gather_config *c);
// mem: zeroed, aligned to 8, stays the caller's. seed: 32 random bytes.
void rl_gather_init(struct rl_gather *g, const struct rl_gather_config *c,
		    const struct rl_gather_host *host, void *mem, const uint8_t seed[static 32]);

// A client wants listeners of a group. hash, have: of rl_audience_hash and _find. Is answered
// now, or later by rl_gather_reply or rl_gather_tick.
void rl_gather_ask(struct rl_gather *g, uint64_t hash, const struct rl_group_key *group,
		   const struct rl_gather_asker *who, const struct rl_member_set *have,
		   uint64_t now_ms);
// The next group that this member is to be asked about, from *at = 0 on.
bool rl_gather_next(const struct rl_gather *g, uint8_t member, uint32_t *at,
		    struct rl_group_key *group);
// All have been told of all.
void rl_gather_sent(struct rl_gather *g);
void rl_gather_reply(struct rl_gather *g, uint64_t hash, uint8_t from,
		     const struct rl_gather_reply *r, uint64_t now_ms);
// Deadlines.
void rl_gather_tick(struct rl_gather *g, uint64_t now_ms);
