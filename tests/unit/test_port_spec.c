// SPDX-License-Identifier: BSD-3-Clause
// The operator's words for ports, good and bad, and what DPDK gets to hear.
#include "dpdk-app/port_spec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_good(void **state)
{
	static const struct {
		const char *text;
		enum port_kind kind;
		const char *vdev; // with index 2, 3 queues, filter /f.o
	} rows[] = {
		{"af_packet:eth0", PORT_AF_PACKET,
		 "net_af_packet2,iface=eth0,qpairs=3,qdisc_bypass=1,framecnt=4096,blocksz=65536"},
		{"af_xdp:enp3s0f0", PORT_AF_XDP,
		 "net_af_xdp2,iface=enp3s0f0,start_queue=0,queue_count=3,busy_budget=0,"
		 "xdp_prog=/f.o"},
		{"af_xdp:sixteen-characte", PORT_AF_XDP, NULL}, // one too long
		{"af_packet:eth0.100", PORT_AF_PACKET,
		 "net_af_packet2,iface=eth0.100,qpairs=3,qdisc_bypass=1,framecnt=4096,blocksz="
		 "65536"},
		{"auto", PORT_AF_PACKET, ""},
		{"null", PORT_NULL, "net_null2,no-rx=1"},
		{"pcap:in.pcap,out.pcap", PORT_PCAP, "net_pcap2,rx_pcap=in.pcap,tx_pcap=out.pcap"},
		{"pcap:in.pcap", PORT_PCAP, "net_pcap2,rx_pcap=in.pcap"},
		{"pcap:in.pcap,", PORT_PCAP, "net_pcap2,rx_pcap=in.pcap"},
		{"pcap:,/tmp/out", PORT_PCAP, "net_pcap2,tx_pcap=/tmp/out"},
		{"0000:03:00.0", PORT_PCI, ""},
		{"03:00.1", PORT_PCI, ""},
	};
	char why[PORT_WHY_MAX], vdev[PORT_VDEV_MAX];
	struct port_spec s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].vdev) {
			assert_int_equal(port_spec_parse(&s, rows[i].text, why), -EINVAL);
			continue;
		}
		assert_int_equal(port_spec_parse(&s, rows[i].text, why), 0);
		assert_int_equal(s.kind, rows[i].kind);
		assert_string_equal(s.text, rows[i].text);
		if (strcmp(s.iface, "auto") == 0)
			continue;
		assert_int_equal(port_spec_vdev(&s, 2, 3, "/f.o", vdev), 0);
		assert_string_equal(vdev, rows[i].vdev);
	}
}

static void test_device_names(void **state)
{
	static const char *const rows[][2] = {
		{"af_packet:x", "net_af_packet7"}, {"af_xdp:x", "net_af_xdp7"},
		{"pcap:a,b", "net_pcap7"},         {"null", "net_null7"},
		{"0000:03:00.0", "0000:03:00.0"},  {"AF:1C.7", NULL},
		{"af:1c.7", "0000:af:1c.7"},       {"0001:AF:1C.7", "0001:af:1c.7"},
	};
	char why[PORT_WHY_MAX], name[32];
	struct port_spec s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(port_spec_parse(&s, rows[i][0], why), 0);
		port_spec_device(&s, 7, name);
		assert_string_equal(name, rows[i][1] ? rows[i][1] : "0000:af:1c.7");
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "unknown kind"},
		{"eth0", "unknown kind"},
		{"tcp:eth0", "unknown kind"},
		{"AF_PACKET:eth0", "unknown kind"},
		{"null:", "unknown kind"},
		{"af_packet:", "the interface is missing"},
		{"af_xdp:", "the interface is missing"},
		{"af_packet:sixteen-characte", "too long"},
		{"af_packet:a/b", "cannot be the name"},
		{"af_packet:a,b", "cannot be the name"},
		{"af_packet:a b", "cannot be the name"},
		{"af_packet:a=b", "cannot be the name"},
		{"pcap:", "no file"},
		{"pcap:,", "no file"},
		{"pcap:a,b,c", "two files at most"},
		{"pcap:a=1,b", "two files at most"},
		{"pcap:a,b=1", "two files at most"},
		{"pcap:a,a", "same file"},
		{"0000:03:00.8", "unknown kind"},
		{"0000:03:00", "unknown kind"},
		{"00000:03:00.0", "unknown kind"},
		{"0000:g3:00.0", "unknown kind"},
		{"0000-03:00.0", "unknown kind"},
	};
	char why[PORT_WHY_MAX];
	struct port_spec s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(port_spec_parse(&s, rows[i].text, why), -EINVAL);
		if (!strstr(why, rows[i].says))
			fail_msg("\"%s\": %s", rows[i].text, why);
	}
}

static void test_long(void **state)
{
	char text[2000], why[PORT_WHY_MAX];
	struct port_spec s;

	(void)state;
	for (size_t len = 1; len < sizeof(text); len += 7) {
		memset(text, 'a', len);
		text[len] = 0;
		assert_int_equal(port_spec_parse(&s, text, why), -EINVAL);
		memcpy(text, "pcap:", len < 5 ? len : 5);
		int ret = port_spec_parse(&s, text, why);
		assert_int_equal(ret, len > 5 && len - 5 < PORT_PATH_MAX ? 0 : -EINVAL);
	}
}

static void test_vdev_room(void **state)
{
	char path[PORT_VDEV_MAX], why[PORT_WHY_MAX], vdev[PORT_VDEV_MAX];
	struct port_spec s;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	assert_int_equal(port_spec_parse(&s, "af_xdp:eth0", why), 0);
	assert_int_equal(port_spec_vdev(&s, 0, 1, path, vdev), -ENAMETOOLONG);
}

static void test_same_device(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"af_packet:eth0", "af_packet:eth0", true},
		{"af_packet:eth0", "af_xdp:eth0", true},
		{"af_packet:eth0", "af_packet:eth1", false},
		{"null", "null", false},
		{"pcap:a,b", "pcap:c,b", true},
		{"pcap:a,b", "pcap:a,c", false},
		{"pcap:a", "pcap:b", false},
		{"03:00.0", "0000:03:00.0", true},
		{"03:00.0", "0000:03:00.1", false},
		{"03:00.0", "null", false},
	};
	char why[PORT_WHY_MAX];
	struct port_spec a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(port_spec_parse(&a, rows[i].a, why), 0);
		assert_int_equal(port_spec_parse(&b, rows[i].b, why), 0);
		assert_int_equal(port_spec_same_device(&a, &b), rows[i].same);
		assert_int_equal(port_spec_same_device(&b, &a), rows[i].same);
	}
}

static void test_check(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"af_packet:nosuchif", "there is no interface"},
		{"af_xdp:nosuchif", "there is no interface"},
		{"af_packet:lo", "not an Ethernet"},
		{"pcap:/nosuchfile", "cannot read"},
		{"pcap:,/nosuchdir/out", "cannot write"},
		{"ffff:ff:1f.7", "no such PCI device"},
	};
	char why[PORT_WHY_MAX];
	struct port_spec s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(port_spec_parse(&s, rows[i].text, why), 0);
		assert_true(port_spec_check(&s, why) < 0);
		if (!strstr(why, rows[i].says))
			fail_msg("\"%s\": %s", rows[i].text, why);
	}
	assert_int_equal(port_spec_parse(&s, "null", why), 0);
	assert_int_equal(port_spec_check(&s, why), 0);
	assert_int_equal(port_spec_parse(&s, "pcap:/dev/null", why), 0);
	assert_int_equal(port_spec_check(&s, why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),      cmocka_unit_test(test_device_names),
		cmocka_unit_test(test_bad),       cmocka_unit_test(test_long),
		cmocka_unit_test(test_vdev_room), cmocka_unit_test(test_same_device),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
