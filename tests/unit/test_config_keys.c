// SPDX-License-Identifier: BSD-3-Clause
// The files with the keys of a cluster and of its member.
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SEED   "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
#define PUBLIC "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
#define UPPER  "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1eFf"
#define OTHER  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1efe"

struct row {
	const char *text;
	mode_t mode;
	const char *wrong; // NULL: taken
};

static char path[32];
static int fd;

static int make_file(void **state)
{
	(void)state;
	strcpy(path, "/tmp/config-key-XXXXXX");
	fd = mkstemp(path);
	return fd < 0;
}

static int remove_file(void **state)
{
	(void)state;
	close(fd);
	return unlink(path);
}

static void fill(const struct row *row)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, row->text, strlen(row->text), 0), strlen(row->text));
	assert_int_equal(fchmod(fd, row->mode), 0);
}

static bool read_cluster_key(uint8_t *key, FILE *err)
{
	return config_cluster_key(path, key, err);
}

static bool read_member_key(uint8_t *secret, FILE *err)
{
	struct config_member self = {.name = "ams", .public_key = PUBLIC};
	return config_member_key(path, &self, secret, err);
}

// Its message, or what is wrong with it.
static void expect(const struct row *row, bool fine, const char *said)
{
	if (fine != !row->wrong || (fine && *said) || (!fine && !strstr(said, row->wrong)))
		fail_msg("%s %03o: %d %s", row->text, row->mode, fine, said);
	if (!fine)
		assert_true(!strncmp(said, path, strlen(path)));
	assert_null(strstr(said, "f0f1")); // no secret on the screen
}

// The file is read as a key of this many bytes: those it says, or none.
static void try(const struct row *row, bool (*read)(uint8_t *key, FILE *err), size_t size)
{
	uint8_t key[CONFIG_SECRET_BYTES], expected[CONFIG_SECRET_BYTES] = {0};
	char *said;
	size_t len;
	fill(row);
	FILE *err = open_memstream(&said, &len);
	memset(key, 1, sizeof(key));
	bool fine = read(key, err);
	fclose(err);
	expect(row, fine, said);
	for (size_t i = 0; fine && i < size; i++)
		assert_int_equal(sscanf(row->text + 2 * i, "%2hhx", &expected[i]), 1);
	assert_memory_equal(key, expected, size);
	free(said);
}

static void test_cluster_key(void **state)
{
	static const struct row rows[] = {
		{UPPER "\n", 0600, NULL},
		{PUBLIC, 0400, NULL},
		{PUBLIC " \r\n", 0600, NULL},
		{PUBLIC "\n", 0640, "cluster key: others may use it (mode 640): chmod 600"},
		{PUBLIC "\n", 0604, "others may use it"},
		{PUBLIC "\n", 0601, "others may use it"},
		{"", 0600, "cluster key: must hold 64 hex digits"},
		{PUBLIC "0", 0600, "must hold 64 hex digits"},
		{PUBLIC "\n" PUBLIC, 0600, "must hold 64 hex digits"},
		{" " PUBLIC, 0600, "must hold 64 hex digits"},
		{SEED PUBLIC "\n", 0600, "must hold 64 hex digits"}, // a member's
		{"0001", 0600, "must hold 64 hex digits"},
		{"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff", 0600,
		 "must hold 64 hex digits"},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		try(&rows[i], read_cluster_key, CONFIG_KEY_BYTES);
}

static void test_member_key(void **state)
{
	static const struct row rows[] = {
		{SEED PUBLIC "\n", 0600, NULL},
		{SEED UPPER, 0400, NULL},
		{SEED PUBLIC "\r\n ", 0600, NULL},
		{SEED PUBLIC "\n", 0660, "member key: others may use it (mode 660): chmod 600"},
		{SEED PUBLIC "\n", 0604, "others may use it"},
		{SEED OTHER "\n", 0600,
		 "member key: is not that of member \"ams\", whose public_key is " PUBLIC
		 ": take the file that was made for this member"},
		{PUBLIC SEED "\n", 0600, "is not that of member"},
		{"", 0600, "member key: must hold 128 hex digits"},
		{PUBLIC "\n", 0600, "must hold 128 hex digits"}, // the cluster's
		{SEED "\n" PUBLIC "\n", 0600, "must hold 128 hex digits"},
		{SEED PUBLIC "0", 0600, "must hold 128 hex digits"},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		try(&rows[i], read_member_key, CONFIG_SECRET_BYTES);
}

static void test_no_file(void **state)
{
	uint8_t key[CONFIG_SECRET_BYTES];
	struct config_member self = {.name = "ams", .public_key = PUBLIC};
	char *said;
	size_t len;
	(void)state;
	FILE *err = open_memstream(&said, &len);
	assert_false(config_cluster_key("/no/such/key", key, err));
	assert_false(config_member_key("/no/such/key", &self, key, err));
	assert_false(config_cluster_key("/", key, err));
	fclose(err);
	assert_string_equal(said, "/no/such/key: cluster key: No such file or directory\n"
				  "/no/such/key: member key: No such file or directory\n"
				  "/: cluster key: is no file\n");
	free(said);
}

static void test_hex(void **state)
{
	uint8_t b[2];
	(void)state;
	assert_true(config_hex("0aFf", 4, b, 2));
	assert_int_equal(b[0], 0x0a);
	assert_int_equal(b[1], 0xff);
	assert_false(config_hex("0aFf", 4, b, 1));
	assert_false(config_hex("0aF", 3, b, 2));
	assert_false(config_hex("0a F", 4, b, 2));
}

// --check-config looks at both keys, too: the file names itself as both.
static void test_keys_are_checked(void **state)
{
	char *argv[] = {"rootline", "--port", "null", "--check-config", path}, *said, *expected;
	char text[2048];
	size_t len;
	struct config c;
	(void)state;
	snprintf(text, sizeof(text),
		 "{\"cluster\": {\"name\": \"x\", \"cluster_id\": \"0123456789abcdef\","
		 "\"member\": \"a\", \"members\": [{\"id\": 1, \"name\": \"a\", "
		 "\"coordinates\": \"1,2\", \"front_ipv4\": \"192.0.2.1/1\", "
		 "\"public_key\": \"" PUBLIC "\"}], \"key_file\": \"%s\", "
		 "\"member_key_file\": \"%s\", \"nats_servers\": [\"tls://h:1\"], "
		 "\"nats_ca\": \"x\", \"nats_cert\": \"x\", \"nats_key\": \"x\"}}",
		 path, path);
	fill(&(struct row){text, 0600, NULL});
	FILE *err = open_memstream(&said, &len);
	assert_int_equal(config_args(&c, 5, argv, err, err), CONFIG_BAD);
	fclose(err);
	assert_true(asprintf(&expected,
			     "%s: cluster key: must hold 64 hex digits and nothing else; "
			     "rootline-cli cluster init makes one\n"
			     "%s: member key: must hold 128 hex digits and nothing else; "
			     "rootline-cli cluster init makes one\n",
			     path, path) > 0);
	assert_string_equal(said, expected);
	free(expected);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cluster_key),      cmocka_unit_test(test_member_key),
		cmocka_unit_test(test_no_file),          cmocka_unit_test(test_hex),
		cmocka_unit_test(test_keys_are_checked),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
