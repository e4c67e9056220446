// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/xdp_filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PROGRAM "rootline_filter" // the function in xdp_filter.bpf.c

static const char *const map_names[XDP_MAPS] = {
	[XDP_PORTS] = "rl_ports",
	[XDP_VLANS] = "rl_vlans",
	[XDP_IP4] = "rl_ip4",
	[XDP_IP6] = "rl_ip6",
};

int xdp_filter_find(const char *override, char path[static PORT_PATH_MAX],
		    char why[static PORT_WHY_MAX])
{
	char exe[PORT_PATH_MAX];
	ssize_t n;
	char *slash;

	if (override && *override) {
		snprintf(path, PORT_PATH_MAX, "%s", override);
		if (access(path, R_OK) == 0)
			return 0;
		snprintf(why, PORT_WHY_MAX, "cannot read the XDP program \"%s\": %s", path,
			 strerror(errno));
		return -errno;
	}
	// Not a path fixed at build time: whoever can write there could give us a program to load.
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = 0;
	slash = strrchr(exe, '/');
	if (slash) {
		*slash = 0;
		n = snprintf(path, PORT_PATH_MAX, "%s/" XDP_FILTER_NAME, exe);
		if (n < PORT_PATH_MAX && access(path, R_OK) == 0)
			return 0;
	}
	snprintf(path, PORT_PATH_MAX, "%s", XDP_FILTER_INSTALLED);
	if (access(path, R_OK) == 0)
		return 0;
	snprintf(why, PORT_WHY_MAX,
		 "the XDP program is neither beside this program nor at %s: install it, or name it "
		 "with "
		 "--xdp-filter",
		 path);
	return -ENOENT;
}

// Tells a running rootline from one that was killed: the name goes with the process. Such names are
// kept apart by network namespace, as interfaces are.
static int lock_interface(const char *iface, char why[static PORT_WHY_MAX])
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "rootline/xdp/%s", iface);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	ret = -errno;
	if (ret == -EADDRINUSE)
		snprintf(why, PORT_WHY_MAX,
			 "another rootline runs on interface \"%s\": stop it first", iface);
	else
		snprintf(why, PORT_WHY_MAX, "cannot lock interface \"%s\": %s", iface,
			 strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}

// The program on the interface: a descriptor with its info, -ENOENT if there is none.
static int attached(unsigned ifindex, struct bpf_prog_info *info, __u32 *flags)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	__u32 size = sizeof(*info), id;
	int fd, ret;

	ret = bpf_xdp_query((int)ifindex, 0, &query);
	if (ret)
		return ret;
	id = query.prog_id;
	*flags = 0;
	if (query.drv_prog_id) {
		id = query.drv_prog_id;
		*flags = XDP_FLAGS_DRV_MODE;
	} else if (query.skb_prog_id) {
		id = query.skb_prog_id;
		*flags = XDP_FLAGS_SKB_MODE;
	}
	if (!id)
		return -ENOENT;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return -errno;
	memset(info, 0, sizeof(*info));
	if (bpf_obj_get_info_by_fd(fd, info, &size) < 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

static bool is_ours(const struct bpf_prog_info *info)
{
	return strncmp(info->name, PROGRAM, sizeof(info->name)) == 0;
}

// Only if the interface still carries the very program that was looked at.
static int detach(unsigned ifindex, int fd, __u32 flags)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = fd);

	return bpf_xdp_detach((int)ifindex, flags | XDP_FLAGS_REPLACE, &opts);
}

// 0: nothing is attached any more.
static int clear(const struct xdp_filter *x, char why[static PORT_WHY_MAX])
{
	struct bpf_prog_info info;
	__u32 flags;
	int fd = attached(x->ifindex, &info, &flags);
	int ret = 0;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		snprintf(why, PORT_WHY_MAX,
			 "cannot ask for the XDP program of interface \"%s\": %s (root rights are "
			 "needed)",
			 x->iface, strerror(-fd));
		return fd;
	}
	if (!is_ours(&info)) {
		snprintf(why, PORT_WHY_MAX,
			 "interface \"%s\" runs an XDP program of somebody else (\"%s\", id %u): "
			 "use "
			 "af_packet:%s instead, or take it off with `ip link set %s xdp off`",
			 x->iface, info.name, info.id, x->iface, x->iface);
		ret = -EBUSY;
	} else {
		ret = detach(x->ifindex, fd, flags);
		if (ret)
			snprintf(why, PORT_WHY_MAX,
				 "cannot take the XDP program of an earlier run off interface "
				 "\"%s\": "
				 "%s",
				 x->iface, strerror(-ret));
	}
	close(fd);
	return ret;
}

int xdp_filter_open(struct xdp_filter *x, const char *iface, char why[static PORT_WHY_MAX])
{
	int ret;

	memset(x, 0, sizeof(*x));
	x->program = -1;
	for (unsigned i = 0; i < XDP_MAPS; i++)
		x->map[i] = -1;
	snprintf(x->iface, sizeof(x->iface), "%s", iface);
	x->ifindex = if_nametoindex(iface);
	if (!x->ifindex) {
		snprintf(why, PORT_WHY_MAX, "there is no interface \"%s\"", iface);
		return -ENODEV;
	}
	x->lock = lock_interface(iface, why);
	if (x->lock < 0)
		return x->lock;
	ret = clear(x, why);
	if (ret)
		close(x->lock);
	return ret;
}

static int take_map(struct xdp_filter *x, __u32 id)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_map_get_fd_by_id(id);

	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
		for (unsigned i = 0; i < XDP_MAPS; i++) {
			if (x->map[i] >= 0 || strcmp(info.name, map_names[i]) != 0)
				continue;
			x->map[i] = fd;
			return 0;
		}
	}
	close(fd);
	return 0;
}

static int take_maps(struct xdp_filter *x, int prog)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info), ids[16];
	int ret = 0;

	info.nr_map_ids = 16;
	info.map_ids = (__u64)(unsigned long)ids;
	if (bpf_obj_get_info_by_fd(prog, &info, &size) < 0)
		return -errno;
	for (unsigned i = 0; i < info.nr_map_ids && i < 16 && !ret; i++)
		ret = take_map(x, ids[i]);
	for (unsigned i = 0; i < XDP_MAPS && !ret; i++)
		if (x->map[i] < 0)
			ret = -ENOENT;
	return ret;
}

int xdp_filter_maps(struct xdp_filter *x, char why[static PORT_WHY_MAX])
{
	struct bpf_prog_info info;
	__u32 flags;
	int fd = attached(x->ifindex, &info, &flags);
	int ret = fd;

	if (fd >= 0) {
		ret = is_ours(&info) ? take_maps(x, fd) : -ENOENT;
		x->program = fd;
	}
	if (ret)
		snprintf(why, PORT_WHY_MAX,
			 "the XDP program on interface \"%s\" is not the one that belongs to this "
			 "version: %s",
			 x->iface, strerror(-ret));
	return ret;
}

// Keys of one map as it should be.
struct keys {
	unsigned count;
	size_t size; // of one
	uint8_t bytes[FRAME_ADDRESSES_MAX][16];
};

static void key_add(struct keys *k, const void *key)
{
	memcpy(k->bytes[k->count++], key, k->size);
}

static bool key_wanted(const struct keys *k, const void *key)
{
	for (unsigned i = 0; i < k->count; i++)
		if (memcmp(k->bytes[i], key, k->size) == 0)
			return true;
	return false;
}

static void keys_of(struct keys *k, enum xdp_map map, const struct frame_filter *f)
{
	static const size_t sizes[XDP_MAPS] = {2, 2, 4, 16};
	uint16_t port;

	k->count = 0;
	k->size = sizes[map];
	for (unsigned i = 0; map == XDP_PORTS && i < f->port_count; i++) {
		port = htons(f->ports[i]);
		key_add(k, &port);
	}
	for (unsigned i = 0; map == XDP_VLANS && i < f->vlan_count; i++)
		key_add(k, &f->vlans[i]);
	for (unsigned i = 0; map == XDP_IP4 && i < f->ip4_count; i++)
		key_add(k, &f->ip4[i]);
	for (unsigned i = 0; map == XDP_IP6 && i < f->ip6_count; i++)
		key_add(k, f->ip6[i]);
}

static int sync_map(int map, const struct keys *k)
{
	uint8_t key[16], next[16], one = 1;
	int ret = 0;

	for (unsigned i = 0; i < k->count && !ret; i++)
		ret = bpf_map_update_elem(map, k->bytes[i], &one, BPF_ANY);
	if (ret)
		return ret;
	ret = bpf_map_get_next_key(map, NULL, next);
	while (ret == 0) {
		memcpy(key, next, sizeof(key));
		// The next one is asked for before this one goes: else the walk starts anew.
		ret = bpf_map_get_next_key(map, key, next);
		if (!key_wanted(k, key))
			bpf_map_delete_elem(map, key);
	}
	return 0;
}

int xdp_filter_fill(struct xdp_filter *x, const struct frame_filter *f,
		    char why[static PORT_WHY_MAX])
{
	struct keys k;

	for (unsigned i = 0; i < XDP_MAPS; i++) {
		int ret;

		keys_of(&k, i, f);
		ret = sync_map(x->map[i], &k);
		if (ret) {
			snprintf(why, PORT_WHY_MAX,
				 "cannot tell the XDP program on \"%s\" our addresses: %s",
				 x->iface, strerror(-ret));
			return ret;
		}
	}
	return 0;
}

int xdp_filter_keep(struct xdp_filter *x, char why[static PORT_WHY_MAX])
{
	struct bpf_prog_info info;
	__u32 flags;
	int fd = attached(x->ifindex, &info, &flags);
	int ret;

	if (fd >= 0) {
		bool ours = is_ours(&info);

		close(fd);
		if (ours)
			return 0;
		snprintf(why, PORT_WHY_MAX,
			 "somebody has put an XDP program of his own (\"%s\", id %u) on interface "
			 "\"%s\": nothing is received there until it is off again",
			 info.name, info.id, x->iface);
		return -EBUSY;
	}
	ret = fd == -ENOENT ? bpf_xdp_attach((int)x->ifindex, x->program,
					     XDP_FLAGS_UPDATE_IF_NOEXIST, NULL)
			    : fd;
	snprintf(why, PORT_WHY_MAX, "the XDP program was taken off interface \"%s\"; back on: %s",
		 x->iface, strerror(-ret));
	return ret ? ret : 1;
}

void xdp_filter_close(struct xdp_filter *x)
{
	char why[PORT_WHY_MAX];
	struct bpf_prog_info info;
	__u32 flags;
	int fd = attached(x->ifindex, &info, &flags);

	if (fd >= 0) {
		bool ours = is_ours(&info);

		close(fd);
		if (ours)
			clear(x, why);
	}
	for (unsigned i = 0; i < XDP_MAPS; i++)
		if (x->map[i] >= 0)
			close(x->map[i]);
	if (x->program >= 0)
		close(x->program);
	close(x->lock);
}
