// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/datagram.h"

#include "dpdk-app/frame_out.h"

enum {
	TYPE_IP4 = 0x0800,
	TYPE_IP6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	SLL_LEN = 16,
	SLL2_LEN = 20,
	IP_UDP = 17,
	IP6_FRAGMENT = 44,
	IP4_FRAGMENT_BITS = 0x3fff, // more fragments, and offset
};

// Offset of the IP header; 0 with *version 0: none.
static size_t find_ip(enum datagram_link link, const uint8_t *f, size_t len, unsigned *version)
{
	size_t at = 0;
	uint16_t type = 0;

	*version = 0;
	switch (link) {
	case DATAGRAM_ETHERNET:
		if (len < FRAME_ETH_LEN)
			return 0;
		type = rl_load16(f + 12);
		at = FRAME_ETH_LEN;
		for (unsigned i = 0; i < 2 && (type == TYPE_VLAN || type == TYPE_QINQ); i++) {
			if (len < at + FRAME_VLAN_LEN)
				return 0;
			type = rl_load16(f + at + 2);
			at += FRAME_VLAN_LEN;
		}
		break;
	case DATAGRAM_SLL:
		at = SLL_LEN;
		type = len > at ? rl_load16(f + 14) : 0;
		break;
	case DATAGRAM_SLL2:
		at = SLL2_LEN;
		type = len > at ? rl_load16(f) : 0;
		break;
	case DATAGRAM_NULL:
		at = 4;
		break;
	case DATAGRAM_RAW:
		break;
	}
	if (len <= at)
		return 0;
	*version = f[at] >> 4;
	if ((type == TYPE_IP4 && *version != 4) || (type == TYPE_IP6 && *version != 6) ||
	    (type != 0 && type != TYPE_IP4 && type != TYPE_IP6))
		*version = 0;
	return at;
}

static enum datagram_kind read_udp(struct datagram *d, const uint8_t *udp, size_t len, uint64_t sum)
{
	uint16_t udp_len;

	if (len < FRAME_UDP_LEN)
		return DATAGRAM_OTHER;
	udp_len = rl_load16(udp + 4);
	if (udp_len < FRAME_UDP_LEN || udp_len > len)
		return DATAGRAM_OTHER;
	d->from.port = rl_load16(udp);
	d->to.port = rl_load16(udp + 2);
	d->data = udp + FRAME_UDP_LEN;
	d->len = (uint16_t)(udp_len - FRAME_UDP_LEN);
	sum += IP_UDP + (uint64_t)udp_len + frame_sum(udp, udp_len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	d->sum_ok = sum == 0xffff || (d->from.family == 4 && rl_load16(udp + 6) == 0);
	return DATAGRAM_UDP;
}

static enum datagram_kind read4(struct datagram *d, const uint8_t *ip, size_t len)
{
	size_t header = (ip[0] & 15) * 4u, total;

	if (len < FRAME_IP4_LEN || header < FRAME_IP4_LEN || ip[9] != IP_UDP)
		return DATAGRAM_OTHER;
	total = rl_load16(ip + 2);
	if (total < header || total > len)
		return DATAGRAM_OTHER;
	if (rl_load16(ip + 6) & IP4_FRAGMENT_BITS)
		return DATAGRAM_FRAGMENT;
	d->from.family = d->to.family = 4;
	memcpy(d->from.ip, ip + 12, 4);
	memcpy(d->to.ip, ip + 16, 4);
	return read_udp(d, ip + header, total - header, frame_sum(ip + 12, 8));
}

static enum datagram_kind read6(struct datagram *d, const uint8_t *ip, size_t len)
{
	size_t payload;

	if (len < FRAME_IP6_LEN)
		return DATAGRAM_OTHER;
	if (ip[6] == IP6_FRAGMENT)
		return DATAGRAM_FRAGMENT;
	payload = rl_load16(ip + 4);
	if (ip[6] != IP_UDP || payload > len - FRAME_IP6_LEN)
		return DATAGRAM_OTHER;
	d->from.family = d->to.family = 6;
	memcpy(d->from.ip, ip + 8, 16);
	memcpy(d->to.ip, ip + 24, 16);
	return read_udp(d, ip + FRAME_IP6_LEN, payload, frame_sum(ip + 8, 32));
}

enum datagram_kind datagram_read(struct datagram *d, enum datagram_link link, const uint8_t *frame,
				 size_t len)
{
	unsigned version;
	size_t at = find_ip(link, frame, len, &version);

	*d = (struct datagram){0};
	if (version == 4)
		return read4(d, frame + at, len - at);
	if (version == 6)
		return read6(d, frame + at, len - at);
	return DATAGRAM_OTHER;
}
