// SPDX-License-Identifier: BSD-3-Clause
// Frames as they come, and every way in which they can be wrong.
#include "dpdk-app/frame_out.h"
#include "root/wire.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 2048, PAYLOAD = 60, SPORT = 40000, DPORT = 9993, DEVICE = 3 };

static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t their_mac[6] = {2, 0, 0, 0, 0, 2};

struct packet {
	uint8_t data[ROOM];
	size_t len;
	size_t l3, l4;
};

static struct rl_inet ip(const char *text)
{
	struct rl_inet a = {0};

	if (inet_pton(AF_INET, text, a.ip) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.ip) == 1)
		a.family = 6;
	assert_int_not_equal(a.family, 0);
	return a;
}

static struct frame_filter make_filter(void)
{
	struct frame_filter f = {.port_count = 2, .vlan_count = 2};
	struct rl_inet a = ip("192.0.2.1"), b = ip("2001:db8::1");

	memcpy(f.mac, own_mac, 6);
	f.ports[0] = 9443;
	f.ports[1] = DPORT;
	f.vlans[1] = 10;
	assert_true(frame_filter_add(&f, &a));
	assert_true(frame_filter_add(&f, &b));
	return f;
}

// A good frame of either family, made by hand: no code of frame_out.c is in it.
static void put_sums(struct packet *p);

static struct packet make(int family, unsigned vlan)
{
	struct packet p = {.l3 = 14};
	uint8_t *d = p.data;

	memcpy(d, own_mac, 6);
	memcpy(d + 6, their_mac, 6);
	if (vlan) {
		rl_store16(d + 12, 0x8100);
		rl_store16(d + 14, (uint16_t)vlan);
		p.l3 += 4;
	}
	rl_store16(d + p.l3 - 2, family == 4 ? 0x0800 : 0x86dd);
	p.l4 = p.l3 + (family == 4 ? 20 : 40);
	p.len = p.l4 + 8 + PAYLOAD;
	d += p.l3;
	if (family == 4) {
		d[0] = 0x45;
		rl_store16(d + 2, 28 + PAYLOAD);
		d[8] = 61;
		d[9] = 17;
		memcpy(d + 12, ip("198.51.100.7").ip, 4);
		memcpy(d + 16, ip("192.0.2.1").ip, 4);
	} else {
		d[0] = 0x60;
		rl_store16(d + 4, 8 + PAYLOAD);
		d[6] = 17;
		d[7] = 61;
		memcpy(d + 8, ip("2001:db8:f::7").ip, 16);
		memcpy(d + 24, ip("2001:db8::1").ip, 16);
	}
	d = p.data + p.l4;
	rl_store16(d, SPORT);
	rl_store16(d + 2, DPORT);
	rl_store16(d + 4, 8 + PAYLOAD);
	for (int i = 0; i < PAYLOAD; i++)
		d[8 + i] = (uint8_t)(i * 3 + 1);
	put_sums(&p);
	return p;
}

static uint32_t add_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
	return sum;
}

static uint16_t finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// Both checksums, after a change.
static void put_sums(struct packet *p)
{
	uint8_t *i = p->data + p->l3, *u = p->data + p->l4;
	bool v4 = i[0] >> 4 == 4;
	size_t len = rl_load16(u + 4);
	uint32_t sum = 17 + (uint32_t)len;

	rl_store16(u + 6, 0);
	if (len < 8 || p->l4 + len > p->len)
		len = p->len - p->l4;
	sum = v4 ? add_words(sum, i + 12, 8) : add_words(sum, i + 8, 32);
	rl_store16(u + 6, finish(add_words(sum, u, len)));
	if (v4) {
		rl_store16(i + 10, 0);
		rl_store16(i + 10, finish(add_words(0, i, (i[0] & 15) * 4u)));
	}
}

// On a copy of just the right size, so that a sanitizer sees a read beyond the end.
static enum rl_drop run_good(const struct frame_filter *filter, const struct packet *p,
			     unsigned good, struct frame *f, struct rl_inet *from)
{
	uint8_t *copy = test_malloc(p->len ? p->len : 1);
	enum rl_drop drop;

	memcpy(copy, p->data, p->len);
	drop = frame_in(filter, copy, p->len, good, DEVICE, f, from);
	test_free(copy);
	return drop;
}

static enum rl_drop run(const struct packet *p)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct frame f;

	return run_good(&filter, p, 0, &f, &from);
}

static void expect(const struct packet *p, enum rl_drop want, const char *what)
{
	enum rl_drop got = run(p);

	if (got != want)
		fail_msg("%s: %s instead of %s", what, rl_drop_name(got), rl_drop_name(want));
}

static void test_good(void **state)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct frame f;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		for (unsigned vlan = 0; vlan <= 10; vlan += 10) {
			struct packet p = make(family, vlan);

			assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_NONE);
			assert_int_equal(f.payload, p.l4 + 8);
			assert_int_equal(f.len, PAYLOAD);
			assert_int_equal(f.way.vlan, vlan);
			assert_int_equal(f.way.device, DEVICE);
			assert_int_equal(f.way.own.family, family);
			assert_int_equal(f.way.own.port, DPORT);
			assert_int_equal(f.way.own.unused, 0);
			assert_memory_equal(f.way.own_mac, own_mac, 6);
			assert_memory_equal(f.way.next_mac, their_mac, 6);
			assert_int_equal(from.port, SPORT);
			assert_int_equal(from.family, family);
			assert_true(f.summed);
			assert_int_equal(f.payload_sum, frame_sum(p.data + p.l4 + 8, PAYLOAD));
			assert_int_equal(f.head_sum, frame_sum(p.data + p.l4 + 8, FRAME_HEAD));
			struct rl_inet own = family == 4 ? ip("192.0.2.1") : ip("2001:db8::1");
			assert_true(rl_inet_same_ip(&f.way.own, &own));
			own = family == 4 ? ip("198.51.100.7") : ip("2001:db8:f::7");
			assert_true(rl_inet_same_ip(&from, &own));
		}
	}
}

// Every frame cut short is wrong, and none is read beyond its end.
static void test_truncated(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		for (unsigned vlan = 0; vlan <= 10; vlan += 10) {
			struct packet p = make(family, vlan);

			for (p.len--; p.len > 0; p.len--)
				expect(&p, RL_DROP_FRAME_MALFORMED, "cut short");
			expect(&p, RL_DROP_FRAME_MALFORMED, "empty");
		}
	}
}

static void test_padding(void **state)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct frame f;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct packet p = make(family, 0);

		memset(p.data + p.len, 0xaa, 40);
		p.len += 40;
		assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_NONE);
		assert_int_equal(f.len, PAYLOAD);
	}
}

// One byte or word of a good frame changed: where, to what, checksums made good again or not.
static void test_changes(void **state)
{
	static const struct {
		const char *what;
		int family;
		char base; // 'e' Ethernet, 'i' IP, 'u' UDP
		unsigned at, bytes, value;
		bool sums;
		enum rl_drop want;
	} rows[] = {
		{"other MAC", 4, 'e', 5, 1, 9, false, RL_DROP_FRAME_NOT_OURS},
		{"broadcast bit", 4, 'e', 0, 1, 3, false, RL_DROP_FRAME_NOT_OURS},
		{"ARP", 4, 'e', 12, 2, 0x0806, false, RL_DROP_FRAME_NOT_OURS},
		{"802.1ad tag", 4, 'e', 12, 2, 0x88a8, false, RL_DROP_FRAME_NOT_OURS},
		{"source MAC is a group", 4, 'e', 6, 1, 3, false, RL_DROP_FRAME_SOURCE},
		{"version 5", 4, 'i', 0, 1, 0x55, true, RL_DROP_FRAME_MALFORMED},
		{"header of 16 bytes", 4, 'i', 0, 1, 0x44, true, RL_DROP_FRAME_MALFORMED},
		{"header longer than the packet", 4, 'i', 2, 2, 19, true, RL_DROP_FRAME_MALFORMED},
		{"total length beyond the frame", 4, 'i', 2, 2, 29 + PAYLOAD, true,
		 RL_DROP_FRAME_MALFORMED},
		{"total length cuts UDP", 4, 'i', 2, 2, 27 + PAYLOAD, true,
		 RL_DROP_FRAME_MALFORMED},
		{"total length cuts the UDP header", 4, 'i', 2, 2, 27, true,
		 RL_DROP_FRAME_MALFORMED},
		{"TCP", 4, 'i', 9, 1, 6, true, RL_DROP_FRAME_NOT_OURS},
		{"other address", 4, 'i', 19, 1, 2, true, RL_DROP_FRAME_NOT_OURS},
		{"more fragments", 4, 'i', 6, 2, 0x2000, true, RL_DROP_FRAME_IP_FRAGMENT},
		{"last fragment", 4, 'i', 6, 2, 1, true, RL_DROP_FRAME_IP_FRAGMENT},
		{"do not fragment", 4, 'i', 6, 2, 0x4000, true, RL_DROP_NONE},
		{"reserved bit", 4, 'i', 6, 2, 0x8000, true, RL_DROP_NONE},
		{"IP checksum", 4, 'i', 10, 1, 0x77, false, RL_DROP_FRAME_CHECKSUM},
		{"TTL changed, checksum not", 4, 'i', 8, 1, 60, false, RL_DROP_FRAME_CHECKSUM},
		{"source 0.x", 4, 'i', 12, 1, 0, true, RL_DROP_FRAME_SOURCE},
		{"source 127.x", 4, 'i', 12, 1, 127, true, RL_DROP_FRAME_SOURCE},
		{"source multicast", 4, 'i', 12, 1, 224, true, RL_DROP_FRAME_SOURCE},
		{"source 255.x", 4, 'i', 12, 1, 255, true, RL_DROP_FRAME_SOURCE},
		{"source port 0", 4, 'u', 0, 2, 0, true, RL_DROP_FRAME_SOURCE},
		{"other UDP port", 4, 'u', 2, 2, 9994, true, RL_DROP_FRAME_NOT_OURS},
		{"our other UDP port", 4, 'u', 2, 2, 9443, true, RL_DROP_NONE},
		{"UDP length 7", 4, 'u', 4, 2, 7, true, RL_DROP_FRAME_MALFORMED},
		{"UDP length 0", 4, 'u', 4, 2, 0, true, RL_DROP_FRAME_MALFORMED},
		{"UDP length beyond IP", 4, 'u', 4, 2, 9 + PAYLOAD, true, RL_DROP_FRAME_MALFORMED},
		{"UDP shorter than IP", 4, 'u', 4, 2, 7 + PAYLOAD, true, RL_DROP_NONE},
		{"no payload", 4, 'u', 4, 2, 8, true, RL_DROP_NONE},
		{"UDP checksum", 4, 'u', 6, 2, 0x1234, false, RL_DROP_FRAME_CHECKSUM},
		{"UDP without checksum", 4, 'u', 6, 2, 0, false, RL_DROP_NONE},
		{"payload bit", 4, 'u', 50, 1, 0, false, RL_DROP_FRAME_CHECKSUM},

		{"version 4 in IPv6", 6, 'i', 0, 1, 0x40, false, RL_DROP_FRAME_MALFORMED},
		{"payload beyond the frame", 6, 'i', 4, 2, 9 + PAYLOAD, true,
		 RL_DROP_FRAME_MALFORMED},
		{"payload cuts UDP", 6, 'i', 4, 2, 7 + PAYLOAD, true, RL_DROP_FRAME_MALFORMED},
		{"payload 0", 6, 'i', 4, 2, 0, true, RL_DROP_FRAME_MALFORMED},
		{"ICMPv6", 6, 'i', 6, 1, 58, true, RL_DROP_FRAME_NOT_OURS},
		{"no next header", 6, 'i', 6, 1, 59, true, RL_DROP_FRAME_NOT_OURS},
		{"ESP", 6, 'i', 6, 1, 50, true, RL_DROP_FRAME_NOT_OURS},
		{"fragment header", 6, 'i', 6, 1, 44, true, RL_DROP_FRAME_IP_FRAGMENT},
		{"routing header", 6, 'i', 6, 1, 43, true, RL_DROP_FRAME_IP6_EXTENSION},
		{"authentication header", 6, 'i', 6, 1, 51, true, RL_DROP_FRAME_IP6_EXTENSION},
		{"mobility header", 6, 'i', 6, 1, 135, true, RL_DROP_FRAME_IP6_EXTENSION},
		{"other address", 6, 'i', 39, 1, 2, true, RL_DROP_FRAME_NOT_OURS},
		{"multicast source", 6, 'i', 8, 1, 0xff, true, RL_DROP_FRAME_SOURCE},
		{"source port 0", 6, 'u', 0, 2, 0, true, RL_DROP_FRAME_SOURCE},
		{"UDP checksum", 6, 'u', 6, 2, 0x1234, false, RL_DROP_FRAME_CHECKSUM},
		{"UDP without checksum", 6, 'u', 6, 2, 0, false, RL_DROP_FRAME_CHECKSUM},
		{"source bit", 6, 'i', 23, 1, 8, false, RL_DROP_FRAME_CHECKSUM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned vlan = 0; vlan <= 10; vlan += 10) {
			struct packet p = make(rows[i].family, vlan);
			size_t base = rows[i].base == 'i' ? p.l3 : rows[i].base == 'u' ? p.l4 : 0;

			// Where the type is depends on the tag.
			if (rows[i].base == 'e' && rows[i].at == 12)
				base = p.l3 - 14;
			if (rows[i].bytes == 2)
				rl_store16(p.data + base + rows[i].at, (uint16_t)rows[i].value);
			else
				p.data[base + rows[i].at] = (uint8_t)rows[i].value;
			if (rows[i].sums)
				put_sums(&p);
			expect(&p, rows[i].want, rows[i].what);
		}
	}
}

static void test_sources(void **state)
{
	static const struct {
		const char *from;
		enum rl_drop want;
	} rows[] = {
		{"0.0.0.0", RL_DROP_FRAME_SOURCE},
		{"127.0.0.1", RL_DROP_FRAME_SOURCE},
		{"224.0.0.1", RL_DROP_FRAME_SOURCE},
		{"255.255.255.255", RL_DROP_FRAME_SOURCE},
		{"192.0.2.1", RL_DROP_FRAME_SOURCE}, // our own
		{"192.0.2.2", RL_DROP_NONE},
		{"10.0.0.1", RL_DROP_NONE},
		{"223.255.255.255", RL_DROP_NONE},
		{"::", RL_DROP_FRAME_SOURCE},
		{"::1", RL_DROP_FRAME_SOURCE},
		{"::ffff:1.2.3.4", RL_DROP_FRAME_SOURCE},
		{"::1.2.3.4", RL_DROP_FRAME_SOURCE},
		{"ff02::1", RL_DROP_FRAME_SOURCE},
		{"2001:db8::1", RL_DROP_FRAME_SOURCE},
		{"fe80::1", RL_DROP_NONE},
		{"fd00::1", RL_DROP_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_inet a = ip(rows[i].from);
		struct packet p = make(a.family, 0);

		memcpy(p.data + p.l3 + (a.family == 4 ? 12 : 8), a.ip, a.family == 4 ? 4 : 16);
		put_sums(&p);
		expect(&p, rows[i].want, rows[i].from);
	}
}

static void test_vlans(void **state)
{
	static const struct {
		unsigned tci;
		enum rl_drop want;
	} rows[] = {
		{10, RL_DROP_NONE},
		{0xa00a, RL_DROP_NONE}, // priority and drop-eligible bits are not part of the ID
		{0xe000, RL_DROP_NONE}, // priority alone: VLAN 0
		{11, RL_DROP_FRAME_NOT_OURS},
		{0xfff, RL_DROP_FRAME_NOT_OURS},
	};
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct packet p;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = make(4, rows[i].tci);
		assert_int_equal(run_good(&filter, &p, 0, &f, &from), rows[i].want);
		if (!rows[i].want)
			assert_int_equal(f.way.vlan, rows[i].tci & 0xfff);
	}
	// Two tags.
	p = make(4, 10);
	memmove(p.data + 16, p.data + 12, p.len - 12);
	p.len += 4;
	expect(&p, RL_DROP_FRAME_NOT_OURS, "two tags");
	// Untagged frames are not ours unless 0 is listed.
	filter.vlans[0] = 20;
	p = make(4, 0);
	assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_FRAME_NOT_OURS);
}

// Puts bytes between the IP header and UDP.
static void insert(struct packet *p, const uint8_t *bytes, size_t n)
{
	memmove(p->data + p->l4 + n, p->data + p->l4, p->len - p->l4);
	memcpy(p->data + p->l4, bytes, n);
	p->len += n;
	p->l4 += n;
}

static void test_ip4_options(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[40];
		uint8_t words;
		enum rl_drop want;
	} rows[] = {
		{"no-operations", {1, 1, 1, 1}, 1, RL_DROP_NONE},
		{"end of list, rubbish behind", {0, 9, 9, 9}, 1, RL_DROP_NONE},
		{"router alert", {148, 4, 0, 0}, 1, RL_DROP_NONE},
		{"record route", {7, 39, 4}, 10, RL_DROP_NONE},
		{"two and an end", {148, 4, 0, 0, 1, 130, 3, 0}, 2, RL_DROP_NONE},
		{"length 0", {7, 0, 4, 0}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"length 1", {7, 1, 4, 0}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"beyond the header", {7, 5, 4, 0}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"length missing", {1, 1, 1, 7}, 1, RL_DROP_FRAME_IP_OPTIONS},
		{"second one beyond", {148, 4, 0, 0, 148, 5, 0, 0}, 2, RL_DROP_FRAME_IP_OPTIONS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = make(4, 0);
		uint8_t *d = p.data + p.l3;

		insert(&p, rows[i].bytes, rows[i].words * 4u);
		d[0] = (uint8_t)(0x45 + rows[i].words);
		rl_store16(d + 2, (uint16_t)(28 + PAYLOAD + rows[i].words * 4u));
		put_sums(&p);
		expect(&p, rows[i].want, rows[i].what);
	}
}

static void test_ip6_extensions(void **state)
{
	static const struct {
		const char *what;
		uint8_t first; // next header field of IPv6
		uint8_t bytes[96];
		uint8_t len;
		enum rl_drop want;
	} rows[] = {
		{"hop by hop", 0, {17, 0, 5, 2, 0, 0, 1, 0}, 8, RL_DROP_NONE},
		{"destination", 60, {17, 1}, 16, RL_DROP_NONE},
		{"both", 0, {60, 0, 1, 4, 0, 0, 0, 0, 17, 0}, 16, RL_DROP_NONE},
		{"hop by hop second",
		 60,
		 {0, 0, 0, 0, 0, 0, 0, 0, 17, 0},
		 16,
		 RL_DROP_FRAME_IP6_EXTENSION},
		{"beyond the packet", 60, {17, 200}, 8, RL_DROP_FRAME_MALFORMED},
		{"fragment behind",
		 60,
		 {44, 0, 0, 0, 0, 0, 0, 0, 17, 0},
		 16,
		 RL_DROP_FRAME_IP_FRAGMENT},
		{"routing behind",
		 60,
		 {43, 0, 0, 0, 0, 0, 0, 0, 17, 0},
		 16,
		 RL_DROP_FRAME_IP6_EXTENSION},
		{"TCP behind", 60, {6, 0}, 8, RL_DROP_FRAME_NOT_OURS},
		{"eight of them",
		 60,
		 {60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0,
		  0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0,
		  60, 0, 0, 0, 0,  0, 0, 0, 60, 0, 0, 0, 0,  0, 0, 0, 17, 0},
		 64,
		 RL_DROP_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = make(6, 0);
		uint8_t *d = p.data + p.l3;

		insert(&p, rows[i].bytes, rows[i].len);
		d[6] = rows[i].first;
		rl_store16(d + 4, (uint16_t)(8 + PAYLOAD + rows[i].len));
		put_sums(&p);
		expect(&p, rows[i].want, rows[i].what);
	}
	// Options headers without end.
	struct packet p = make(6, 0);
	uint8_t many[16 * 8];

	for (size_t i = 0; i < sizeof(many); i += 8)
		memcpy(many + i, (uint8_t[]){60, 0, 1, 4, 0, 0, 0, 0}, 8);
	insert(&p, many, sizeof(many));
	p.data[p.l3 + 6] = 60;
	rl_store16(p.data + p.l3 + 4, (uint16_t)(8 + PAYLOAD + sizeof(many)));
	expect(&p, RL_DROP_FRAME_IP6_EXTENSION, "sixteen of them");
}

// What the NIC has checked is not checked again, and the payload's sum comes out the same.
static void test_hardware(void **state)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct frame f;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct packet p = make(family, 0);
		uint16_t sum = frame_sum(p.data + p.l4 + 8, PAYLOAD);

		assert_int_equal(run_good(&filter, &p, FRAME_UDP_GOOD, &f, &from), RL_DROP_NONE);
		assert_true(f.summed);
		assert_int_equal(f.payload_sum, sum);
		p.data[p.l4 + 20] ^= 1;
		assert_int_equal(run_good(&filter, &p, FRAME_UDP_GOOD, &f, &from), RL_DROP_NONE);
		assert_int_equal(run_good(&filter, &p, FRAME_IP_GOOD, &f, &from),
				 RL_DROP_FRAME_CHECKSUM);
	}
	struct packet p = make(4, 0);

	p.data[p.l3 + 8]++;
	assert_int_equal(run_good(&filter, &p, FRAME_IP_GOOD, &f, &from), RL_DROP_NONE);
}

static void test_any(void **state)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct packet p;
	struct frame f;

	(void)state;
	filter.any_mac = true;
	p = make(4, 0);
	p.data[5] = 0x55;
	assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_NONE);
	assert_memory_equal(f.way.own_mac, p.data, 6);
	filter = make_filter();
	filter.any_address = true;
	filter.ip4_count = filter.ip6_count = 0;
	for (int family = 4; family <= 6; family += 2) {
		p = make(family, 0);
		p.data[p.l4 - 1] = 0x55; // last byte of the destination
		put_sums(&p);
		assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_NONE);
		p.data[p.l4 - (family == 4 ? 4 : 16)] = family == 4 ? 224 : 0xff;
		put_sums(&p);
		assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_FRAME_NOT_OURS);
	}
	// Nothing known and not everything wanted: nothing is ours.
	filter.any_address = false;
	p = make(4, 0);
	assert_int_equal(run_good(&filter, &p, 0, &f, &from), RL_DROP_FRAME_NOT_OURS);
}

static void test_filter_add(void **state)
{
	struct frame_filter f = {0};
	struct rl_inet a;

	(void)state;
	a = ip("224.0.0.1");
	assert_false(frame_filter_add(&f, &a));
	a = ip("0.0.0.0");
	assert_false(frame_filter_add(&f, &a));
	a = ip("ff02::1");
	assert_false(frame_filter_add(&f, &a));
	a = (struct rl_inet){0};
	assert_false(frame_filter_add(&f, &a));
	a = ip("10.0.0.1");
	for (int i = 0; i < FRAME_ADDRESSES_MAX; i++)
		assert_true(frame_filter_add(&f, &a));
	assert_false(frame_filter_add(&f, &a));
	a = ip("fd00::1");
	for (int i = 0; i < FRAME_ADDRESSES_MAX; i++)
		assert_true(frame_filter_add(&f, &a));
	assert_false(frame_filter_add(&f, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),        cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_padding),     cmocka_unit_test(test_changes),
		cmocka_unit_test(test_sources),     cmocka_unit_test(test_vlans),
		cmocka_unit_test(test_ip4_options), cmocka_unit_test(test_ip6_extensions),
		cmocka_unit_test(test_hardware),    cmocka_unit_test(test_any),
		cmocka_unit_test(test_filter_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
