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
		{{"af_packet:eth0"}, 0, "CAP_NET_RAW"},
		{{"af_packet:eth0"}, BIT(CAP_NET_RAW), ""},
		{{"af_packet:eth0"}, BIT(CAP_NET_ADMIN), "CAP_NET_RAW"},
		{{"af_xdp:eth0"}, 0, "CAP_NET_RAW CAP_NET_ADMIN CAP_BPF"},
		{{"af_xdp:eth0"}, BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN), "CAP_BPF"},
		{{"af_xdp:eth0"}, BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_ADMIN), ""},
		{{"af_xdp:eth0"}, BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN) | BIT(CAP_BPF), ""},
		{{"af_packet:eth0", "af_xdp:eth1", "null"}, 0, "CAP_NET_RAW CAP_NET_ADMIN CAP_BPF"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_missing_is_named_once)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
