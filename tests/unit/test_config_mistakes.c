// SPDX-License-Identifier: BSD-3-Clause
// Bad files: every mistake is named, with its line and key, and nothing else changes.
#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOT_A_PORT(text)                                                                        \
	"f:1: ports[0]: \"" text "\" is no port: af_packet:INTERFACE, af_xdp:INTERFACE, a PCI " \
	"address like 0000:03:00.0, pcap:IN,OUT, null or auto\n"

// `wrong` lines stand after "f:"; an empty text is a clean file.
static const struct {
	const char *text, *wrong;
} files[] = {
	// Shape
	{"{}", ""},
	{"\n\n{ }\n", ""},
	{"", "f:1: column 1: not valid JSON: '[' or '{' expected near end of file\n"},
	{"{\n\"workers\": 1,\n}",
	 "f:3: column 1: not valid JSON: string or '}' expected near '}'\n"},
	{"{\"workers\": 1\n \"vlans\": [1]}",
	 "f:2: column 8: not valid JSON: '}' expected near '\"vlans\"'\n"},
	{"{\"workers\": 1} x", "f:1: column 16: not valid JSON: end of file expected near 'x'\n"},
	{"[]", "f:1: must be one JSON object: {\"name\": value, ...}\n"},
	// Names
	{"{\"worker\": 1}", "f:1: worker: no such option; the nearest is \"workers\"\n"},
	{"{\n\n\"udp-port\": 1}", "f:3: udp-port: no such option; the nearest is \"udp_ports\"\n"},
	{"{\"prots\": []}", "f:1: prots: no such option; the nearest is \"ports\"\n"},
	{"{\"hop_limit\": 3}",
	 "f:1: hop_limit: no such option; the nearest is \"limits.hop_limit\"\n"},
	{"{\"limit\": {}}", "f:1: limit: no such option; the nearest is \"limits\"\n"},
	{"{\"limits\": {\"worker\": 1}}",
	 "f:1: limits.worker: no such option; the nearest is \"workers\"\n"},
	{"{\"colour\\n\": 1}", "f:1: colour?: no such option; rootline --help lists them\n"},
	{"{\"xyzzy\": {\"a\": {\"workers\": [{}]}}, \"workers\": 0}",
	 "f:1: xyzzy: no such option; rootline --help lists them\n"
	 "f:1: workers: 0 is out of range: 1 to 64\n"},
	{"{\"\": 1}", "f:1: : no such option; rootline --help lists them\n"},
	// Twice
	{"{\"workers\": 2,\n\"vlans\": [1],\n\"workers\": 3}",
	 "f:3: workers: given twice, first on line 1\n"},
	{"{\"work\\u0065rs\": 2,\n\"workers\": 3}", "f:2: workers: given twice, first on line 1\n"},
	{"{\"limits\": {},\n\"limits\": {\"hop_limit\": 9}}",
	 "f:2: limits: given twice, first on line 1\n"},
	{"{\"limits\": {\"hop_limit\": 1,\n\"hop_limit\": 2}}",
	 "f:2: limits.hop_limit: given twice, first on line 1\n"},
	{"{\"udp_ports\": [\n1,\n2,\n1]}", "f:4: udp_ports[2]: 1 is given twice\n"},
	{"{\"ports\": [\"null\", \"null\"]}", "f:1: ports[1]: \"null\" is given twice\n"},
	{"{\"addresses\": [\"fd00::1\", \"fd00:0::01\"]}",
	 "f:1: addresses[1]: \"fd00:0::01\" is given twice\n"},
	// Types
	{"{\"workers\": \"2\"}", "f:1: workers: must be a number from 1 to 64, not a string\n"},
	{"{\"workers\": 2.0}",
	 "f:1: workers: must be a number from 1 to 64, not a number with a fraction or exponent\n"},
	{"{\"workers\": null}", "f:1: workers: must be a number from 1 to 64, not null\n"},
	{"{\"workers\": true}", "f:1: workers: must be a number from 1 to 64, not a truth value\n"},
	{"{\"workers\": [2]}", "f:1: workers: must be a number from 1 to 64, not a list\n"},
	{"{\"workers\": {\"vlans\": 3}}",
	 "f:1: workers: must be a number from 1 to 64, not an object\n"},
	{"{\"workers\": 99999999999999999999}",
	 "f:1: workers: must be a number from 1 to 64, not a number that large\n"},
	{"{\"workers\": -1}", "f:1: workers: -1 is out of range: 1 to 64\n"},
	{"{\"udp_ports\": 9993}",
	 "f:1: udp_ports: must be a list of 1 to 16 numbers from 1 to 65535, not a number\n"},
	{"{\"udp_ports\": [9993,\n\"443\"]}",
	 "f:2: udp_ports[1]: must be a number, not a string\n"},
	{"{\"udp_ports\": [[1]]}", "f:1: udp_ports[0]: must be a number, not a list\n"},
	{"{\"ports\": \"null\"}", "f:1: ports: must be a list of 1 to 16 strings, not a string\n"},
	{"{\"ports\": [1]}", "f:1: ports[0]: must be a string, not a number\n"},
	{"{\"limits\": 1}", "f:1: limits: must be an object: {\"name\": value, ...}\n"},
	{"{\"hugepages\": true}",
	 "f:1: hugepages: must be one of auto, yes, no, not a truth value\n"},
	{"{\"hugepages\": \"maybe\"}",
	 "f:1: hugepages: \"maybe\" is not known: one of auto, yes, no\n"},
	{"{\"planet\": 1}", "f:1: planet: must be a path of at most 255 bytes, not a number\n"},
	{"{\"planet\": \"\"}", "f:1: planet: is empty: give a path\n"},
	{"{\"planet\": \"a\\tb\"}", "f:1: planet: holds a control character\n"},
	// Lists
	{"{\"udp_ports\": []}", "f:1: udp_ports: 0 entries: 1 to 16 are possible\n"},
	{"{\"udp_ports\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}", ""},
	{"{\"udp_ports\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,\n17]}",
	 "f:1: udp_ports: 17 entries: 1 to 16 are possible\n"},
	{"{\"addresses\": [], \"worker_cores\": []}", ""},
	// Ports
	{"{\"ports\": [\"af_packet:eth0\", \"af_xdp:a-15-byte-name1\", \"0000:03:00.0\", "
	 "\"03:00.7\","
	 "\"pcap:a,b\", \"pcap:a\", \"pcap:,b\", \"null\", \"auto\", \"af_xdp:auto\", "
	 "\"af_packet:eth0:1\"]}",
	 ""},
	{"{\"ports\": [\"af_packet:\"]}",
	 "f:1: ports[0]: \"af_packet:\" does not name an interface\n"},
	{"{\"ports\": [\n\"af_xdp:a-16-bytes-name1\"]}",
	 "f:2: ports[0]: \"af_xdp:a-16-bytes-name1\" does not name an interface\n"},
	{"{\"ports\": [\"af_packet:a/b\", \"af_packet:a b\", \"af_packet:a,b\", "
	 "\"af_packet:a=b\"]}",
	 "f:1: ports[0]: \"af_packet:a/b\" does not name an interface\n"
	 "f:1: ports[1]: \"af_packet:a b\" does not name an interface\n"
	 "f:1: ports[2]: \"af_packet:a,b\" does not name an interface\n"
	 "f:1: ports[3]: \"af_packet:a=b\" does not name an interface\n"},
	{"{\"ports\": [\"pcap:\", \"pcap:,\", \"pcap:a,b,c\", \"pcap:a=b\", \"pcap:ab,ab\"]}",
	 "f:1: ports[0]: \"pcap:\" names no file: pcap:IN,OUT or pcap:IN or pcap:,OUT\n"
	 "f:1: ports[1]: \"pcap:,\" names no file: pcap:IN,OUT or pcap:IN or pcap:,OUT\n"
	 "f:1: ports[2]: \"pcap:a,b,c\" needs two files without any of , = [ ] in their names: "
	 "pcap:IN,OUT\n"
	 "f:1: ports[3]: \"pcap:a=b\" needs two files without any of , = [ ] in their names: "
	 "pcap:IN,OUT\n"
	 "f:1: ports[4]: \"pcap:ab,ab\" reads and writes the same file\n"},
	{"{\"ports\": [\"eth0\"]}", NOT_A_PORT("eth0")},
	{"{\"ports\": [\"\"]}", NOT_A_PORT("")},
	{"{\"ports\": [\"0000:03:00.8\"]}", NOT_A_PORT("0000:03:00.8")},
	{"{\"ports\": [\"0000:03:00.\"]}", NOT_A_PORT("0000:03:00.")},
	{"{\"ports\": [\"000:03:00.0\"]}", NOT_A_PORT("000:03:00.0")},
	{"{\"ports\": [\"00000:03:00.0\"]}", NOT_A_PORT("00000:03:00.0")},
	{"{\"ports\": [\"03:00.0x\"]}", NOT_A_PORT("03:00.0x")},
	{"{\"ports\": [\"000g:03:00.0\"]}", NOT_A_PORT("000g:03:00.0")},
	{"{\"ports\": [\"03:0\"]}", NOT_A_PORT("03:0")},
	{"{\"ports\": [\"0000:\"]}", NOT_A_PORT("0000:")},
	// Addresses
	{"{\"addresses\": [\"192.0.2.1\", \"2001:db8::1\"]}", ""},
	{"{\"addresses\": [\"192.0.2.1/24\"]}",
	 "f:1: addresses[0]: \"192.0.2.1/24\" is not an IP address: leave out the slash and what "
	 "follows\n"},
	{"{\"addresses\": [\"192.0.2.256\"]}",
	 "f:1: addresses[0]: \"192.0.2.256\" is not an IP address\n"},
	{"{\"addresses\": [\"0.0.0.0\"]}", "f:1: addresses[0]: \"0.0.0.0\" is no address of a "
					   "host; leave the option out for those of "
					   "the interfaces\n"},
	{"{\"addresses\": [\"::\"]}",
	 "f:1: addresses[0]: \"::\" is no address of a host; leave the option out for those of the "
	 "interfaces\n"},
	{"{\"addresses\": [\"224.0.0.1\"]}",
	 "f:1: addresses[0]: \"224.0.0.1\" is a multicast, broadcast or reserved address\n"},
	{"{\"addresses\": [\"ff02::1\"]}",
	 "f:1: addresses[0]: \"ff02::1\" is a multicast address\n"},
	{"{\"addresses\": [\"::ffff:192.0.2.1\"]}",
	 "f:1: addresses[0]: \"::ffff:192.0.2.1\" is an IPv4 address in IPv6 clothes: write it as "
	 "IPv4\n"},
	// What is quoted stays on its line
	{"{\"hugepages\": \"a\\nb\\u001b\"}",
	 "f:1: hugepages: \"a?b?\" is not known: one of auto, yes, no\n"},
	{"{\"a\nb\": 1}", "f:1: column 3: not valid JSON: unexpected newline near '\"a'\n"},
	// Everything, not only the first
	{"{\n"
	 "  \"workers\": 0,\n"
	 "  \"udp_ports\": [0,\n"
	 "    70000, \"x\"],\n"
	 "  \"limits\": {\n"
	 "    \"hop_limit\": 8,\n"
	 "    \"hop_limits\": 8\n"
	 "  },\n"
	 "  \"log_level\": \"loud\", \"log\": \"}],{[\\\"\"\n"
	 "}\n",
	 "f:2: workers: 0 is out of range: 1 to 64\n"
	 "f:3: udp_ports[0]: 0 is out of range: 1 to 65535\n"
	 "f:4: udp_ports[1]: 70000 is out of range: 1 to 65535\n"
	 "f:4: udp_ports[2]: must be a number, not a string\n"
	 "f:6: limits.hop_limit: 8 is out of range: 1 to 7\n"
	 "f:7: limits.hop_limits: no such option; the nearest is \"limits.hop_limit\"\n"
	 "f:9: log_level: \"loud\" is not known: one of error, warning, info, debug\n"
	 "f:9: log: no such option; rootline --help lists them\n"},
};

static unsigned lines(const char *text)
{
	unsigned n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

// Runs the parser on a copy of exact size, so that a sanitizer sees any step beyond it.
static unsigned parse(struct config *c, const char *text, size_t len, char **said)
{
	size_t said_len;
	FILE *err = open_memstream(said, &said_len);
	char *copy = malloc(len + !len);
	memcpy(copy, text, len);
	unsigned n = config_parse(c, "f", copy, len, err);
	free(copy);
	fclose(err);
	return n;
}

static void test_files(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct config c;
		char *said;
		config_defaults(&c);
		unsigned n = parse(&c, files[i].text, strlen(files[i].text), &said);
		if (strcmp(said, files[i].wrong))
			print_error("file: %s\n", files[i].text);
		assert_string_equal(said, files[i].wrong);
		assert_int_equal(n, lines(files[i].wrong));
		free(said);
	}
}

// A value with a mistake leaves what was there; its neighbours are taken.
static void test_mistake_changes_nothing(void **state)
{
	(void)state;
	static const char text[] = "{\"udp_ports\": [1, 0], \"workers\": 65, \"vlans\": [7, 8],"
				   "\"ports\": [\"null\", 3], \"planet\": null,"
				   "\"limits\": {\"hop_limit\": 0, \"whois_max\": 9}}";
	struct config c, d;
	char *said;
	config_defaults(&d);
	config_defaults(&c);
	assert_int_equal(parse(&c, text, strlen(text), &said), 5);
	free(said);
	assert_memory_equal(&c.udp_ports, &d.udp_ports, sizeof(c.udp_ports));
	assert_int_equal(c.workers, d.workers);
	assert_memory_equal(&c.ports, &d.ports, sizeof(c.ports));
	assert_string_equal(c.planet, "");
	assert_int_equal(c.limits.hop_limit, 3);
	assert_int_equal(c.limits.whois_max, 9);
	assert_int_equal(c.vlans.count, 2);
	assert_int_equal(c.vlans.v[1], 8);
}

static void test_large_file(void **state)
{
	(void)state;
	struct config c;
	char *said, *text = malloc(65537);
	memset(text, ' ', 65537);
	memcpy(text, "{}", 2);
	config_defaults(&c);
	assert_int_equal(parse(&c, text, 65536, &said), 0);
	free(said);
	assert_int_equal(parse(&c, text, 65537, &said), 1);
	assert_string_equal(said, "f: larger than 65536 bytes\n");
	free(said);
	free(text);
}

// No prefix of a good file is taken for a good file, nor does it lead the scanner astray.
static void test_cut_short(void **state)
{
	(void)state;
	static const char text[] = "{\"udp_ports\": [9993, 443], \"limits\": {\"hop_limit\": 2}}";
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct config c;
		char *said;
		config_defaults(&c);
		assert_int_equal(parse(&c, text, len, &said), 1);
		assert_non_null(strstr(said, "f:1: column "));
		assert_non_null(strstr(said, ": not valid JSON: "));
		assert_int_equal(c.limits.hop_limit, 3);
		free(said);
	}
}

static void test_unreadable(void **state)
{
	(void)state;
	struct config c;
	char *said;
	size_t len;
	FILE *err = open_memstream(&said, &len);
	config_defaults(&c);
	assert_int_equal(config_load(&c, "/nonexistent/rootline.json", err), 1);
	assert_int_equal(config_load(&c, "/", err), 1);
	fclose(err);
	assert_string_equal(
		said, "/nonexistent/rootline.json: cannot be opened: No such file or directory\n"
		      "/: cannot be read: Is a directory\n");
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),      cmocka_unit_test(test_mistake_changes_nothing),
		cmocka_unit_test(test_large_file), cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_unreadable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
