// SPDX-License-Identifier: BSD-3-Clause
#include "tests/lib/pcap_udp.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { ETHER_LEN = 14, IP4_LEN = 20, IP6_LEN = 40, UDP_LEN = 8, PROTO_UDP = 17 };

static void udp_fields(struct pcap_udp *u, const uint8_t *udp)
{
	u->from.port = rl_load16(udp);
	u->to.port = rl_load16(udp + 2);
	u->len = (uint16_t)(rl_load16(udp + 4) - UDP_LEN);
}

// Where the UDP header is; 0: not one of ours.
static size_t find_udp(struct pcap_udp *u, const uint8_t *f, size_t len)
{
	size_t at = ETHER_LEN;

	if (len < ETHER_LEN + IP4_LEN + UDP_LEN)
		return 0;
	if (rl_load16(f + 12) == 0x0800 && f[at] == 0x45 && f[at + 9] == PROTO_UDP) {
		u->from.family = u->to.family = 4;
		memcpy(u->from.ip, f + at + 12, 4);
		memcpy(u->to.ip, f + at + 16, 4);
		return at + IP4_LEN;
	}
	if (rl_load16(f + 12) == 0x86dd && f[at + 6] == PROTO_UDP &&
	    len >= at + IP6_LEN + UDP_LEN) {
		u->from.family = u->to.family = 6;
		memcpy(u->from.ip, f + at + 8, 16);
		memcpy(u->to.ip, f + at + 24, 16);
		return at + IP6_LEN;
	}
	return 0;
}

static bool read_frame(struct pcap_udp *u, const struct pcap_pkthdr *h, const uint8_t *f)
{
	size_t at = find_udp(u, f, h->caplen);

	if (!at || rl_load16(f + at + 4) < UDP_LEN || at + rl_load16(f + at + 4) > h->caplen)
		return false;
	udp_fields(u, f + at);
	u->us = (uint64_t)h->ts.tv_sec * 1000000 + (uint64_t)h->ts.tv_usec;
	u->data = malloc(u->len ? u->len : 1);
	if (!u->data)
		return false;
	memcpy(u->data, f + at + UDP_LEN, u->len);
	return true;
}

int pcap_udp_load(const char *path, struct pcap_udp **list)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);
	struct pcap_pkthdr *h;
	const uint8_t *frame;
	unsigned number = 0;
	int count = 0, room = 0;

	*list = NULL;
	if (!pcap) {
		fprintf(stderr, "%s\n", error);
		return -1;
	}
	while (pcap_next_ex(pcap, &h, &frame) == 1) {
		struct pcap_udp u = {.number = ++number};

		if (!read_frame(&u, h, frame))
			continue;
		if (count == room) {
			room = room ? 2 * room : 256;
			*list = realloc(*list, (size_t)room * sizeof(**list));
			if (!*list)
				abort();
		}
		(*list)[count++] = u;
	}
	pcap_close(pcap);
	return count;
}

void pcap_udp_free(struct pcap_udp *list, int count)
{
	for (int i = 0; i < count; i++)
		free(list[i].data);
	free(list);
}
