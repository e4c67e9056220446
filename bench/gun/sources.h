// SPDX-License-Identifier: BSD-3-Clause
// Where simulated nodes seem to be: node number -> IP address and port, and back, by arithmetic
// alone. Neighbouring numbers lie in different /24 (IPv6: /48), as real clients do, because roots
// limit what comes from one of them; a prefix of /24 or longer puts all into one. Pure.
#pragma once

#include "root/inet.h"

enum {
	SOURCES_SOCKETS = 4,       // ports of one node, side by side
	SOURCES_NONE = UINT32_MAX, // no node is there
};

struct sources {
	uint8_t family; // 4 or 6
	uint8_t prefix_len;
	uint16_t first_port;
	uint8_t prefix[16];
	// Derived
	uint32_t nets;  // /24 or /48 in the prefix
	uint32_t hosts; // in each of them
	uint32_t slots; // nodes on one address
};

// "10.0.0.0/8", "fd00::/32". IPv4 /1../32, IPv6 /1../112. port: of socket 0 of the first node. 0 or
// -EINVAL.
int sources_init(struct sources *s, const char *prefix, uint16_t port);
// The same from its fields; false: they make no sense (a damaged file).
bool sources_derive(struct sources *s);
// Nodes there is room for.
uint64_t sources_room(const struct sources *s);
// node < sources_room(), socket < SOURCES_SOCKETS.
struct rl_inet sources_at(const struct sources *s, uint32_t node, unsigned socket);
// SOURCES_NONE: no node can be there. socket may be NULL.
uint32_t sources_node(const struct sources *s, const struct rl_inet *a, unsigned *socket);
// Is this address (the port does not matter) one of the prefix?
bool sources_has(const struct sources *s, const struct rl_inet *a);
// "10.0.0.0/8"; buf has RL_INET_TEXT bytes. Returns buf.
const char *sources_text(const struct sources *s, char *buf);
