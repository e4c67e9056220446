// SPDX-License-Identifier: BSD-3-Clause
// Inside of the set of ports; shared by port*.c alone.
#pragma once

#include "dpdk-app/port.h"
#include "dpdk-app/punt.h"
#include "dpdk-app/xdp_filter.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_spinlock.h>

enum {
	PORT_GENERATIONS = 4,     // filters of a port that exist at the same time
	PORT_XDP_QUEUES_MAX = 16, // DPDK 22.11's AF_XDP driver keeps statistics for no more
	PORT_BURST = 64,
	PORT_DESC = 1024,
	PORT_ROOM = RTE_PKTMBUF_HEADROOM + 2048, // of one buffer: AF_PACKET wants all of it
	PORT_XDP_BUFFERS = 8192, // per queue: they are the memory that the kernel shares
	PORT_BUFFERS = 8192,     // for all other ports together, beside their rings
};

struct port_tx_lock {
	rte_spinlock_t lock;
} __rte_cache_aligned;

struct port {
	struct ports *set;
	uint16_t index;
	struct port_spec spec;
	char vdev[PORT_VDEV_MAX];
	struct netif netif; // as last seen
	int trouble;        // what the last look at the interface came to: -errno
	bool xdp_open;
	struct xdp_filter xdp;

	uint16_t dev; // DPDK's number
	bool has_dev; // and it is to be closed
	bool started;
	bool shared_tx; // fewer queues than senders: lock before sending
	uint16_t rx_queues, tx_queues;
	uint16_t mtu; // IP packets we make are no longer than this
	struct port_tx_lock *tx_lock;
	struct rte_mempool *pool[PORT_QUEUES_MAX]; // by receive queue
	bool own_pools;

	// Workers read the filter in force through `filter`. Control writes the next one into a
	// slot that has not been in force for PORT_GENERATIONS - 1 changes, which are a second
	// apart at least: a worker's burst is over by then, and if it were not, it would misjudge
	// frames, nothing worse.
	struct frame_filter generation[PORT_GENERATIONS];
	unsigned turn;
	_Atomic(const struct frame_filter *) filter;

	atomic_bool done; // worker: writes; anyone: reads
};

struct ports {
	unsigned count;
	unsigned workers;
	unsigned senders;  // workers and others
	struct port *port; // `count` of them
	struct adjacency_table *adjacency;
	struct rte_mempool *pool; // of the ports that need none of their own
	struct punt punt;
	char xdp_path[PORT_PATH_MAX];
	// What is the same in the filters of all ports.
	struct frame_filter base;
	struct rl_inet address[CONFIG_LIST_MAX];
	unsigned address_count; // 0: those of the interfaces
};

// port_filter.c: makes the filter of port `p` from p->netif (or its MAC) and puts it in force.
void port_filter_publish(struct port *p, const uint8_t mac[6]);

// port_start.c
int port_start(struct port *p, char why[static PORT_WHY_MAX]);
void port_stop(struct port *p);
