// SPDX-License-Identifier: BSD-3-Clause
// Frames through the kernel's packet rings (packet(7), PACKET_MMAP version 2): one socket sends,
// another receives what a filter lets through.
#include "bench/gun/link.h"

#include "dpdk-app/netif.h"
#include "root/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TX_BYTES = 4 << 20,
	RX_BYTES = 32 << 20,
	SPARE = 128, // ring header and Ethernet header
	TX_DATA_AT = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll),
};

struct ring {
	int fd;
	uint8_t *map;
	size_t len;
	unsigned frame_len, count, at;
};

struct afpacket {
	struct link link;
	struct ring tx, rx;
	unsigned pushed; // since the last flush
	unsigned given;  // frames of rx in the caller's hands
};

static struct afpacket *self(struct link *l)
{
	return (struct afpacket *)l;
}

static struct tpacket2_hdr *slot(const struct ring *r, unsigned i)
{
	return (struct tpacket2_hdr *)(r->map + (size_t)i * r->frame_len);
}

// The kernel writes the status from another CPU.
static uint32_t status(const struct tpacket2_hdr *h)
{
	return __atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE);
}

static void set_status(struct tpacket2_hdr *h, uint32_t v)
{
	__atomic_store_n(&h->tp_status, v, __ATOMIC_RELEASE);
}

static uint8_t *room(struct link *l)
{
	struct ring *r = &self(l)->tx;
	struct tpacket2_hdr *h = slot(r, r->at);
	uint32_t s = status(h);

	// A frame the kernel found malformed stays marked until somebody looks.
	if (s & TP_STATUS_WRONG_FORMAT)
		set_status(h, s = TP_STATUS_AVAILABLE);
	return s == TP_STATUS_AVAILABLE ? (uint8_t *)h + TX_DATA_AT : NULL;
}

static void push(struct link *l, unsigned len)
{
	struct afpacket *a = self(l);
	struct tpacket2_hdr *h = slot(&a->tx, a->tx.at);

	h->tp_len = len;
	set_status(h, TP_STATUS_SEND_REQUEST);
	a->tx.at = (a->tx.at + 1) % a->tx.count;
	a->pushed++;
	l->tx_frames++;
}

static void flush(struct link *l)
{
	struct afpacket *a = self(l);

	if (!a->pushed)
		return;
	if (sendto(a->tx.fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
		a->pushed = 0;
	else if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		l->tx_stalls++; // what is left in the ring goes with the next call
	else
		l->error = errno;
}

static unsigned receive(struct link *l, struct link_frame *f, unsigned max)
{
	struct afpacket *a = self(l);
	struct ring *r = &a->rx;
	unsigned n = 0;

	for (unsigned i = 0; i < a->given; i++)
		set_status(slot(r, (r->at + r->count - a->given + i) % r->count), TP_STATUS_KERNEL);
	while (n < max) {
		struct tpacket2_hdr *h = slot(r, r->at);
		uint32_t s = status(h);

		if (!(s & TP_STATUS_USER))
			break;
		f[n++] = (struct link_frame){.data = (uint8_t *)h + h->tp_mac,
					     .len = h->tp_snaplen,
					     .sum_known = s & TP_STATUS_CSUMNOTREADY};
		r->at = (r->at + 1) % r->count;
	}
	a->given = n;
	l->rx_frames += n;
	return n;
}

static void wait_for(struct link *l, uint64_t ns)
{
	struct pollfd p = {.fd = self(l)->rx.fd, .events = POLLIN};
	struct timespec t = {.tv_sec = (time_t)(ns / 1000000000),
			     .tv_nsec = (long)(ns % 1000000000)};

	ppoll(&p, 1, &t, NULL);
}

static void stats(struct link *l)
{
	struct tpacket_stats s;
	socklen_t len = sizeof(s);

	// Reading resets the kernel's counter.
	if (getsockopt(self(l)->rx.fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) == 0)
		l->rx_lost += s.tp_drops;
}

static void ring_close(struct ring *r)
{
	if (r->map)
		munmap(r->map, r->len);
	if (r->fd >= 0)
		close(r->fd);
}

static void close_link(struct link *l)
{
	ring_close(&self(l)->tx);
	ring_close(&self(l)->rx);
	free(self(l));
}

static const struct link_ops ops = {room, push, flush, receive, wait_for, stats, close_link};

static int set(int fd, int option, const void *v, socklen_t len)
{
	return setsockopt(fd, SOL_PACKET, option, v, len) < 0 ? -errno : 0;
}

static int set_int(int fd, int option, int v)
{
	return set(fd, option, &v, sizeof(v));
}

static int ring_open(struct ring *r, int what, size_t bytes, unsigned mtu)
{
	unsigned frame = 2048;
	struct tpacket_req req;
	void *map;
	int ret;

	while (frame < mtu + SPARE)
		frame *= 2;
	req.tp_frame_size = frame;
	req.tp_block_size = frame > 65536 ? frame : 65536;
	req.tp_block_nr = (unsigned)(bytes / req.tp_block_size);
	req.tp_frame_nr = req.tp_block_nr * (req.tp_block_size / frame);
	ret = set_int(r->fd, PACKET_VERSION, TPACKET_V2);
	if (ret == 0)
		ret = set(r->fd, what, &req, sizeof(req));
	if (ret < 0)
		return ret;
	r->len = (size_t)req.tp_block_nr * req.tp_block_size;
	map = mmap(NULL, r->len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	r->map = map;
	r->frame_len = frame;
	r->count = req.tp_frame_nr;
	return 0;
}

static int bind_to(int fd, unsigned index, uint16_t protocol)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET,
				.sll_protocol = htons(protocol),
				.sll_ifindex = (int)index};

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
}

// UDP over IP from the root's address, ARP, ICMPv6. The rest of the interface's traffic is not
// copied to us.
static int set_filter(int fd, const struct link_filter *f)
{
	uint32_t word[4];
	struct sock_filter code[32];
	unsigned n = 0, words = f->family == 4 ? 1 : 4, at = f->family == 4 ? 26 : 22;
	struct sock_fprog program = {.filter = code};

	for (unsigned i = 0; i < 4; i++)
		word[i] = rl_load32(f->ip + 4 * i);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12);
	// Jumps count instructions to be left out; the last two are "no" and "yes".
	if (f->family == 4) {
		code[n++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 6, 0);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 4);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 2);
	} else {
		code[n++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 11);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 10, 0);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 8);
	}
	for (unsigned i = 0; i < words; i++) {
		uint8_t left = (uint8_t)(2 * (words - 1 - i));

		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4 * i);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word[i],
							 (uint8_t)(i + 1 == words ? 1 : 0), left);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0x40000);
	program.len = (unsigned short)n;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

static int open_rx(struct afpacket *a, const struct netif *n, const struct link_filter *filter,
		   bool promiscuous)
{
	struct packet_mreq mr = {.mr_ifindex = (int)n->index, .mr_type = PACKET_MR_PROMISC};
	int ret;

	// Protocol 0 until all is set: nothing unfiltered gets in.
	a->rx.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (a->rx.fd < 0)
		return -errno;
	ret = set_filter(a->rx.fd, filter);
	if (ret == 0)
		ret = ring_open(&a->rx, PACKET_RX_RING, RX_BYTES, n->mtu);
	if (ret == 0)
		ret = set_int(a->rx.fd, PACKET_IGNORE_OUTGOING, 1);
	if (ret == 0 && promiscuous)
		ret = set(a->rx.fd, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr));
	return ret ? ret : bind_to(a->rx.fd, n->index, ETH_P_ALL);
}

static int open_tx(struct afpacket *a, const struct netif *n)
{
	int ret;

	a->tx.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (a->tx.fd < 0)
		return -errno;
	ret = ring_open(&a->tx, PACKET_TX_RING, TX_BYTES, n->mtu);
	if (ret == 0)
		ret = bind_to(a->tx.fd, n->index, 0);
	// A device without this is only slower.
	if (ret == 0)
		set_int(a->tx.fd, PACKET_QDISC_BYPASS, 1);
	return ret;
}

struct link *link_afpacket(const char *interface, const struct link_filter *filter,
			   bool promiscuous, struct say_why *why)
{
	struct afpacket *a;
	struct netif n;
	int ret = netif_read(&n, interface);

	if (ret < 0) {
		say_why(why, "interface %s: %s", interface, strerror(-ret));
		return NULL;
	}
	if (!n.ether || !n.carrier) {
		say_why(why, "interface %s %s", interface,
			n.ether ? "is down or has no link" : "does not speak Ethernet");
		return NULL;
	}
	a = calloc(1, sizeof(*a));
	if (!a) {
		say_why(why, "no memory");
		return NULL;
	}
	a->link.ops = &ops;
	a->link.mtu = n.mtu;
	memcpy(a->link.mac, n.mac, 6);
	snprintf(a->link.name, sizeof(a->link.name), "af_packet:%s", interface);
	a->tx.fd = a->rx.fd = -1;
	ret = open_rx(a, &n, filter, promiscuous);
	if (ret == 0)
		ret = open_tx(a, &n);
	if (ret == 0)
		return &a->link;
	say_why(why, "interface %s: packet sockets: %s%s", interface, strerror(-ret),
		ret == -EPERM ? " (root rights are needed)" : "");
	close_link(&a->link);
	return NULL;
}
