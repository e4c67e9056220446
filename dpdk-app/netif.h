// SPDX-License-Identifier: BSD-3-Clause
// What the kernel knows about an interface: addresses, MAC, state. Slow (system calls): control
// thread only.
#pragma once

#include "root/inet.h"

enum { NETIF_ADDRESSES_MAX = 64, NETIF_NAME_MAX = 16 };

struct netif {
	char name[NETIF_NAME_MAX];
	unsigned index;
	unsigned mtu;
	unsigned queues; // combined channels of the device, at least 1
	uint8_t mac[6];
	bool ether;   // speaks Ethernet
	bool strips;  // takes VLAN tags out before an XDP program sees them
	bool promisc; // somebody has switched it to hear everything
	bool up;      // switched on
	bool carrier; // and able to send
	unsigned count;
	// Sorted, port 0: IPv4 and IPv6 of the interface and of the VLAN interfaces on it.
	struct rl_inet address[NETIF_ADDRESSES_MAX];
};

// 0; -ENODEV: no such interface; other -errno.
int netif_read(struct netif *n, const char *name);
bool netif_same_addresses(const struct netif *a, const struct netif *b);

// Interface of the default route, IPv4 before IPv6, lowest metric first. 0 or -ENOENT.
int netif_default(char name[static NETIF_NAME_MAX]);

// The same from the text of /proc/net/route and /proc/net/ipv6_route.
int netif_default_route4(const char *text, char name[static NETIF_NAME_MAX]);
int netif_default_route6(const char *text, char name[static NETIF_NAME_MAX]);
