// SPDX-License-Identifier: BSD-3-Clause
// Reads the UDP datagrams out of a capture file (Ethernet, IPv4 without options or IPv6 without
// extension headers); everything else is left out.
#pragma once

#include "root/inet.h"

struct pcap_udp {
	uint64_t us;     // time of capture, Unix
	unsigned number; // of the frame in the file, from 1
	struct rl_inet from, to;
	uint8_t *data;
	uint16_t len;
};

// The number read, or a negative value and a message on stderr. Free the list with pcap_udp_free.
int pcap_udp_load(const char *path, struct pcap_udp **list);
void pcap_udp_free(struct pcap_udp *list, int count);
