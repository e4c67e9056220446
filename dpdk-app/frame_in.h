// SPDX-License-Identifier: BSD-3-Clause
// From a frame to the datagram in it: Ethernet, at most one VLAN tag, IPv4 or IPv6, UDP. Pure:
// bytes in, facts out; nothing is written into the frame. Any thread.
#pragma once

#include "root/drop.h"
#include "root/inet.h"

enum {
	FRAME_ETH_LEN = 14,
	FRAME_VLAN_LEN = 4,
	FRAME_IP4_LEN = 20,
	FRAME_IP6_LEN = 40,
	FRAME_UDP_LEN = 8,
	FRAME_HEADER_MAX = FRAME_ETH_LEN + FRAME_VLAN_LEN + FRAME_IP6_LEN + FRAME_UDP_LEN,

	FRAME_ADDRESSES_MAX = 64, // of one family
	FRAME_PORTS_MAX = 16,
	FRAME_VLANS_MAX = 16,
	FRAME_HEAD = 32, // leading payload bytes that a relay may change
};

// What is ours. Immutable while readers have it.
struct frame_filter {
	uint8_t mac[6];
	bool any_mac; // ports without a MAC of their own: pcap, null
	uint8_t port_count;
	uint8_t vlan_count;
	bool any_address; // no address is known: all are ours
	uint16_t ip4_count;
	uint16_t ip6_count;
	uint16_t ports[FRAME_PORTS_MAX];   // host order
	uint16_t vlans[FRAME_VLANS_MAX];   // 0: untagged, and priority tags
	uint32_t ip4[FRAME_ADDRESSES_MAX]; // network order
	uint8_t ip6[FRAME_ADDRESSES_MAX][16];
};

// The way a frame came, and so the way back. No padding: ways compare as bytes.
struct frame_way {
	uint8_t own_mac[6];
	uint8_t next_mac[6]; // neighbour that handed the frame over
	uint16_t vlan;       // 0: untagged
	uint16_t device;     // index of the port
	struct rl_inet own;  // our address and UDP port
};
_Static_assert(sizeof(struct frame_way) == 36, "no padding");

struct frame {
	struct frame_way way;
	uint16_t payload; // offset in the frame
	uint16_t len;     // bytes of payload
	// Ones' complement sums (RFC 1071), valid if summed; for frame_relay_sum().
	uint16_t payload_sum;
	uint16_t head_sum; // of the first FRAME_HEAD bytes
	bool summed;
};

// What is known of checksums.
enum {
	FRAME_IP_GOOD = 1, // the NIC has checked it
	FRAME_UDP_GOOD = 2,
	// The port is the kernel's: a sender on this machine or on its host may have left its UDP
	// checksum to a NIC that never came, and sent the sum of the pseudo header alone.
	FRAME_UDP_PARTIAL = 4,
};

// RL_DROP_NONE: ours; *f and *from are filled. Otherwise the reason, and both are undefined. len:
// bytes in `data`, at most 65535. device: goes into f->way.
enum rl_drop frame_in(const struct frame_filter *filter, const uint8_t *data, size_t len,
		      unsigned good, uint16_t device, struct frame *f, struct rl_inet *from);

// Adds an address; false: no room, or not an address one can have (multicast, unspecified).
bool frame_filter_add(struct frame_filter *filter, const struct rl_inet *a);
