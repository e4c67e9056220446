// SPDX-License-Identifier: BSD-3-Clause
// Good frames made by hand, for tests that spoil them: no code of frame_out.c is in them.
#pragma once

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

static inline struct rl_inet ip(const char *text)
{
	struct rl_inet a = {0};

	if (inet_pton(AF_INET, text, a.ip) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.ip) == 1)
		a.family = 6;
	assert_int_not_equal(a.family, 0);
	return a;
}

static inline struct frame_filter make_filter(void)
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

static inline uint32_t add_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
	return sum;
}

static inline uint16_t finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// Both checksums, after a change.
static inline void put_sums(struct packet *p)
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

// A good frame of either family.
static inline struct packet make(int family, unsigned vlan)
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

// On a copy of just the right size, so that a sanitizer sees a read beyond the end.
static inline enum rl_drop run_good(const struct frame_filter *filter, const struct packet *p,
				    unsigned good, struct frame *f, struct rl_inet *from)
{
	uint8_t *copy = test_malloc(p->len ? p->len : 1);
	enum rl_drop drop;

	memcpy(copy, p->data, p->len);
	drop = frame_in(filter, copy, p->len, good, DEVICE, f, from);
	test_free(copy);
	return drop;
}

static inline enum rl_drop run(const struct packet *p)
{
	struct frame_filter filter = make_filter();
	struct rl_inet from;
	struct frame f;

	return run_good(&filter, p, 0, &f, &from);
}

static inline void expect(const struct packet *p, enum rl_drop want, const char *what)
{
	enum rl_drop got = run(p);

	if (got != want)
		fail_msg("%s: %s instead of %s", what, rl_drop_name(got), rl_drop_name(want));
}
