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
// Part of a section that is there as a whole or not at all.
#define CLUSTER(name)                                        \
	.group = "cluster", .file_only = true, .key = #name, \
	.at = offsetof(struct config, cluster.name)

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

	{AT(siblings), .type = CONFIG_OBJECTS, .most = CONFIG_SIBLINGS_MAX, .preset = "", .file_only = true,
	 .rows = config_sibling_rows, .row_count = CONFIG_SIBLING_ROWS,
	 .first = offsetof(struct config_siblings, v), .size = sizeof(struct config_sibling),
	 .help = "Roots of other identities, whose clients ours shall reach: what is for nobody here is forwarded to "
		 "them, and they are asked who it is; each needs to list this root likewise."},

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
	{LIMIT(forwarder_pps), .min = 0, .max = RATE_MAX, .preset = "2000000", .unit = "packets/s",
	 .help = "Packets from one front address of another member of the cluster, or of a sibling, which passes on "
		 "what many clients send, beyond relay_pps and known_pps; 0: no limit."},
	{LIMIT(peer_verb_pps), .min = 0, .max = RATE_MAX, .preset = "200", .unit = "packets/s",
	 .help = "Packets for the root from one peer; 0: no limit."},
	{LIMIT(sibling_pps), .min = 0, .max = 65535, .preset = "20000", .unit = "packets/s",
	 .help = "Packets for the root from one sibling, all its members together, each of them within known_pps; 0: no "
		 "limit."},
	{LIMIT(guess_pps), .min = 0, .max = RATE_MAX, .preset = "20", .unit = "packets/s",
	 .help = "Packets from one IPv4 address or IPv6 /64 forwarded to a sibling before it has said that it knows whom "
		 "they are for; 0: no limit."},
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
	 .help = "Databases of places (mmdb with cities): one for both IPv4 and IPv6, or one for each; they are "
		 "held in memory, and a file that changes is read again by itself."},

	{CLUSTER(name), .preset = "", .type = CONFIG_TEXT, .max = CONFIG_LABEL_MAX - 1, .check = config_check_label,
	 .help = "Name of the cluster, the same at every member."},
	{CLUSTER(cluster_id), .preset = "", .type = CONFIG_TEXT, .max = CONFIG_ID_MAX - 1, .check = config_check_cluster_id,
	 .help = "Number that tells this cluster from all others, the same at every member: 16 hex digits, drawn at random."},
	{CLUSTER(member), .preset = "", .type = CONFIG_TEXT, .max = CONFIG_LABEL_MAX - 1, .check = config_check_label,
	 .help = "Which of the members this machine is, by its name; all else may be the same everywhere."},
	{CLUSTER(members), .preset = "", .type = CONFIG_OBJECTS, .fewest = 1, .most = CONFIG_MEMBERS_MAX,
	 .rows = config_member_rows, .row_count = CONFIG_MEMBER_ROWS,
	 .first = offsetof(struct config_members, v), .size = sizeof(struct config_member),
	 .help = "All machines that answer as this root, this one included; mkworld makes the planet from this list, and a "
		 "reload (SIGHUP) reads it again."},
	{CLUSTER(key_file), .preset = "", .type = CONFIG_PATH, .max = CONFIG_PATH_MAX - 1,
	 .help = "File with the key that seals what members tell each other: 64 hex digits, mode 0600, the same at every "
		 "member."},
	{CLUSTER(member_key_file), .preset = "", .type = CONFIG_PATH, .max = CONFIG_PATH_MAX - 1,
	 .help = "File with the secret key that this member alone has and signs with: 128 hex digits, mode 0600; the last "
		 "64 are the public_key of this member."},
	{CLUSTER(nats_servers), .preset = "", .type = CONFIG_STRINGS, .fewest = 1, .most = CONFIG_LIST_MAX,
	 .check = config_check_server,
	 .help = "NATS servers to try, as tls://HOST:PORT, nearest first."},
	{CLUSTER(nats_ca), .preset = "", .type = CONFIG_PATH, .max = CONFIG_PATH_MAX - 1,
	 .help = "Certificate of the authority that has signed those of all NATS servers and members."},
	{CLUSTER(nats_cert), .preset = "", .type = CONFIG_PATH, .max = CONFIG_PATH_MAX - 1,
	 .help = "Certificate of this member as a client of NATS."},
	{CLUSTER(nats_key), .preset = "", .type = CONFIG_PATH, .max = CONFIG_PATH_MAX - 1,
	 .help = "Private key of that certificate."},
	{CLUSTER(directory_max), .type = CONFIG_INT, .min = 1024, .max = 134217728, .preset = "1000000", .unit = "peers",
	 .help = "Peers of the whole cluster kept in memory, 74 bytes each."},
	{CLUSTER(warm_max), .type = CONFIG_INT, .min = 1, .max = 16777216, .preset = "65536", .unit = "clients",
	 .help = "Clients of other members kept reachable from here, should their member die, with a packet to each every "
		 "15 s; those beyond take minutes instead of seconds to leave a dead member."},
	{CLUSTER(drain_rate), .type = CONFIG_INT, .min = 1, .max = 1000000, .preset = "500", .unit = "clients/s",
	 .help = "Clients handed to other members in a second when this one is drained."},
};
// clang-format on

const unsigned config_row_count = sizeof(config_rows) / sizeof(*config_rows);
_Static_assert(sizeof(config_rows) / sizeof(*config_rows) <= CONFIG_ROWS_MAX,
	       "every row has its line and its bit");

const char *config_flag(const struct config_row *row, char buf[static CONFIG_FLAG_MAX])
{
	snprintf(buf, CONFIG_FLAG_MAX, "%s",
		 row->file_only ? ""
		 : row->flag    ? row->flag
				: row->key);
	for (char *p = buf; *p; p++)
		if (*p == '_')
			*p = '-';
	size_t n = strlen(buf);
	if (!row->flag && config_is_list(row) && n && buf[n - 1] == 's')
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
		if (*flag && !strcmp(flag, config_flag(&config_rows[i], buf)))
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
	case CONFIG_TEXT:
		snprintf(buf, size, "a string of at most %lld bytes", (long long)row->max);
		break;
	case CONFIG_OBJECTS:
		snprintf(buf, size, "a list of %u to %u objects", row->fewest, row->most);
		break;
	}
}
