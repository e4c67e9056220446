// SPDX-License-Identifier: BSD-3-Clause
// What every shooting command needs first: population, link, root, and the way to it, with the
// checks that keep a machine's own network out of it.
#pragma once

#include "bench/gun/cli.h"
#include "bench/gun/engine.h"

#include <jansson.h>

struct session_options {
	const char *interface; // AF_PACKET
	const char *dpdk;      // port as of rootline
	const char *population;
	struct rl_inet target;
	const char *next_hop;
	struct cli_mac next_hop_mac;
	struct cli_mac source_mac;
	bool answer_arp;
	bool yes;
	bool json;
	bool quiet;
	uint64_t seed;
	double min_ratio; // below 0: none asked for
};

// A command's struct has session_options as its first member and lists this table.
extern const struct cli_option session_table[];
struct session_options session_options_default(void);

struct session {
	struct session_options opt;
	struct population population; // count 0: none
	struct link *link;
	struct engine engine;
	bool engine_up;
};

// Opens one, shoots, closes it; returns what the program ends with. need_population: it must be
// given. SIGINT and SIGTERM set engine.stop from now on. shoot returns the same, ctx is its own.
int session_run(const struct cli_command *c, const struct session_options *opt,
		bool need_population, int (*shoot)(struct session *s, const void *ctx),
		const void *ctx);

// "rootline-gun" and the circumstances, as the start of a JSON report.
json_t *session_json(const struct session *s, const char *command);
// The exit status for this share of answers, or GUN_CANNOT if the link has gone meanwhile.
int session_verdict(const struct session *s, double ratio);

// guard.c: whether shooting through this interface may hurt the machine's own network. 0, or a
// negative value and the reason in why. own_mac: answers come to the interface's own MAC.
int guard_interface(const char *interface, const struct rl_inet *target, bool own_mac,
		    struct say_why *why);
