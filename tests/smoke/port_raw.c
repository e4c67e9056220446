// SPDX-License-Identifier: BSD-3-Clause
// Asks port_echo with frames made by hand, for what a kernel would not send: port_raw INTERFACE
// THEIR-MAC VLAN OUR-IP THEIR-IP PORT. The datagram is answered in place ('B'); its
// answer must come with the same tag. Exit status: 0 answered, 1 not.
#include "dpdk-app/frame_out.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LEN = 100, TRIES = 10, WAIT_MS = 300, PROBE_PORT = 40001 };

static bool parse_ip(struct rl_inet *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, a->ip) == 1)
		a->family = 4;
	else if (inet_pton(AF_INET6, text, a->ip) == 1)
		a->family = 6;
	return a->family != 0;
}

static bool parse_mac(uint8_t mac[6], const char *text)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		      &mac[4], &mac[5]) == 6;
}

static int open_wire(const char *iface, uint8_t mac[6])
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	struct ifreq r = {0};
	int on = 1;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", iface);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &r) < 0)
		return -1;
	memcpy(mac, r.ifr_hwaddr.sa_data, 6);
	at.sll_ifindex = (int)if_nametoindex(iface);
	// The kernel takes tags out on the way up; this says where they are.
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&at, sizeof(at)) ? -1 : fd;
}

// One frame, with its tag back in place.
static ssize_t receive(int fd, uint8_t *frame, size_t room)
{
	union {
		char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;
	struct iovec io = {frame, room - FRAME_VLAN_LEN};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	struct tpacket_auxdata aux = {0};
	ssize_t n = recvmsg(fd, &m, 0);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_type == PACKET_AUXDATA)
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	if (n < FRAME_ETH_LEN || !(aux.tp_status & TP_STATUS_VLAN_VALID))
		return n;
	memmove(frame + 16, frame + 12, (size_t)n - 12);
	frame[12] = 0x81;
	frame[13] = 0;
	frame[14] = (uint8_t)(aux.tp_vlan_tci >> 8);
	frame[15] = (uint8_t)aux.tp_vlan_tci;
	return n + FRAME_VLAN_LEN;
}

static bool is_answer(const uint8_t *frame, ssize_t n, const struct frame_way *way,
		      const struct rl_inet *to, const uint8_t *payload)
{
	struct frame_filter filter = {.port_count = 1, .vlan_count = 1};
	struct rl_inet from;
	struct frame f;

	memcpy(filter.mac, way->own_mac, 6);
	filter.ports[0] = PROBE_PORT;
	filter.vlans[0] = way->vlan;
	frame_filter_add(&filter, &way->own);
	return n > 0 && frame_in(&filter, frame, (size_t)n, 0, 0, &f, &from) == RL_DROP_NONE &&
	       rl_inet_equal(&from, to) && memcmp(f.way.next_mac, way->next_mac, 6) == 0 &&
	       f.len == LEN && memcmp(frame + f.payload, payload, LEN) == 0;
}

static bool ask(int fd, const struct frame_way *way, const struct rl_inet *to)
{
	uint8_t room[FRAME_HEADER_MAX + LEN], answer[2048];
	uint8_t *payload = room + FRAME_HEADER_MAX;
	struct frame_header h;

	for (int i = 0; i < LEN; i++)
		payload[i] = (uint8_t)(i * 5);
	payload[0] = 'B';
	frame_header_make(&h, way);
	for (int try = 0; try < TRIES; try++) {
		unsigned n = frame_out(payload, LEN, &h, to, frame_sum(payload, LEN));
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (send(fd, payload - n, n + LEN, 0) < 0)
			perror("send");
		while (poll(&p, 1, WAIT_MS) > 0)
			if (is_answer(answer, receive(fd, answer, sizeof(answer)), way, to,
				      payload))
				return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct frame_way way = {0};
	struct rl_inet to;
	int fd;

	if (argc != 7 || !parse_mac(way.next_mac, argv[2]) || !parse_ip(&way.own, argv[4]) ||
	    !parse_ip(&to, argv[5]))
		return 2;
	way.vlan = (uint16_t)atoi(argv[3]);
	way.own.port = PROBE_PORT;
	to.port = (uint16_t)atoi(argv[6]);
	fd = open_wire(argv[1], way.own_mac);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	return ask(fd, &way, &to) ? 0 : 1;
}
