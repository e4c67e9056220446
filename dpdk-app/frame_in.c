// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/frame_in.h"

#include "dpdk-app/frame_sum.h"
#include "root/wire.h"

#include <string.h>

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	VLAN_ID_MASK = 0x0fff,

	IP_HOP_BY_HOP = 0,
	IP_UDP = 17,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AUTH = 51,
	IP_DESTINATION = 60,
	IP_MOBILITY = 135,
	IP_HIP = 139,
	IP_SHIM6 = 140,

	IP4_MORE_AND_OFFSET = 0x3fff,
	IP6_SKIP_MAX = 8, // options headers: no honest packet has more
};

// What the steps share.
struct cursor {
	const struct frame_filter *filter;
	const uint8_t *data; // the frame
	size_t len;          // bytes of it; cut to the IP packet once that is known
	size_t l3;
	size_t l4;
	unsigned good;
	uint64_t pseudo; // raw sum of both IP addresses
};

static bool has_port(const struct frame_filter *filter, uint16_t port)
{
	for (unsigned i = 0; i < filter->port_count; i++)
		if (filter->ports[i] == port)
			return true;
	return false;
}

static bool has_vlan(const struct frame_filter *filter, uint16_t vlan)
{
	for (unsigned i = 0; i < filter->vlan_count; i++)
		if (filter->vlans[i] == vlan)
			return true;
	return false;
}

static bool has_ip4(const struct frame_filter *filter, const uint8_t *ip)
{
	uint32_t a;

	if (filter->any_address)
		return ip[0] < 224 && ip[0] != 0 && ip[0] != 127;
	memcpy(&a, ip, 4);
	for (unsigned i = 0; i < filter->ip4_count; i++)
		if (filter->ip4[i] == a)
			return true;
	return false;
}

static bool has_ip6(const struct frame_filter *filter, const uint8_t *ip)
{
	if (filter->any_address)
		return ip[0] != 0xff;
	for (unsigned i = 0; i < filter->ip6_count; i++)
		if (memcmp(filter->ip6[i], ip, 16) == 0)
			return true;
	return false;
}

bool frame_filter_add(struct frame_filter *filter, const struct rl_inet *a)
{
	if (a->family == 4 && filter->ip4_count < FRAME_ADDRESSES_MAX && a->ip[0] != 0 &&
	    a->ip[0] < 224) {
		memcpy(&filter->ip4[filter->ip4_count++], a->ip, 4);
		return true;
	}
	if (a->family == 6 && filter->ip6_count < FRAME_ADDRESSES_MAX && a->ip[0] != 0xff) {
		memcpy(filter->ip6[filter->ip6_count++], a->ip, 16);
		return true;
	}
	return false;
}

// Sources that no answer can reach, or that would make us talk to ourselves.
static bool sane_ip4(const uint8_t *ip, const uint8_t *own)
{
	return ip[0] != 0 && ip[0] != 127 && ip[0] < 224 && memcmp(ip, own, 4) != 0;
}

static bool sane_ip6(const uint8_t *ip, const uint8_t *own)
{
	static const uint8_t zeros[10];

	if (ip[0] == 0xff || memcmp(ip, own, 16) == 0)
		return false;
	// ::/80 holds the unspecified address, loopback, and IPv4 in two disguises.
	return memcmp(ip, zeros, sizeof(zeros)) != 0;
}

static bool ip4_options_fit(const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at < len && p[at] != 0) {
		if (p[at] == 1) {
			at++;
			continue;
		}
		if (at + 1 >= len || p[at + 1] < 2 || p[at + 1] > len - at)
			return false;
		at += p[at + 1];
	}
	return true;
}

static enum rl_drop in_ip4(struct cursor *c, struct frame *f, struct rl_inet *from)
{
	const uint8_t *ip = c->data + c->l3;
	size_t left = c->len - c->l3;
	size_t header, total;

	if (left < FRAME_IP4_LEN || ip[0] >> 4 != 4)
		return RL_DROP_FRAME_MALFORMED;
	if (ip[9] != IP_UDP || !has_ip4(c->filter, ip + 16))
		return RL_DROP_FRAME_NOT_OURS;
	header = (ip[0] & 15) * 4u;
	total = rl_load16(ip + 2);
	if (header < FRAME_IP4_LEN || total < header || total > left)
		return RL_DROP_FRAME_MALFORMED;
	if (rl_load16(ip + 6) & IP4_MORE_AND_OFFSET)
		return RL_DROP_FRAME_IP_FRAGMENT;
	c->pseudo = frame_sum_words(ip + 12, 2);
	if (!(c->good & FRAME_IP_GOOD) &&
	    frame_sum_finish(frame_sum_words(ip, 3) + c->pseudo +
			     frame_sum_raw(ip + FRAME_IP4_LEN, header - FRAME_IP4_LEN)) != 0xffff)
		return RL_DROP_FRAME_CHECKSUM;
	if (!ip4_options_fit(ip + FRAME_IP4_LEN, header - FRAME_IP4_LEN))
		return RL_DROP_FRAME_IP_OPTIONS;
	if (!sane_ip4(ip + 12, ip + 16))
		return RL_DROP_FRAME_SOURCE;
	memcpy(from->ip, ip + 12, 4);
	memcpy(f->way.own.ip, ip + 16, 4);
	from->family = f->way.own.family = 4;
	c->l4 = c->l3 + header;
	c->len = c->l3 + total;
	return RL_DROP_NONE;
}

// Walks the headers between IPv6 and UDP. next: the first one's number. Sets c->l4.
static enum rl_drop skip_ip6(struct cursor *c, unsigned next)
{
	size_t at = c->l3 + FRAME_IP6_LEN;

	for (unsigned i = 0; i <= IP6_SKIP_MAX; i++) {
		switch (next) {
		case IP_UDP:
			c->l4 = at;
			return RL_DROP_NONE;
		case IP_HOP_BY_HOP:
			if (i != 0)
				return RL_DROP_FRAME_IP6_EXTENSION;
			break;
		case IP_DESTINATION:
			break;
		case IP_FRAGMENT:
			return RL_DROP_FRAME_IP_FRAGMENT;
		case IP_ROUTING:
		case IP_AUTH:
		case IP_MOBILITY:
		case IP_HIP:
		case IP_SHIM6:
			return RL_DROP_FRAME_IP6_EXTENSION;
		default:
			return RL_DROP_FRAME_NOT_OURS;
		}
		if (c->len - at < 8)
			return RL_DROP_FRAME_MALFORMED;
		next = c->data[at];
		if (c->len - at < (c->data[at + 1] + 1) * 8u)
			return RL_DROP_FRAME_MALFORMED;
		at += (c->data[at + 1] + 1) * 8u;
	}
	return RL_DROP_FRAME_IP6_EXTENSION;
}

static enum rl_drop in_ip6(struct cursor *c, struct frame *f, struct rl_inet *from)
{
	const uint8_t *ip = c->data + c->l3;
	size_t left = c->len - c->l3;
	enum rl_drop drop;

	if (left < FRAME_IP6_LEN || ip[0] >> 4 != 6)
		return RL_DROP_FRAME_MALFORMED;
	if (!has_ip6(c->filter, ip + 24))
		return RL_DROP_FRAME_NOT_OURS;
	if (rl_load16(ip + 4) > left - FRAME_IP6_LEN)
		return RL_DROP_FRAME_MALFORMED;
	c->len = c->l3 + FRAME_IP6_LEN + rl_load16(ip + 4);
	drop = skip_ip6(c, ip[6]);
	if (drop)
		return drop;
	if (!sane_ip6(ip + 8, ip + 24))
		return RL_DROP_FRAME_SOURCE;
	memcpy(from->ip, ip + 8, 16);
	memcpy(f->way.own.ip, ip + 24, 16);
	from->family = f->way.own.family = 6;
	c->pseudo = frame_sum_words(ip + 8, 8);
	return RL_DROP_NONE;
}

// Verifies the checksum unless the NIC has, and leaves the payload's sum for relaying.
static bool udp_sum(const struct cursor *c, const uint8_t *udp, size_t len, struct frame *f)
{
	const uint8_t *payload = udp + FRAME_UDP_LEN;
	size_t head_len = f->len < FRAME_HEAD ? f->len : FRAME_HEAD;
	uint64_t head, rest;
	uint16_t pseudo, headers;

	head = head_len == FRAME_HEAD ? frame_sum_words(payload, FRAME_HEAD / 4)
				      : frame_sum_raw(payload, head_len);
	f->head_sum = frame_sum_finish(head);
	f->summed = rl_load16(udp + 6) != 0;
	if (!f->summed)
		return f->way.own.family == 4; // IPv4 may go without, IPv6 not (RFC 8200, 8.1)
	pseudo = frame_sum_fold((uint64_t)frame_sum_finish(c->pseudo) + IP_UDP + len);
	headers = frame_sum_fold((uint64_t)pseudo + frame_sum_finish(frame_sum_words(udp, 2)));
	if (c->good & FRAME_UDP_GOOD) {
		f->payload_sum = (uint16_t)~headers;
		return true;
	}
	rest = frame_sum_raw(payload + head_len, f->len - head_len);
	f->payload_sum = frame_sum_finish(head + rest);
	if (frame_sum_fold((uint64_t)headers + f->payload_sum) == 0xffff)
		return true;
	return c->good & FRAME_UDP_PARTIAL && rl_load16(udp + 6) == pseudo;
}

static enum rl_drop in_udp(const struct cursor *c, struct frame *f, struct rl_inet *from)
{
	const uint8_t *udp = c->data + c->l4;
	size_t left = c->len - c->l4;
	size_t len;

	if (left < FRAME_UDP_LEN)
		return RL_DROP_FRAME_MALFORMED;
	f->way.own.port = rl_load16(udp + 2);
	if (!has_port(c->filter, f->way.own.port))
		return RL_DROP_FRAME_NOT_OURS;
	len = rl_load16(udp + 4);
	if (len < FRAME_UDP_LEN || len > left)
		return RL_DROP_FRAME_MALFORMED;
	from->port = rl_load16(udp);
	if (from->port == 0)
		return RL_DROP_FRAME_SOURCE;
	f->payload = (uint16_t)(c->l4 + FRAME_UDP_LEN);
	f->len = (uint16_t)(len - FRAME_UDP_LEN);
	return udp_sum(c, udp, len, f) ? RL_DROP_NONE : RL_DROP_FRAME_CHECKSUM;
}

static bool sane_mac(const uint8_t *mac)
{
	return !(mac[0] & 1) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) != 0;
}

enum rl_drop frame_in(const struct frame_filter *filter, const uint8_t *data, size_t len,
		      unsigned good, uint16_t device, struct frame *f, struct rl_inet *from)
{
	struct cursor c = {.filter = filter, .data = data, .len = len, .good = good};
	enum rl_drop drop;
	uint16_t type;

	if (len < FRAME_ETH_LEN || len > UINT16_MAX)
		return RL_DROP_FRAME_MALFORMED;
	if (!filter->any_mac && memcmp(data, filter->mac, 6) != 0)
		return RL_DROP_FRAME_NOT_OURS;
	memset(f, 0, sizeof(*f));
	memset(from, 0, sizeof(*from));
	type = rl_load16(data + 12);
	c.l3 = FRAME_ETH_LEN;
	if (type == ETHERTYPE_VLAN) {
		if (len < FRAME_ETH_LEN + FRAME_VLAN_LEN)
			return RL_DROP_FRAME_MALFORMED;
		f->way.vlan = rl_load16(data + 14) & VLAN_ID_MASK;
		type = rl_load16(data + 16);
		c.l3 += FRAME_VLAN_LEN;
	}
	if (!has_vlan(filter, f->way.vlan))
		return RL_DROP_FRAME_NOT_OURS;
	if (type == ETHERTYPE_IP4)
		drop = in_ip4(&c, f, from);
	else if (type == ETHERTYPE_IP6)
		drop = in_ip6(&c, f, from);
	else
		drop = RL_DROP_FRAME_NOT_OURS;
	if (!drop)
		drop = in_udp(&c, f, from);
	if (!drop && !sane_mac(data + 6))
		drop = RL_DROP_FRAME_SOURCE;
	if (drop)
		return drop;
	memcpy(f->way.own_mac, filter->any_mac ? data : filter->mac, 6);
	memcpy(f->way.next_mac, data + 6, 6);
	f->way.device = device;
	return RL_DROP_NONE;
}
