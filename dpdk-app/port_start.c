// SPDX-License-Identifier: BSD-3-Clause
// From a device that DPDK has found to one that sends and receives, and back.
#include "dpdk-app/port_rx.h"
#include "dpdk-app/port_set.h"

#include <rte_errno.h>
#include <rte_malloc.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	LINK_WAIT_MS = 3000,
	LINK_STEP_MS = 20,
	MTU_DEFAULT = 1500, // also the most we make: the Internet carries no more
	POOL_CACHE = 256,
};

__attribute__((format(printf, 4, 5))) static int
fail(const struct port *p, char why[static PORT_WHY_MAX], int err, const char *format, ...)
{
	va_list args;
	int n;

	n = snprintf(why, PORT_WHY_MAX, "port \"%.200s\": ", p->spec.text);
	va_start(args, format);
	vsnprintf(why + n, PORT_WHY_MAX - (size_t)n, format, args);
	va_end(args);
	return err ? err : -EIO;
}

static const char *driver_package(enum port_kind kind)
{
	static const char *const packages[] = {
		[PORT_AF_XDP] = "librte-net-af-xdp23",
		[PORT_AF_PACKET] = "librte-net-af-packet23",
		[PORT_PCAP] = "librte-net-pcap23",
		[PORT_NULL] = "librte-net-null23",
	};

	return packages[kind];
}

static int find_device(struct port *p, char why[static PORT_WHY_MAX])
{
	char name[32];

	port_spec_device(&p->spec, p->index, name);
	if (rte_eth_dev_get_port_by_name(name, &p->dev) == 0) {
		p->has_dev = true;
		return 0;
	}
	if (p->spec.kind == PORT_PCI)
		return fail(
			p, why, -ENODEV,
			"DPDK has no driver for it, or it is still bound to the kernel's: "
			"`dpdk-devbind.py --bind=vfio-pci %s` (never the NIC of the default route)",
			p->spec.pci);
	return fail(
		p, why, -ENODEV,
		"the device did not come up; DPDK says why above. Root rights are needed, and its "
		"driver (Debian: %s)",
		driver_package(p->spec.kind));
}

static struct rte_mempool *new_pool(const struct port *p, const char *name, unsigned count,
				    char why[static PORT_WHY_MAX])
{
	const unsigned priv = RTE_ALIGN_CEIL(sizeof(struct port_packet), RTE_MBUF_PRIV_ALIGN);
	struct rte_mempool *pool;

	pool = rte_pktmbuf_pool_create(name, count, POOL_CACHE, (uint16_t)priv, PORT_ROOM,
				       SOCKET_ID_ANY);
	if (!pool)
		fail(p, why, 0, "no memory for %u packet buffers (%s): raise memory_mb", count,
		     rte_strerror(rte_errno));
	return pool;
}

static int make_pools(struct port *p, char why[static PORT_WHY_MAX])
{
	struct ports *ps = p->set;
	char name[RTE_MEMPOOL_NAMESIZE];

	p->own_pools = p->spec.kind == PORT_AF_XDP || p->spec.kind == PORT_PCI;
	for (unsigned q = 0; p->own_pools && q < p->rx_queues; q++) {
		snprintf(name, sizeof(name), "port%u_%u", p->index, q);
		p->pool[q] = new_pool(p, name, PORT_XDP_BUFFERS, why);
		if (!p->pool[q])
			return -ENOMEM;
	}
	if (p->own_pools)
		return 0;
	if (!ps->pool)
		ps->pool = new_pool(p, "ports", PORT_BUFFERS, why);
	if (!ps->pool)
		return -ENOMEM;
	for (unsigned q = 0; q < p->rx_queues; q++)
		p->pool[q] = ps->pool;
	return 0;
}

// How many queues: what each driver takes, no more than there are threads to use them.
static void choose_queues(struct port *p, const struct rte_eth_dev_info *info)
{
	unsigned workers = p->set->workers, senders = p->set->senders;

	switch (p->spec.kind) {
	case PORT_AF_XDP:
		p->rx_queues = info->max_rx_queues;
		p->tx_queues = p->rx_queues; // they are pairs
		break;
	case PORT_AF_PACKET:
		p->rx_queues = info->max_rx_queues;
		p->tx_queues = info->max_tx_queues;
		break;
	case PORT_PCAP:
	case PORT_NULL:
		p->rx_queues = 1;
		p->tx_queues = 1;
		break;
	case PORT_PCI:
		p->rx_queues = (uint16_t)RTE_MIN(workers, info->max_rx_queues);
		p->tx_queues = (uint16_t)RTE_MIN(senders, info->max_tx_queues);
		break;
	}
	p->rx_queues = RTE_MIN(p->rx_queues, (uint16_t)PORT_QUEUES_MAX);
	p->tx_queues = RTE_MIN(p->tx_queues, (uint16_t)PORT_QUEUES_MAX);
	p->shared_tx = p->tx_queues < senders;
}

static void choose_offloads(struct port *p, const struct rte_eth_dev_info *info,
			    struct rte_eth_conf *conf)
{
	const uint64_t checksums = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	const uint64_t spread = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP;

	conf->rxmode.offloads = info->rx_offload_capa & checksums;
	if (p->rx_queues < 2 || p->spec.kind != PORT_PCI)
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads & spread;
}

static int setup_queues(struct port *p, const struct rte_eth_dev_info *info,
			char why[static PORT_WHY_MAX])
{
	uint16_t rx_desc = PORT_DESC, tx_desc = PORT_DESC;
	int socket = rte_eth_dev_socket_id(p->dev);
	int ret;

	(void)info;
	// AF_XDP gives the same number to both of its rings, and two thousand is what it was made
	// for.
	if (p->spec.kind == PORT_AF_XDP)
		rx_desc = tx_desc = 2048;
	ret = rte_eth_dev_adjust_nb_rx_tx_desc(p->dev, &rx_desc, &tx_desc);
	if (ret)
		return fail(p, why, ret, "rings: %s", rte_strerror(-ret));
	for (uint16_t q = 0; q < p->rx_queues; q++) {
		ret = rte_eth_rx_queue_setup(p->dev, q, rx_desc, (unsigned)socket, NULL,
					     p->pool[q]);
		if (ret && p->spec.kind == PORT_AF_XDP)
			return fail(p, why, ret,
				    "AF_XDP does not start on \"%s\" (DPDK says more above): the "
				    "driver "
				    "may need an MTU of at most 3500 (`ip link set %s mtu 1500`), "
				    "fewer "
				    "queues or no LRO; af_packet:%s works everywhere",
				    p->spec.iface, p->spec.iface, p->spec.iface);
		if (ret)
			return fail(p, why, ret, "receive queue %u: %s", q, rte_strerror(-ret));
	}
	for (uint16_t q = 0; q < p->tx_queues; q++) {
		ret = rte_eth_tx_queue_setup(p->dev, q, tx_desc, (unsigned)socket, NULL);
		if (ret)
			return fail(p, why, ret, "transmit queue %u: %s", q, rte_strerror(-ret));
	}
	return 0;
}

static int configure(struct port *p, char why[static PORT_WHY_MAX])
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	int ret = rte_eth_dev_info_get(p->dev, &info);

	if (ret)
		return fail(p, why, ret, "%s", rte_strerror(-ret));
	choose_queues(p, &info);
	if (p->rx_queues == 0 || p->tx_queues == 0)
		return fail(p, why, -ENODEV, "the device has no queues");
	choose_offloads(p, &info, &conf);
	ret = rte_eth_dev_configure(p->dev, p->rx_queues, p->tx_queues, &conf);
	if (ret)
		return fail(p, why, ret, "the device does not take %u queues: %s", p->rx_queues,
			    rte_strerror(-ret));
	p->tx_lock = rte_zmalloc(NULL, p->tx_queues * sizeof(*p->tx_lock), RTE_CACHE_LINE_SIZE);
	if (!p->tx_lock)
		return fail(p, why, -ENOMEM, "out of memory: raise memory_mb");
	ret = make_pools(p, why);
	return ret ? ret : setup_queues(p, &info, why);
}

int port_start(struct port *p, char why[static PORT_WHY_MAX])
{
	struct rte_ether_addr mac;
	int ret = find_device(p, why);

	if (ret == 0)
		ret = configure(p, why);
	if (ret)
		return ret;
	p->mtu = MTU_DEFAULT;
	if (port_spec_has_iface(&p->spec) && p->netif.mtu < MTU_DEFAULT)
		p->mtu = (uint16_t)p->netif.mtu;
	ret = rte_eth_macaddr_get(p->dev, &mac);
	if (ret)
		return fail(p, why, ret, "no MAC address: %s", rte_strerror(-ret));
	port_filter_publish(p, mac.addr_bytes);
	// A start would switch the interface's promiscuous mode off; it stays as the operator has
	// it.
	if (port_spec_has_iface(&p->spec) && p->netif.promisc)
		rte_eth_promiscuous_enable(p->dev);
	ret = rte_eth_dev_start(p->dev);
	if (ret)
		return fail(p, why, ret, "the device does not start: %s", rte_strerror(-ret));
	p->started = true;
	if (!p->xdp_open)
		return 0;
	ret = xdp_filter_maps(&p->xdp, why);
	return ret ? ret : xdp_filter_fill(&p->xdp, port_filter(p), why);
}

void port_stop(struct port *p)
{
	if (p->started)
		rte_eth_dev_stop(p->dev);
	if (p->has_dev)
		rte_eth_dev_close(p->dev);
	if (p->xdp_open)
		xdp_filter_close(&p->xdp);
	rte_free(p->tx_lock);
	for (unsigned q = 0; p->own_pools && q < p->rx_queues; q++)
		rte_mempool_free(p->pool[q]);
	p->started = p->has_dev = p->xdp_open = p->own_pools = false;
	p->tx_lock = NULL;
}

static void wait_for_links(const struct ports *ps, char why[static PORT_WHY_MAX])
{
	const struct timespec step = {.tv_nsec = LINK_STEP_MS * 1000000};
	unsigned up = 0;

	for (unsigned ms = 0; up < ps->count && ms < LINK_WAIT_MS; ms += LINK_STEP_MS) {
		while (up < ps->count && port_link(&ps->port[up]))
			up++;
		if (up < ps->count)
			nanosleep(&step, NULL);
	}
	if (up < ps->count)
		fail(&ps->port[up], why, 0,
		     "no link: is the cable in, and the other end up? Going on without");
}

static void warn_of_vlans(const struct ports *ps, char why[static PORT_WHY_MAX])
{
	bool tagged = false;

	for (unsigned i = 0; i < ps->base.vlan_count; i++)
		tagged |= ps->base.vlans[i] != 0;
	for (unsigned i = 0; tagged && i < ps->count; i++) {
		const struct port *p = &ps->port[i];

		if (p->spec.kind == PORT_AF_XDP && p->netif.strips)
			fail(p, why, 0,
			     "interface \"%s\" takes VLAN tags out before AF_XDP sees them: "
			     "`ethtool -K "
			     "%s rxvlan off`, or frames of VLANs go to the kernel",
			     p->spec.iface, p->spec.iface);
	}
}

static void warn_of_addresses(const struct ports *ps, char why[static PORT_WHY_MAX])
{
	for (unsigned i = 0; i < ps->count; i++) {
		const struct port *p = &ps->port[i];
		const struct frame_filter *f = port_filter(p);

		if (f->any_address || f->ip4_count || f->ip6_count)
			continue;
		fail(p, why, 0,
		     "interface \"%s\" has no IP address, so nothing is taken in until it gets "
		     "one, or "
		     "give --address",
		     p->spec.iface);
	}
}

int ports_start(struct ports *ps, char why[static PORT_WHY_MAX])
{
	why[0] = 0;
	for (unsigned i = 0; i < ps->count; i++) {
		int ret = port_start(&ps->port[i], why);

		if (ret)
			return ret;
	}
	warn_of_vlans(ps, why);
	warn_of_addresses(ps, why);
	wait_for_links(ps, why);
	return 0;
}
