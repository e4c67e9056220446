// SPDX-License-Identifier: BSD-3-Clause
// rootline-cli: answers as text and as JSON, and exit statuses, from what a daemon writes.
#include "dpdk-app/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK "{\"ok\":true,\"result\":"
#define PEER                                                                           \
	"{\"peer\":{\"address\":\"95487f78cb\",\"version\":\"1.14.1\",\"latency\":12," \
	"\"role\":\"LEAF\",\"paths\":["                                                \
	"{\"address\":\"10.0.0.9/9993\",\"lastReceive\":1000,\"active\":false,"        \
	"\"preferred\":false},"                                                        \
	"{\"address\":\"10.0.0.2/9993\",\"lastReceive\":9000,\"active\":true,"         \
	"\"preferred\":false},"                                                        \
	"{\"address\":\"fd77::2/9993\",\"lastReceive\":9900,\"active\":true,"          \
	"\"preferred\":true}]},\"clock\":10000}\n"
#define LOST                                                                     \
	"{\"peer\":{\"address\":\"64095ca04a\",\"version\":\"\",\"latency\":-1," \
	"\"role\":\"PLANET\",\"paths\":[]},\"clock\":10000}\n"
#define DROPS                                                    \
	"[{\"name\":\"too_short\",\"count\":1,\"help\":\"A.\"}," \
	"{\"name\":\"hops\",\"count\":0,\"help\":\"B.\"},"       \
	"{\"name\":\"no_peer\",\"count\":7,\"help\":\"C.\"},"    \
	"{\"name\":\"bad_mac\",\"count\":1,\"help\":\"D.\"}]"

static const struct {
	const char *what, *command;
	bool json, all;
	const char *answer;
	enum cli_exit status;
	const char *out;
} rows[] = {
	{"info", "info", false, false,
	 OK "{\"address\":\"82baeaf349\",\"version\":\"0.1.0\",\"online\":true}}\n", CLI_OK,
	 "200 info 82baeaf349 0.1.0 ONLINE\n"},
	{"info of a root without an address", "info", false, false,
	 OK "{\"address\":\"82baeaf349\",\"version\":\"0.1.0\",\"online\":false}}\n", CLI_OK,
	 "200 info 82baeaf349 0.1.0 OFFLINE\n"},
	{"info as JSON", "info", true, false, OK "{\"address\":\"82baeaf349\"}}\n", CLI_OK,
	 "{\n \"address\": \"82baeaf349\"\n}\n"},
	{"peers", "peers", false, false, PEER LOST OK "{\"peers\":2}}\n", CLI_OK,
	 "200 peers\n"
	 "<ztaddr>   <ver>  <role> <lat> <link>   <lastTX> <lastRX> <path>\n"
	 "95487f78cb 1.14.1 LEAF      12 DIRECT   -1       100      fd77::2/9993\n"
	 "64095ca04a -      PLANET    -1 NONE     -1       -1       -\n"},
	{"no peers", "peers", false, false, OK "{\"peers\":0}}\n", CLI_OK,
	 "200 peers\n"
	 "<ztaddr>   <ver>  <role> <lat> <link>   <lastTX> <lastRX> <path>\n"},
	{"no peers as JSON", "peers", true, false, OK "{\"peers\":0}}\n", CLI_OK, "[]\n"},
	{"listpeers", "listpeers", false, false, PEER LOST OK "{\"peers\":2}}\n", CLI_OK,
	 "200 listpeers <ztaddr> <path> <latency> <version> <role>\n"
	 "200 listpeers 95487f78cb fd77::2/9993;-1;100 12 1.14.1 LEAF\n"
	 "200 listpeers 64095ca04a - -1 - PLANET\n"},
	{"a peer nobody knows", "peers", false, false,
	 "{\"ok\":false,\"error\":\"no such peer\"}\n", CLI_REFUSED, ""},
	{"drops that happened, most first", "drops", false, false, OK DROPS "}\n", CLI_OK,
	 "no_peer                                  7  C.\n"
	 "too_short                                1  A.\n"
	 "bad_mac                                  1  D.\n"},
	{"all drops", "drops", false, true, OK DROPS "}\n", CLI_OK,
	 "no_peer                                  7  C.\n"
	 "too_short                                1  A.\n"
	 "bad_mac                                  1  D.\n"
	 "hops                                     0  B.\n"},
	{"no drops", "drops", false, false, OK "[]}\n", CLI_OK, "nothing has been dropped\n"},
	{"counters", "counters", false, false,
	 OK "[{\"name\":\"replies\",\"count\":3,\"help\":\"E.\"}]}\n", CLI_OK,
	 "replies                                  3  E.\n"},
	{"a known place", "geoip", false, false,
	 OK "{\"ip\":\"192.0.2.1\",\"known\":true,\"latitude\":-33.87,\"longitude\":151.21,"
	    "\"file\":\"/x.mmdb\"}}\n",
	 CLI_OK, "192.0.2.1 -33.8700,151.2100 /x.mmdb\n"},
	{"an unknown place", "geoip", false, false, OK "{\"ip\":\"192.0.2.1\",\"known\":false}}\n",
	 CLI_OK, "192.0.2.1 unknown\n"},
	{"siblings", "siblings", false, false,
	 OK "{\"siblings\":[{\"name\":\"bob\",\"address\":\"64095ca04a\",\"fronts\":["
	    "{\"front\":\"192.0.2.1/9993\",\"reached\":true,\"used\":true,\"rttUs\":12340,"
	    "\"heardMs\":7},{\"front\":\"2001:db8::1/9993\",\"reached\":false,\"used\":false,"
	    "\"rttUs\":-1,\"heardMs\":-1}]}],\"forwarded\":5,\"guessed\":4,\"nobody\":3,"
	    "\"guessesRefused\":2,\"fromSibling\":1,\"unreached\":6,\"asked\":9,\"found\":8,"
	    "\"unknown\":1,\"told\":10,\"groupsAsked\":3,\"groupsFound\":2,\"groupsTold\":4}}\n",
	 CLI_OK,
	 "<name>           <address>  <front>                  <state>  <rtt ms> <heard ms>\n"
	 "bob              64095ca04a 192.0.2.1/9993           used         12.3        7\n"
	 "bob              64095ca04a 2001:db8::1/9993         silent          -        -\n"
	 "forwarded  5 packets for nodes they know, 4 on a guess\n"
	 "refused    3 nobody knows, 2 guesses too many, 1 from a sibling, 6 without a way\n"
	 "asked      9 nodes: 8 found, 1 unknown to them; 10 clients told\n"
	 "gathered   3 groups: 2 answers, 4 clients told\n"},
	{"cut off in the list", "listpeers", false, false, LOST, CLI_UNREACHABLE,
	 "200 listpeers <ztaddr> <path> <latency> <version> <role>\n"
	 "200 listpeers 64095ca04a - -1 - PLANET\n"},
	{"nothing at all", "info", false, false, "", CLI_UNREACHABLE, ""},
	{"not our daemon", "info", false, false, "HTTP/1.1 400 Bad Request\n", CLI_UNREACHABLE, ""},
	{"a daemon of another version", "peers", false, false,
	 "{\"peer\":{\"address\":7,\"paths\":3}}\n" OK "null}\n", CLI_OK,
	 "200 peers\n"
	 "<ztaddr>   <ver>  <role> <lat> <link>   <lastTX> <lastRX> <path>\n"
	 "-          -      -         -1 NONE     -1       -1       -\n"},
};

static void answers_are_shown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cli_options o = {.json = rows[i].json, .all = rows[i].all};
		char *out_text, *err_text;
		size_t out_len, err_len, n = strlen(rows[i].answer);
		FILE *in = n ? fmemopen((void *)rows[i].answer, n, "r") : fopen("/dev/null", "r");
		FILE *out = open_memstream(&out_text, &out_len);
		FILE *err = open_memstream(&err_text, &err_len);
		enum cli_exit status =
			cli_answer(in, cli_command_find(rows[i].command), &o, out, err);
		fclose(in);
		fclose(out);
		fclose(err);
		if (status != rows[i].status || strcmp(out_text, rows[i].out))
			fail_msg("%s: status %d, output:\n%s", rows[i].what, status, out_text);
		// Whoever fails says why, whoever does not is quiet.
		assert_int_equal(err_len > 0, status != CLI_OK);
		free(out_text);
		free(err_text);
	}
}

static void a_list_as_json_is_one_array(void **state)
{
	static const char answer[] = PEER LOST OK "{\"peers\":2}}\n";
	struct cli_options o = {.json = true};
	char *text;
	size_t len;
	(void)state;
	FILE *in = fmemopen((void *)answer, sizeof(answer) - 1, "r");
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(cli_answer(in, cli_command_find("peers"), &o, out, stderr), CLI_OK);
	fclose(in);
	fclose(out);
	json_t *list = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "address")),
			    "64095ca04a");
	json_decref(list);
	free(text);
}

static void commands_are_complete(void **state)
{
	(void)state;
	for (const struct cli_command *c = cli_commands; c->name; c++) {
		assert_true(strlen(c->help) > 0);
		assert_true(c->result || c->item);
		assert_ptr_equal(cli_command_find(c->name), c);
	}
	assert_null(cli_command_find("nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_shown),
		cmocka_unit_test(a_list_as_json_is_one_array),
		cmocka_unit_test(commands_are_complete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
