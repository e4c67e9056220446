// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/port_set.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take_options(struct ports *ps, const struct config *c)
{
	struct frame_filter *f = &ps->base;

	for (unsigned i = 0; i < c->udp_ports.count && i < FRAME_PORTS_MAX; i++)
		f->ports[f->port_count++] = (uint16_t)c->udp_ports.v[i];
	for (unsigned i = 0; i < c->vlans.count && i < FRAME_VLANS_MAX; i++)
		f->vlans[f->vlan_count++] = (uint16_t)c->vlans.v[i];
}

static int take_addresses(struct ports *ps, const struct config *c, char why[static PORT_WHY_MAX])
{
	for (unsigned i = 0; i < c->addresses.count; i++) {
		struct rl_inet *a = &ps->address[i];
		const char *text = c->addresses.v[i];

		if (inet_pton(AF_INET, text, a->ip) == 1)
			a->family = 4;
		else if (inet_pton(AF_INET6, text, a->ip) == 1)
			a->family = 6;
		else {
			snprintf(why, PORT_WHY_MAX, "\"%s\" is not an IP address", text);
			return -EINVAL;
		}
	}
	ps->address_count = c->addresses.count;
	return 0;
}

static int take_specs(struct ports *ps, const struct config *c, char why[static PORT_WHY_MAX])
{
	for (unsigned i = 0; i < c->ports.count; i++) {
		struct port *p = &ps->port[i];
		int ret;

		p->set = ps;
		p->index = (uint16_t)i;
		ps->count = i + 1;
		ret = port_spec_parse(&p->spec, c->ports.v[i], why);
		if (ret == 0)
			ret = port_spec_check(&p->spec, why);
		if (ret)
			return ret;
		for (unsigned j = 0; j < i; j++) {
			if (!port_spec_same_device(&p->spec, &ps->port[j].spec))
				continue;
			snprintf(why, PORT_WHY_MAX, "ports \"%s\" and \"%s\" are the same device",
				 ps->port[j].spec.text, p->spec.text);
			return -EINVAL;
		}
	}
	return 0;
}

static bool needs_punt(const struct ports *ps)
{
	for (unsigned i = 0; i < ps->count; i++)
		if (port_spec_has_iface(&ps->port[i].spec))
			return true;
	return false;
}

// An AF_XDP device must have a socket on every queue of the NIC: frames of the others would pass to
// the kernel.
static int open_xdp(struct port *p, const char *override, char why[static PORT_WHY_MAX])
{
	struct ports *ps = p->set;
	int ret = xdp_filter_find(override, ps->xdp_path, why);

	if (ret)
		return ret;
	if (p->netif.queues > PORT_XDP_QUEUES_MAX) {
		snprintf(why, PORT_WHY_MAX,
			 "port \"%s\": interface \"%s\" has %u queues, AF_XDP takes at most %d "
			 "here: "
			 "`ethtool -L %s combined %d` first",
			 p->spec.text, p->spec.iface, p->netif.queues, PORT_XDP_QUEUES_MAX,
			 p->spec.iface, PORT_XDP_QUEUES_MAX);
		return -E2BIG;
	}
	ret = xdp_filter_open(&p->xdp, p->spec.iface, why);
	p->xdp_open = ret == 0;
	return ret;
}

// A program of ours that a killed run on AF_XDP has left lets all frames pass, but it costs time,
// and nobody else would take it off. Anybody else's stays, and so does that of a rootline that
// runs.
static void sweep_xdp(const struct port *p)
{
	struct xdp_filter stale;
	char ignored[PORT_WHY_MAX];

	if (xdp_filter_open(&stale, p->spec.iface, ignored) == 0)
		xdp_filter_close(&stale);
}

static int prepare(struct port *p, const struct config *c, char why[static PORT_WHY_MAX])
{
	unsigned queues = c->workers;
	int ret;

	if (port_spec_has_iface(&p->spec)) {
		ret = netif_read(&p->netif, p->spec.iface);
		if (ret) {
			snprintf(why, PORT_WHY_MAX, "port \"%s\": %s", p->spec.text,
				 strerror(-ret));
			return ret;
		}
	}
	if (p->spec.kind == PORT_AF_XDP) {
		ret = open_xdp(p, c->xdp_filter, why);
		if (ret)
			return ret;
		queues = p->netif.queues;
	}
	if (p->spec.kind == PORT_AF_PACKET)
		sweep_xdp(p);
	ret = port_spec_vdev(&p->spec, p->index, queues, p->set->xdp_path, p->vdev);
	if (ret)
		snprintf(why, PORT_WHY_MAX, "port \"%s\": the names are too long", p->spec.text);
	return ret;
}

static int setup(struct ports *ps, const struct config *c, char why[static PORT_WHY_MAX])
{
	int ret;

	ps->port = calloc(c->ports.count ? c->ports.count : 1, sizeof(*ps->port));
	ps->adjacency = adjacency_new(ADJACENCY_MAX);
	if (!ps->port || !ps->adjacency) {
		snprintf(why, PORT_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	take_options(ps, c);
	ret = take_addresses(ps, c, why);
	if (ret == 0)
		ret = take_specs(ps, c, why);
	if (ret == 0 && ps->count == 0) {
		snprintf(
			why, PORT_WHY_MAX,
			"no port is given: where shall packets come from? For example --port auto, "
			"the interface of the default route");
		ret = -EINVAL;
	}
	// Before the XDP filter: a running rootline on the same UDP port is found here first.
	if (ret == 0 && needs_punt(ps))
		ret = punt_open(&ps->punt, ps->base.ports, ps->base.port_count, why);
	for (unsigned i = 0; i < ps->count && ret == 0; i++)
		ret = prepare(&ps->port[i], c, why);
	return ret;
}

struct ports *ports_new(const struct config *c, unsigned senders, char why[static PORT_WHY_MAX])
{
	struct ports *ps = calloc(1, sizeof(*ps));

	why[0] = 0;
	if (!ps) {
		snprintf(why, PORT_WHY_MAX, "out of memory");
		return NULL;
	}
	ps->workers = c->workers;
	ps->senders = c->workers + senders;
	if (setup(ps, c, why)) {
		ports_free(ps);
		return NULL;
	}
	return ps;
}

void ports_eal(const struct ports *ps, struct eal_options *o)
{
	for (unsigned i = 0; i < ps->count; i++) {
		const struct port *p = &ps->port[i];

		if (p->spec.kind == PORT_PCI)
			o->pci[o->pci_count++] = p->spec.pci;
		else
			o->vdev[o->vdev_count++] = p->vdev;
	}
}

void ports_free(struct ports *ps)
{
	if (!ps)
		return;
	for (unsigned i = ps->count; i-- > 0;)
		port_stop(&ps->port[i]);
	rte_mempool_free(ps->pool);
	punt_close(&ps->punt);
	adjacency_free(ps->adjacency);
	free(ps->port);
	free(ps);
}

int ports_kernel_socket(const struct ports *ps, int family)
{
	return punt_socket(&ps->punt, family);
}

unsigned ports_count(const struct ports *ps)
{
	return ps->count;
}

struct adjacency_table *ports_adjacency(const struct ports *ps)
{
	return ps->adjacency;
}

struct port *ports_at(const struct ports *ps, unsigned index)
{
	return index < ps->count ? &ps->port[index] : NULL;
}

const char *port_name(const struct port *p)
{
	return p->spec.text;
}

const struct port_spec *port_spec(const struct port *p)
{
	return &p->spec;
}

const struct netif *port_netif(const struct port *p)
{
	return port_spec_has_iface(&p->spec) ? &p->netif : NULL;
}

bool port_done(const struct port *p)
{
	return atomic_load_explicit(&p->done, memory_order_acquire);
}

bool ports_all_done(const struct ports *ps)
{
	for (unsigned i = 0; i < ps->count; i++)
		if (!port_done(&ps->port[i]))
			return false;
	return true;
}

unsigned port_rx_queues(const struct port *p)
{
	return p->rx_queues;
}

bool port_link(const struct port *p)
{
	struct rte_eth_link link;
	struct netif now;

	// The drivers of kernel interfaces always say "up".
	if (port_spec_has_iface(&p->spec))
		return netif_read(&now, p->spec.iface) == 0 && now.carrier;
	return p->has_dev && rte_eth_link_get_nowait(p->dev, &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

int port_stats(const struct port *p, struct port_stats *s)
{
	struct rte_eth_stats d;
	int ret;

	memset(s, 0, sizeof(*s));
	if (!p->started)
		return -ENODEV;
	ret = rte_eth_stats_get(p->dev, &d);
	if (ret)
		return ret;
	s->rx_packets = d.ipackets;
	s->rx_bytes = d.ibytes;
	s->rx_missed = d.imissed;
	s->rx_errors = d.ierrors;
	s->rx_no_buffer = d.rx_nombuf;
	s->tx_packets = d.opackets;
	s->tx_bytes = d.obytes;
	s->tx_errors = d.oerrors;
	return 0;
}
