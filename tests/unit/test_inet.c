// SPDX-License-Identifier: BSD-3-Clause
#include "root/inet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void text_is_read_and_written(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{"1.2.3.4/9993", "1.2.3.4/9993"},
		{"1.2.3.4:9993", "1.2.3.4/9993"},
		{"0.0.0.0/1", "0.0.0.0/1"},
		{"255.255.255.255/65535", "255.255.255.255/65535"},
		{"2001:db8::1/9993", "2001:db8::1/9993"},
		{"[2001:db8::1]:9993", "2001:db8::1/9993"},
		{"2001:DB8:0:0:0:0:0:1/9993", "2001:db8::1/9993"},
		{"::/1", "::/1"},
		{"[::]:1", "::/1"},
		{"::ffff:1.2.3.4/5", "::ffff:1.2.3.4/5"},
		{"[::ffff:1.2.3.4]:5", "::ffff:1.2.3.4/5"},
		{"1.2.3.4/00080", "1.2.3.4/80"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65535",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65535"},
		{"0000:0000:0000:0000:0000:ffff:255.255.255.255/65535",
		 "::ffff:255.255.255.255/65535"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[RL_INET_TEXT];
		struct rl_inet a;

		if (rl_inet_parse(&a, rows[i].text))
			fail_msg("refused: %s", rows[i].text);
		assert_string_equal(rl_inet_text(&a, buf), rows[i].canonical);
		assert_int_equal(a.unused, 0);
	}
}

static void bad_text_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"/",
		":",
		"[]:1",
		"[",
		"[]",
		"]:1",
		"[:1",
		"/9993",
		":9993",
		"1.2.3.4",
		"1.2.3.4/",
		"1.2.3.4:",
		"1.2.3.4/0",
		"1.2.3.4/65536",
		"1.2.3.4/99999",
		"1.2.3.4/100000",
		"1.2.3.4/4294967297",
		"1.2.3.4/-1",
		"1.2.3.4/+1",
		"1.2.3.4/ 1",
		"1.2.3.4/1 ",
		"1.2.3.4/1\n",
		" 1.2.3.4/1",
		"1.2.3.4 /1",
		"1.2.3.4/0x10",
		"1.2.3.4/1/2",
		"1.2.3/1",
		"1.2.3.4.5/1",
		"1.2.3.256/1",
		"01.2.3.4/1",
		"1.2.3.4%eth0/1",
		"2001:db8::1",
		"2001:db8::1:9993", // a port could not be told from a group
		"[2001:db8::1]",
		"[2001:db8::1]9993",
		"[2001:db8::1]/9993",
		"[1.2.3.4]:9993",
		"[2001:db8::1:9993",
		"2001:db8::1]:9993",
		"2001:db8:::1/1",
		"2001:db8::1::2/1",
		"12345::1/1",
		"fe80::1%eth0/1",
		"g::1/1",
		"example.org/9993",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255.255.255.255.255/1",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_inet a = rl_inet4(0x07070707, 7);
		const struct rl_inet before = a;

		if (rl_inet_parse(&a, rows[i]) != -EINVAL)
			fail_msg("taken: \"%s\"", rows[i]);
		assert_true(rl_inet_equal(&a, &before));
	}
}

static void nil_has_a_text_too(void **state)
{
	struct rl_inet nil = {0};
	char buf[RL_INET_TEXT];

	(void)state;
	assert_string_equal(rl_inet_text(&nil, buf), "-");
	assert_int_equal(rl_inet_scope(&nil), RL_SCOPE_NONE);
	nil.family = 5; // no family at all
	assert_string_equal(rl_inet_text(&nil, buf), "-");
	assert_int_equal(rl_inet_wire_len(&nil), 1);
	assert_int_equal(rl_inet_scope(&nil), RL_SCOPE_NONE);
}

// First and last address of each range, and their neighbours.
static void scopes(void **state)
{
	static const struct {
		const char *ip;
		enum rl_scope scope;
	} rows[] = {
		{"0.0.0.0", RL_SCOPE_NONE},
		{"0.255.255.255", RL_SCOPE_NONE},
		{"1.0.0.0", RL_SCOPE_GLOBAL},
		{"5.255.255.255", RL_SCOPE_GLOBAL},
		{"6.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"6.255.255.255", RL_SCOPE_PSEUDO_PRIVATE},
		{"7.0.0.0", RL_SCOPE_GLOBAL},
		{"9.255.255.255", RL_SCOPE_GLOBAL},
		{"10.0.0.0", RL_SCOPE_PRIVATE},
		{"10.255.255.255", RL_SCOPE_PRIVATE},
		{"11.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"11.255.255.255", RL_SCOPE_PSEUDO_PRIVATE},
		{"12.0.0.0", RL_SCOPE_GLOBAL},
		{"20.255.255.255", RL_SCOPE_GLOBAL},
		{"21.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"22.255.255.255", RL_SCOPE_PSEUDO_PRIVATE},
		{"23.0.0.0", RL_SCOPE_GLOBAL},
		{"24.255.255.255", RL_SCOPE_GLOBAL},
		{"25.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"26.255.255.255", RL_SCOPE_PSEUDO_PRIVATE},
		{"27.1.2.3", RL_SCOPE_GLOBAL},
		{"28.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"29.1.2.3", RL_SCOPE_PSEUDO_PRIVATE},
		{"30.255.255.255", RL_SCOPE_PSEUDO_PRIVATE},
		{"31.0.0.0", RL_SCOPE_GLOBAL},
		{"50.255.255.255", RL_SCOPE_GLOBAL},
		{"51.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"52.0.0.0", RL_SCOPE_GLOBAL},
		{"55.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"56.255.255.255", RL_SCOPE_PSEUDO_PRIVATE},
		{"57.0.0.0", RL_SCOPE_GLOBAL},
		{"100.63.255.255", RL_SCOPE_GLOBAL},
		{"100.64.0.0", RL_SCOPE_PRIVATE},
		{"100.127.255.255", RL_SCOPE_PRIVATE},
		{"100.128.0.0", RL_SCOPE_GLOBAL},
		{"126.255.255.255", RL_SCOPE_GLOBAL},
		{"127.0.0.0", RL_SCOPE_LOOPBACK},
		{"127.255.255.255", RL_SCOPE_LOOPBACK},
		{"128.0.0.0", RL_SCOPE_GLOBAL},
		{"169.253.255.255", RL_SCOPE_GLOBAL},
		{"169.254.0.0", RL_SCOPE_LINK_LOCAL},
		{"169.254.255.255", RL_SCOPE_LINK_LOCAL},
		{"169.255.0.0", RL_SCOPE_GLOBAL},
		{"172.15.255.255", RL_SCOPE_GLOBAL},
		{"172.16.0.0", RL_SCOPE_PRIVATE},
		{"172.31.255.255", RL_SCOPE_PRIVATE},
		{"172.32.0.0", RL_SCOPE_GLOBAL},
		{"192.0.1.255", RL_SCOPE_GLOBAL},
		{"192.0.2.0", RL_SCOPE_PRIVATE},
		{"192.0.2.255", RL_SCOPE_PRIVATE},
		{"192.0.3.0", RL_SCOPE_GLOBAL},
		{"192.167.255.255", RL_SCOPE_GLOBAL},
		{"192.168.0.0", RL_SCOPE_PRIVATE},
		{"192.168.255.255", RL_SCOPE_PRIVATE},
		{"192.169.0.0", RL_SCOPE_GLOBAL},
		{"198.17.255.255", RL_SCOPE_GLOBAL},
		{"198.18.0.0", RL_SCOPE_PRIVATE},
		{"198.19.255.255", RL_SCOPE_PRIVATE},
		{"198.20.0.0", RL_SCOPE_GLOBAL},
		{"198.51.99.255", RL_SCOPE_GLOBAL},
		{"198.51.100.0", RL_SCOPE_PRIVATE},
		{"198.51.100.255", RL_SCOPE_PRIVATE},
		{"198.51.101.0", RL_SCOPE_GLOBAL},
		{"203.0.112.255", RL_SCOPE_GLOBAL},
		{"203.0.113.0", RL_SCOPE_PRIVATE},
		{"203.0.113.255", RL_SCOPE_PRIVATE},
		{"203.0.114.0", RL_SCOPE_GLOBAL},
		{"223.255.255.255", RL_SCOPE_GLOBAL},
		{"224.0.0.0", RL_SCOPE_MULTICAST},
		{"239.255.255.255", RL_SCOPE_MULTICAST},
		{"240.0.0.0", RL_SCOPE_PSEUDO_PRIVATE},
		{"254.255.255.255", RL_SCOPE_PSEUDO_PRIVATE},
		{"255.0.0.0", RL_SCOPE_NONE},
		{"255.255.255.255", RL_SCOPE_NONE},
		{"::", RL_SCOPE_NONE},
		{"::1", RL_SCOPE_LOOPBACK},
		{"::2", RL_SCOPE_GLOBAL},
		{"::ffff:126.0.0.1", RL_SCOPE_GLOBAL},
		{"::ffff:127.0.0.0", RL_SCOPE_LOOPBACK},
		{"::ffff:127.255.255.255", RL_SCOPE_LOOPBACK},
		{"::ffff:128.0.0.0", RL_SCOPE_GLOBAL},
		{"2001:db8::1", RL_SCOPE_GLOBAL},
		{"fbff::1", RL_SCOPE_GLOBAL},
		{"fc00::", RL_SCOPE_PRIVATE},
		{"fdff:ffff::1", RL_SCOPE_PRIVATE},
		{"fe00::1", RL_SCOPE_GLOBAL},
		{"fe7f::1", RL_SCOPE_GLOBAL},
		{"fe80::", RL_SCOPE_LINK_LOCAL},
		{"fe80::1", RL_SCOPE_LOOPBACK},
		{"fe80::2", RL_SCOPE_LINK_LOCAL},
		{"fe80::1:0:0:1", RL_SCOPE_LINK_LOCAL},
		{"febf::1", RL_SCOPE_LINK_LOCAL},
		{"fec0::1", RL_SCOPE_GLOBAL},
		{"ff00::", RL_SCOPE_MULTICAST},
		{"ff02::1", RL_SCOPE_MULTICAST},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[RL_INET_TEXT];
		struct rl_inet a;

		snprintf(text, sizeof(text), "%s/9993", rows[i].ip);
		assert_int_equal(rl_inet_parse(&a, text), 0);
		if (rl_inet_scope(&a) != rows[i].scope)
			fail_msg("%s: %u", rows[i].ip, rl_inet_scope(&a));
	}
}

static void wire_types(void **state)
{
	static const struct {
		uint8_t bytes[24];
		size_t len;
		const char *text; // NULL: refused
	} rows[] = {
		{{0x00}, 1, "-"},
		{{0x01, 1, 2, 3, 4, 5, 6}, 7, "-"},
		{{0x02, 1, 2, 3, 4, 5, 6}, 7, "-"},
		{{0x03, 0, 0}, 3, "-"},
		{{0x03, 0, 5, 1, 2, 3, 4, 5}, 8, "-"},
		{{0x04, 1, 2, 3, 4, 0x27, 0x09}, 7, "1.2.3.4/9993"},
		{{0x04, 1, 2, 3, 4, 0, 0}, 7, "1.2.3.4/0"},
		{{0x06, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x27, 0x09},
		 19,
		 "2001:db8::1/9993"},
		{{0x05, 1, 2, 3, 4, 5, 6}, 7, NULL},
		{{0x07, 1, 2, 3, 4, 5, 6}, 7, NULL},
		{{0x80, 1, 2, 3, 4, 5, 6}, 7, NULL},
		{{0xff, 1, 2, 3, 4, 5, 6}, 7, NULL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rl_reader r = rl_reader(rows[i].bytes, rows[i].len);
		struct rl_inet a = rl_inet_get(&r);
		char buf[RL_INET_TEXT];

		assert_int_equal(r.bad, !rows[i].text);
		assert_string_equal(rl_inet_text(&a, buf), rows[i].text ? rows[i].text : "-");
		if (rows[i].text)
			assert_int_equal(rl_reader_left(&r), 0);

		// Cut short at every length: refused, never read beyond the end.
		for (size_t len = 0; rows[i].text && len < rows[i].len; len++) {
			uint8_t *exact = malloc(len + !len);

			memcpy(exact, rows[i].bytes, len);
			r = rl_reader(exact, len);
			a = rl_inet_get(&r);
			assert_true(r.bad);
			assert_int_equal(a.family, 0);
			free(exact);
		}
	}
}

static void opaque_length_is_bounded(void **state)
{
	static const uint8_t bytes[] = {0x03, 0xff, 0xff, 1, 2, 3};
	struct rl_reader r = rl_reader(bytes, sizeof(bytes));

	(void)state;
	rl_inet_get(&r);
	assert_true(r.bad);
}

static void writing_needs_room_for_all(void **state)
{
	struct rl_inet rows[3] = {
		{.family = 0}, rl_inet4(0x01020304, 9993), {.family = 6, .port = 1}};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		size_t need = rl_inet_wire_len(&rows[i]);

		for (size_t room = 0; room <= need; room++) {
			uint8_t *out = malloc(room + !room);
			struct rl_writer w = rl_writer(out, room);

			rl_inet_put(&w, &rows[i]);
			assert_int_equal(w.bad, room < need);
			assert_int_equal(rl_writer_len(&w), room < need ? 0 : need);
			free(out);
		}
	}
}

static void compare(void **state)
{
	struct rl_inet a = rl_inet4(0x0a000001, 9993);
	struct rl_inet other_port = rl_inet4(0x0a000001, 9994);
	struct rl_inet other_ip = rl_inet4(0x0a000002, 9993);
	struct rl_inet six = {.ip = {10, 0, 0, 1}, .port = 9993, .family = 6};

	(void)state;
	assert_true(rl_inet_equal(&a, &a));
	assert_false(rl_inet_equal(&a, &other_port));
	assert_true(rl_inet_same_ip(&a, &other_port));
	assert_false(rl_inet_same_ip(&a, &other_ip));
	assert_false(rl_inet_same_ip(&a, &six));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read_and_written),
		cmocka_unit_test(bad_text_is_refused),
		cmocka_unit_test(nil_has_a_text_too),
		cmocka_unit_test(scopes),
		cmocka_unit_test(wire_types),
		cmocka_unit_test(opaque_length_is_bounded),
		cmocka_unit_test(writing_needs_room_for_all),
		cmocka_unit_test(compare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
