// SPDX-License-Identifier: BSD-3-Clause
#include "config/schema.h"

#include "config/value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const hugepages_names[] = {"auto", "yes", "no", NULL};
static const char *const log_names[] = {"error", "warning", "info", "debug", NULL};

#define AT(field) .key = #field, .at = offsetof(struct config, field)
#define LIMIT(name)                                          \
	.group = "limits", .type = CONFIG_INT, .key = #name, \
	.at = offsetof(struct config, limits.name)

enum {
	MINUTE = 60000, // in ms
	DAY = 24 * 60 * MINUTE,
	RATE_MAX = 100000000, // packets a second: more than any NIC brings
};

// clang-format off
const struct config_row config_rows[] = {
	{AT(state_dir), .flag = "state", .type = CONFIG_PATH, .min = 1, .max = CONFIG_PATH_MAX - 1,
	 .preset = "/var/lib/rootline",
	 .help = "Directory of the identity, the planet, the moons and the control socket."},
	{AT(ports), .type = CONFIG_STRINGS, .fewest = 1, .most = CONFIG_LIST_MAX, .preset = "",
	 .check = config_check_port, .example = "af_packet:eth0",
	 .help = "Where packets come from and go to: af_packet:INTERFACE (any interface, safe), af_xdp:INTERFACE "
		 "(faster, shares the interface with the kernel), the PCI address of a NIC bound to DPDK, "
		 "pcap:IN,OUT (files), null, or auto (af_packet on the interface of the default route). As INTERFACE, "
		 "auto is that of the default route."},
	{AT(udp_ports), .type = CONFIG_INTS, .min = 1, .max = 65535, .fewest = 1, .most = 16, .preset = "9993",
	 .help = "UDP ports the root answers on; the planet must name the same."},
	{AT(addresses), .flag = "address", .type = CONFIG_STRINGS, .most = CONFIG_LIST_MAX, .preset = "",
	 .check = config_check_address,
	 .help = "IP addresses the root answers on; none given: those of the interfaces."},
	{AT(vlans), .type = CONFIG_INTS, .min = 0, .max = 4094, .fewest = 1, .most = 16, .preset = "0",
	 .help = "VLANs the root answers in; 0 is untagged."},
	{AT(workers), .type = CONFIG_INT, .min = 1, .max = 64, .preset = "1",
	 .help = "Threads that move packets."},
	{AT(worker_cores), .type = CONFIG_INTS, .min = 0, .max = 1023, .most = 64, .preset = "",
	 .help = "CPU cores of the workers, one each; none given: the program chooses."},
	{AT(admission_threads), .type = CONFIG_INT, .min = 1, .max = 16, .preset = "1",
	 .help = "Threads that check the identities of newcomers."},
	{AT(idle_us), .type = CONFIG_INT, .min = 0, .max = 10000, .preset = "100", .unit = "microseconds",
	 .help = "Longest sleep of a worker without work that no packet ends; 0: it always polls."},
	{AT(hugepages), .type = CONFIG_ENUM, .names = hugepages_names, .preset = "auto",
	 .help = "Whether memory is taken from huge pages; auto: if the machine has enough of them."},
	{AT(memory_mb), .type = CONFIG_INT, .min = 64, .max = 1048576, .preset = "512", .unit = "MiB",
	 .help = "Memory taken at start for packets and tables."},
	{AT(planet), .type = CONFIG_PATH, .min = 1, .max = CONFIG_PATH_MAX - 1, .preset = "STATE/planet",
	 .help = "The planet that clients get; mkworld makes it."},
	{AT(moons_dir), .type = CONFIG_PATH, .min = 1, .max = CONFIG_PATH_MAX - 1, .preset = "STATE/moons.d",
	 .help = "Directory of the moons served to clients that ask for them."},
	{AT(control_socket), .type = CONFIG_PATH, .min = 1, .max = CONFIG_SOCKET_MAX - 1,
	 .preset = "STATE/rootline.sock",
	 .help = "Unix socket that rootline-cli talks to."},
	{AT(log_level), .type = CONFIG_ENUM, .names = log_names, .preset = "info",
	 .help = "The least important messages that are still written."},
	{AT(xdp_filter), .type = CONFIG_PATH, .min = 0, .max = CONFIG_PATH_MAX - 1, .preset = "",
	 .help = "XDP program for af_xdp ports; empty: the one built with rootline."},

	{LIMIT(max_peers), .min = 16, .max = 16777216, .preset = "65536", .unit = "peers",
	 .help = "Peers kept in memory, 302 bytes each."},
	{LIMIT(hop_limit), .min = 1, .max = 7, .preset = "3",
	 .help = "Largest hop count of a packet after it was relayed."},
	{LIMIT(introduce_ms), .min = 0, .max = DAY, .preset = "30000", .unit = "ms",
	 .help = "Time between two introductions (RENDEZVOUS) of the same pair; 0: never introduce."},
	{LIMIT(introduce_pairs), .min = 16, .max = 16777216, .preset = "65536", .unit = "pairs",
	 .help = "Pairs remembered, so that they are not introduced too often."},
	{LIMIT(keepalive_ms), .min = 0, .max = DAY, .preset = "20000", .unit = "ms",
	 .help = "A peer silent for this long gets an empty packet that keeps its NAT open; 0: none."},
	{LIMIT(path_timeout_ms), .min = 1000, .max = DAY, .preset = "243000", .unit = "ms",
	 .help = "A path unheard for this long is not used."},
	{LIMIT(peer_timeout_ms), .min = MINUTE, .max = 30u * DAY, .preset = "86400000", .unit = "ms",
	 .help = "A peer unheard for this long is forgotten."},
	{LIMIT(group_members), .min = 16, .max = 16777216, .preset = "262144", .unit = "subscriptions",
	 .help = "Multicast subscriptions in memory, about 145 bytes each."},
	{LIMIT(group_timeout_ms), .min = 1000, .max = DAY, .preset = "600000", .unit = "ms",
	 .help = "A subscription not renewed for this long is forgotten."},
	{LIMIT(peer_groups_per_min), .min = 1, .max = 1000000, .preset = "1024",
	 .help = "New subscriptions of one peer in a minute."},
	{LIMIT(gather_max), .min = 1, .max = 255, .preset = "255",
	 .help = "Addresses in one answer to MULTICAST_GATHER."},
	{LIMIT(whois_max), .min = 1, .max = 64, .preset = "32",
	 .help = "Addresses looked up for one WHOIS."},
	{LIMIT(budget_cells), .min = 64, .max = 16777216, .preset = "16384",
	 .help = "Source prefixes told apart when rates are limited, per worker."},
	{LIMIT(relay_pps), .min = 0, .max = RATE_MAX, .preset = "200000", .unit = "packets/s",
	 .help = "Relayed packets from one IPv4 address or IPv6 /64; 0: no limit."},
	{LIMIT(known_pps), .min = 0, .max = RATE_MAX, .preset = "5000", .unit = "packets/s",
	 .help = "Packets for the root from one IPv4 address or IPv6 /64; 0: no limit."},
	{LIMIT(peer_verb_pps), .min = 0, .max = RATE_MAX, .preset = "200", .unit = "packets/s",
	 .help = "Packets for the root from one peer; 0: no limit."},
	{LIMIT(stranger_pps), .min = 1, .max = RATE_MAX, .preset = "200", .unit = "packets/s",
	 .help = "HELLO of unknown nodes from one IPv4 /24 or IPv6 /48."},
	{LIMIT(stranger_total_pps), .min = 1, .max = RATE_MAX, .preset = "2000", .unit = "packets/s",
	 .help = "HELLO of all unknown nodes together, per worker."},
	{LIMIT(encrypted_pps), .min = 1, .max = RATE_MAX, .preset = "100", .unit = "packets/s",
	 .help = "Encrypted HELLO from one IPv4 /24 or IPv6 /48."},
	{LIMIT(validate_pps), .min = 1, .max = RATE_MAX, .preset = "64", .unit = "1/s",
	 .help = "Identity validations for one IPv4 /24 or IPv6 /48."},
	{LIMIT(reassembly_slots), .min = 1, .max = 65536, .preset = "64",
	 .help = "Incomplete packets held by each worker, 10 kB each."},
	{LIMIT(reassembly_ms), .min = 100, .max = MINUTE, .preset = "2000", .unit = "ms",
	 .help = "An incomplete packet is given up after this time."},

	{.group = "geoip", .key = "files", .flag = "geoip-file", .at = offsetof(struct config, geoip_files),
	 .type = CONFIG_STRINGS, .most = 2, .preset = "", .check = config_check_file,
	 .help = "Databases of places (mmdb with cities): one for both IPv4 and IPv6, or one for each; a file that "
		 "changes is read again by itself."},
};
// clang-format on

const unsigned config_row_count = sizeof(config_rows) / sizeof(*config_rows);
_Static_assert(sizeof(config_rows) / sizeof(*config_rows) <= CONFIG_ROWS_MAX,
	       "every row has its line and its bit");

const char *config_flag(const struct config_row *row, char buf[static CONFIG_FLAG_MAX])
{
	snprintf(buf, CONFIG_FLAG_MAX, "%s", row->flag ? row->flag : row->key);
	for (char *p = buf; *p; p++)
		if (*p == '_')
			*p = '-';
	size_t n = strlen(buf);
	bool list = row->type == CONFIG_INTS || row->type == CONFIG_STRINGS;
	if (!row->flag && list && buf[n - 1] == 's')
		buf[n - 1] = 0;
	return buf;
}

const char *config_name(const struct config_row *row, char buf[static CONFIG_NAME_MAX])
{
	snprintf(buf, CONFIG_NAME_MAX, "%s%s%s", row->group ? row->group : "",
		 row->group ? "." : "", row->key);
	return buf;
}

const struct config_row *config_row_by_key(const char *group, const char *key)
{
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		bool same = group ? row->group && !strcmp(group, row->group) : !row->group;
		if (same && !strcmp(key, row->key))
			return row;
	}
	return NULL;
}

const struct config_row *config_row_by_flag(const char *flag)
{
	char buf[CONFIG_FLAG_MAX];
	for (unsigned i = 0; i < config_row_count; i++)
		if (!strcmp(flag, config_flag(&config_rows[i], buf)))
			return &config_rows[i];
	return NULL;
}

bool config_is_group(const char *key)
{
	for (unsigned i = 0; i < config_row_count; i++)
		if (config_rows[i].group && !strcmp(key, config_rows[i].group))
			return true;
	return false;
}

void config_describe(const struct config_row *row, char *buf, size_t size)
{
	int n = 0;
	switch (row->type) {
	case CONFIG_INT:
		snprintf(buf, size, "a number from %lld to %lld", (long long)row->min,
			 (long long)row->max);
		break;
	case CONFIG_ENUM:
		for (unsigned i = 0; row->names[i] && n < (int)size; i++)
			n += snprintf(buf + n, size - n, "%s%s", i ? ", " : "one of ",
				      row->names[i]);
		break;
	case CONFIG_PATH:
		snprintf(buf, size, "a path of at most %lld bytes", (long long)row->max);
		break;
	case CONFIG_INTS:
		snprintf(buf, size, "a list of %u to %u numbers from %lld to %lld", row->fewest,
			 row->most, (long long)row->min, (long long)row->max);
		break;
	case CONFIG_STRINGS:
		snprintf(buf, size, "a list of %u to %u strings", row->fewest, row->most);
		break;
	}
}
