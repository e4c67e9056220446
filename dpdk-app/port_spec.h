// SPDX-License-Identifier: BSD-3-Clause
// What the operator calls a port: "0000:03:00.0", "af_xdp:eth0", "af_packet:eth0", "pcap:IN,OUT",
// "null". In place of an interface "auto" is the one of the default route. Pure text work, but for
// port_spec_check.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum port_kind {
	PORT_PCI,       // a NIC that DPDK owns
	PORT_AF_XDP,    // shared with the kernel by a filter program
	PORT_AF_PACKET, // a copy of all that the kernel sees
	PORT_PCAP,      // plays IN once, writes OUT; either may be empty
	PORT_NULL,      // never receives, forgets what it sends
};

enum {
	PORT_IFACE_MAX = 16, // with its zero
	PORT_PATH_MAX = 240,
	PORT_TEXT_MAX = 512,
	PORT_VDEV_MAX = 1024,
	PORT_WHY_MAX = 1280,
};

struct port_spec {
	enum port_kind kind;
	char text[PORT_TEXT_MAX];   // as it was given, for messages
	char iface[PORT_IFACE_MAX]; // AF_XDP, AF_PACKET
	char pci[PORT_IFACE_MAX];   // "0000:03:00.0", domain always there
	char in[PORT_PATH_MAX];     // PCAP
	char out[PORT_PATH_MAX];
};

// 0 or -EINVAL with a sentence in `why`.
int port_spec_parse(struct port_spec *s, const char *text, char why[static PORT_WHY_MAX]);

// Finds the interface for "auto", and asks the system whether interface or files are there and
// usable. 0 or -errno with a sentence in `why`.
int port_spec_check(struct port_spec *s, char why[static PORT_WHY_MAX]);

// Two ports may not share a device or an output file.
bool port_spec_same_device(const struct port_spec *a, const struct port_spec *b);

bool port_spec_has_iface(const struct port_spec *s);

// Argument of --vdev, empty for PCI. index: makes the device's name unique; queues: pairs wanted;
// filter: path of the XDP program. 0 or -ENAMETOOLONG.
int port_spec_vdev(const struct port_spec *s, unsigned index, unsigned queues, const char *filter,
		   char buf[static PORT_VDEV_MAX]);
// Name of the device in DPDK: "net_af_packet0", "0000:03:00.0".
void port_spec_device(const struct port_spec *s, unsigned index, char buf[static 32]);
