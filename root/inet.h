// SPDX-License-Identifier: BSD-3-Clause
// A UDP address of either family, its wire form (docs/protocol.md 5.1), its scope (5.2) and its
// text form "1.2.3.4/9993", "2001:db8::1/9993". Pure; no thread may write one that another reads.
#pragma once

#include "root/wire.h"

struct rl_inet {
	uint8_t ip[16]; // network order; IPv4 uses the first four bytes, the others are zero
	uint16_t port;  // host order
	uint8_t family; // 0 nil, 4, 6
	uint8_t unused; // zero, so that whole structs compare
};

enum { RL_INET_TEXT = 64 }; // room for any text form with its zero

// In rising order of preference (5.2).
enum rl_scope {
	RL_SCOPE_NONE = 0,
	RL_SCOPE_MULTICAST = 1,
	RL_SCOPE_LOOPBACK = 2,
	RL_SCOPE_PSEUDO_PRIVATE = 3,
	RL_SCOPE_GLOBAL = 4,
	RL_SCOPE_LINK_LOCAL = 5,
	RL_SCOPE_SHARED = 6,
	RL_SCOPE_PRIVATE = 7,
};

static inline bool rl_inet_equal(const struct rl_inet *a, const struct rl_inet *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool rl_inet_same_ip(const struct rl_inet *a, const struct rl_inet *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, 16) == 0;
}

struct rl_inet rl_inet4(uint32_t ip_host_order, uint16_t port);

// Bytes that rl_inet_put writes: 1, 7 or 19.
size_t rl_inet_wire_len(const struct rl_inet *a);
void rl_inet_put(struct rl_writer *w, const struct rl_inet *a);
// Any type of 5.1; those that are not IP come out nil. Unknown types set r->bad.
struct rl_inet rl_inet_get(struct rl_reader *r);

enum rl_scope rl_inet_scope(const struct rl_inet *a);

// 0 or -EINVAL. "ip/port"; also "ip:port" for IPv4 and "[ip]:port" for IPv6; port 1-65535. Whole
// string.
int rl_inet_parse(struct rl_inet *a, const char *text);
// "ip/port", or "-" for nil. Returns buf.
const char *rl_inet_text(const struct rl_inet *a, char buf[static RL_INET_TEXT]);
