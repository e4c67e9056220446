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

struct range4 {
	uint32_t net;
	uint8_t bits;
	uint8_t scope;
};

// 5.2; the first row that fits counts, what fits none is global.
static const struct range4 ranges4[] = {
	{0x00000000, 8, RL_SCOPE_NONE},           {0xff000000, 8, RL_SCOPE_NONE},
	{0xe0000000, 4, RL_SCOPE_MULTICAST},      {0x7f000000, 8, RL_SCOPE_LOOPBACK},
	{0xa9fe0000, 16, RL_SCOPE_LINK_LOCAL},    {0x0a000000, 8, RL_SCOPE_PRIVATE},
	{0x64400000, 10, RL_SCOPE_PRIVATE}, // 100.64/10, shared by carriers
	{0xac100000, 12, RL_SCOPE_PRIVATE},       {0xc0a80000, 16, RL_SCOPE_PRIVATE},
	{0xc0000200, 24, RL_SCOPE_PRIVATE}, // documentation and benchmarks
	{0xc6120000, 15, RL_SCOPE_PRIVATE},       {0xc6336400, 24, RL_SCOPE_PRIVATE},
	{0xcb007100, 24, RL_SCOPE_PRIVATE},       {0x06000000, 8, RL_SCOPE_PSEUDO_PRIVATE},
	{0x0b000000, 8, RL_SCOPE_PSEUDO_PRIVATE}, {0x15000000, 8, RL_SCOPE_PSEUDO_PRIVATE},
	{0x16000000, 8, RL_SCOPE_PSEUDO_PRIVATE}, {0x19000000, 8, RL_SCOPE_PSEUDO_PRIVATE},
	{0x1a000000, 8, RL_SCOPE_PSEUDO_PRIVATE}, {0x1c000000, 8, RL_SCOPE_PSEUDO_PRIVATE},
	{0x1d000000, 8, RL_SCOPE_PSEUDO_PRIVATE}, {0x1e000000, 8, RL_SCOPE_PSEUDO_PRIVATE},
	{0x33000000, 8, RL_SCOPE_PSEUDO_PRIVATE}, {0x37000000, 8, RL_SCOPE_PSEUDO_PRIVATE},
	{0x38000000, 8, RL_SCOPE_PSEUDO_PRIVATE}, {0xf0000000, 4, RL_SCOPE_PSEUDO_PRIVATE},
};

static enum rl_scope scope4(uint32_t ip)
{
	for (size_t i = 0; i < sizeof(ranges4) / sizeof(ranges4[0]); i++) {
		if (((ip ^ ranges4[i].net) >> (32 - ranges4[i].bits)) == 0)
			return ranges4[i].scope;
	}
	return RL_SCOPE_GLOBAL;
}

static enum rl_scope scope6(const uint8_t ip[static 16])
{
	static const uint8_t any[16] = {0};
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t mapped_loopback[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
	static const uint8_t link_loopback[16] = {[0] = 0xfe, [1] = 0x80, [15] = 1};

	if (!memcmp(ip, any, 16))
		return RL_SCOPE_NONE;
	if (ip[0] == 0xff)
		return RL_SCOPE_MULTICAST;
	if (!memcmp(ip, loopback, 16) || !memcmp(ip, mapped_loopback, 13) ||
	    !memcmp(ip, link_loopback, 16))
		return RL_SCOPE_LOOPBACK;
	if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		return RL_SCOPE_LINK_LOCAL;
	if ((ip[0] & 0xfe) == 0xfc)
		return RL_SCOPE_PRIVATE;
	return RL_SCOPE_GLOBAL;
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
