// SPDX-License-Identifier: BSD-3-Clause
// The operator's commands: what the control socket may ask and what of the running root it shows.
// Control thread only.
#pragma once

#include "dpdk-app/ctl_server.h"
#include "dpdk-app/state_worlds.h"

#include <jansson.h>

struct rl_geoip;

// Counters of all devices together, since they started.
#define CTL_NIC(X)                                                \
	X(rx_packets, "frames received, ours or not")             \
	X(rx_bytes, "bytes of them")                              \
	X(rx_missed, "frames lost because workers were too slow") \
	X(rx_errors, "frames that arrived damaged")               \
	X(rx_no_buffer, "times there was no buffer for a frame")  \
	X(tx_packets, "frames sent")                              \
	X(tx_bytes, "bytes of them")                              \
	X(tx_errors, "frames that could not be sent")

struct ctl_nic {
#define X(name, help) uint64_t name;
	CTL_NIC(X)
#undef X
};

enum {
	CTL_DROPS_MAX = 2 * 64 + 16, // sources of drops beside those
	CTL_WORKERS_MAX = 64 + 16,   // workers and admission threads
	CTL_PORT_TEXT = 512,
};

struct ctl_view {
	struct rl_root *root;
	const struct state_worlds *worlds;
	const struct state_self *self;
	struct rl_geoip *geoip;                        // NULL: no databases of places
	const struct rl_stats *stats[CTL_WORKERS_MAX]; // of every thread that handles packets
	unsigned stats_count;
	const uint64_t *drop[CTL_DROPS_MAX]; // further counters, RL_DROP_COUNT each
	unsigned drop_count;
	// Of the backplane, which `cluster` is; NULL: this root is alone. The first two give JSON
	// to be freed, or NULL.
	void *cluster;
	char *(*cluster_status)(void *cluster);
	char *(*cluster_who)(void *cluster, uint64_t address);
	void (*cluster_drain)(void *cluster, bool on);
	void *siblings; // NULL: none
	char *(*siblings_status)(void *siblings);
	struct ctl_nic nic;
	unsigned workers;
	uint32_t path_timeout_ms;
	unsigned ports;
	const char (*port)[CTL_PORT_TEXT]; // as they were given
	unsigned udp_ports;
	const uint32_t *udp_port;
	uint64_t started_ms;
	uint64_t now_ms; // set before each ctl_server_run
};

// Rows for ctl_server_new; their ctx is a struct ctl_view.
extern const struct ctl_command ctl_commands[];

// ctl_stats.c
void ctl_view_add(struct ctl_view *v, const struct rl_stats *stats);
void ctl_view_add_drops(struct ctl_view *v, const uint64_t *drop);
// One counter summed over all threads; offset: of a uint64_t in struct rl_stats.
uint64_t ctl_total(const struct ctl_view *v, size_t offset);
char *ctl_info(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
char *ctl_drops(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
char *ctl_counters(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
// ctl_cluster.c
char *ctl_cluster(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
char *ctl_who(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
char *ctl_siblings(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
char *ctl_drain(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
char *ctl_undrain(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
// ctl_geoip.c
char *ctl_geoip(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);
// ctl_peer.c
char *ctl_peers(void *ctx, const struct ctl_request *q, struct ctl_cursor *cursor);

// The last line of an answer around its result, which is released. NULL: out of memory.
char *ctl_answer(struct ctl_cursor *cursor, json_t *result);
char *ctl_refuse(struct ctl_cursor *cursor, const char *why);
