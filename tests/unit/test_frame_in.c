// SPDX-License-Identifier: BSD-3-Clause
// Frames as they come, and every way in which they can be wrong.
#include "tests/unit/frame_make.h"

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
		cmocka_unit_test(test_good),    cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_padding), cmocka_unit_test(test_changes),
		cmocka_unit_test(test_sources), cmocka_unit_test(test_vlans),
		cmocka_unit_test(test_any),     cmocka_unit_test(test_filter_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
