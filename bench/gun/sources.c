// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/sources.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SITE4 = 24, // bits that roots take for one site
	SITE6 = 48,
	NETS_BITS_MAX = 24,
	HOSTS6 = 1 << 24,
	HOSTS_OF_SITE4 = 254, // .1 to .254
};

// The bits behind the prefix must be zero, so that a slip is noticed.
static bool rest_is_zero(const struct sources *s)
{
	unsigned bytes = s->family == 4 ? 4 : 16;

	for (unsigned bit = s->prefix_len; bit < 8 * bytes; bit++) {
		if (s->prefix[bit / 8] & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

static void derive4(struct sources *s)
{
	if (s->prefix_len <= SITE4) {
		s->nets = 1u << (SITE4 - s->prefix_len);
		s->hosts = HOSTS_OF_SITE4;
		return;
	}
	s->nets = 1;
	// Without the network's own address and broadcast, where there are such.
	s->hosts =
		s->prefix_len < 31 ? (1u << (32 - s->prefix_len)) - 2 : 1u << (32 - s->prefix_len);
}

static void derive6(struct sources *s)
{
	unsigned bits = s->prefix_len < SITE6 ? (unsigned)(SITE6 - s->prefix_len) : 0;

	s->nets = 1u << (bits < NETS_BITS_MAX ? bits : NETS_BITS_MAX);
	s->hosts = s->prefix_len <= 104 ? HOSTS6 - 1 : (1u << (128 - s->prefix_len)) - 1;
}

bool sources_derive(struct sources *s)
{
	bool four = s->family == 4;

	if (!four && s->family != 6)
		return false;
	if (s->prefix_len < 1 || s->prefix_len > (four ? 32 : 112) || s->first_port == 0)
		return false;
	if (!rest_is_zero(s))
		return false;
	s->slots = (65536u - s->first_port) / SOURCES_SOCKETS;
	if (four)
		derive4(s);
	else
		derive6(s);
	return s->slots > 0;
}

int sources_init(struct sources *s, const char *prefix, uint16_t port)
{
	char ip[INET6_ADDRSTRLEN];
	const char *slash = strchr(prefix, '/');
	char *end;
	unsigned long len;

	if (!slash || (size_t)(slash - prefix) >= sizeof(ip) || slash[1] < '0' || slash[1] > '9')
		return -EINVAL;
	memcpy(ip, prefix, (size_t)(slash - prefix));
	ip[slash - prefix] = 0;
	len = strtoul(slash + 1, &end, 10);
	if (*end || len > 128)
		return -EINVAL;
	*s = (struct sources){.first_port = port, .prefix_len = (uint8_t)len};
	if (inet_pton(AF_INET, ip, s->prefix) == 1)
		s->family = 4;
	else if (inet_pton(AF_INET6, ip, s->prefix) == 1)
		s->family = 6;
	return sources_derive(s) ? 0 : -EINVAL;
}

uint64_t sources_room(const struct sources *s)
{
	return (uint64_t)s->nets * s->hosts * s->slots;
}

struct rl_inet sources_at(const struct sources *s, uint32_t node, unsigned socket)
{
	uint32_t here = (uint32_t)((uint64_t)s->nets * s->hosts > UINT32_MAX ? UINT32_MAX
									     : s->nets * s->hosts);
	uint32_t slot = node / here, rest = node % here;
	uint32_t net = rest % s->nets, host = rest / s->nets;
	struct rl_inet a = {.family = s->family,
			    .port = (uint16_t)(s->first_port + SOURCES_SOCKETS * slot + socket)};

	memcpy(a.ip, s->prefix, 16);
	if (s->family == 4) {
		uint32_t first = s->prefix_len < 31 ? 1 : 0;

		rl_store32(a.ip, rl_load32(a.ip) + (s->nets > 1 ? net << 8 : 0) + first + host);
		return a;
	}
	// Sites are counted at the end of their 48 bits, hosts at the end of all.
	rl_store64(a.ip, rl_load64(a.ip) + ((uint64_t)(s->nets > 1 ? net : 0) << 16));
	rl_store32(a.ip + 12, rl_load32(a.ip + 12) + 1 + host);
	return a;
}

bool sources_has(const struct sources *s, const struct rl_inet *a)
{
	if (a->family != s->family)
		return false;
	for (unsigned bit = 0; bit < s->prefix_len; bit++) {
		if ((a->ip[bit / 8] ^ s->prefix[bit / 8]) & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

uint32_t sources_node(const struct sources *s, const struct rl_inet *a, unsigned *socket)
{
	uint64_t net = 0, host, node;
	uint32_t port = (uint32_t)a->port - s->first_port;

	if (!sources_has(s, a) || a->port < s->first_port || port / SOURCES_SOCKETS >= s->slots)
		return SOURCES_NONE;
	if (s->family == 4) {
		uint32_t at = rl_load32(a->ip) - rl_load32(s->prefix);

		if (s->nets > 1) {
			net = at >> 8;
			at &= 0xff;
		}
		host = (uint64_t)at - (s->prefix_len < 31 ? 1 : 0);
	} else {
		net = s->nets > 1 ? (rl_load64(a->ip) - rl_load64(s->prefix)) >> 16 : 0;
		host = (uint64_t)rl_load32(a->ip + 12) - rl_load32(s->prefix + 12) - 1;
	}
	// A host below the first has wrapped round and is out of range as well.
	if (net >= s->nets || host >= s->hosts)
		return SOURCES_NONE;
	node = ((uint64_t)(port / SOURCES_SOCKETS) * s->hosts + host) * s->nets + net;
	if (node >= SOURCES_NONE)
		return SOURCES_NONE;
	struct rl_inet back = sources_at(s, (uint32_t)node, port % SOURCES_SOCKETS);
	if (!rl_inet_equal(&back, a))
		return SOURCES_NONE;
	if (socket)
		*socket = port % SOURCES_SOCKETS;
	return (uint32_t)node;
}

const char *sources_text(const struct sources *s, char *buf)
{
	inet_ntop(s->family == 4 ? AF_INET : AF_INET6, s->prefix, buf, RL_INET_TEXT);
	size_t n = strlen(buf);
	snprintf(buf + n, RL_INET_TEXT - n, "/%u", s->prefix_len);
	return buf;
}
