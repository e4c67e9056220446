// SPDX-License-Identifier: BSD-3-Clause
// Which frames are ours, by port, and how that changes while the program runs.
#include "dpdk-app/port_set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool from_interface(const struct port *p)
{
	return p->set->address_count == 0 && port_spec_has_iface(&p->spec);
}

void port_filter_publish(struct port *p, const uint8_t mac[6])
{
	const struct ports *ps = p->set;
	const struct rl_inet *a = from_interface(p) ? p->netif.address : ps->address;
	unsigned count = from_interface(p) ? p->netif.count : ps->address_count;
	struct frame_filter *f;

	p->turn = (p->turn + 1) % PORT_GENERATIONS;
	f = &p->generation[p->turn];
	*f = ps->base;
	memcpy(f->mac, mac, 6);
	f->any_mac = p->spec.kind == PORT_PCAP || p->spec.kind == PORT_NULL;
	// A NIC of DPDK's own has no addresses that one could ask for.
	f->any_address = count == 0 && !port_spec_has_iface(&p->spec);
	for (unsigned i = 0; i < count; i++)
		frame_filter_add(f, &a[i]);
	atomic_store_explicit(&p->filter, f, memory_order_release);
}

const struct frame_filter *port_filter(const struct port *p)
{
	return atomic_load_explicit(&p->filter, memory_order_acquire);
}

static int take_changes(struct port *p, const struct netif *now, char why[static PORT_WHY_MAX])
{
	int ret = netif_same_addresses(now, &p->netif) ? 0 : 1;

	p->netif = *now;
	if (!ret)
		return 0;
	port_filter_publish(p, now->mac);
	if (p->xdp_open)
		ret = xdp_filter_fill(&p->xdp, port_filter(p), why);
	return ret < 0 ? ret : 1;
}

static int look(struct port *p, char why[static PORT_WHY_MAX])
{
	struct netif now;
	int ret = netif_read(&now, p->spec.iface);

	if (ret == 0 && now.index != p->netif.index)
		ret = -ENXIO; // made anew under the old name: our sockets are not on it
	if (ret) {
		snprintf(why, PORT_WHY_MAX,
			 "port \"%s\": interface \"%s\" is gone (%s): nothing is received there "
			 "until "
			 "rootline is started again",
			 p->spec.text, p->spec.iface, strerror(-ret));
		return ret;
	}
	ret = take_changes(p, &now, why);
	if (ret >= 0 && p->xdp_open) {
		int kept = xdp_filter_keep(&p->xdp, why);

		ret = kept < 0 ? kept : ret;
	}
	return ret;
}

// Trouble is told once, not every second.
static int refresh(struct port *p, char why[static PORT_WHY_MAX])
{
	int before = p->trouble;
	int ret = look(p, why);

	p->trouble = ret < 0 ? ret : 0;
	if (ret >= 0 || ret != before)
		return ret;
	why[0] = 0;
	return 0;
}

int ports_refresh(struct ports *ps, char why[static PORT_WHY_MAX])
{
	char text[PORT_WHY_MAX];
	int result = 0;

	why[0] = 0;
	for (unsigned i = 0; i < ps->count; i++) {
		int ret;

		if (!port_spec_has_iface(&ps->port[i].spec))
			continue;
		text[0] = 0;
		ret = refresh(&ps->port[i], text);
		if (*text && !*why)
			memcpy(why, text, sizeof(text));
		if (ret < 0 || result == 0)
			result = ret;
	}
	return result;
}
