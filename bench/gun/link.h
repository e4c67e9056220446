// SPDX-License-Identifier: BSD-3-Clause
// The wire the generator shoots at: whole Ethernet frames out and in, in bursts. Two makers:
// AF_PACKET rings of the kernel, and DPDK. One thread.
#pragma once

#include "root/tools/say.h"

#include <stdbool.h>
#include <stdint.h>

enum { LINK_BURST = 64 };

struct link_frame {
	const uint8_t *data;
	uint32_t len;
	bool sum_known; // a partial checksum, as of packets from a local kernel: do not check it
};

struct link {
	const struct link_ops *ops;
	char name[64]; // for messages
	uint8_t mac[6];
	unsigned mtu; // longest IP datagram
	uint64_t tx_frames, rx_frames;
	uint64_t tx_stalls; // times the device took no more
	int error;          // errno once the link is of no more use (gone down)
	uint64_t rx_lost;   // frames that came and were not read in time; updated by ops->stats
};

struct link_ops {
	// Room for one frame of mtu + 18 bytes, zeroed or not; NULL: the ring is full, flush. The
	// same room is given again until it is pushed.
	uint8_t *(*room)(struct link *l);
	void (*push)(struct link *l, unsigned len);
	// Hands everything pushed to the device. Returns when it has taken all, or cannot now.
	void (*flush)(struct link *l);
	// Up to max frames; they stay valid until the next receive.
	unsigned (*receive)(struct link *l, struct link_frame *f, unsigned max);
	// Sleeps until something came, at most so long. May return sooner.
	void (*wait)(struct link *l, uint64_t ns);
	void (*stats)(struct link *l);
	void (*close)(struct link *l);
};

struct link_filter {
	uint8_t family; // of the root
	uint8_t ip[16];
};

// interface: speaks Ethernet and is up. Frames of other senders than the root, but for ARP and
// ICMPv6, are left to the kernel. NULL and the reason in why.
struct link *link_afpacket(const char *interface, const struct link_filter *filter,
			   bool promiscuous, struct say_why *why);
// port: as rootline's --port: a PCI address, af_packet:IF, af_xdp:IF, pcap:IN,OUT, null. Once in
// the life of a process. -ENOTSUP in *why's text if built without DPDK.
struct link *link_dpdk(const char *port, bool promiscuous, struct say_why *why);
bool link_has_dpdk(void);
void link_close(struct link *l);
