// SPDX-License-Identifier: BSD-3-Clause
// Datagrams of wrong sizes, and frames whose headers do not agree.
#include "tests/smoke/sim.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t hello(struct sim *s, struct udp_node *n, uint8_t *p)
{
	struct rl_inet target = s->root4.family ? s->root4 : s->root6;

	return node_hello(&n->node, &n->node.root, udp_now(), &target, p);
}

static void truncated(struct sim *s, struct udp_node *n)
{
	uint8_t p[ZT_PACKET_MAX];
	unsigned before = s->net.seen, answers = 0;

	for (size_t len = 0; len < ZT_HELLO_AT_PHYSICAL; len++) {
		hello(s, n, p);
		if (len >= ZT_HDR_LEN)
			rl_armor_seal(n->node.cipher, &n->node.root.key, p, len, 0);
		udp_raw(&s->net, n, n->use, p, len);
	}
	udp_run(&s->net, 300);
	for (unsigned i = before; i < s->net.seen; i++)
		answers += s->net.log[i].verb == ZT_VERB_OK;
	sim_check(s, answers == 0, "HELLO cut at every byte of its fixed part: silence");
}

static void fragments(struct sim *s, struct udp_node *n)
{
	uint8_t p[ZT_PACKET_MAX] = {0};

	// Every count and number, every short length: nothing to answer, nothing to break.
	for (unsigned k = 0; k < 256; k++) {
		rl_store64(p, node_random(&n->node));
		rl_store40(p + ZT_AT_TO, s->root.address);
		p[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
		p[ZT_FRAG_AT_COUNT] = (uint8_t)k;
		udp_raw(&s->net, n, n->use, p, 16 + k % 40);
	}
}

void sim_sizes(struct sim *s)
{
	static const size_t sizes[] = {1433, 1472, 1473, 4000, 10024, 10025, 20000, 65000};
	static uint8_t big[65536];
	struct udp_node *n;
	unsigned before, answers = 0;

	if (!sim_online(s, 1)) {
		sim_done(s);
		return;
	}
	n = s->net.node;
	truncated(s, n);
	fragments(s, n);
	before = s->net.seen;
	n->node.mtu = ZT_PACKET_MAX;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t p[ZT_PACKET_MAX];

		node_echo(&n->node, 1, big, 10, p);
		memcpy(big, p, 38);
		udp_raw(&s->net, n, n->use, big, sizes[i]);
	}
	udp_run(&s->net, 300);
	for (unsigned i = before; i < s->net.seen; i++)
		answers += s->net.log[i].verb == ZT_VERB_OK;
	sim_check(s, answers == 0, "oversize datagrams: silence");
	sim_check(s, sim_settle(s, n), "the root still answers");
	sim_done(s);
}

// An IPv4 frame made by hand: the kernel fills in what is zero of IP, nothing of UDP.
struct ip_udp {
	uint8_t ip[20];
	uint8_t udp[8];
	uint8_t data[256];
};

static uint16_t udp_sum(const struct ip_udp *f, size_t len)
{
	uint32_t sum = 17 + 8 + (uint32_t)len;
	uint8_t b[264] = {0};

	memcpy(b, f->udp, 8);
	memcpy(b + 8, f->data, len);
	for (unsigned i = 12; i < 20; i += 2)
		sum += rl_load16(f->ip + i);
	for (unsigned i = 0; i < sizeof(b); i += 2)
		sum += rl_load16(b + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

enum fault { NONE, NO_SUM, WRONG_SUM, UDP_LONG, UDP_SHORT, UDP_TINY };

static void fill(struct sim *s, struct udp_node *n, struct ip_udp *f, size_t len, enum fault fault)
{
	uint16_t udp_len = (uint16_t)(8 + len);

	memset(f->ip, 0, sizeof(f->ip));
	f->ip[0] = 0x45;
	rl_store16(f->ip + 2, (uint16_t)(20 + udp_len));
	f->ip[8] = 64;
	f->ip[9] = 17;
	memcpy(f->ip + 12, n->socket[0].local.ip, 4);
	memcpy(f->ip + 16, s->root4.ip, 4);
	rl_store16(f->udp, n->socket[0].local.port);
	rl_store16(f->udp + 2, s->root4.port);
	rl_store16(f->udp + 4, udp_len);
	rl_store16(f->udp + 6, 0);
	if (fault != NO_SUM)
		rl_store16(f->udp + 6, udp_sum(f, len));
	if (fault == WRONG_SUM)
		f->udp[7] ^= 1;
	if (fault == UDP_LONG)
		rl_store16(f->udp + 4, (uint16_t)(udp_len + 40));
	if (fault == UDP_SHORT)
		rl_store16(f->udp + 4, (uint16_t)(udp_len - 10));
	if (fault == UDP_TINY)
		rl_store16(f->udp + 4, 7);
}

void sim_frames(struct sim *s)
{
	static const struct {
		enum fault fault;
		bool answered;
		const char *text;
	} rows[] = {
		{NONE, true, "a frame made by hand"},
		{NO_SUM, true, "no UDP checksum, which IPv4 allows"},
		{WRONG_SUM, false, "wrong UDP checksum"},
		{UDP_LONG, false, "UDP longer than IP says"},
		{UDP_SHORT, false, "UDP shorter than the packet"},
		{UDP_TINY, false, "UDP shorter than its header"},
	};
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct udp_node *n;
	int raw;

	if (!s->root4.family || !sim_online(s, 1)) {
		sim_done(s);
		return;
	}
	n = s->net.node;
	memcpy(&to.sin_addr, s->root4.ip, 4);
	raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	sim_check(s, raw >= 0, "a raw socket");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct udp_want want = {.verb = ZT_VERB_OK, .in_verb = ZT_VERB_ECHO};
		uint8_t p[ZT_PACKET_MAX];
		size_t len = node_echo(&n->node, 3, "by hand", 7, p);
		struct ip_udp f;

		memcpy(f.data, p, len);
		fill(s, n, &f, len, rows[i].fault);
		want.in_id = rl_load64(p);
		sim_check(s,
			  sendto(raw, &f, 28 + len, 0, (struct sockaddr *)&to, sizeof(to)) ==
				  (ssize_t)(28 + len),
			  "sent: %s", rows[i].text);
		sim_check(s, (udp_wait(&s->net, n, &want, 500) != NULL) == rows[i].answered,
			  "%s: %s", rows[i].text, rows[i].answered ? "answered" : "silence");
	}
	close(raw);
	sim_done(s);
}
