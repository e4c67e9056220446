// SPDX-License-Identifier: BSD-3-Clause
// The set of ports: from the operator's words to running NIC queues and back to nothing left
// behind.
//
// Order of a start:   ports_new > ports_eal > eal_start > ports_start > port_rx_new, port_tx_new
// (each thread) Order of a stop:    threads stopped > port_tx_free, port_rx_free > ports_free >
// eal_stop All of it is control's; ports_refresh too, beside running workers.
#pragma once

#include "config/config.h"
#include "dpdk-app/adjacency.h"
#include "dpdk-app/eal.h"
#include "dpdk-app/frame_in.h"
#include "dpdk-app/netif.h"
#include "dpdk-app/port_spec.h"

enum { PORTS_MAX = 16, PORT_QUEUES_MAX = 128 };

struct port;
struct ports;

// Reads c->ports, udp_ports, addresses, vlans, workers, xdp_filter; looks whether interfaces and
// files are there; takes the UDP ports from the kernel (punt.h); removes our own XDP program that a
// killed run has left. senders: threads that will send beside the workers. NULL with a sentence in
// `why`; then everything is as before.
struct ports *ports_new(const struct config *c, unsigned senders, char why[static PORT_WHY_MAX]);

// Adds the devices to the arguments of DPDK. The strings live as long as `ps`.
void ports_eal(const struct ports *ps, struct eal_options *o);

// After eal_start(): queues, buffers, start; waits up to 3 s for the links. 0 or -errno with a
// sentence in `why`, which names the port; ports_free() then undoes what was done. 0 with a
// sentence: a warning (a link is down).
int ports_start(struct ports *ps, char why[static PORT_WHY_MAX]);

// Looks at the interfaces again and, if their addresses or MACs have changed, lets workers and XDP
// filters know; puts an XDP program back that somebody has taken off. Call about once a second. 1:
// changed, 0: as before, -errno: trouble, told once. A sentence in `why`, whatever is returned, is
// worth a warning.
int ports_refresh(struct ports *ps, char why[static PORT_WHY_MAX]);

// Stops, closes, detaches the XDP programs, gives the UDP ports back. NULL is fine.
void ports_free(struct ports *ps);

// The socket that holds our first UDP port in the kernel (AF_INET or AF_INET6), for words to those
// of whom no way is known; -1: none is held. It receives nothing and stays the ports'.
int ports_kernel_socket(const struct ports *ps, int family);

unsigned ports_count(const struct ports *ps);
struct adjacency_table *ports_adjacency(const struct ports *ps);

struct port *ports_at(const struct ports *ps, unsigned index);
const char *port_name(const struct port *p); // as the operator wrote it
const struct port_spec *port_spec(const struct port *p);
const struct netif *port_netif(const struct port *p); // as last seen; NULL: not of the kernel
// The filter in force; valid for several calls of ports_refresh.
const struct frame_filter *port_filter(const struct port *p);
// PCAP: the whole input has been handed to workers. Any thread. False for ever on other kinds.
bool port_done(const struct port *p);
bool ports_all_done(const struct ports *ps);
bool port_link(const struct port *p);
unsigned port_rx_queues(const struct port *p);

// Of the device, since it started.
struct port_stats {
	uint64_t rx_packets, rx_bytes, rx_missed, rx_errors, rx_no_buffer;
	uint64_t tx_packets, tx_bytes, tx_errors;
};
int port_stats(const struct port *p, struct port_stats *s);
