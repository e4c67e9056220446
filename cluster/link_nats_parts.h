// SPDX-License-Identifier: BSD-3-Clause
// A link over NATS and its connections. Part of link_nats.
//
// A session is an attempt to connect and, if it succeeds, the life of that connection. libnats may
// still call back for a connection that was destroyed, and an attempt may outlive its link, so
// neither gets pointers: they get the number of their session, and look for the link it belongs to
// under one mutex. Numbers are never used twice; a session that no link names any more has no
// effect.
//
// Threads: "sender" below is the link's own; "live" fields belong to the mutex of that name.
#pragma once

#include "cluster/link_nats_setup.h"
#include "cluster/link_parts.h"

enum {
	RL_NATS_ATTEMPT_MS = 10000, // then it is left to itself
	RL_NATS_LEFT_MAX = 8,       // attempts left to themselves at a time
};

// What is subscribed to.
enum rl_nats_sub {
	RL_NATS_ALL_URGENT,
	RL_NATS_ALL_BULK,
	RL_NATS_OWN_URGENT,
	RL_NATS_OWN_BULK,
	RL_NATS_REPLY,
	RL_NATS_SUBS,
};

// Two to the same server, one out and one in: libnats holds a lock while it writes that it needs to
// read on, so two members that flood each other over one connection each would wait for each other,
// and their server for both.
struct rl_nats_connection {
	natsConnection *out; // all that is published; NULL: none
	natsConnection
		*in; // subscriptions and questions, which the server refuses where they came from
	natsSubscription *sub[RL_NATS_SUBS];
};

// Made and owned by its thread until it is handed over.
struct rl_nats_attempt {
	struct rl_nats_setup *setup;
	uint64_t session;
	unsigned server;
	struct rl_nats_connection connection; // out NULL: failed
	char why[RL_LINK_WHY_MAX];            // of a failure; else a warning or ""
};

struct rl_nats {
	struct rl_link link; // first
	struct rl_nats_setup *setup;
	pthread_t thread;
	atomic_bool stop;

	// sender:
	struct rl_nats_connection connection;
	unsigned server; // of the setup's: in use, or tried next
	unsigned rounds; // in vain, through all servers or to one that does not keep it
	bool attempting;
	uint64_t connected_ms;
	uint64_t until_ms; // end of the attempt's time
	uint64_t next_ms;  // of the next attempt
	uint64_t chores_ms;
	uint64_t slow[RL_NATS_SUBS]; // drops that were counted
	uint32_t dice;

	// live:
	struct rl_nats *next;
	uint64_t session;                // 0: none
	bool closed;                     // by the server or the library
	struct rl_nats_attempt *attempt; // that has ended

	_Atomic uint64_t probe_us; // when it was sent; 0: none is under way
};

uint64_t rl_nats_now_us(void);

// link_nats_session.c

// Lists a link, or takes it off the list: nothing calls back then.
void rl_nats_list(struct rl_nats *n);
void rl_nats_unlist(struct rl_nats *n);
// A new session, and a thread that connects to n->server. 0 or -errno.
int rl_nats_attempt(struct rl_nats *n);
// The attempt that has ended, or NULL. Its connection is the caller's then, rl_nats_attempt_free
// frees the rest, and the connection if it is still in there.
struct rl_nats_attempt *rl_nats_attempted(struct rl_nats *n);
void rl_nats_attempt_free(struct rl_nats_attempt *a);
// No more of this session.
void rl_nats_forget(struct rl_nats *n);
bool rl_nats_closed(struct rl_nats *n);
void rl_nats_connection_free(struct rl_nats_connection *c);

// link_nats_take.c: callbacks of libnats; closures as made by rl_nats_closure.

static inline void *rl_nats_closure(uint64_t session, unsigned sub)
{
	return (void *)(uintptr_t)(session * 8 + sub);
}
_Static_assert(RL_NATS_SUBS <= 8, "they fit into a closure");
// Calls what with the link of this session, under the mutex of the list, if there is one.
void rl_nats_with(uint64_t session, void (*what)(struct rl_nats *n, void *arg), void *arg);

void rl_nats_on_message(natsConnection *nc, natsSubscription *sub, natsMsg *m, void *closure);
void rl_nats_on_closed(natsConnection *nc, void *closure);
void rl_nats_on_error(natsConnection *nc, natsSubscription *sub, natsStatus e, void *closure);
