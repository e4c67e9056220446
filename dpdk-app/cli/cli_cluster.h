// SPDX-License-Identifier: BSD-3-Clause
// "rootline-cli cluster init": everything that the members of a new cluster need, one folder each.
// Between the files cli_cluster*.c, and their tests. One thread; no daemon is asked.
#pragma once

#include "config/config.h"
#include "dpdk-app/cli/cli.h"

enum { CLI_CLUSTER_GATEWAY_PORT = 7222, CLI_CLUSTER_CLIENT_PORT = 4222 };

// Where the files of a member stand on its machine.
#define CLI_CLUSTER_ETC "/etc/rootline"

struct cli_cluster {
	const char *dir; // to be made
	const char *name;
	struct config_members members;
};

// The words after "init". CLI_OK, or CLI_USAGE with all mistakes on `err`.
enum cli_exit cli_cluster_parse(struct cli_cluster *c, int argc, char *const argv[], FILE *err);
// Makes c->dir whole or not at all: nothing that exists is overwritten. What comes next goes to
// `out`. CLI_OK, or CLI_REFUSED with the reason on `err`.
enum cli_exit cli_cluster_write(const struct cli_cluster *c, FILE *out, FILE *err);

// cli_cluster_text.c: texts of files, from malloc; NULL: no memory. i: which member it is for.
char *cli_cluster_config(const struct cli_cluster *c, unsigned i);
char *cli_cluster_nats(const struct cli_cluster *c, unsigned i);
// The addresses by which others reach a member's NATS server, "DNS:..,IP:..".
char *cli_cluster_san(const struct config_member *m);
void cli_cluster_next_steps(const struct cli_cluster *c, time_t until, time_t ca_until, FILE *out);

// The words after "cluster" of rootline-cli.
int cli_cluster_main(int argc, char *const argv[]);
