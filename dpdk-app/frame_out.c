// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/frame_out.h"

#include "root/wire.h"

#include <string.h>

enum { TTL = 64, IP_UDP = 17, IP4_DF = 0x4000 };

static uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// Sums in the machine's own byte order and swaps once at the end: ones' complement addition does
// not mind (RFC 1071, 2 B).
uint16_t frame_sum(const uint8_t *data, size_t len)
{
	typedef uint32_t lanes __attribute__((vector_size(16)));
	lanes low = {0}, high = {0}, v;
	uint64_t sum = 0;
	uint32_t word;
	uint16_t result;

	// Both halves of each lane apart: 65535 bytes cannot make 32 bits overflow.
	for (; len >= 16; data += 16, len -= 16) {
		memcpy(&v, data, 16);
		low += v & 0xffff;
		high += v >> 16;
	}
	low += high;
	for (int i = 0; i < 4; i++)
		sum += low[i];
	for (; len >= 4; data += 4, len -= 4) {
		memcpy(&word, data, 4);
		sum += word;
	}
	word = 0;
	memcpy(&word, data, len);
	result = fold(sum + word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	result = __builtin_bswap16(result);
#endif
	return result;
}

uint16_t frame_relay_sum(const struct frame *f, const uint8_t *payload)
{
	size_t head = f->len < FRAME_HEAD ? f->len : FRAME_HEAD;

	if (!f->summed)
		return frame_sum(payload, f->len);
	// new = old - old head + new head; in ones' complement, minus is plus the inverse (RFC
	// 1624).
	return fold((uint64_t)f->payload_sum + (uint16_t)~f->head_sum + frame_sum(payload, head));
}

static void make_ip4(struct frame_header *h, const struct frame_way *way)
{
	uint8_t *ip = h->bytes + h->l3;

	ip[0] = 0x45;
	rl_store16(ip + 6, IP4_DF); // atomic datagram: its ID may be 0 (RFC 6864)
	ip[8] = TTL;
	ip[9] = IP_UDP;
	memcpy(ip + 12, way->own.ip, 4);
	h->ip_sum = frame_sum(ip, FRAME_IP4_LEN);
	h->len = (uint8_t)(h->l3 + FRAME_IP4_LEN + FRAME_UDP_LEN);
	h->udp_sum = fold((uint64_t)frame_sum(way->own.ip, 4) + IP_UDP + way->own.port);
}

static void make_ip6(struct frame_header *h, const struct frame_way *way)
{
	uint8_t *ip = h->bytes + h->l3;

	ip[0] = 0x60;
	ip[6] = IP_UDP;
	ip[7] = TTL;
	memcpy(ip + 8, way->own.ip, 16);
	h->len = (uint8_t)(h->l3 + FRAME_IP6_LEN + FRAME_UDP_LEN);
	h->udp_sum = fold((uint64_t)frame_sum(way->own.ip, 16) + IP_UDP + way->own.port);
}

void frame_header_make(struct frame_header *h, const struct frame_way *way)
{
	uint8_t *type = h->bytes + 12;

	memset(h, 0, sizeof(*h));
	memcpy(h->bytes, way->next_mac, 6);
	memcpy(h->bytes + 6, way->own_mac, 6);
	h->l3 = FRAME_ETH_LEN;
	if (way->vlan) {
		rl_store16(type, 0x8100);
		rl_store16(type + 2, way->vlan);
		type += FRAME_VLAN_LEN;
		h->l3 += FRAME_VLAN_LEN;
	}
	h->family = way->own.family;
	if (h->family == 4) {
		rl_store16(type, 0x0800);
		make_ip4(h, way);
	} else {
		rl_store16(type, 0x86dd);
		make_ip6(h, way);
	}
	rl_store16(h->bytes + h->len - FRAME_UDP_LEN, way->own.port);
}

unsigned frame_out(uint8_t *payload, uint16_t len, const struct frame_header *h,
		   const struct rl_inet *to, uint16_t payload_sum)
{
	uint8_t *frame = payload - h->len;
	uint8_t *ip = frame + h->l3;
	uint8_t *udp = payload - FRAME_UDP_LEN;
	uint16_t udp_len = (uint16_t)(len + FRAME_UDP_LEN);
	uint16_t sum;

	if (to->family != h->family || len > UINT16_MAX - FRAME_IP4_LEN - FRAME_UDP_LEN)
		return 0;
	memcpy(frame, h->bytes, h->len);
	if (h->family == 4) {
		uint16_t total = (uint16_t)(udp_len + FRAME_IP4_LEN);

		rl_store16(ip + 2, total);
		memcpy(ip + 16, to->ip, 4);
		sum = frame_sum(to->ip, 4);
		rl_store16(ip + 10, (uint16_t)~fold((uint64_t)h->ip_sum + total + sum));
	} else {
		rl_store16(ip + 4, udp_len);
		memcpy(ip + 24, to->ip, 16);
		sum = frame_sum(to->ip, 16);
	}
	rl_store16(udp + 2, to->port);
	rl_store16(udp + 4, udp_len);
	// The length counts twice: in the pseudo header and in the UDP header.
	sum = (uint16_t)~fold((uint64_t)h->udp_sum + sum + to->port + 2ull * udp_len + payload_sum);
	rl_store16(udp + 6, sum ? sum : 0xffff); // 0 would mean "no checksum"
	return h->len;
}
