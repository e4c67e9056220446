// SPDX-License-Identifier: BSD-3-Clause
// What a connection to NATS is made with, and what is said when it fails. Part of link_nats.
#pragma once

#include "cluster/link_nats.h"

#include <nats/nats.h>
#include <stdatomic.h>

enum {
	RL_NATS_CONNECT_MS = 2000, // per server; the TLS handshake not counted
	RL_NATS_PING_MS = 1000,
	RL_NATS_PINGS = 2,         // unanswered; one more and the server is given up
	RL_NATS_UNACKED_MS = 2500, // data that the server does not take ends the connection
	RL_NATS_PREFIX_MAX = 80,
};

// Never changed once it is made; shared with attempts to connect that may outlive the link.
struct rl_nats_setup {
	_Atomic unsigned users;
	uint8_t self;
	bool plain;
	char prefix[RL_NATS_PREFIX_MAX]; // "rootline.alice"
	unsigned server_count;
	char *server[RL_LINK_NATS_SERVERS_MAX];
	char *name, *ca, *cert, *key, *user, *password;
};

// 0 or -errno with `why`.
int rl_nats_setup_new(struct rl_nats_setup **s, const struct rl_link_nats_config *c,
		      char why[static RL_LINK_WHY_MAX]);
struct rl_nats_setup *rl_nats_setup_hold(struct rl_nats_setup *s);
void rl_nats_setup_drop(struct rl_nats_setup *s);

// Options for a connection to one server, files read anew. 0 or -errno with `why`; *o is the
// caller's.
int rl_nats_setup_options(const struct rl_nats_setup *s, unsigned server, natsOptions **o,
			  char why[static RL_LINK_WHY_MAX]);

// "HOST:PORT" of a URL: without what could be a password.
const char *rl_nats_setup_shown(const char *url);

// A sentence for a failure to connect, or of a connection that was made. text: libnats', may be
// NULL. in_time: it failed before its time was over.
void rl_nats_setup_why(const struct rl_nats_setup *s, const char *url, natsStatus status,
		       const char *text, bool in_time, bool made, char why[static RL_LINK_WHY_MAX]);
