// SPDX-License-Identifier: BSD-3-Clause
// nats-servers on 127.0.0.1 that a program starts, freezes and kills.
#pragma once

#include <sys/types.h>

extern const char *server_dir; // for their files; to be set first

struct server {
	pid_t pid;
	int port;
};

// more: lines for its configuration; a host there replaces 127.0.0.1. Returns when it accepts
// connections.
void server_start(struct server *s, int port, const char *more);
// With a configuration of the caller's, which says the same port.
void server_start_with(struct server *s, int port, const char *file);
void server_signal(const struct server *s, int signal);
// Kills it (by its pid) and waits for its end.
void server_end(struct server *s);
