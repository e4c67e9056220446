// SPDX-License-Identifier: BSD-3-Clause
// Headers in front of a payload: Ethernet, VLAN, IP (TTL 64, DF), UDP with its checksum. Pure; any
// thread.
#pragma once

#include "dpdk-app/frame_in.h"
#include "dpdk-app/frame_sum.h"

// Everything that is the same for all packets of one way, with its checksums half done. Immutable
// once made.
struct frame_header {
	uint8_t bytes[FRAME_HEADER_MAX]; // the last `len` of them
	uint8_t len;                     // 42, 46, 62 or 66
	uint8_t family;                  // 4 or 6
	uint16_t ip_sum;                 // of what is constant in the IPv4 header
	uint16_t udp_sum;                // of what is constant in pseudo header and UDP header
};

void frame_header_make(struct frame_header *h, const struct frame_way *way);

// Writes the headers right before the payload: FRAME_HEADER_MAX bytes there must be writable.
// payload_sum: of the `len` bytes at `payload`. Returns the header's length: the frame starts that
// much before the payload; 0: `to` is not of this way's family.
unsigned frame_out(uint8_t *payload, uint16_t len, const struct frame_header *h,
		   const struct rl_inet *to, uint16_t payload_sum);

// The payload's sum after a change in its first FRAME_HEAD bytes alone, without reading the others.
uint16_t frame_relay_sum(const struct frame *f, const uint8_t *payload);
