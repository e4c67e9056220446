// SPDX-License-Identifier: BSD-3-Clause
// Writes a capture file: classic pcap, microseconds, Ethernet, little-endian. One thread.
#pragma once

#include "root/inet.h"

#include <stdio.h>

enum { PCAP_OUT_PAYLOAD_MAX = 9000 };

struct pcap_out {
	FILE *f;
	const char *path;
	uint8_t own_mac[6], next_mac[6];
	uint64_t frames;
	uint64_t bytes; // of the file
};

// "-": standard output. 0 or -errno.
int pcap_out_open(struct pcap_out *o, const char *path);
// One UDP datagram as a frame with headers and checksums. us: Unix time. 0, -errno, or -EMSGSIZE:
// too long, or the two addresses are of different families.
int pcap_out_udp(struct pcap_out *o, uint64_t us, const struct rl_inet *from,
		 const struct rl_inet *to, const uint8_t *data, size_t len);
// 0 or -errno: only now is all of it known to be written.
int pcap_out_close(struct pcap_out *o);
