// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/netif.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	ROUTE_FLAG_UP = 0x1,
	ROUTE_FLAG_REJECT = 0x200,
};

static int ask(int fd, unsigned long what, struct ifreq *r, const char *name)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", name);
	return ioctl(fd, what, r) < 0 ? -errno : 0;
}

// Queues that the device feeds; those without channels (veth, tap) have one.
static unsigned read_queues(int fd, const char *name)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq r = {0};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	r.ifr_data = (void *)&channels;
	if (ioctl(fd, SIOCETHTOOL, &r) < 0 || channels.max_combined == 0 ||
	    channels.combined_count == 0)
		return 1;
	return channels.combined_count;
}

static bool read_strips(int fd, const char *name)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq r = {0};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	r.ifr_data = (void *)&flags;
	return ioctl(fd, SIOCETHTOOL, &r) == 0 && flags.data & ETH_FLAG_RXVLAN;
}

// True for VLAN interfaces on `name`, at any depth of one: "eth0.10" on "eth0".
static bool is_vlan_on(int fd, const char *vlan, const char *name)
{
	struct vlan_ioctl_args args = {.cmd = GET_VLAN_REALDEV_NAME_CMD};

	if (strlen(vlan) >= sizeof(args.device1))
		return false;
	memcpy(args.device1, vlan, strlen(vlan) + 1);
	return ioctl(fd, SIOCGIFVLAN, &args) == 0 && strcmp(args.u.device2, name) == 0;
}

static bool inet_of(const struct sockaddr *sa, struct rl_inet *a)
{
	memset(a, 0, sizeof(*a));
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		memcpy(a->ip, &in->sin_addr, 4);
		a->family = 4;
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		memcpy(a->ip, &in6->sin6_addr, 16);
		a->family = 6;
		return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rl_inet));
}

static int read_addresses(int fd, struct netif *n)
{
	struct ifaddrs *list;
	struct rl_inet a;
	unsigned kept = 0;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (const struct ifaddrs *i = list; i && n->count < NETIF_ADDRESSES_MAX; i = i->ifa_next) {
		if (!i->ifa_addr || !inet_of(i->ifa_addr, &a))
			continue;
		if (strcmp(i->ifa_name, n->name) == 0 || is_vlan_on(fd, i->ifa_name, n->name))
			n->address[n->count++] = a;
	}
	freeifaddrs(list);
	// The same link-local address may be on the interface and on its VLANs.
	qsort(n->address, n->count, sizeof(n->address[0]), compare);
	for (unsigned i = 0; i < n->count; i++)
		if (i == 0 || !rl_inet_equal(&n->address[i], &n->address[i - 1]))
			n->address[kept++] = n->address[i];
	memset(n->address + kept, 0, (n->count - kept) * sizeof(n->address[0]));
	n->count = kept;
	return 0;
}

static int read_state(int fd, struct netif *n)
{
	struct ifreq r;
	int ret;

	ret = ask(fd, SIOCGIFINDEX, &r, n->name);
	if (ret)
		return ret;
	n->index = (unsigned)r.ifr_ifindex;
	ret = ask(fd, SIOCGIFFLAGS, &r, n->name);
	if (ret)
		return ret;
	n->up = r.ifr_flags & IFF_UP;
	n->promisc = r.ifr_flags & IFF_PROMISC;
	n->carrier = n->up && r.ifr_flags & IFF_RUNNING;
	ret = ask(fd, SIOCGIFMTU, &r, n->name);
	if (ret)
		return ret;
	n->mtu = (unsigned)r.ifr_mtu;
	ret = ask(fd, SIOCGIFHWADDR, &r, n->name);
	if (ret)
		return ret;
	n->ether = r.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	memcpy(n->mac, r.ifr_hwaddr.sa_data, 6);
	n->queues = read_queues(fd, n->name);
	n->strips = read_strips(fd, n->name);
	return 0;
}

int netif_read(struct netif *n, const char *name)
{
	int fd, ret;

	memset(n, 0, sizeof(*n));
	if (strlen(name) >= NETIF_NAME_MAX)
		return -ENODEV;
	memcpy(n->name, name, strlen(name) + 1);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = read_state(fd, n);
	if (!ret)
		ret = read_addresses(fd, n);
	close(fd);
	return ret;
}

bool netif_same_addresses(const struct netif *a, const struct netif *b)
{
	return a->count == b->count && memcmp(a->mac, b->mac, 6) == 0 &&
	       memcmp(a->address, b->address, a->count * sizeof(a->address[0])) == 0;
}

// Name, destination, gateway, flags, reference count, use, metric, mask, ...
int netif_default_route4(const char *text, char name[static NETIF_NAME_MAX])
{
	unsigned long best = ~0ul;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		char dev[NETIF_NAME_MAX];
		unsigned to, flags, mask;
		unsigned long metric;

		line += *line == '\n';
		if (sscanf(line, "%15s %x %*x %x %*d %*d %lu %x", dev, &to, &flags, &metric,
			   &mask) != 5)
			continue;
		if (to || mask || !(flags & ROUTE_FLAG_UP) || flags & ROUTE_FLAG_REJECT ||
		    metric >= best)
			continue;
		best = metric;
		memcpy(name, dev, sizeof(dev));
	}
	return best == ~0ul ? -ENOENT : 0;
}

// Destination and its prefix, source and its prefix, next hop, metric, reference count, use, flags,
// name: all in hex.
int netif_default_route6(const char *text, char name[static NETIF_NAME_MAX])
{
	static const char any[] = "00000000000000000000000000000000";
	unsigned long best = ~0ul;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		char dev[NETIF_NAME_MAX], to[33];
		unsigned prefix, flags;
		unsigned long metric;

		line += *line == '\n';
		if (sscanf(line, "%32s %x %*32s %*x %*32s %lx %*x %*x %x %15s", to, &prefix,
			   &metric, &flags, dev) != 5)
			continue;
		if (prefix || strcmp(to, any) != 0 || !(flags & ROUTE_FLAG_UP) ||
		    flags & ROUTE_FLAG_REJECT || metric >= best || strcmp(dev, "lo") == 0)
			continue;
		best = metric;
		memcpy(name, dev, sizeof(dev));
	}
	return best == ~0ul ? -ENOENT : 0;
}

// The whole of a file of /proc; NULL if there is none. The caller frees it.
static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &room, 0, f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

int netif_default(char name[static NETIF_NAME_MAX])
{
	char *text = read_text("/proc/self/net/route");
	int ret = text ? netif_default_route4(text, name) : -ENOENT;

	free(text);
	if (ret == 0)
		return 0;
	text = read_text("/proc/self/net/ipv6_route");
	ret = text ? netif_default_route6(text, name) : -ENOENT;
	free(text);
	return ret;
}
