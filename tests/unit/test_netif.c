// SPDX-License-Identifier: BSD-3-Clause
// The default route's interface out of the kernel's tables, and what is known of the loopback.
#include "dpdk-app/netif.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HEAD4 \
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define NET4 "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
#define DEF4(dev, flags, metric) \
	dev "\t00000000\t010200C0\t" flags "\t0\t0\t" metric "\t00000000\t0\t0\t0\n"

static void test_route4(void **state)
{
	static const struct {
		const char *text;
		int ret;
		const char *name;
	} rows[] = {
		{"", -ENOENT, ""},
		{HEAD4, -ENOENT, ""},
		{HEAD4 NET4, -ENOENT, ""},
		{HEAD4 NET4 DEF4("eth0", "0003", "0"), 0, "eth0"},
		{HEAD4 DEF4("eth0", "0003", "100") DEF4("wlan0", "0003", "50"), 0, "wlan0"},
		{HEAD4 DEF4("eth0", "0003", "50") DEF4("wlan0", "0003", "100"), 0, "eth0"},
		{HEAD4 DEF4("eth0", "0003", "0") DEF4("wlan0", "0003", "0"), 0, "eth0"},
		{HEAD4 DEF4("eth0", "0002", "0"), -ENOENT, ""}, // not up
		{HEAD4 DEF4("*", "0201", "0"), -ENOENT, ""},    // "unreachable"
		{HEAD4 DEF4("eth0", "0003", "0") "rubbish", 0, "eth0"},
		{"no table at all", -ENOENT, ""},
		{HEAD4 "a-name-that-is-too-long\t00000000\t0\t0003\t0\t0\t0\t00000000\n", -ENOENT,
		 ""},
		// Half of the Internet is no default route.
		{HEAD4 "tun0\t00000000\t010200C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", -ENOENT, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[NETIF_NAME_MAX] = "";

		assert_int_equal(netif_default_route4(rows[i].text, name), rows[i].ret);
		assert_string_equal(name, rows[i].name);
	}
}

#define ANY "00000000000000000000000000000000"
#define GW  "fe800000000000000000000000000001"
#define DEF6(dev, flags, metric) \
	ANY " 00 " ANY " 00 " GW " " metric " 00000001 00000000 " flags " " dev "\n"

static void test_route6(void **state)
{
	static const struct {
		const char *text;
		int ret;
		const char *name;
	} rows[] = {
		{"", -ENOENT, ""},
		{"20010db8000000000000000000000000 40 " ANY " 00 " ANY
		 " 00000100 00000001 00000000 00000001     eth0\n",
		 -ENOENT, ""},
		{DEF6("    eth0", "00000003", "00000400"), 0, "eth0"},
		{DEF6("eth0", "00000003", "00000400") DEF6("eth1", "00000003", "00000100"), 0,
		 "eth1"},
		// The kernel's own last entry.
		{DEF6("      lo", "00200200", "ffffffff"), -ENOENT, ""},
		{DEF6("eth0", "00200200", "00000400"), -ENOENT, ""}, // "unreachable"
		{ANY " 01 " ANY " 00 " GW " 00000400 00000001 00000000 00000003 eth0\n", -ENOENT,
		 ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[NETIF_NAME_MAX] = "";

		assert_int_equal(netif_default_route6(rows[i].text, name), rows[i].ret);
		assert_string_equal(name, rows[i].name);
	}
}

static void test_read(void **state)
{
	struct netif n, m;

	(void)state;
	assert_int_equal(netif_read(&n, "nosuchif"), -ENODEV);
	assert_int_equal(netif_read(&n, "a-name-that-is-too-long"), -ENODEV);
	assert_int_equal(netif_read(&n, ""), -ENODEV);
	assert_int_equal(netif_read(&n, "lo"), 0);
	assert_false(n.ether);
	assert_int_equal(n.queues, 1);
	assert_true(n.index > 0);
	for (unsigned i = 0; i < n.count; i++) {
		assert_int_equal(n.address[i].port, 0);
		assert_true(n.address[i].family == 4 || n.address[i].family == 6);
		assert_true(i == 0 ||
			    memcmp(&n.address[i - 1], &n.address[i], sizeof(n.address[0])) < 0);
	}
	assert_int_equal(netif_read(&m, "lo"), 0);
	assert_true(netif_same_addresses(&n, &m));
	m.mac[5]++;
	assert_false(netif_same_addresses(&n, &m));
	m = n;
	m.address[m.count++].ip[0] = 9;
	assert_false(netif_same_addresses(&n, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route4),
		cmocka_unit_test(test_route6),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
