// SPDX-License-Identifier: BSD-3-Clause
// Every option of rootline as one plain struct, and the ways to fill it: defaults, a JSON file, the
// command line. The struct holds no pointers: copy it, compare it, let it go out of scope.
//
// Mistakes go to `err`, one a line, as "FILE:LINE: KEY: what is wrong and what to do" (of the
// command line: "--NAME: ..."). All of them are written, not only the first.
//
// Threads: none; call before the workers start.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	CONFIG_LIST_MAX = 16,    // entries in a list of strings
	CONFIG_INTS_MAX = 64,    // entries in a list of numbers
	CONFIG_TEXT_MAX = 512,   // bytes of one string in a list, its zero included
	CONFIG_PATH_MAX = 256,   // bytes of a path, its zero included
	CONFIG_SOCKET_MAX = 108, // what a unix socket's name may take
	CONFIG_ROWS_MAX = 64,    // options
	// Of a cluster. A root has at most 32 endpoints in a planet, and a planet four roots.
	CONFIG_MEMBERS_MAX = 32,
	CONFIG_SIBLINGS_MAX = 3,
	CONFIG_LABEL_MAX = 32,     // bytes of a name, its zero included
	CONFIG_PLACE_MAX = 40,     // of "52.37,4.90"
	CONFIG_FRONT_MAX = 64,     // of "2001:db8::1/9993"
	CONFIG_IDENTITY_MAX = 142, // of a public identity as text
	CONFIG_ID_MAX = 17,        // of the cluster's number as text
	CONFIG_PUBLIC_MAX = 65,    // of a member's public key as text
	CONFIG_KEY_BYTES = 32,     // of the cluster's own key, and of a member's public key
	CONFIG_SECRET_BYTES = 64,  // of a member's secret key
};

struct config_strings {
	unsigned count;
	char v[CONFIG_LIST_MAX][CONFIG_TEXT_MAX];
};

struct config_ints {
	unsigned count;
	uint32_t v[CONFIG_INTS_MAX];
};

enum config_hugepages { CONFIG_HUGEPAGES_AUTO, CONFIG_HUGEPAGES_YES, CONFIG_HUGEPAGES_NO };
enum config_log { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

// "limits" in the file; the names, units and defaults are those of the core's options.
struct config_limits {
	uint32_t max_peers;
	uint32_t hop_limit;
	uint32_t introduce_ms;
	uint32_t introduce_pairs;
	uint32_t keepalive_ms;
	uint32_t path_timeout_ms;
	uint32_t peer_timeout_ms;
	uint32_t group_members;
	uint32_t group_timeout_ms;
	uint32_t peer_groups_per_min;
	uint32_t gather_max;
	uint32_t whois_max;
	uint32_t budget_cells;
	uint32_t relay_pps;
	uint32_t known_pps;
	uint32_t forwarder_pps;
	uint32_t peer_verb_pps;
	uint32_t sibling_pps;
	uint32_t guess_pps;
	uint32_t stranger_pps;
	uint32_t stranger_total_pps;
	uint32_t encrypted_pps;
	uint32_t validate_pps;
	uint32_t reassembly_slots;
	uint32_t reassembly_ms;
};

// One of the machines that answer as one root.
struct config_member {
	uint32_t line; // in the file
	uint32_t id;   // 1..254, unique
	char name[CONFIG_LABEL_MAX];
	char coordinates[CONFIG_PLACE_MAX]; // config_coordinates() reads them
	// Where clients and other members reach it, "IP/PORT"; one of them may be empty.
	char front_ipv4[CONFIG_FRONT_MAX];
	char front_ipv6[CONFIG_FRONT_MAX];
	char public_key[CONFIG_PUBLIC_MAX]; // 64 hex digits, in lower case
	uint32_t capacity;                  // clients; 0: no limit
};

struct config_members {
	unsigned count;
	struct config_member v[CONFIG_MEMBERS_MAX];
};

// Another root, of other members, whose clients ours talk to.
struct config_sibling {
	uint32_t line;
	char name[CONFIG_LABEL_MAX];
	char identity[CONFIG_IDENTITY_MAX]; // public, in lower case
	struct config_strings fronts;       // "IP/PORT"
};

struct config_siblings {
	unsigned count;
	struct config_sibling v[CONFIG_SIBLINGS_MAX];
};

// "cluster" in the file. The same file serves every member but for `member`.
struct config_cluster {
	bool given; // else nothing below means anything
	char name[CONFIG_LABEL_MAX];
	char cluster_id[CONFIG_ID_MAX]; // 16 hex digits
	char member[CONFIG_LABEL_MAX];  // which of `members` this machine is
	struct config_members members;
	char key_file[CONFIG_PATH_MAX];
	char member_key_file[CONFIG_PATH_MAX];
	struct config_strings nats_servers; // "tls://HOST:PORT"
	char nats_ca[CONFIG_PATH_MAX];
	char nats_cert[CONFIG_PATH_MAX];
	char nats_key[CONFIG_PATH_MAX];
	uint32_t directory_max;
	uint32_t warm_max;
	uint32_t drain_rate;
};

struct config {
	char state_dir[CONFIG_PATH_MAX];
	// "af_packet:eth0", "af_xdp:eth0", "0000:03:00.0", "pcap:IN,OUT", "null", "auto"
	struct config_strings ports;
	struct config_ints udp_ports;    // 1..16 of them, each once
	struct config_strings addresses; // numeric IPv4 and IPv6; count 0: those of the interfaces
	struct config_ints vlans;        // 0: untagged
	uint32_t workers;
	struct config_ints worker_cores; // count 0: the program chooses; else `workers` of them
	uint32_t admission_threads;
	uint32_t idle_us;   // longest sleep of an idle worker; 0: always poll
	uint32_t hugepages; // enum config_hugepages
	uint32_t memory_mb;
	uint32_t log_level; // enum config_log
	// After config_finish() (config_args() calls it) never empty, except xdp_filter.
	char planet[CONFIG_PATH_MAX];
	char moons_dir[CONFIG_PATH_MAX];
	char control_socket[CONFIG_SOCKET_MAX];
	char xdp_filter[CONFIG_PATH_MAX]; // empty: the one built with the program
	struct config_limits limits;
	struct config_strings geoip_files; // of places; count 0: none
	struct config_cluster cluster;
	struct config_siblings siblings;

	// By number of the row in the table: the line in the file (0: not in it), and a bit for
	// what was given on the command line.
	uint16_t line[CONFIG_ROWS_MAX];
	uint64_t set_by_args;
};

void config_defaults(struct config *c);

// The file's values over what `c` holds. Values with mistakes are left as they were. Returns the
// number of mistakes. config_parse: `text` need not end in a zero; `name` stands in the messages.
unsigned config_parse(struct config *c, const char *name, const char *text, size_t len, FILE *err);
unsigned config_load(struct config *c, const char *path, FILE *err);

// One option of the command line: `flag` is its name there without the dashes ("udp-port"). The
// first use of a list option replaces the list, further ones add to it. 0; -ENOENT: no such option;
// -EINVAL: bad value. Both have been explained on `err`.
int config_set(struct config *c, const char *flag, const char *text, FILE *err);

// Fills in the paths that follow from state_dir and checks what concerns several options. `name`:
// the file's or NULL. Returns the number of mistakes.
unsigned config_finish(struct config *c, const char *name, FILE *err);

// "LATITUDE,LONGITUDE" in degrees, north and east positive. False: that is not what it is.
bool config_coordinates(const char *text, double *latitude, double *longitude);
// The member that this machine is; only of a config that config_finish() found without mistakes.
const struct config_member *config_self(const struct config *c);
// The cluster's key from its file: 64 hex digits, readable by its owner alone. False: explained on
// `err`; then `key` is zero.
bool config_cluster_key(const char *path, uint8_t key[static CONFIG_KEY_BYTES], FILE *err);
// The secret key of the member `self` from its file, likewise: 128 hex digits, Ed25519 in
// libsodium's form, the seed and then the public key, which must be the one that the config has for
// this member. That the seed is the one of that public key only who does Ed25519 can tell.
bool config_member_key(const char *path, const struct config_member *self,
		       uint8_t secret[static CONFIG_SECRET_BYTES], FILE *err);
// Exactly 2 * len hex digits of the text. False: that is not what there is.
bool config_hex(const char *text, size_t digits, uint8_t *bytes, size_t len);

// The whole command line: --config FILE first, wherever it stands, then the other options over it
// ("--name VALUE" or "--name=VALUE"). --help, --version and --check-config FILE are served here;
// their text goes to `out`. The cluster's key and the member's own are looked
// at, too, if there is a cluster.
enum config_action {
	CONFIG_RUN,  // `c` is complete and checked
	CONFIG_DONE, // asked for information and got it: exit status 0
	CONFIG_BAD,  // mistakes, explained on `err`: exit status 2
};
enum config_action config_args(struct config *c, int argc, char *const argv[], FILE *out,
			       FILE *err);

// Names of the two enums, for logs.
const char *config_hugepages_name(uint32_t v);
const char *config_log_name(uint32_t v);
