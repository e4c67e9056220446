// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/frame_out.h"

#include "root/wire.h"

#include <string.h>

enum {
	TTL = 64,
	IP_UDP = 17,
	IP4_DF = 0x4000,

	// Where things are in frame_header.bytes.
	UDP_AT = FRAME_HEADER_MAX - FRAME_UDP_LEN,
	IP4_AT = UDP_AT - FRAME_IP4_LEN,
	IP6_AT = UDP_AT - FRAME_IP6_LEN,
};

uint16_t frame_relay_sum(const struct frame *f, const uint8_t *payload)
{
	uint16_t head;

	if (!f->summed)
		return frame_sum(payload, f->len);
	if (f->len >= FRAME_HEAD)
		head = frame_sum_finish(frame_sum_words(payload, FRAME_HEAD / 4));
	else
		head = frame_sum(payload, f->len);
	// new = old - old head + new head; in ones' complement, minus is plus the inverse (RFC
	// 1624).
	return frame_sum_fold((uint64_t)f->payload_sum + (uint16_t)~f->head_sum + head);
}

static void make_ip4(struct frame_header *h, const struct frame_way *way)
{
	uint8_t *ip = h->bytes + IP4_AT;

	ip[0] = 0x45;
	rl_store16(ip + 6, IP4_DF); // atomic datagram: its ID may be 0 (RFC 6864)
	ip[8] = TTL;
	ip[9] = IP_UDP;
	memcpy(ip + 12, way->own.ip, 4);
	h->ip_sum = frame_sum(ip, FRAME_IP4_LEN);
	h->udp_sum = frame_sum_fold((uint64_t)frame_sum(way->own.ip, 4) + IP_UDP + way->own.port);
}

static void make_ip6(struct frame_header *h, const struct frame_way *way)
{
	uint8_t *ip = h->bytes + IP6_AT;

	ip[0] = 0x60;
	ip[6] = IP_UDP;
	ip[7] = TTL;
	memcpy(ip + 8, way->own.ip, 16);
	h->udp_sum = frame_sum_fold((uint64_t)frame_sum(way->own.ip, 16) + IP_UDP + way->own.port);
}

void frame_header_make(struct frame_header *h, const struct frame_way *way)
{
	unsigned ip = way->own.family == 4 ? FRAME_IP4_LEN : FRAME_IP6_LEN;
	unsigned eth = FRAME_ETH_LEN + (way->vlan ? FRAME_VLAN_LEN : 0);
	uint8_t *start, *type;

	memset(h, 0, sizeof(*h));
	h->family = way->own.family;
	h->len = (uint8_t)(eth + ip + FRAME_UDP_LEN);
	start = h->bytes + FRAME_HEADER_MAX - h->len;
	memcpy(start, way->next_mac, 6);
	memcpy(start + 6, way->own_mac, 6);
	if (way->vlan) {
		rl_store16(start + 12, 0x8100);
		rl_store16(start + 14, way->vlan);
	}
	type = start + eth - 2;
	rl_store16(type, h->family == 4 ? 0x0800 : 0x86dd);
	if (h->family == 4)
		make_ip4(h, way);
	else
		make_ip6(h, way);
	rl_store16(h->bytes + UDP_AT, way->own.port);
}

static uint16_t finish_ip4(uint8_t *ip, const struct frame_header *h, const struct rl_inet *to,
			   uint16_t udp_len)
{
	uint16_t total = (uint16_t)(udp_len + FRAME_IP4_LEN);
	uint16_t sum = frame_sum_finish(frame_sum_words(to->ip, 1));

	rl_store16(ip + 2, total);
	memcpy(ip + 16, to->ip, 4);
	rl_store16(ip + 10, (uint16_t)~frame_sum_fold((uint64_t)h->ip_sum + total + sum));
	return sum;
}

static uint16_t finish_ip6(uint8_t *ip, const struct rl_inet *to, uint16_t udp_len)
{
	rl_store16(ip + 4, udp_len);
	memcpy(ip + 24, to->ip, 16);
	return frame_sum_finish(frame_sum_words(to->ip, 4));
}

// By its two ends, which overlap: lengths known beforehand are copied by a few moves.
static void copy_header(uint8_t *payload, const struct frame_header *h)
{
	enum { FRONT = 32, BACK = FRAME_HEADER_MAX - FRONT };

	memcpy(payload - h->len, h->bytes + FRAME_HEADER_MAX - h->len, FRONT);
	memcpy(payload - BACK, h->bytes + FRAME_HEADER_MAX - BACK, BACK);
}

unsigned frame_out(uint8_t *payload, uint16_t len, const struct frame_header *h,
		   const struct rl_inet *to, uint16_t payload_sum)
{
	uint8_t *room = payload - FRAME_HEADER_MAX;
	uint8_t *udp = payload - FRAME_UDP_LEN;
	uint16_t udp_len = (uint16_t)(len + FRAME_UDP_LEN);
	uint16_t sum;

	if (to->family != h->family || len > UINT16_MAX - FRAME_IP4_LEN - FRAME_UDP_LEN)
		return 0;
	copy_header(payload, h);
	if (h->family == 4)
		sum = finish_ip4(room + IP4_AT, h, to, udp_len);
	else
		sum = finish_ip6(room + IP6_AT, to, udp_len);
	rl_store16(udp + 2, to->port);
	rl_store16(udp + 4, udp_len);
	// The length counts twice: in the pseudo header and in the UDP header.
	sum = (uint16_t)~frame_sum_fold((uint64_t)h->udp_sum + sum + to->port + 2ull * udp_len +
					payload_sum);
	rl_store16(udp + 6, sum ? sum : 0xffff); // 0 would mean "no checksum"
	return h->len;
}
