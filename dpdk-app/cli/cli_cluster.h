// SPDX-License-Identifier: BSD-3-Clause
// "rootline-cli cluster init": everything that the members of a new cluster need, one folder each;
// "cluster renew": the same again with new certificates, and members more. Between the files
// cli_cluster*.c, and their tests. One thread; no daemon is asked.
#pragma once

#include "config/config.h"
#include "dpdk-app/cli/cli.h"

enum { CLI_CLUSTER_GATEWAY_PORT = 7222, CLI_CLUSTER_CLIENT_PORT = 4222 };

// Where the files of a member stand on its machine.
#define CLI_CLUSTER_ETC "/etc/rootline"
// What a member signs with. Not member.key, which is that of its TLS certificate.
#define CLI_CLUSTER_SIGN "sign.key"

struct cli_cluster {
	const char *dir; // to be made
	const char *name;
	struct config_members members;
	char cluster_id[CONFIG_ID_MAX];
	uint8_t key[CONFIG_KEY_BYTES]; // secret
	// Of each member: secret[i] if signs[i]; else its machine alone has it.
	bool signs[CONFIG_MEMBERS_MAX];
	uint8_t secret[CONFIG_MEMBERS_MAX][CONFIG_SECRET_BYTES];
	// Of "renew":
	const char *from;     // what is renewed; NULL: a new cluster
	unsigned old_members; // the first of `members`; the others join
	char old_name[CONFIG_LABEL_MAX];
};

// The words from "init" or "renew" on; draws the keys, too. CLI_OK, or CLI_USAGE with all mistakes
// on `err`. cli_cluster_wipe it in every case.
enum cli_exit cli_cluster_parse(struct cli_cluster *c, int argc, char *const argv[], FILE *err);
// Makes c->dir whole or not at all: nothing that exists is overwritten. What comes next goes to
// `out`. CLI_OK, or CLI_REFUSED with the reason on `err`.
enum cli_exit cli_cluster_write(const struct cli_cluster *c, FILE *out, FILE *err);

// cli_cluster_keys.c: the keys that `c` does not have yet. False: explained on `err`.
bool cli_cluster_keys(struct cli_cluster *c, FILE *err);
// text: 2 * len + 1 bytes.
void cli_cluster_hex(char *text, const uint8_t *bytes, size_t len);
void cli_cluster_wipe(struct cli_cluster *c);

// cli_cluster_load.c: members, keys, number and name from c->from. False: explained on `err`.
bool cli_cluster_load(struct cli_cluster *c, FILE *err);
// A file there, from malloc; NULL: there is none. member NULL: beside the folders.
char *cli_cluster_old(const struct cli_cluster *c, const char *member, const char *name);

// cli_cluster_text.c: texts of files, from malloc; NULL: no memory, or the old file is no JSON. i:
// which member it is for.
char *cli_cluster_config(const struct cli_cluster *c, unsigned i);
char *cli_cluster_nats(const struct cli_cluster *c, unsigned i);
// The addresses by which others reach a member's NATS server, "DNS:..,IP:..".
char *cli_cluster_san(const struct config_member *m);
// Where the others' NATS servers find a member's, as in a URL.
void cli_cluster_host(char host[static CONFIG_FRONT_MAX], const struct cli_cluster *c, unsigned i);
// cli_cluster_say.c
void cli_cluster_next_steps(const struct cli_cluster *c, time_t until, time_t ca_until, FILE *out);

// The words after "cluster" of rootline-cli.
int cli_cluster_main(int argc, char *const argv[]);
