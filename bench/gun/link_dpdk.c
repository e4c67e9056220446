// SPDX-License-Identifier: BSD-3-Clause
// Frames through a DPDK port: one receive and one transmit queue.
#include "bench/gun/link.h"

#include "dpdk-app/eal.h"
#include "dpdk-app/netif.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BUFFERS = 16384,
	CACHE = 256,
	DESCRIPTORS = 2048,
	MEMORY_MB = 256,
	MTU = 1500,
	ETHER_LEN = 14,
	LINK_WAIT_MS = 5000,
	SPIN_NS = 20000, // shorter waits are polled through
	NAP_NS = 50000,  // there are no receive interrupts to sleep on
	FLUSH_TRIES = 64,
	LINK_CHECKS = 2, // a second: each takes system calls
};

struct dpdk {
	struct link link;
	uint16_t port;
	struct rte_mempool *pool;
	struct rte_mbuf *room; // given out, not pushed yet
	struct rte_mbuf *tx[LINK_BURST], *rx[LINK_BURST];
	unsigned pushed, given;
	uint64_t missed; // counter of the device when last read
	bool attached, started;
	char iface[NETIF_NAME_MAX]; // that the kernel has, too; or empty
	uint64_t checked;           // ticks when the link was last looked at
};

static struct dpdk *self(struct link *l)
{
	return (struct dpdk *)l;
}

static void flush(struct link *l)
{
	struct dpdk *d = self(l);
	unsigned sent = 0;

	for (unsigned i = 0; sent < d->pushed && i < FLUSH_TRIES; i++)
		sent += rte_eth_tx_burst(d->port, 0, d->tx + sent, (uint16_t)(d->pushed - sent));
	l->tx_frames += sent;
	if (sent < d->pushed) {
		// They wait for the next flush, and room() gives nothing while they do.
		l->tx_stalls++;
		memmove(d->tx, d->tx + sent, (d->pushed - sent) * sizeof(d->tx[0]));
	}
	d->pushed -= sent;
}

static uint8_t *room(struct link *l)
{
	struct dpdk *d = self(l);

	if (d->pushed == LINK_BURST)
		flush(l);
	if (d->pushed == LINK_BURST)
		return NULL;
	if (!d->room)
		d->room = rte_pktmbuf_alloc(d->pool);
	return d->room ? rte_pktmbuf_mtod(d->room, uint8_t *) : NULL;
}

static void push(struct link *l, unsigned len)
{
	struct dpdk *d = self(l);

	d->room->data_len = (uint16_t)len;
	d->room->pkt_len = len;
	d->tx[d->pushed++] = d->room;
	d->room = NULL;
}

// Drivers that share an interface with the kernel say nothing when it goes down.
static bool link_up(const struct dpdk *d)
{
	struct rte_eth_link link;
	struct netif n;

	if (d->iface[0])
		return netif_read(&n, d->iface) == 0 && n.carrier;
	return rte_eth_link_get_nowait(d->port, &link) != 0 || link.link_status;
}

static void check_link(struct dpdk *d)
{
	uint64_t now = rte_get_tsc_cycles();

	if (now - d->checked < rte_get_tsc_hz() / LINK_CHECKS)
		return;
	d->checked = now;
	if (!link_up(d))
		d->link.error = ENETDOWN;
}

static unsigned receive(struct link *l, struct link_frame *f, unsigned max)
{
	struct dpdk *d = self(l);

	check_link(d);
	rte_pktmbuf_free_bulk(d->rx, d->given);
	d->given = rte_eth_rx_burst(d->port, 0, d->rx,
				    (uint16_t)(max < LINK_BURST ? max : LINK_BURST));
	for (unsigned i = 0; i < d->given; i++) {
		// A local kernel's partial checksums cannot be told from wrong ones here.
		f[i] = (struct link_frame){.data = rte_pktmbuf_mtod(d->rx[i], const uint8_t *),
					   .len = d->rx[i]->data_len,
					   .sum_known = false};
	}
	l->rx_frames += d->given;
	return d->given;
}

static void wait_for(struct link *l, uint64_t ns)
{
	struct timespec t = {.tv_nsec = ns < NAP_NS ? (long)ns : NAP_NS};

	(void)l;
	if (ns > SPIN_NS)
		nanosleep(&t, NULL);
}

static void stats(struct link *l)
{
	struct dpdk *d = self(l);
	struct rte_eth_stats s;
	uint64_t missed;

	if (rte_eth_stats_get(d->port, &s) != 0)
		return;
	missed = s.imissed + s.rx_nombuf;
	l->rx_lost += missed - d->missed;
	d->missed = missed;
}

static void close_link(struct link *l)
{
	struct dpdk *d = self(l);

	rte_pktmbuf_free_bulk(d->rx, d->given);
	rte_pktmbuf_free_bulk(d->tx, d->pushed);
	rte_pktmbuf_free(d->room);
	if (d->started)
		rte_eth_dev_stop(d->port);
	if (d->attached)
		rte_eth_dev_close(d->port);
	rte_mempool_free(d->pool);
	free(d);
	eal_stop();
}

static const struct link_ops ops = {room, push, flush, receive, wait_for, stats, close_link};

static void vdev_of(const struct port_spec *spec, char vdev[static PORT_VDEV_MAX])
{
	// rootline's own filter lets only its ports through; here all ports are simulated, so the
	// driver's program, which takes everything, is right.
	if (spec->kind == PORT_AF_XDP)
		snprintf(vdev, PORT_VDEV_MAX,
			 "net_af_xdp0,iface=%s,start_queue=0,queue_count=1,busy_budget=0",
			 spec->iface);
	else
		port_spec_vdev(spec, 0, 1, "", vdev);
}

static int start_eal(const struct port_spec *spec, struct say_why *why)
{
	static char vdev[PORT_VDEV_MAX], reason[PORT_WHY_MAX];
	struct eal_options o = {.program = "rootline-gun",
				.hugepages = CONFIG_HUGEPAGES_AUTO,
				.memory_mb = MEMORY_MB,
				.workers = 1, // the least there can be; it stays idle
				.file_prefix = "rootline-gun"};
	struct eal_result r;

	for (unsigned i = 0; i < EAL_WORKERS_MAX; i++)
		o.core[i] = -1;
	vdev_of(spec, vdev);
	if (spec->kind == PORT_PCI)
		o.pci[o.pci_count++] = spec->pci;
	else
		o.vdev[o.vdev_count++] = vdev;
	return eal_start(&o, &r, reason) ? say_why(why, "%s", reason) : 0;
}

static int configure(struct dpdk *d, bool promiscuous, struct say_why *why)
{
	struct rte_eth_conf conf = {0};
	uint16_t rx = DESCRIPTORS, tx = DESCRIPTORS;
	struct rte_ether_addr mac;
	int ret;

	d->pool = rte_pktmbuf_pool_create("gun", BUFFERS, CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  SOCKET_ID_ANY);
	if (!d->pool)
		return say_why(why, "%s: no memory for packet buffers", d->link.name);
	ret = rte_eth_dev_configure(d->port, 1, 1, &conf);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(d->port, &rx, &tx);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(d->port, 0, rx, SOCKET_ID_ANY, NULL, d->pool);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(d->port, 0, tx, SOCKET_ID_ANY, NULL);
	if (ret == 0)
		ret = rte_eth_macaddr_get(d->port, &mac);
	if (ret == 0)
		ret = rte_eth_dev_start(d->port);
	if (ret)
		return say_why(why, "%s does not start: %s", d->link.name, rte_strerror(-ret));
	d->started = true;
	memcpy(d->link.mac, mac.addr_bytes, 6);
	// Not every driver can; where it matters, answers do not come and the figures say so.
	if (promiscuous)
		rte_eth_promiscuous_enable(d->port);
	return 0;
}

static int wait_for_carrier(struct dpdk *d, struct say_why *why)
{
	struct timespec nap = {.tv_nsec = 20000000};
	struct rte_eth_link link;

	for (unsigned ms = 0; ms < LINK_WAIT_MS; ms += 20) {
		if (rte_eth_link_get_nowait(d->port, &link) == 0 && link.link_status)
			return 0;
		nanosleep(&nap, NULL);
	}
	return say_why(why, "%s has no link", d->link.name);
}

struct link *link_dpdk(const char *port, bool promiscuous, struct say_why *why)
{
	char reason[PORT_WHY_MAX], name[32];
	struct port_spec spec;
	struct netif n;
	struct dpdk *d;

	if (port_spec_parse(&spec, port, reason) || port_spec_check(&spec, reason)) {
		say_why(why, "%s", reason);
		return NULL;
	}
	if (start_eal(&spec, why) < 0)
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d) {
		say_why(why, "no memory");
		return NULL;
	}
	d->link.ops = &ops;
	d->link.mtu = MTU;
	snprintf(d->link.name, sizeof(d->link.name), "dpdk:%.50s", port);
	if (port_spec_has_iface(&spec)) {
		snprintf(d->iface, sizeof(d->iface), "%s", spec.iface);
		if (netif_read(&n, spec.iface) == 0 && n.mtu < MTU)
			d->link.mtu = n.mtu;
	}
	port_spec_device(&spec, 0, name);
	d->attached = rte_eth_dev_get_port_by_name(name, &d->port) == 0;
	if (!d->attached)
		say_why(why, "%s did not come up; DPDK says why above", port);
	else if (configure(d, promiscuous, why) == 0 && wait_for_carrier(d, why) == 0)
		return &d->link;
	close_link(&d->link);
	return NULL;
}

bool link_has_dpdk(void)
{
	return true;
}
