// SPDX-License-Identifier: BSD-3-Clause
// Sends packets to be relayed, as fast as one CPU can.
#include "bench/veth/ends.h"

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

int gun_end(double run_s)
{
	static uint8_t data[BATCH][PACKET];
	int size = PACKET;
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(ROOT_IP),
				 .sin_port = htons(ZT_PORT)};
	struct population *p = two_peers(0, 1700000000000);
	udp_socket(GUN_IP, SINK); // full soon; nobody is told that it is closed
	int fd = udp_socket(GUN_IP, ZT_PORT);
	for (unsigned i = 0; i < BATCH; i++) {
		rl_store40(data[i] + ZT_AT_TO, p->address[1]);
		rl_store40(data[i] + ZT_AT_FROM, p->address[0]);
		data[i][ZT_AT_FLAGS] = ZT_SUITE_AES_GMAC_SIV << ZT_SUITE_SHIFT;
	}
	// One system call, many datagrams: a sender of one at a time is slower than what it tests.
	need(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) == 0 &&
		     connect(fd, (void *)&to, sizeof(to)) == 0,
	     "this kernel cannot send in bulk");
	need(send(fd, data, sizeof(data), 0) == (ssize_t)sizeof(data), "nothing can be sent");
	double end = seconds(CLOCK_MONOTONIC) + run_s;
	while (seconds(CLOCK_MONOTONIC) < end)
		if (send(fd, data, sizeof(data), 0) < 0)
			usleep(100);
	return 0;
}
