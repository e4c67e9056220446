// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/privilege.h"

#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BIT(c) (UINT64_C(1) << (c))

static void what_is_missing_is_named_once(void **state)
{
	static const struct {
		const char *ports[3];
		uint64_t has;
		const char *missing;
	} rows[] = {
		{{"null"}, 0, ""},
		{{"pcap:a,b", "0000:03:00.0"}, 0, ""},
		{{"af_packet:eth0"}, 0, "CAP_NET_RAW CAP_NET_ADMIN"},
		{{"af_packet:eth0"}, BIT(CAP_NET_RAW), "CAP_NET_ADMIN"},
		{{"af_packet:eth0"}, BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN), ""},
		{{"af_packet:eth0"}, BIT(CAP_NET_ADMIN), "CAP_NET_RAW"},
		{{"af_xdp:eth0"}, 0, "CAP_NET_RAW CAP_NET_ADMIN CAP_SYS_ADMIN"},
		{{"af_xdp:eth0"},
		 BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN) | BIT(CAP_BPF),
		 "CAP_SYS_ADMIN"},
		{{"af_xdp:eth0"}, BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_ADMIN), ""},
		{{"af_packet:eth0", "af_xdp:eth1", "null"},
		 0,
		 "CAP_NET_RAW CAP_NET_ADMIN CAP_SYS_ADMIN"},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		static struct config_strings ports;
		char names[128];
		unsigned words = 0;
		ports.count = 0;
		for (unsigned j = 0; j < 3 && rows[i].ports[j]; j++)
			strcpy(ports.v[ports.count++], rows[i].ports[j]);
		unsigned n = privilege_missing(&ports, rows[i].has, names, sizeof(names));
		assert_string_equal(names, rows[i].missing);
		for (const char *p = names; (p = strstr(p, "CAP_")) != NULL; p++)
			words++;
		assert_int_equal(n, words);
	}
}

static void rings_shared_with_the_kernel_are_locked(void **state)
{
	static struct config_strings ports = {
		.count = 4, .v = {"null", "pcap:a,b", "af_xdp:eth0", "af_packet:eth1"}};
	(void)state;
	assert_int_equal(privilege_locked_bytes(&ports), 64 << 20);
	ports.count = 2;
	assert_int_equal(privilege_locked_bytes(&ports), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_named_once),
		cmocka_unit_test(rings_shared_with_the_kernel_are_locked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
