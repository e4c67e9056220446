// SPDX-License-Identifier: BSD-3-Clause
// UDP datagrams in frames, as they are read from a wire or a capture file. Pure; the other
// direction is dpdk-app/frame_out.h.
#pragma once

#include "root/inet.h"

enum datagram_link {
	DATAGRAM_ETHERNET, // with at most two VLAN tags
	DATAGRAM_RAW,      // starts with the IP header
	DATAGRAM_SLL,      // Linux "any" captures, first and second form
	DATAGRAM_SLL2,
	DATAGRAM_NULL, // loopback of BSD: 4 bytes of family
};

struct datagram {
	struct rl_inet from, to;
	const uint8_t *data; // into the frame
	uint16_t len;
	bool sum_ok; // UDP checksum; true also where IPv4 has none
};

enum datagram_kind {
	DATAGRAM_UDP,      // d is filled
	DATAGRAM_FRAGMENT, // piece of an IP datagram: ports may be missing
	DATAGRAM_OTHER,    // ARP, TCP, damaged, cut short by the capture
};

enum datagram_kind datagram_read(struct datagram *d, enum datagram_link link, const uint8_t *frame,
				 size_t len);
