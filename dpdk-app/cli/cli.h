// SPDX-License-Identifier: BSD-3-Clause
// The operator's command line, its commands and how their answers are shown. One thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1,     // the daemon said no
	CLI_USAGE = 2,       // the command line makes no sense
	CLI_UNREACHABLE = 3, // no daemon there, or it went away
};

enum { CLI_PATH_MAX = 512 };

struct cli_options {
	bool json;
	bool all; // drops: those that never happened too
	char socket[CLI_PATH_MAX];
};

// A command as the operator writes it.
struct cli_command {
	const char *name;
	const char *args; // for the help text
	const char *help;
	const char *cmd;   // what the daemon is asked
	const char *field; // of the request, for the argument; NULL: it takes none
	bool many;         // asks once for each argument, of which there is one at least
	// How the answer is shown as text. Called before the first line, for each line of a list,
	// and for the result at the end; each may be NULL.
	void (*head)(FILE *out);
	void (*item)(FILE *out, const json_t *item, int64_t clock_ms);
	void (*result)(FILE *out, const json_t *result, const struct cli_options *o);
};
extern const struct cli_command cli_commands[]; // ends with a row without name
const struct cli_command *cli_command_find(const char *name);

// cli_show.c: text forms.
void cli_show_info(FILE *out, const json_t *info, const struct cli_options *o);
void cli_show_peers_head(FILE *out);
void cli_show_peer(FILE *out, const json_t *peer, int64_t clock_ms);
void cli_show_listpeers_head(FILE *out);
void cli_show_listpeer(FILE *out, const json_t *peer, int64_t clock_ms);
void cli_show_drops(FILE *out, const json_t *drops, const struct cli_options *o);
void cli_show_geoip(FILE *out, const json_t *place, const struct cli_options *o);
// cli_show_cluster.c
void cli_show_cluster(FILE *out, const json_t *cluster, const struct cli_options *o);
void cli_show_who(FILE *out, const json_t *place, const struct cli_options *o);
void cli_show_drain(FILE *out, const json_t *state, const struct cli_options *o);
// cli_show_siblings.c
void cli_show_siblings(FILE *out, const json_t *siblings, const struct cli_options *o);
// cli_show.c
void cli_show_counters(FILE *out, const json_t *counters, const struct cli_options *o);

// cli_ask.c
// Connects to the daemon. Descriptor, or -1 with what to check on stderr.
int cli_connect(const char *path);
// Sends the request, shows the answer on `out`, mistakes on `err`. argument may be NULL.
enum cli_exit cli_ask(int fd, const struct cli_command *c, const char *argument,
		      const struct cli_options *o, FILE *out, FILE *err);
// The same from a stream, for tests: an answer as the daemon writes it.
enum cli_exit cli_answer(FILE *in, const struct cli_command *c, const struct cli_options *o,
			 FILE *out, FILE *err);
