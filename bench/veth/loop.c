// SPDX-License-Identifier: BSD-3-Clause
// The relays on kernel sockets that the appliance is compared with: no packet is checked any
// further than a relay must, and nobody is introduced, counted or limited.
#include "bench/veth/ends.h"
#include "root/packet.h"
#include "root/wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { TABLE = 256, DATA = 2048 };

// Who is where: open addressing over 40-bit addresses, as small as its two members.
struct entry {
	uint64_t address; // 0: free
	struct sockaddr_in at;
};

struct loop {
	int fd;
	double end;
	double cpu; // when the window began
	unsigned long packets, in_window;
	struct windows windows;
	struct entry table[TABLE];
};

static unsigned slot_of(uint64_t address)
{
	return (unsigned)(address * 0x9e3779b97f4a7c15 >> 56);
}

static void put(struct loop *l, uint64_t address, uint16_t port)
{
	unsigned i = slot_of(address);
	while (l->table[i].address)
		i = (i + 1) % TABLE;
	l->table[i].address = address;
	l->table[i].at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(GUN_IP), .sin_port = htons(port)};
}

// What every relay must do: find the destination, count the hop. NULL: not to be relayed.
static struct sockaddr_in *relay(struct loop *l, uint8_t *data, size_t len)
{
	if (len < ZT_HDR_LEN || (data[ZT_AT_FLAGS] & ZT_HOPS_MASK) == ZT_HOPS_MASK)
		return NULL;
	uint64_t to = rl_load40(data + ZT_AT_TO);
	for (unsigned i = slot_of(to); l->table[i].address; i = (i + 1) % TABLE) {
		if (l->table[i].address != to)
			continue;
		data[ZT_AT_FLAGS]++;
		return &l->table[i].at;
	}
	return NULL;
}

static void start(struct loop *l, double run_s)
{
	struct timeval wait = {.tv_usec = RELAY_LOOK_US};
	struct population *p = two_peers(0, 1700000000000);
	put(l, p->address[0], ZT_PORT);
	put(l, p->address[1], SINK);
	l->fd = udp_socket(ROOT_IP, ZT_PORT);
	setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	l->end = seconds(CLOCK_MONOTONIC) + run_s;
	relay_ready();
	l->cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
}

// As many packets as the appliance's windows hold: asking for the time costs next to nothing then.
static void sent(struct loop *l, unsigned n)
{
	l->packets += n;
	l->in_window += n;
	if (l->in_window < TURNS * BATCH)
		return;
	double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	windows_add(&l->windows, (cpu - l->cpu) / (double)l->in_window * 1e9);
	l->cpu = cpu;
	l->in_window = 0;
}

static int finish(struct loop *l)
{
	need(l->windows.count > 0, "no packets");
	fprintf(stderr, "bench_veth: ns a packet, mean: %.1f\n", windows_mean(&l->windows));
	printf("%lu %.1f\n", l->packets, windows_median(&l->windows));
	return 0;
}

// One system call to receive and one to send: what the roots do that rootline replaces.
int loop_plain(double run_s)
{
	static struct loop l;
	uint8_t data[DATA];
	start(&l, run_s);
	for (;;) {
		struct sockaddr_in from, *to;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(l.fd, data, sizeof(data), 0, (void *)&from, &len);
		if (n < 0 && !relay_goes_on(l.packets, l.end))
			return finish(&l);
		if (n < 0 || !(to = relay(&l, data, (size_t)n)))
			continue;
		sent(&l, sendto(l.fd, data, (size_t)n, 0, (void *)to, sizeof(*to)) == n);
	}
}

// System calls for up to 64 packets: the best that can be done on kernel sockets without leaving it
// to the kernel that all packets of a batch have one destination.
int loop_batch(double run_s)
{
	static struct loop l;
	static uint8_t data[BATCH][DATA];
	static struct iovec in[BATCH], out[BATCH];
	static struct sockaddr_in from[BATCH];
	static struct mmsghdr rx[BATCH], tx[BATCH];
	for (unsigned i = 0; i < BATCH; i++) {
		in[i] = (struct iovec){data[i], DATA};
		rx[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
						.msg_namelen = sizeof(from[i]),
						.msg_iov = &in[i],
						.msg_iovlen = 1};
		tx[i].msg_hdr = (struct msghdr){
			.msg_namelen = sizeof(from[i]), .msg_iov = &out[i], .msg_iovlen = 1};
	}
	start(&l, run_s);
	for (;;) {
		int n = recvmmsg(l.fd, rx, BATCH, MSG_WAITFORONE, NULL);
		if (n < 0 && !relay_goes_on(l.packets, l.end))
			return finish(&l);
		unsigned count = 0;
		for (int i = 0; i < n; i++) {
			struct sockaddr_in *to = relay(&l, data[i], rx[i].msg_len);
			if (!to)
				continue;
			out[count] = (struct iovec){data[i], rx[i].msg_len};
			tx[count++].msg_hdr.msg_name = to;
		}
		n = count ? sendmmsg(l.fd, tx, count, 0) : 0;
		sent(&l, n > 0 ? (unsigned)n : 0);
	}
}
