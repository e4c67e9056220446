// SPDX-License-Identifier: BSD-3-Clause
// The sections cluster and siblings: what is taken, what is refused with which words.
#include "config/doc.h"
#include "config/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID1                                                                                 \
	"1234567890:0:"                                                                     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0" \
	"123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2                                                                                 \
	"ABCDEF7890:0:"                                                                     \
	"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0" \
	"123456789abcdef0123456789abcdef0123456789abcdef"

// A public key that ends in N, two digits.
#define PUBLIC_KEY(n) "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e" n
#define PUBLIC(n)     ", \"public_key\": \"" PUBLIC_KEY(n) "\""

#define A                                                                         \
	"{\"id\": 1, \"name\": \"a\", \"coordinates\": \"1,2\", \"front_ipv4\": " \
	"\"192.0.2.1/9993\"" PUBLIC("0A") "}"
#define B                                                                                          \
	"{\"id\": 2, \"name\": \"b\", \"coordinates\": \"-90,180\", "                              \
	"\"front_ipv4\": \"192.0.2.2/1\", \"front_ipv6\": \"2001:db8:0::02/9994\", \"capacity\": " \
	"7" PUBLIC("0b") "}"
#define REST                                                                                      \
	"\"cluster_id\": \"00000000000000Fe\", \"key_file\": \"k\", \"member_key_file\": \"s\", " \
	"\"nats_servers\": [\"tls://h:1\"], \"nats_ca\": \"ca\", "                                \
	"\"nats_cert\": \"crt\", \"nats_key\": \"key\""
// Two lines, the second of which holds the members.
#define CLUSTER(members)                                                                           \
	"{\"cluster\": {\"name\": \"x\", \"member\": \"a\", " REST ",\n\"members\": [" members "]" \
	"}"                                                                                        \
	"}"
#define SIBLING(name, id, front) \
	"{\"name\": \"" name "\", \"identity\": \"" id "\", \"fronts\": [\"" front "\"]}"

// What the file is told, without the port that every config needs. The caller frees it.
static char *parse(struct config *c, const char *text)
{
	char *said;
	size_t len;
	FILE *err = open_memstream(&said, &len);
	config_defaults(c);
	config_set(c, "port", "null", stderr);
	unsigned mistakes = config_parse(c, "f", text, strlen(text), err);
	if (!mistakes)
		mistakes = config_finish(c, "f", err);
	fclose(err);
	assert_int_equal(mistakes > 0, len > 0);
	return said;
}

static void test_taken(void **state)
{
	struct config c;
	(void)state;
	char *said = parse(&c, CLUSTER(A "," B));
	assert_string_equal(said, "");
	free(said);
	assert_true(c.cluster.given);
	assert_string_equal(c.cluster.name, "x");
	assert_int_equal(c.cluster.members.count, 2);
	const struct config_member *a = &c.cluster.members.v[0], *b = a + 1;
	assert_ptr_equal(config_self(&c), a);
	assert_int_equal(a->id, 1);
	assert_int_equal(a->capacity, 0);
	assert_int_equal(a->line, 2);
	assert_string_equal(a->coordinates, "1,2");
	assert_string_equal(a->front_ipv4, "192.0.2.1/9993");
	assert_string_equal(a->front_ipv6, "");
	assert_string_equal(b->name, "b");
	assert_string_equal(b->front_ipv6, "2001:db8::2/9994");
	assert_int_equal(b->capacity, 7);
	assert_string_equal(c.cluster.nats_servers.v[0], "tls://h:1");
	assert_string_equal(c.cluster.key_file, "k");
	assert_string_equal(c.cluster.member_key_file, "s");
	assert_string_equal(c.cluster.cluster_id, "00000000000000fe");
	assert_string_equal(a->public_key, PUBLIC_KEY("0a"));
	assert_string_equal(b->public_key, PUBLIC_KEY("0b"));
	assert_int_equal(c.cluster.directory_max, 1000000);
	assert_int_equal(c.cluster.warm_max, 65536);
	assert_int_equal(c.cluster.drain_rate, 500);
	assert_int_equal(c.siblings.count, 0);
}

static void test_siblings_taken(void **state)
{
	struct config c;
	(void)state;
	char *said = parse(&c, "{\"siblings\": [" SIBLING("bob", ID2, "192.0.2.9/1") "]}");
	assert_string_equal(said, "");
	free(said);
	assert_false(c.cluster.given);
	assert_int_equal(c.siblings.count, 1);
	assert_memory_equal(c.siblings.v[0].identity, "abcdef7890:0:0123456789abcdef", 29);
	assert_int_equal(strlen(c.siblings.v[0].identity), 141);
	assert_string_equal(c.siblings.v[0].fronts.v[0], "192.0.2.9/1");
}

// The manual's example is one that the program takes, but for the files that are not here.
static void test_example(void **state)
{
	struct config c;
	(void)state;
	config_defaults(&c);
	assert_int_equal(
		config_parse(&c, "f", config_doc_cluster, strlen(config_doc_cluster), stderr), 0);
	assert_int_equal(config_finish(&c, "f", stderr), 0);
	assert_int_equal(config_self(&c)->id, 1);
}

static const struct {
	const char *text, *wrong;
} files[] = {
	// All that a cluster needs, each with its own advice.
	{"{\"cluster\": {}}",
	 "f: cluster.name: missing, a cluster needs it: Name of the cluster, the same at every "
	 "member.\n"
	 "f: cluster.cluster_id: missing, a cluster needs it: Number that tells this cluster from "
	 "all others, the same at every member: 16 hex digits, drawn at random.\n"
	 "f: cluster.member: missing, a cluster needs it: Which of the members this machine is, by "
	 "its name; all else may be the same everywhere.\n"
	 "f: cluster.members: missing, a cluster needs it: All machines that answer as this root, "
	 "this one included; mkworld makes the planet from this list, and a reload (SIGHUP) reads "
	 "it again.\n"
	 "f: cluster.key_file: missing, a cluster needs it: File with the key that seals what "
	 "members tell each other: 64 hex digits, mode 0600, the same at every member.\n"
	 "f: cluster.member_key_file: missing, a cluster needs it: File with the secret key that "
	 "this member alone has and signs with: 128 hex digits, mode 0600; the last 64 are the "
	 "public_key of this member.\n"
	 "f: cluster.nats_servers: missing, a cluster needs it: NATS servers to try, as "
	 "tls://HOST:PORT, nearest first.\n"
	 "f: cluster.nats_ca: missing, a cluster needs it: Certificate of the authority that has "
	 "signed those of all NATS servers and members.\n"
	 "f: cluster.nats_cert: missing, a cluster needs it: Certificate of this member as a "
	 "client of NATS.\n"
	 "f: cluster.nats_key: missing, a cluster needs it: Private key of that certificate.\n"},
	{"{\"cluster\": []}", "f:1: cluster: must be an object: {\"name\": value, ...}\n"},
	{"{\"cluster\": {\"membrs\": []}}",
	 "f:1: cluster.membrs: no such option; the nearest is \"cluster.members\"\n"},
	{"{\"siblings\": 1}", "f:1: siblings: must be a list of 0 to 3 objects, not a number\n"},
	// Objects
	{CLUSTER(""), "f:2: cluster.members: 0 entries: 1 to 32 are possible\n"},
	{CLUSTER("3"), "f:2: cluster.members[0]: must be an object: {\"id\": ..., ...}\n"},
	{CLUSTER("{}"),
	 "f:2: cluster.members[0]: \"id\" is missing: a number of its own that it keeps for ever\n"
	 "f:2: cluster.members[0]: \"name\" is missing: a short name, such as that of its city\n"
	 "f:2: cluster.members[0]: \"coordinates\" is missing: where it stands: "
	 "\"LATITUDE,LONGITUDE\" in degrees\n"
	 "f:2: cluster.members[0]: \"public_key\" is missing: what its signatures are checked "
	 "with: "
	 "the last 64 of the 128 hex digits in its member_key_file\n"},
	{CLUSTER(A ",\n{\"id\": 255, \"name\": \"B\",\n\"coordinates\": 5, \"front\": 1" PUBLIC(
		 "0c") "}"),
	 "f:3: cluster.members[1].id: 255 is out of range: 1 to 254\n"
	 "f:3: cluster.members[1].name: \"B\" is no name: only a to z, 0 to 9 and - may be in it\n"
	 "f:4: cluster.members[1].coordinates: must be a string of at most 39 bytes, not a number\n"
	 "f:4: cluster.members[1].front: no such key; there are: id, name, coordinates, "
	 "front_ipv4, front_ipv6, public_key, capacity\n"},
	{CLUSTER(A ",\n{\"id\": 2,\n\"id\": 3, \"name\": \"b\", \"coordinates\": \"1,2\"" PUBLIC(
		 "0c") "}"),
	 "f:4: cluster.members[1].id: given twice, first on line 3\n"},
	// Fronts
	{CLUSTER("{\"id\": 1, \"name\": \"a\", \"coordinates\": \"1,2\"" PUBLIC("0c") "}"),
	 "f:2: cluster.members[0]: has neither \"front_ipv4\" nor \"front_ipv6\": clients must "
	 "reach it somewhere\n"},
	{CLUSTER("{\"id\": 1, \"name\": \"a\", \"coordinates\": \"1,2\",\n"
		 "\"front_ipv4\": \"2001:db8::1/1\",\n\"front_ipv6\": \"192.0.2.1/1\"" PUBLIC(
			 "0c") "}"),
	 "f:3: cluster.members[0].front_ipv4: \"2001:db8::1/1\" is an IPv6 address: see "
	 "front_ipv6\n"
	 "f:4: cluster.members[0].front_ipv6: \"192.0.2.1/1\" is an IPv4 address: see "
	 "front_ipv4\n"},
	{CLUSTER("{\"id\": 1, \"name\": \"a\", \"coordinates\": \"1,2\",\n"
		 "\"front_ipv4\": \"192.0.2.1\",\n\"front_ipv6\": \"ff02::1/1\"" PUBLIC("0c") "}"),
	 "f:3: cluster.members[0].front_ipv4: \"192.0.2.1\" is no IP/PORT, such as "
	 "198.51.100.1/9993 or 2001:db8::1/9993\n"
	 "f:4: cluster.members[0].front_ipv6: \"ff02::1/1\" is a multicast address\n"},
	// Between members
	{CLUSTER(A ",\n" A),
	 "f:3: cluster.members[1]: id 1 is that of member \"a\" already\n"
	 "f:3: cluster.members[1]: the name \"a\" is taken already\n"
	 "f:3: cluster.members[1]: public_key is that of member \"a\": each member needs its own\n"
	 "f:3: cluster.members[1]: front_ipv4 has the address of member \"a\": each member needs "
	 "its own\n"},
	{CLUSTER(A "," B ",\n{\"id\": 3, \"name\": \"c\", \"coordinates\": \"1,2\", "
		   "\"front_ipv4\": \"192.0.2.3/1\", \"front_ipv6\": \"2001:db8::3/1\"" PUBLIC(
			   "0c") "}"),
	 "f:3: cluster.members[2]: front_ipv6 is in the same /64 as that of member \"b\", and "
	 "clients keep one path for each /64: give it an address in another\n"},
	{CLUSTER(B), "f:1: cluster.member: \"a\" is the name of none of the members\n"},
	{CLUSTER(A ",\n{\"id\": 3, \"name\": \"c\", \"coordinates\": \"1,2\", "
		   "\"front_ipv6\": \"2001:db8::3/1\"" PUBLIC("0c") "}"),
	 "f:2: cluster.members: members must reach each other: give all of them \"front_ipv4\", or "
	 "all of them \"front_ipv6\"\n"},
	// The number of the cluster, keys of members
	{"{\"cluster\": {\"cluster_id\": \"0000000000000000\"}}",
	 "f:1: cluster.cluster_id: \"0000000000000000\" is no number of a cluster: 16 hex digits, "
	 "not "
	 "all 0; rootline-cli cluster init draws one\n"},
	{"{\"cluster\": {\"cluster_id\": \"0x00000000000012\"}}",
	 "f:1: cluster.cluster_id: \"0x00000000000012\" is no number of a cluster: 16 hex digits, "
	 "not "
	 "all 0; rootline-cli cluster init draws one\n"},
	{"{\"cluster\": {\"cluster_id\": 12}}",
	 "f:1: cluster.cluster_id: must be a string of at most 16 bytes, not a number\n"},
	{CLUSTER("{\"id\": 1, \"name\": \"a\", \"coordinates\": \"1,2\"" PUBLIC("0") "}"),
	 "f:2: cluster.members[0].public_key: is no public key: 64 hex digits; rootline-cli "
	 "cluster init makes one\n"},
	{CLUSTER("{\"id\": 1, \"name\": \"a\", \"coordinates\": \"1,2\"" PUBLIC("0g") "}"),
	 "f:2: cluster.members[0].public_key: is no public key: 64 hex digits; rootline-cli "
	 "cluster init makes one\n"},
	// NATS
	{"{\"cluster\": {\"nats_servers\": [\"nats://h:1\", \"tls://h\", \"tls://:1\",\n"
	 "\"tls://h:0\", \"tls://h h:1\", \"tls://[::1]:1\"]}}",
	 "f:1: cluster.nats_servers[0]: \"nats://h:1\" is no server: write tls://HOST:PORT; links "
	 "without TLS are not possible\n"
	 "f:1: cluster.nats_servers[1]: \"tls://h\" is no server: write tls://HOST:PORT; links "
	 "without TLS are not possible\n"
	 "f:1: cluster.nats_servers[2]: \"tls://:1\" is no server: write tls://HOST:PORT; links "
	 "without TLS are not possible\n"
	 "f:2: cluster.nats_servers[3]: \"tls://h:0\" has no port from 1 to 65535 at its end\n"
	 "f:2: cluster.nats_servers[4]: \"tls://h h:1\" is no server: write tls://HOST:PORT; links "
	 "without TLS are not possible\n"},
	// Siblings
	{"{\"siblings\": [" SIBLING("b", ID1, "192.0.2.1/1") ",\n" SIBLING("b", ID1,
									   "192.0.2.1/2") "]}",
	 "f:2: siblings[1]: the name \"b\" is taken already\n"
	 "f:2: siblings[1]: its identity is that of \"b\": put all fronts into one\n"},
	{"{\"siblings\": [" SIBLING("b", "1234567890:0:00", "x/1") "]}",
	 "f:1: siblings[0].identity: \"1234567890:0:00\" is no identity: 10 hex digits, \":0:\" "
	 "and "
	 "128 hex digits, as in identity.public\n"
	 "f:1: siblings[0].fronts[0]: \"x/1\" is not an IP address\n"},
	{"{\"cluster\": {\"name\": \"x\", \"member\": \"a\", " REST ", \"members\": [" A "]},\n"
	 "\"siblings\": [" SIBLING("b", ID1, "192.0.2.1/9993") "]}",
	 "f:2: siblings[0]: 192.0.2.1/9993 is a front of our own member \"a\"\n"},
	{"{\"limits\": {\"hop_limit\": 1}, \"siblings\": [" SIBLING("b", ID1, "192.0.2.1/1") "]}",
	 "f:1: siblings[0]: limits.hop_limit must be 2 or more, or packets end on their way\n"},
	{"{\"cluster\": {\"name\": \"x\", \"member\": \"a\", " REST ", \"members\": [" A "]},\n"
	 "\"limits\": {\"hop_limit\": 2}, \"siblings\": [" SIBLING("b", ID1, "192.0.2.9/1") "]}",
	 "f:2: siblings[0]: limits.hop_limit must be 3 or more, or packets end on their way\n"},
};

static void test_mistakes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct config c;
		char *said = parse(&c, files[i].text);
		if (strcmp(said, files[i].wrong))
			fail_msg("%s\n--- said:\n%s--- expected:\n%s", files[i].text, said,
				 files[i].wrong);
		free(said);
	}
}

// The secret half is not repeated on the screen.
static void test_secret_identity(void **state)
{
	struct config c;
	(void)state;
	char *said = parse(&c, "{\"siblings\": [" SIBLING("b", ID1 ":5ec4e7", "192.0.2.1/1") "]}");
	assert_non_null(strstr(said, "what comes then is secret"));
	assert_null(strstr(said, "5ec4e7"));
	free(said);
}

static void test_secret_for_public(void **state)
{
	struct config c;
	(void)state;
	char *said =
		parse(&c, CLUSTER("{\"id\": 1, \"name\": \"a\", \"coordinates\": \"1,2\"" PUBLIC(
				  "0a" PUBLIC_KEY("0b")) "}"));
	assert_string_equal(said,
			    "f:2: cluster.members[0].public_key: is a secret key: take the last 64 "
			    "of its 128 hex digits, and make a new one if somebody could have read "
			    "it here\n");
	free(said);
}

// 33 members, and 32 with more endpoints than a planet holds.
static void test_too_many(void **state)
{
	(void)state;
	for (unsigned n = 32; n <= 33; n++) {
		char *text, *said;
		size_t len;
		struct config c;
		FILE *f = open_memstream(&text, &len);
		fprintf(f, "{\"cluster\": {\"name\": \"x\", \"member\": \"m1\", " REST
			   ",\n\"members\": [");
		for (unsigned i = 1; i <= n; i++)
			fprintf(f,
				"%s{\"id\": %u, \"name\": \"m%u\", \"coordinates\": \"0,0\", "
				"\"front_ipv4\": \"192.0.2.%u/1\"" PUBLIC("%02x") "%s}",
				i > 1 ? "," : "", i, i, i, i,
				i == 1 ? ", \"front_ipv6\": \"2001:db8::1/1\"" : "");
		fputs("]}}", f);
		fclose(f);
		said = parse(&c, text);
		assert_string_equal(said, n == 32 ? "f:2: cluster.members: 33 front addresses: a "
						    "planet holds 32 for one root\n"
						  : "f:2: cluster.members: 33 entries: 1 to 32 are "
						    "possible\n");
		free(said);
		free(text);
	}
}

static void test_coordinates(void **state)
{
	static const struct {
		const char *text;
		bool fine;
		double latitude, longitude;
	} rows[] = {
		{"52.37,4.90", true, 52.37, 4.9},
		{"-90,-180", true, -90, -180},
		{"+90,180", true, 90, 180},
		{".5,5.", true, 0.5, 5},
		{"90.01,0", false},
		{"0,180.01", false},
		{"", false},
		{",", false},
		{"1", false},
		{"1,", false},
		{",1", false},
		{"1,2,3", false},
		{"1, 2", false},
		{" 1,2", false},
		{"1,2 ", false},
		{"nan,0", false},
		{"inf,0", false},
		{"0x1,0", false},
		{"1e1,0", false},
		{"1;2", false},
		{"--1,2", false},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double lat = NAN, lon = NAN;
		bool fine = config_coordinates(rows[i].text, &lat, &lon);
		if (fine != rows[i].fine ||
		    (fine && (lat != rows[i].latitude || lon != rows[i].longitude)))
			fail_msg("%s: %d %f %f", rows[i].text, fine, lat, lon);
	}
}

static void test_fronts(void **state)
{
	static const struct {
		const char *text, *normal; // NULL: refused
	} rows[] = {
		{"192.0.2.1/9993", "192.0.2.1/9993"},
		{"192.0.2.1/00443", "192.0.2.1/443"},
		{"2001:DB8::0/65535", "2001:db8::/65535"},
		{"192.0.2.1/0", NULL},
		{"192.0.2.1/65536", NULL},
		{"192.0.2.1/", NULL},
		{"192.0.2.1/+1", NULL},
		{"192.0.2.1/1x", NULL},
		{"192.0.2.1:9993", NULL},
		{"/9993", NULL},
		{"0.0.0.0/1", NULL},
		{"255.255.255.255/1", NULL},
		{"::ffff:192.0.2.1/1", NULL},
		{"host/1", NULL},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[CONFIG_TEXT_MAX];
		strcpy(text, rows[i].text);
		const char *wrong = config_check_front(text);
		if ((wrong == NULL) != (rows[i].normal != NULL))
			fail_msg("%s: %s", rows[i].text, wrong ? wrong : "taken");
		if (!wrong)
			assert_string_equal(text, rows[i].normal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),           cmocka_unit_test(test_siblings_taken),
		cmocka_unit_test(test_example),         cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_secret_identity), cmocka_unit_test(test_secret_for_public),
		cmocka_unit_test(test_too_many),        cmocka_unit_test(test_coordinates),
		cmocka_unit_test(test_fronts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
