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
	uint32_t peer_verb_pps;
	uint32_t stranger_pps;
	uint32_t stranger_total_pps;
	uint32_t encrypted_pps;
	uint32_t validate_pps;
	uint32_t reassembly_slots;
	uint32_t reassembly_ms;
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

// The whole command line: --config FILE first, wherever it stands, then the other options over it
// ("--name VALUE" or "--name=VALUE"). --help, --version and --check-config FILE are served here;
// their text goes to `out`.
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
