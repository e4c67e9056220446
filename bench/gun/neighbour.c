// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/neighbour.h"

#include "dpdk-app/frame_out.h"

#include <errno.h>

enum {
	TYPE_ARP = 0x0806,
	TYPE_IP6 = 0x86dd,
	ARP_LEN = 28,
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
	ICMP6 = 58,
	SOLICITATION = 135,
	ADVERTISEMENT = 136,
	ND_LEN = 32, // ICMPv6 header, target, one option with a MAC
	OPTION_SOURCE = 1,
	OPTION_TARGET = 2,
	SOLICITED_OVERRIDE = 0x60,
	TRIES = 3,
	TRY_MS = 1000,
};

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static size_t put_ethernet(uint8_t *f, const uint8_t *to, const uint8_t *from, uint16_t type)
{
	memcpy(f, to, 6);
	memcpy(f + 6, from, 6);
	rl_store16(f + 12, type);
	return FRAME_ETH_LEN;
}

static size_t put_arp(uint8_t *f, uint16_t what, const uint8_t *to_mac, const uint8_t *to_ip,
		      const uint8_t *own_mac, const uint8_t *own_ip)
{
	uint8_t *a =
		f + put_ethernet(f, what == ARP_REQUEST ? broadcast : to_mac, own_mac, TYPE_ARP);

	rl_store16(a, 1); // Ethernet
	rl_store16(a + 2, 0x0800);
	a[4] = 6;
	a[5] = 4;
	rl_store16(a + 6, what);
	memcpy(a + 8, own_mac, 6);
	memcpy(a + 14, own_ip, 4);
	memcpy(a + 18, to_mac, 6);
	memcpy(a + 24, to_ip, 4);
	return FRAME_ETH_LEN + ARP_LEN;
}

// Neighbour solicitation or advertisement: hop limit 255, or nobody listens (RFC 4861, 7.1).
static size_t put_nd(uint8_t *f, uint8_t type, const uint8_t *to_mac, const uint8_t *to_ip,
		     const uint8_t *own_mac, const uint8_t *own_ip, const uint8_t *target)
{
	uint8_t *ip = f + put_ethernet(f, to_mac, own_mac, TYPE_IP6), *nd = ip + FRAME_IP6_LEN;
	uint32_t sum;

	memset(ip, 0, FRAME_IP6_LEN + ND_LEN);
	ip[0] = 0x60;
	rl_store16(ip + 4, ND_LEN);
	ip[6] = ICMP6;
	ip[7] = 255;
	memcpy(ip + 8, own_ip, 16);
	memcpy(ip + 24, to_ip, 16);
	nd[0] = type;
	nd[4] = type == ADVERTISEMENT ? SOLICITED_OVERRIDE : 0;
	memcpy(nd + 8, target, 16);
	nd[24] = type == ADVERTISEMENT ? OPTION_TARGET : OPTION_SOURCE;
	nd[25] = 1; // times 8 bytes
	memcpy(nd + 26, own_mac, 6);
	sum = (uint32_t)frame_sum(ip + 8, 32) + ND_LEN + ICMP6 + frame_sum(nd, ND_LEN);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	rl_store16(nd + 2, (uint16_t)~sum);
	return FRAME_ETH_LEN + FRAME_IP6_LEN + ND_LEN;
}

size_t neighbour_request(uint8_t *buf, const uint8_t mac[static 6], const struct rl_inet *own,
			 const struct rl_inet *wanted)
{
	static const uint8_t nobody[6];
	// Everybody listens at a group made of the last three bytes of his address.
	uint8_t group[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}, to[6] = {0x33, 0x33};

	if (wanted->family == 4)
		return put_arp(buf, ARP_REQUEST, nobody, wanted->ip, mac, own->ip);
	memcpy(group + 13, wanted->ip + 13, 3);
	memcpy(to + 2, group + 12, 4);
	return put_nd(buf, SOLICITATION, to, group, mac, own->ip, wanted->ip);
}

static const uint8_t *arp_of(const uint8_t *f, size_t len, uint16_t what)
{
	const uint8_t *a = f + FRAME_ETH_LEN;

	if (len < FRAME_ETH_LEN + ARP_LEN || rl_load16(f + 12) != TYPE_ARP)
		return NULL;
	return rl_load16(a + 2) == 0x0800 && a[4] == 6 && a[5] == 4 && rl_load16(a + 6) == what
		       ? a
		       : NULL;
}

// The ICMPv6 part; option: where the wanted option's MAC is.
static const uint8_t *nd_of(const uint8_t *f, size_t len, uint8_t type, uint8_t option,
			    const uint8_t **mac)
{
	const uint8_t *ip = f + FRAME_ETH_LEN, *nd = ip + FRAME_IP6_LEN;
	size_t n;

	if (len < FRAME_ETH_LEN + FRAME_IP6_LEN + 24 || rl_load16(f + 12) != TYPE_IP6 ||
	    ip[6] != ICMP6 || ip[7] != 255 || nd[0] != type)
		return NULL;
	n = rl_load16(ip + 4);
	if (n < 24 || n > len - FRAME_ETH_LEN - FRAME_IP6_LEN)
		return NULL;
	*mac = NULL;
	for (size_t at = 24; at + 8 <= n && nd[at + 1] != 0; at += 8u * nd[at + 1]) {
		if (nd[at] == option)
			*mac = nd + at + 2;
	}
	return nd;
}

static void send(struct engine *e, const uint8_t *frame, size_t len)
{
	uint8_t *room = e->link->ops->room(e->link);

	if (!room)
		return;
	memcpy(room, frame, len);
	e->link->ops->push(e->link, (unsigned)len);
}

static bool simulated(const struct engine *e, uint8_t family, const uint8_t *ip)
{
	struct rl_inet a = {.family = family};

	memcpy(a.ip, ip, family == 4 ? 4 : 16);
	return sources_has(&e->p->sources, &a) && !rl_inet_same_ip(&a, &e->target);
}

bool neighbour_answer(struct engine *e, const uint8_t *frame, size_t len)
{
	uint8_t out[128];
	const uint8_t *mac, *q = arp_of(frame, len, ARP_REQUEST);

	if (q) {
		if (!simulated(e, 4, q + 24))
			return false;
		send(e, out, put_arp(out, ARP_REPLY, q + 8, q + 14, e->own_mac, q + 24));
		return true;
	}
	q = nd_of(frame, len, SOLICITATION, OPTION_SOURCE, &mac);
	if (!q || !mac || !simulated(e, 6, q + 8))
		return false;
	send(e, out,
	     put_nd(out, ADVERTISEMENT, mac, frame + FRAME_ETH_LEN + 8, e->own_mac, q + 8, q + 8));
	return true;
}

bool neighbour_read(const uint8_t *frame, size_t len, const struct rl_inet *wanted, uint8_t mac[6])
{
	const uint8_t *at, *a = arp_of(frame, len, ARP_REPLY);

	if (a && wanted->family == 4 && memcmp(a + 14, wanted->ip, 4) == 0) {
		memcpy(mac, a + 8, 6);
		return true;
	}
	a = nd_of(frame, len, ADVERTISEMENT, OPTION_TARGET, &at);
	if (!a || wanted->family != 6 || memcmp(a + 8, wanted->ip, 16) != 0)
		return false;
	memcpy(mac, at ? at : frame + 6, 6);
	return true;
}

// Waits for the answer; true: it came.
static bool listen(struct engine *e, const struct rl_inet *wanted, uint64_t until_ns)
{
	struct link_frame f[LINK_BURST];

	for (uint64_t now = engine_now(); now < until_ns && !engine_stopped(e);
	     now = engine_now()) {
		unsigned n = e->link->ops->receive(e->link, f, LINK_BURST);

		for (unsigned i = 0; i < n; i++) {
			if (neighbour_read(f[i].data, f[i].len, wanted, e->next_mac))
				return true;
			// The other side may have to know where we are before it answers.
			if (e->p)
				neighbour_answer(e, f[i].data, f[i].len);
		}
		engine_flush(e);
		if (!n)
			e->link->ops->wait(e->link, until_ns - now);
	}
	return false;
}

int neighbour_resolve(struct engine *e, const struct rl_inet *next_hop, const struct rl_inet *own)
{
	uint8_t frame[128];

	for (unsigned i = 0; i < TRIES && !engine_stopped(e); i++) {
		send(e, frame, neighbour_request(frame, e->own_mac, own, next_hop));
		engine_flush(e);
		if (listen(e, next_hop, engine_now() + (uint64_t)TRY_MS * 1000000))
			return 0;
	}
	return engine_stopped(e) ? -EINTR : -ETIMEDOUT;
}
