// SPDX-License-Identifier: BSD-3-Clause
// WHOIS across the members: a client that asks who a node is gets one answer, and a whole one,
// wherever that node is at home.
//
//   - A question names nodes some of which are unknown here. Each of those is asked of the member
//     that is its home, then of its backup if the home does not know or does not answer in
//     retry_ms. What is to be asked of one member in one turn goes in one batch.
//   - Two who ask for the same node wait for the same reply, and what was learned is remembered
//     for keep_ms, or until its place is needed.
//   - The client is answered once: when all nodes are settled, or after wait_ms with what is known
//     by then.
//   - An identity is taken from a member that was asked for it, in the answer to that question,
//     and only if it is the one that the directory knows to be valid, as far as it knows one.
//
// Everything is bounded: questions under way, those of one client, nodes, and what one member may
// ask of this one. Without room a question is answered at once with what is known.
//
// One thread (control); memory is sized once. now_ms: the own clock.
#pragma once

#include "cluster/location.h"
#include "root/ask.h"
#include "root/identity.h"

enum {
	RL_WHOIS_BATCH = 512, // nodes asked of one member at once: the reply fits one batch
	RL_WHOIS_TRIES = 3,   // members asked for one node
	RL_WHOIS_REQUESTS = 256,
	RL_WHOIS_OURS = 0, // as the client: this member asks for itself, and is answered likewise
};

struct rl_whois_config {
	uint32_t questions_max; // of clients, under way
	uint32_t client_max;    // of one client
	uint32_t nodes_max;     // asked for or remembered, 120 bytes each
	uint32_t wait_ms;       // for a whole answer
	uint32_t retry_ms;      // for one member
	uint32_t keep_ms;       // what was learned
	uint32_t answer_rate;   // identities a second for one member that asks
};
// clang-format off
#define RL_WHOIS_CONFIG_DEFAULT { \
	.questions_max = 1024, .client_max = 16, .nodes_max = 16384, \
	.wait_ms = 1000, .retry_ms = 400, .keep_ms = 600000, .answer_rate = 20000}
// clang-format on

struct rl_whois_question {
	uint64_t client;
	uint64_t id;                        // of the packet
	struct rl_inet by;                  // the path it came by
	uint64_t ms;                        // when
	uint8_t count;                      // of what it asks for
	uint8_t wanted;                     // nodes that are unknown here
	uint32_t node[RL_ASK_WHOIS_MAX];    // + 1
	uint64_t address[RL_ASK_WHOIS_MAX]; // all, in its order
};

struct rl_whois_host {
	void *ctx;
	// Is its identity known here?
	bool (*here)(void *ctx, uint64_t address);
	// The member to ask after these; RL_NOBODY: no other is likely to know.
	uint8_t (*next)(void *ctx, uint64_t address, const uint8_t *asked, unsigned n);
	// May this be the node's identity, as far as is known?
	bool (*fits)(void *ctx, const struct rl_identity *id);
	void (*ask)(void *ctx, uint8_t member, uint32_t request, const uint64_t *address,
		    unsigned n);
	// The answer: what is known here, and these. False: nothing of it is known at all.
	bool (*answer)(void *ctx, const struct rl_whois_question *q,
		       const struct rl_identity *given, unsigned n);
};

#define RL_WHOIS_COUNTS(X)                                                               \
	X(questions, "questions of clients about nodes of other members")                \
	X(whole, "answered with all that members know")                                  \
	X(late, "answered without some, because a member did not reply in time")         \
	X(unanswered, "not answered: nobody knows any of it")                            \
	X(full, "answered from here alone: too many under way")                          \
	X(client_full, "answered from here alone: too many of one client under way")     \
	X(asked, "nodes asked of other members")                                         \
	X(retried, "nodes asked of a second member")                                     \
	X(shared, "nodes asked for already: one question for all")                       \
	X(remembered, "nodes known from an earlier reply")                               \
	X(learned, "identities taken")                                                   \
	X(refused, "identities not taken: not asked for, or another than the valid one") \
	X(answered, "identities told to other members")                                  \
	X(over, "identities not told: that member is over its budget")

struct rl_whois_counts {
#define X(name, help) uint64_t name;
	RL_WHOIS_COUNTS(X)
#undef X
};

struct rl_whois_node {
	uint64_t address; // 0: free
	uint64_t ms;      // asked, or learned
	uint32_t chain;   // next of its bucket, or next free one, + 1
	uint32_t before;  // of those asked, in order of time, + 1
	uint32_t after;
	uint32_t next; // of those to be asked of the same member, + 1
	uint32_t request[RL_WHOIS_TRIES];
	uint8_t member[RL_WHOIS_TRIES];
	uint8_t tries;
	uint8_t state;
	bool used; // since the hand passed
	bool queued;
	uint16_t refs; // questions that wait for it
	uint8_t public_key[ZT_PUBLIC_LEN];
};

struct rl_whois {
	struct rl_whois_config config;
	struct rl_whois_host host;
	struct rl_whois_question *question;
	uint32_t *active; // numbers of questions under way, then of free ones
	uint32_t count;
	struct rl_whois_node *node;
	uint32_t *bucket;
	uint64_t key[2];
	uint32_t mask, free, hand;
	uint32_t first, last;          // asked, + 1
	uint32_t queue[RL_MEMBER_IDS]; // to be asked of each member, + 1
	bool queued;
	uint32_t request; // last used
	struct {
		uint32_t request;
		uint16_t left; // not replied to yet
	} sent[RL_WHOIS_REQUESTS];
	struct {
		uint64_t second;
		uint32_t used;
	} budget[RL_MEMBER_IDS];
	struct rl_whois_counts counts;
};

size_t rl_whois_size(const struct rl_whois_config *c);
// mem: zeroed, aligned to 8, stays the caller's. dice: random.
void rl_whois_init(struct rl_whois *w, const struct rl_whois_config *c,
		   const struct rl_whois_host *host, void *mem, const uint64_t dice[2]);

// A client's question (root/ask.h); answered now or later.
void rl_whois_ask(struct rl_whois *w, const struct rl_ask *a, uint64_t now_ms);
// Sends what is to be asked: at the end of a turn.
void rl_whois_flush(struct rl_whois *w);
// A reply to `request`: each identity in it; then, if that was its last part, rl_whois_replied.
void rl_whois_learn(struct rl_whois *w, uint8_t from, uint32_t request,
		    const struct rl_identity *id, uint64_t now_ms);
void rl_whois_replied(struct rl_whois *w, uint8_t from, uint32_t request, bool last,
		      uint64_t now_ms);
// Who did not answer in time. Every 20 ms or so.
void rl_whois_tick(struct rl_whois *w, uint64_t now_ms);
// May this member be told one more identity?
bool rl_whois_allow(struct rl_whois *w, uint8_t member, uint64_t now_ms);
