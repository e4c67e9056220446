// SPDX-License-Identifier: BSD-3-Clause
// The commands of rootline-gun, and what they share.
#pragma once

#include "bench/gun/cli.h"
#include "bench/gun/craft.h"
#include "bench/gun/session.h"

#include <jansson.h>

extern const struct cli_command gun_population;
extern const struct cli_command gun_pcap;
extern const struct cli_command gun_join;
extern const struct cli_command gun_devices;
extern const struct cli_command gun_replay;

// What traffic is made of, as options. mix: "relay-small=60,whois-root=40" or NULL.
struct gun_traffic {
	unsigned traffic; // enum traffic; TRAFFIC_COUNT: not given
	const char *mix;
	uint64_t size, ask, groups, limit, copies, suite, protocol;
	double zipf;
};

struct gun_traffic gun_traffic_default(void);
// Its rows in the option table of a struct that has it as `member`.
#define GUN_TRAFFIC_ROWS(type, member)                                                            \
	{"traffic",                                                                               \
	 "KIND",                                                                                  \
	 CLI_CHOICE,                                                                              \
	 offsetof(struct type, member.traffic),                                                   \
	 0,                                                                                       \
	 0,                                                                                       \
	 gun_traffic_choice,                                                                      \
	 "hello, refresh, whois, whois-root, like, gather, echo, relay-small, relay-large, "      \
	 "relay-fragment, hostile, mixed or idle"},                                               \
		{"mix", "LIST", CLI_TEXT, offsetof(struct type, member.mix),                      \
		 0,     0,      NULL,     "own mixture by weight: relay-small=60,whois-root=40"}, \
		{"zipf",      "S",                                                                \
		 CLI_DECIMAL, offsetof(struct type, member.zipf),                                 \
		 0,           10,                                                                 \
		 NULL,        "nodes by Zipf's law with this exponent; 0: all alike [0]"},        \
		{"size",                                                                          \
		 "BYTES",                                                                         \
		 CLI_COUNT,                                                                       \
		 offsetof(struct type, member.size),                                              \
		 28,                                                                              \
		 8192,                                                                            \
		 NULL,                                                                            \
		 "of relayed packets and ECHO [relay-small 128, relay-large 1400, echo 64]"},     \
		{"ask", "N",           CLI_COUNT, offsetof(struct type, member.ask),              \
		 1,     CRAFT_ASK_MAX, NULL,      "addresses in one WHOIS [1]"},                  \
		{"groups",  "N",                                                                  \
		 CLI_COUNT, offsetof(struct type, member.groups),                                 \
		 1,         CRAFT_GROUPS_MAX,                                                     \
		 NULL,      "groups in one MULTICAST_LIKE [2]"},                                  \
		{"limit", "N",   CLI_COUNT, offsetof(struct type, member.limit),                  \
		 1,       65535, NULL,      "members asked for in one MULTICAST_GATHER [32]"},    \
		{"copies",  "N",                                                                  \
		 CLI_COUNT, offsetof(struct type, member.copies),                                 \
		 1,         SOURCES_SOCKETS,                                                      \
		 NULL,      "sockets that send the same renewed HELLO [2]"},                      \
		{"suite", "N", CLI_COUNT, offsetof(struct type, member.suite),                    \
		 1,       3,   NULL,      "cipher suite of packets for the root, 1 or 3 [1]"},    \
	{                                                                                         \
		"protocol", "N", CLI_COUNT, offsetof(struct type, member.protocol), 4, 13, NULL,  \
			"version told in HELLO; roots answer 12 and later in suite 3 [12]"        \
	}
const char *gun_traffic_choice(unsigned i);
// From options to a plan. False: said why.
bool gun_traffic_plan(const struct cli_command *c, const struct gun_traffic *t, uint64_t seed,
		      struct craft_plan *plan);

// cmd_join.c: brings the population online before something else, so many nodes a second; into the
// report, or told as text if that is NULL. GUN_OK if anybody is.
int gun_join_first(struct session *s, double rate, unsigned protocol, json_t *report);

// From a file, or the text of one. 0 or a negative value and the reason in why.
int gun_identity(const char *text, struct rl_identity *id, struct say_why *why);
int gun_cannot(const struct say_why *why); // says it; returns GUN_CANNOT
// SIGINT or SIGTERM sets it from now on; a second one ends the program, even if it hangs.
const atomic_bool *gun_catch_signals(void);
// On standard output, or GUN_CANNOT if that fails. Takes the reference.
int gun_print_json(json_t *o);
