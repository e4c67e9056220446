// SPDX-License-Identifier: BSD-3-Clause
#include "root/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

// Types of 5.1.
enum {
	TYPE_NIL = 0x00,
	TYPE_ETHERNET = 0x01,
	TYPE_BLUETOOTH = 0x02,
	TYPE_OPAQUE = 0x03,
	TYPE_IP4 = 0x04,
	TYPE_IP6 = 0x06,
	MAC_LEN = 6,
};

struct rl_inet rl_inet4(uint32_t ip_host_order, uint16_t port)
{
	struct rl_inet a = {.port = port, .family = 4};

	rl_store32(a.ip, ip_host_order);
	return a;
}

size_t rl_inet_wire_len(const struct rl_inet *a)
{
	return a->family == 4 ? 7 : a->family == 6 ? 19 : 1;
}

void rl_inet_put(struct rl_writer *w, const struct rl_inet *a)
{
	// One reservation, so that an overrun never leaves half an address behind.
	struct rl_writer one = rl_writer(w->at, rl_inet_wire_len(a));

	if (!rl_put(w, rl_inet_wire_len(a)))
		return;
	if (a->family != 4 && a->family != 6) {
		rl_put8(&one, TYPE_NIL);
		return;
	}
	rl_put8(&one, a->family == 4 ? TYPE_IP4 : TYPE_IP6);
	rl_put_bytes(&one, a->ip, a->family == 4 ? 4 : 16);
	rl_put16(&one, a->port);
}

static struct rl_inet get_ip(struct rl_reader *r, uint8_t family, size_t ip_len)
{
	struct rl_inet a = {.family = family};
	const uint8_t *ip = rl_get(r, ip_len);

	a.port = rl_get16(r);
	if (r->bad)
		return (struct rl_inet){0};
	memcpy(a.ip, ip, ip_len);
	return a;
}

struct rl_inet rl_inet_get(struct rl_reader *r)
{
	switch (rl_get8(r)) {
	case TYPE_NIL: // also what an overrun reads as
		break;
	case TYPE_ETHERNET:
	case TYPE_BLUETOOTH:
		rl_get(r, MAC_LEN);
		break;
	case TYPE_OPAQUE:
		rl_get(r, rl_get16(r));
		break;
	case TYPE_IP4:
		return get_ip(r, 4, 4);
	case TYPE_IP6:
		return get_ip(r, 6, 16);
	default:
		r->bad = true;
	}
	return (struct rl_inet){0};
}

// 5.2. What the first byte says, for most of them all there is to say: the compiler makes this a
// table.
static enum rl_scope scope_of_slash8(uint8_t first)
{
	switch (first) {
	case 0:
	case 255:
		return RL_SCOPE_NONE;
	case 10:
		return RL_SCOPE_PRIVATE;
	case 127:
		return RL_SCOPE_LOOPBACK;
	case 224 ... 239:
		return RL_SCOPE_MULTICAST;
	case 6:
	case 11:
	case 21:
	case 22:
	case 25:
	case 26:
	case 28 ... 30:
	case 51:
	case 55:
	case 56:
	case 240 ... 254:
		return RL_SCOPE_PSEUDO_PRIVATE;
	default:
		return RL_SCOPE_GLOBAL;
	}
}

static bool within(uint32_t ip, uint32_t net, unsigned bits)
{
	return (ip ^ net) >> (32 - bits) == 0;
}

static enum rl_scope scope4(uint32_t ip)
{
	bool private = false;

	switch (ip >> 24) {
	case 169:
		if (within(ip, 0xa9fe0000, 16))
			return RL_SCOPE_LINK_LOCAL;
		break;
	case 172:
		private
		= within(ip, 0xac100000, 12);
		break;
	case 192: // 192.0.2/24 is for documentation, as are the last of 198 and that of 203
		private
		= within(ip, 0xc0a80000, 16) || within(ip, 0xc0000200, 24);
		break;
	case 100: // shared by carriers
		private
		= within(ip, 0x64400000, 10);
		break;
	case 198: // 198.18/15 is for benchmarks
		private
		= within(ip, 0xc6120000, 15) || within(ip, 0xc6336400, 24);
		break;
	case 203:
		private
		= within(ip, 0xcb007100, 24);
		break;
	default:
		break;
	}
	return private ? RL_SCOPE_PRIVATE : scope_of_slash8((uint8_t)(ip >> 24));
}

static enum rl_scope scope6(const uint8_t ip[static 16])
{
	static const uint8_t mapped_loopback[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
	const uint64_t high = rl_load64(ip), low = rl_load64(ip + 8);

	switch (ip[0]) {
	case 0x00:
		if (high == 0 && low <= 1)
			return low == 0 ? RL_SCOPE_NONE : RL_SCOPE_LOOPBACK;
		return memcmp(ip, mapped_loopback, 13) ? RL_SCOPE_GLOBAL : RL_SCOPE_LOOPBACK;
	case 0xff:
		return RL_SCOPE_MULTICAST;
	case 0xfe:
		if (high == 0xfe80000000000000 && low == 1)
			return RL_SCOPE_LOOPBACK;
		return (ip[1] & 0xc0) == 0x80 ? RL_SCOPE_LINK_LOCAL : RL_SCOPE_GLOBAL;
	case 0xfc:
	case 0xfd:
		return RL_SCOPE_PRIVATE;
	default:
		return RL_SCOPE_GLOBAL;
	}
}

enum rl_scope rl_inet_scope(const struct rl_inet *a)
{
	if (a->family == 4)
		return scope4(rl_load32(a->ip));
	return a->family == 6 ? scope6(a->ip) : RL_SCOPE_NONE;
}

// 1-65535, digits alone; 0 if it is none.
static uint16_t port_parse(const char *text)
{
	uint32_t port = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 5 || text[n])
		return 0;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (uint32_t)(text[i] - '0');
	return port <= 65535 ? (uint16_t)port : 0;
}

static int ip_parse(struct rl_inet *a, const char *ip, size_t len, bool allow4, bool allow6)
{
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, ip, len);
	text[len] = 0;
	if (allow4 && inet_pton(AF_INET, text, a->ip) == 1)
		a->family = 4;
	else if (allow6 && inet_pton(AF_INET6, text, a->ip) == 1)
		a->family = 6;
	else
		return -EINVAL;
	return 0;
}

int rl_inet_parse(struct rl_inet *a, const char *text)
{
	struct rl_inet out = {0};
	const char *slash = strchr(text, '/');
	const char *colon = strrchr(text, ':');
	int ret = -EINVAL;

	if (slash) {
		ret = ip_parse(&out, text, (size_t)(slash - text), true, true);
		out.port = port_parse(slash + 1);
	} else if (text[0] == '[' && colon && colon - text >= 2 && colon[-1] == ']') {
		ret = ip_parse(&out, text + 1, (size_t)(colon - text) - 2, false, true);
		out.port = port_parse(colon + 1);
	} else if (colon) {
		ret = ip_parse(&out, text, (size_t)(colon - text), true, false);
		out.port = port_parse(colon + 1);
	}
	if (ret || !out.port)
		return -EINVAL;
	*a = out;
	return 0;
}

const char *rl_inet_text(const struct rl_inet *a, char buf[static RL_INET_TEXT])
{
	char ip[INET6_ADDRSTRLEN];
	int af = a->family == 4 ? AF_INET : AF_INET6;

	if ((a->family == 4 || a->family == 6) && inet_ntop(af, a->ip, ip, sizeof(ip)))
		snprintf(buf, RL_INET_TEXT, "%s/%u", ip, a->port);
	else
		snprintf(buf, RL_INET_TEXT, "-");
	return buf;
}
