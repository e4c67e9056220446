// SPDX-License-Identifier: BSD-3-Clause
// The backplane over NATS core, by libnats. Subjects, all beginning with "rootline.CLUSTER.", which
// is what a server's permissions should allow a member to publish and to subscribe to:
//
//   all.LANE.SENDER, to.MEMBER.LANE    published; LANE is urgent or bulk
//   reply.MEMBER.NUMBER                answers
//   nobody                             nobody listens there: the server says so at once, which
//   gives
//                                      the time to it and back without anybody waiting for it
//
// Each link has two connections to one server, for the two directions; so a member's own broadcasts
// come back to it there, and are thrown away.
//
// Any one of the servers will do; they forward to each other. The first of the list that answers is
// used, until it is gone, so the nearest comes first. A server that is gone is noticed at once, one
// that is frozen after 3 to 4 s; then all are tried again, at once, later about once a second (with
// jitter), for ever. A certificate that was renewed is read at the next connection.
//
// Threads: rl_link_start makes a thread that sends; it, and libnats from within it, make all
// others, with the CPU affinity of the caller of rl_link_start and with all signals blocked. So the
// caller must be bound to its CPUs before, away from those of workers. They never call the host.
// libnats sets SIGPIPE to be ignored. Its threads may outlive the last link by moments; for their
// sake OpenSSL does not clean up when the process exits. A connection attempt that does not end
// (libnats waits without limit in a TLS handshake) is left to itself after 10 s.
#pragma once

#include "cluster/link.h"

enum { RL_LINK_NATS_SERVERS_MAX = 16 };

// All of it is copied.
struct rl_link_nats_config {
	const char *cluster;        // a to z, 0 to 9 and -; the same at all members
	const char *member;         // the name that the server shows for this connection
	uint8_t self;               // number of this member
	const char *const *servers; // "tls://HOST:PORT", the nearest first
	unsigned server_count;
	// PEM files. cert and key NULL: this member shows none, as the server must then allow.
	const char *ca, *cert, *key;
	const char *user, *password; // NULL: only the certificate says who this is
	bool plain; // "nats://HOST:PORT" without TLS, for tests on one machine; ca, cert, key NULL
	struct rl_link_limits limits;
};

// 0 with *l, which is the caller's (rl_link_free), or -errno with a sentence in `why`: -EINVAL,
// -ENOMEM, what opening a file gave, or -ENOTSUP: built without libnats.
int rl_link_nats_new(struct rl_link **l, const struct rl_link_nats_config *c,
		     char why[static RL_LINK_WHY_MAX]);
