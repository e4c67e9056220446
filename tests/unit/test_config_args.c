// SPDX-License-Identifier: BSD-3-Clause
// The command line: what it does, what it says, and how it goes with a file.
#include "config/schema.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 8 };

static const char file_text[] = "{\n"
				"\"state_dir\": \"/from/file\",\n"
				"\"ports\": [\"null\"],\n"
				"\"udp_ports\": [1, 2],\n"
				"\"workers\": 2,\n"
				"\"limits\": {\"hop_limit\": 5}\n"
				"}\n";

// FILE stands for the name of a file that holds file_text, BAD for one with two mistakes, NOPORT
// for one that names no port and asks for cores that do not fit.
static const struct {
	const char *args[ARGS_MAX];
	enum config_action action;
	const char *out, *err;
} lines[] = {
	{{"--port", "null"}, CONFIG_RUN, "", ""},
	{{"--port=null", "--workers=2"}, CONFIG_RUN, "", ""},
	{{"--port", "null", "--xdp-filter="}, CONFIG_RUN, "", ""},
	{{NULL}, CONFIG_BAD, "", "--port: missing: name a port, for example af_packet:eth0\n"},
	{{"--version"}, CONFIG_DONE, "rootline " ROOTLINE_VERSION "\n", ""},
	{{"-V"}, CONFIG_DONE, "rootline " ROOTLINE_VERSION "\n", ""},
	{{"--version", "--prot"}, CONFIG_DONE, "rootline " ROOTLINE_VERSION "\n", ""},
	{{"--prot", "null"}, CONFIG_BAD, "", "--prot: no such option; the nearest is --port\n"},
	{{"--udp_ports", "1"},
	 CONFIG_BAD,
	 "",
	 "--udp_ports: no such option; the nearest is --udp-port\n"},
	{{"--state-dir", "1"},
	 CONFIG_BAD,
	 "",
	 "--state-dir: no such option; the nearest is --state\n"},
	{{"--frobnicate"}, CONFIG_BAD, "", "--frobnicate: no such option; --help lists them\n"},
	{{"eth0"}, CONFIG_BAD, "", "\"eth0\" is not an option; --help lists them\n"},
	{{"-p", "--"},
	 CONFIG_BAD,
	 "",
	 "\"-p\" is not an option; --help lists them\n"
	 "\"--\" is not an option; --help lists them\n"},
	{{"--workers"}, CONFIG_BAD, "", "--workers: needs a value: a number from 1 to 64\n"},
	{{"--workers", "--port", "null"},
	 CONFIG_BAD,
	 "",
	 "--workers: needs a value: a number from 1 to 64\n"},
	{{"--workers", "two", "--udp-port", "1,,2", "--vlan", "-1"},
	 CONFIG_BAD,
	 "",
	 "--workers: \"two\" is not a number\n"
	 "--udp-port: \"\" is not a number\n"
	 "--vlan: \"-1\" is not a number\n"},
	{{"--workers", "99999999999999999999"},
	 CONFIG_BAD,
	 "",
	 "--workers: \"99999999999999999999\" is not a number\n"},
	{{"--workers", " 1"}, CONFIG_BAD, "", "--workers: \" 1\" is not a number\n"},
	{{"--udp-port", "5,6,5"}, CONFIG_BAD, "", "--udp-port: 5 is given twice\n"},
	{{"--port", "null", "--worker-core", "1,2"},
	 CONFIG_BAD,
	 "",
	 "--worker-core: 2 cores for 1 workers: give one each, or none\n"},
	{{"--port", "null", "--keepalive-ms", "243000"},
	 CONFIG_BAD,
	 "",
	 "--keepalive-ms: 243000 is too long: less than path_timeout_ms (243000), or 0\n"},
	{{"--port", "null", "--keepalive-ms", "0", "--path-timeout-ms", "60001",
	  "--peer-timeout-ms", "60000"},
	 CONFIG_BAD,
	 "",
	 "--path-timeout-ms: 60001 is too long: peer_timeout_ms is 60000\n"},
	{{"--config"}, CONFIG_BAD, "", "--config: needs a value: the file\n"},
	{{"--config="}, CONFIG_BAD, "", "--config: needs a value: the file\n"},
	{{"--config", "FILE"}, CONFIG_RUN, "", ""},
	{{"--config", "FILE", "--check-config", "FILE"},
	 CONFIG_BAD,
	 "",
	 "--check-config: one file only: FILE is given already\n"},
	{{"--config", "FILE", "--worker-core=1"},
	 CONFIG_BAD,
	 "",
	 "--worker-core: 1 cores for 2 workers: give one each, or none\n"},
	{{"--check-config", "FILE"}, CONFIG_DONE, "FILE: no mistakes\n", ""},
	{{"--check-config", "BAD"},
	 CONFIG_BAD,
	 "",
	 "BAD:1: workers: 0 is out of range: 1 to 64\n"
	 "BAD:2: prots: no such option; the nearest is \"ports\"\n"},
	{{"--check-config", "NOPORT"},
	 CONFIG_BAD,
	 "",
	 "NOPORT: ports: missing: name a port, for example af_packet:eth0\n"
	 "NOPORT:2: worker_cores: 2 cores for 1 workers: give one each, or none\n"},
	{{"--config", "NOPORT", "--port", "null", "--workers", "2"}, CONFIG_RUN, "", ""},
	{{"--config", "BAD", "--workers", "0"},
	 CONFIG_BAD,
	 "",
	 "BAD:1: workers: 0 is out of range: 1 to 64\n"
	 "BAD:2: prots: no such option; the nearest is \"ports\"\n"
	 "--workers: 0 is out of range: 1 to 64\n"},
};

static char dir[] = "/tmp/rootline-args-XXXXXX";

static int make_files(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
	} make[] = {
		{"FILE", file_text},
		{"BAD", "{\"workers\": 0,\n\"prots\": []}"},
		{"NOPORT", "{\n\"worker_cores\": [1, 2]}"},
	};
	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	for (unsigned i = 0; i < 3; i++) {
		FILE *f = fopen(make[i].name, "w");
		if (!f || fputs(make[i].text, f) < 0 || fclose(f))
			return -1;
	}
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	return unlink("FILE") || unlink("BAD") || unlink("NOPORT") || chdir("/") || rmdir(dir);
}

static enum config_action run(struct config *c, const char *const args[ARGS_MAX], char **out,
			      char **err)
{
	char *argv[ARGS_MAX + 2] = {(char *)"rootline"};
	size_t out_len, err_len;
	int argc = 1;
	for (; argc <= ARGS_MAX && args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	FILE *o = open_memstream(out, &out_len), *e = open_memstream(err, &err_len);
	enum config_action action = config_args(c, argc, argv, o, e);
	fclose(o);
	fclose(e);
	return action;
}

static void test_lines(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct config c;
		char *out, *err;
		enum config_action action = run(&c, lines[i].args, &out, &err);
		assert_string_equal(err, lines[i].err);
		assert_string_equal(out, lines[i].out);
		assert_int_equal(action, lines[i].action);
		free(out);
		free(err);
	}
}

static void test_help(void **state)
{
	(void)state;
	static const char *const args[2][ARGS_MAX] = {{"--help"}, {"--prot=x", "-h"}};
	for (unsigned i = 0; i < 2; i++) {
		struct config c;
		char *out, *err;
		assert_int_equal(run(&c, args[i], &out, &err), CONFIG_DONE);
		assert_non_null(strstr(out, "usage: rootline "));
		assert_string_equal(err, "");
		free(out);
		free(err);
	}
}

// The command line beats the file wherever --config stands; a list is replaced, then added to.
static void test_over_file(void **state)
{
	(void)state;
	static const char *const args[ARGS_MAX] = {"--udp-port",     "443",         "--config=FILE",
						   "--udp-port=5,6", "--hop-limit", "7"};
	struct config c;
	char *out, *err;
	assert_int_equal(run(&c, args, &out, &err), CONFIG_RUN);
	free(out);
	free(err);
	assert_int_equal(c.udp_ports.count, 3);
	assert_int_equal(c.udp_ports.v[0], 443);
	assert_int_equal(c.udp_ports.v[1], 5);
	assert_int_equal(c.udp_ports.v[2], 6);
	assert_int_equal(c.workers, 2);
	assert_int_equal(c.limits.hop_limit, 7);
	assert_string_equal(c.ports.v[0], "null");
	assert_string_equal(c.planet, "/from/file/planet");
}

// What an operator gets who says nothing but the port.
static void test_defaults(void **state)
{
	(void)state;
	static const char *const args[ARGS_MAX] = {"--port", "null"};
	struct config c;
	char *out, *err;
	assert_int_equal(run(&c, args, &out, &err), CONFIG_RUN);
	free(out);
	free(err);
	assert_string_equal(c.state_dir, "/var/lib/rootline");
	assert_string_equal(c.planet, "/var/lib/rootline/planet");
	assert_string_equal(c.moons_dir, "/var/lib/rootline/moons.d");
	assert_string_equal(c.control_socket, "/var/lib/rootline/rootline.sock");
	assert_string_equal(c.xdp_filter, "");
	assert_int_equal(c.udp_ports.count, 1);
	assert_int_equal(c.udp_ports.v[0], 9993);
	assert_int_equal(c.vlans.count, 1);
	assert_int_equal(c.vlans.v[0], 0);
	assert_int_equal(c.addresses.count, 0);
	assert_int_equal(c.worker_cores.count, 0);
	assert_int_equal(c.workers, 1);
	assert_int_equal(c.admission_threads, 1);
	assert_int_equal(c.idle_us, 100);
	assert_int_equal(c.hugepages, CONFIG_HUGEPAGES_AUTO);
	assert_int_equal(c.memory_mb, 512);
	assert_int_equal(c.log_level, CONFIG_LOG_INFO);
	assert_string_equal(config_log_name(c.log_level), "info");
	assert_string_equal(config_hugepages_name(c.hugepages), "auto");
}

// A value that is refused leaves the list as it was, even if its first parts are fine.
static void test_set(void **state)
{
	(void)state;
	struct config c, before;
	FILE *err = fopen("/dev/null", "w");
	config_defaults(&c);
	before = c;
	assert_int_equal(config_set(&c, "udp-port", "1,2,70000", err), -EINVAL);
	assert_int_equal(config_set(&c, "address", "192.0.2.1/32", err), -EINVAL);
	assert_int_equal(config_set(&c, "addr", "192.0.2.1", err), -ENOENT);
	assert_int_equal(config_set(&c, "config", "x", err), -ENOENT);
	assert_memory_equal(&c, &before, sizeof(c));
	assert_int_equal(config_set(&c, "address", "2001:DB8:0::1", err), 0);
	assert_int_equal(config_set(&c, "address", "192.0.2.1", err), 0);
	assert_int_equal(config_set(&c, "address", "2001:db8::1", err), -EINVAL);
	assert_int_equal(c.addresses.count, 2);
	assert_string_equal(c.addresses.v[0], "2001:db8::1");
	fclose(err);
}

// The derived paths, and a directory that leaves no room for them.
static void test_state_paths(void **state)
{
	(void)state;
	char name[CONFIG_PATH_MAX], *out, *err;
	const char *args[ARGS_MAX] = {"--port", "null", "--state", name, "--planet", "/p"};
	struct config c;
	memset(name, 's', sizeof(name));
	name[CONFIG_SOCKET_MAX - 1 - strlen("/rootline.sock")] = 0;
	assert_int_equal(run(&c, args, &out, &err), CONFIG_RUN);
	assert_int_equal(strlen(c.control_socket), CONFIG_SOCKET_MAX - 1);
	assert_string_equal(c.planet, "/p");
	assert_string_equal(c.moons_dir + strlen(name), "/moons.d");
	free(out);
	free(err);
	strcat(name, "s");
	assert_int_equal(run(&c, args, &out, &err), CONFIG_BAD);
	assert_string_equal(err, "--state: too long: control_socket would have 108 bytes, 107 are "
				 "the most\n");
	free(out);
	free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),       cmocka_unit_test(test_help),
		cmocka_unit_test(test_over_file),   cmocka_unit_test(test_set),
		cmocka_unit_test(test_state_paths), cmocka_unit_test(test_defaults),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
