// SPDX-License-Identifier: BSD-3-Clause
// Runs in the kernel on every frame that an interface receives. Takes UDP to one of our ports and
// addresses for us, without IP options or extension headers; all else goes on to the kernel, and so
// does everything until the maps are filled. xdp_filter.c knows the program by the name of its
// function.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <stddef.h>

struct vlan_tag {
	__be16 tci;
	__be16 type;
};

// Socket of each receive queue; the name is DPDK's.
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");

// The others are sets: only the keys count.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32);
	__type(key, __u16); // network order
	__type(value, __u8);
} rl_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32);
	__type(key, __u16); // host order; 0: untagged
	__type(value, __u8);
} rl_vlans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, __u8);
} rl_ip4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, struct in6_addr);
	__type(value, __u8);
} rl_ip6 SEC(".maps");

static __always_inline int udp_is_ours(const struct udphdr *udp, const void *end)
{
	__u16 port;

	if ((const void *)(udp + 1) > end)
		return 0;
	port = udp->dest;
	return bpf_map_lookup_elem(&rl_ports, &port) != NULL;
}

static __always_inline int ip4_is_ours(const struct iphdr *ip, const void *end)
{
	__u32 to;

	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl != 5 ||
	    ip->protocol != IPPROTO_UDP || ip->frag_off & bpf_htons(0x3fff))
		return 0;
	to = ip->daddr;
	return udp_is_ours((const void *)(ip + 1), end) && bpf_map_lookup_elem(&rl_ip4, &to);
}

static __always_inline int ip6_is_ours(const struct ipv6hdr *ip, const void *end)
{
	struct in6_addr to;

	if ((const void *)(ip + 1) > end || ip->version != 6 || ip->nexthdr != IPPROTO_UDP)
		return 0;
	to = ip->daddr;
	return udp_is_ours((const void *)(ip + 1), end) && bpf_map_lookup_elem(&rl_ip6, &to);
}

SEC("xdp")
int rootline_filter(struct xdp_md *ctx)
{
	const void *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = (const void *)(long)ctx->data;
	const struct vlan_tag *tag = (const void *)(eth + 1);
	const void *ip = tag;
	__u16 vlan = 0;
	__be16 type;
	int ours;

	if ((const void *)(eth + 1) > end)
		return XDP_PASS;
	type = eth->h_proto;
	if (type == bpf_htons(ETH_P_8021Q)) {
		if ((const void *)(tag + 1) > end)
			return XDP_PASS;
		vlan = bpf_ntohs(tag->tci) & 0xfff;
		type = tag->type;
		ip = tag + 1;
	}
	if (type == bpf_htons(ETH_P_IP))
		ours = ip4_is_ours(ip, end);
	else if (type == bpf_htons(ETH_P_IPV6))
		ours = ip6_is_ours(ip, end);
	else
		return XDP_PASS;
	if (!ours || !bpf_map_lookup_elem(&rl_vlans, &vlan))
		return XDP_PASS;
	// Queues without a socket of ours pass to the kernel.
	return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

// No helper above asks for the GPL.
char rootline_license[] SEC("license") = "BSD";
