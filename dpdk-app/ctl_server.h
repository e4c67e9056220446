// SPDX-License-Identifier: BSD-3-Clause
// The control socket: takes requests of several operators, never waits for any of them. Long
// answers are made piece by piece, as fast as the operator reads. Control thread only.
#pragma once

#include "dpdk-app/ctl_request.h"

#include <sys/types.h>

enum {
	CTL_CLIENTS_MAX = 16,
	CTL_STALL_MS = 10000, // an operator who reads nothing, or sends nothing, is cut off
};

// Where an answer has got to. `at` is the command's own; 0 at first.
struct ctl_cursor {
	uint64_t at;
	bool done;
};

struct ctl_command {
	const char *name;
	// The next piece of the answer: whole lines, each with its newline, from malloc; may be
	// empty. Sets cursor->done with the last one. Each call takes no more than about a
	// millisecond. NULL: out of memory.
	char *(*piece)(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
};

struct ctl_server;

// Binds `path` with mode 0660. A socket left by a process that is gone is replaced; one that
// answers is -EBUSY. commands: ends with a row without name; it and ctx outlive the server. Logs
// its failures. 0 or -errno.
int ctl_server_new(struct ctl_server **server, const char *path, const struct ctl_command *commands,
		   void *ctx);
// Closes all connections, removes the socket. NULL is fine.
void ctl_server_free(struct ctl_server *s);

// Readable when there is something to do (an epoll descriptor: to be polled by the control loop).
int ctl_server_fd(const struct ctl_server *s);
// Does what can be done without waiting, at most one piece for each operator. Call it when the
// descriptor is readable, and now and then to cut off who stalls. now_ms: any clock that only
// advances.
void ctl_server_run(struct ctl_server *s, uint64_t now_ms);
