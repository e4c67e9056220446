// SPDX-License-Identifier: BSD-3-Clause
// Headers as they leave: read back by frame_in, and their checksums by the long way.
#include "dpdk-app/frame_out.h"
#include "root/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAYLOAD_MAX = 1500 };

static uint16_t slow_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += (uint32_t)p[i] << (i & 1 ? 0 : 8);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static void fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)random();
}

// Every width of vectors gives what the long way gives.
static void sums_by(unsigned bits)
{
	uint8_t data[PAYLOAD_MAX];
	size_t len;

	if (!frame_sum_use_bits(bits)) {
		print_message("this CPU has no vectors of %u bits\n", bits);
		skip();
	}
	fill(data, sizeof(data));
	for (len = 0; len <= sizeof(data); len++)
		assert_int_equal(frame_sum(data, len), slow_sum(data, len));
	memset(data, 0xff, sizeof(data));
	for (len = 0; len <= sizeof(data); len++)
		assert_int_equal(frame_sum(data, len), slow_sum(data, len));
	// RFC 1071, 3: the example of the standard.
	assert_int_equal(frame_sum((const uint8_t[]){0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7}, 8),
			 0xddf2);
}

static void test_sum_128(void **state)
{
	(void)state;
	sums_by(128);
}

static void test_sum_256(void **state)
{
	(void)state;
	sums_by(256);
}

// The last one, so that the widest vectors stay for the tests that follow.
static void test_sum_512(void **state)
{
	(void)state;
	sums_by(512);
}

static void no_other_width(void **state)
{
	(void)state;
	assert_false(frame_sum_use_bits(0));
	assert_false(frame_sum_use_bits(64));
	assert_false(frame_sum_use_bits(1024));
}

static struct frame_way random_way(int family, unsigned vlan)
{
	struct frame_way way = {.vlan = (uint16_t)vlan, .device = 1};

	fill(way.own_mac, 6);
	fill(way.next_mac, 6);
	way.own_mac[0] = way.next_mac[0] = 2;
	way.own.family = (uint8_t)family;
	way.own.port = 9993;
	fill(way.own.ip, family == 4 ? 4 : 16);
	way.own.ip[0] = family == 4 ? 10 : 0xfd;
	return way;
}

static struct rl_inet random_remote(int family)
{
	struct rl_inet to = {.family = (uint8_t)family};

	fill(to.ip, family == 4 ? 4 : 16);
	to.ip[0] = family == 4 ? 100 : 0x20;
	to.port = (uint16_t)(1 + random() % 65535);
	return to;
}

// What the other end sees.
static struct frame_filter mirror(const struct frame_way *way, const struct rl_inet *to)
{
	struct frame_filter f = {.port_count = 1, .vlan_count = 1};

	memcpy(f.mac, way->next_mac, 6);
	f.ports[0] = to->port;
	f.vlans[0] = way->vlan;
	assert_true(frame_filter_add(&f, to));
	return f;
}

struct sent {
	uint8_t room[FRAME_HEADER_MAX + PAYLOAD_MAX];
	uint8_t *payload;
	unsigned header;
};

static void check_arrival(const struct sent *s, size_t len, const struct frame_way *way,
			  const struct rl_inet *to)
{
	struct frame_filter filter = mirror(way, to);
	struct rl_inet from;
	struct frame f;

	assert_int_equal(
		frame_in(&filter, s->payload - s->header, s->header + len, 0, 0, &f, &from),
		RL_DROP_NONE);
	assert_int_equal(f.payload, s->header);
	assert_int_equal(f.len, len);
	assert_true(f.summed);
	assert_true(rl_inet_equal(&from, &way->own));
	assert_true(rl_inet_equal(&f.way.own, to));
	assert_memory_equal(f.way.next_mac, way->own_mac, 6);
}

static void test_round_trip(void **state)
{
	static const uint16_t lengths[] = {0, 1, 2, 17, 28, 59, 137, 1432, PAYLOAD_MAX};
	static const unsigned headers[2][2] = {{42, 46}, {62, 66}};

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		int family = round & 1 ? 6 : 4;
		unsigned vlan = round & 2 ? 1 + (unsigned)random() % 4094 : 0;
		uint16_t len = lengths[round / 4 % (sizeof(lengths) / sizeof(lengths[0]))];
		struct frame_way way = random_way(family, vlan);
		struct rl_inet to = random_remote(family);
		struct frame_header h;
		struct sent s;

		s.payload = s.room + FRAME_HEADER_MAX;
		fill(s.room, sizeof(s.room));
		frame_header_make(&h, &way);
		s.header = frame_out(s.payload, len, &h, &to, frame_sum(s.payload, len));
		assert_int_equal(s.header, headers[family == 6][vlan != 0]);
		check_arrival(&s, len, &way, &to);
	}
}

// Byte for byte, once per family.
static void test_fields(void **state)
{
	struct frame_way way = random_way(4, 10);
	struct rl_inet to = random_remote(4);
	uint8_t room[FRAME_HEADER_MAX + 100];
	uint8_t *payload = room + FRAME_HEADER_MAX, *d = payload - 46;
	struct frame_header h;

	(void)state;
	memset(room, 0x5a, sizeof(room));
	frame_header_make(&h, &way);
	assert_int_equal(frame_out(payload, 100, &h, &to, frame_sum(payload, 100)), 46);
	assert_memory_equal(d, way.next_mac, 6);
	assert_memory_equal(d + 6, way.own_mac, 6);
	assert_memory_equal(d + 12, ((uint8_t[]){0x81, 0, 0, 10, 8, 0, 0x45, 0}), 8);
	assert_int_equal(rl_load16(d + 20), 128);
	assert_memory_equal(d + 22, ((uint8_t[]){0, 0, 0x40, 0, 64, 17}), 6); // ID 0, DF, TTL, UDP
	assert_int_equal(frame_sum(d + 18, 20), 0xffff);
	assert_memory_equal(d + 30, way.own.ip, 4);
	assert_memory_equal(d + 34, to.ip, 4);
	assert_int_equal(rl_load16(d + 38), 9993);
	assert_int_equal(rl_load16(d + 40), to.port);
	assert_int_equal(rl_load16(d + 42), 108);
	assert_int_equal(room[0], 0x5a); // nothing before the header is touched
	assert_int_equal(d[-1], 0x5a);

	way = random_way(6, 0);
	to = random_remote(6);
	frame_header_make(&h, &way);
	assert_int_equal(frame_out(payload, 100, &h, &to, frame_sum(payload, 100)), 62);
	d = payload - 62;
	assert_memory_equal(d + 12, ((uint8_t[]){0x86, 0xdd, 0x60, 0, 0, 0, 0, 108, 17, 64}), 10);
	assert_memory_equal(d + 22, way.own.ip, 16);
	assert_memory_equal(d + 38, to.ip, 16);
}

// A sum of zero is sent as ones: zero would say that there is none.
static void test_zero_checksum(void **state)
{
	struct frame_way way = random_way(6, 0);
	struct rl_inet to = random_remote(6);
	uint8_t room[FRAME_HEADER_MAX + 2];
	uint8_t *payload = room + FRAME_HEADER_MAX;
	struct frame_header h;

	(void)state;
	frame_header_make(&h, &way);
	memset(payload, 0, 2);
	frame_out(payload, 2, &h, &to, 0);
	// This payload makes the sum 0xffff, its inverse 0.
	rl_store16(payload, rl_load16(payload - 2));
	frame_out(payload, 2, &h, &to, frame_sum(payload, 2));
	assert_int_equal(rl_load16(payload - 2), 0xffff);
}

static void test_wrong_family(void **state)
{
	struct frame_way way = random_way(4, 0);
	struct rl_inet to = random_remote(6);
	uint8_t room[FRAME_HEADER_MAX + 8] = {0};
	struct frame_header h;

	(void)state;
	frame_header_make(&h, &way);
	assert_int_equal(frame_out(room + FRAME_HEADER_MAX, 8, &h, &to, 0), 0);
	to.family = 0;
	assert_int_equal(frame_out(room + FRAME_HEADER_MAX, 8, &h, &to, 0), 0);
}

// The short way to a relayed packet's checksum agrees with the long one, from any family to any.
static void test_relay(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		int in = round & 1 ? 6 : 4, out = round & 2 ? 6 : 4;
		struct frame_way way = random_way(in, 0);
		struct rl_inet to = random_remote(in), from;
		uint16_t len = (uint16_t)(random() % 200);
		struct frame_filter filter = mirror(&way, &to);
		struct frame_header h;
		struct frame f;
		struct sent s;

		s.payload = s.room + FRAME_HEADER_MAX;
		if (round % 3 == 0)
			memset(s.payload, round & 4 ? 0xff : 0, len); // where sums are 0 and -0
		else
			fill(s.payload, len);
		frame_header_make(&h, &way);
		s.header = frame_out(s.payload, len, &h, &to, frame_sum(s.payload, len));
		assert_int_equal(frame_in(&filter, s.payload - s.header, s.header + len,
					  round & 8 ? FRAME_UDP_GOOD : 0, 0, &f, &from),
				 RL_DROP_NONE);
		if (len)
			s.payload[(size_t)random() % (len < FRAME_HEAD ? len : FRAME_HEAD)] =
				(uint8_t)random();
		way = random_way(out, 0);
		to = random_remote(out);
		frame_header_make(&h, &way);
		s.header = frame_out(s.payload, len, &h, &to, frame_relay_sum(&f, s.payload));
		check_arrival(&s, len, &way, &to);
	}
}

// An IPv4 packet may come without checksum; it leaves with one.
static void test_relay_unsummed(void **state)
{
	struct frame_way way = random_way(4, 0);
	struct rl_inet to = random_remote(4), from;
	struct frame_filter filter = mirror(&way, &to);
	struct frame_header h;
	struct frame f;
	struct sent s;

	(void)state;
	s.payload = s.room + FRAME_HEADER_MAX;
	fill(s.payload, 100);
	frame_header_make(&h, &way);
	s.header = frame_out(s.payload, 100, &h, &to, 0);
	rl_store16(s.payload - 2, 0);
	assert_int_equal(frame_in(&filter, s.payload - s.header, s.header + 100, 0, 0, &f, &from),
			 RL_DROP_NONE);
	assert_false(f.summed);
	way = random_way(6, 0);
	to = random_remote(6);
	frame_header_make(&h, &way);
	s.header = frame_out(s.payload, 100, &h, &to, frame_relay_sum(&f, s.payload));
	check_arrival(&s, 100, &way, &to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum_128),       cmocka_unit_test(test_sum_256),
		cmocka_unit_test(test_sum_512),       cmocka_unit_test(no_other_width),
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_fields),
		cmocka_unit_test(test_zero_checksum), cmocka_unit_test(test_wrong_family),
		cmocka_unit_test(test_relay),         cmocka_unit_test(test_relay_unsummed),
	};

	srandom(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
