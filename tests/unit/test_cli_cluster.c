// SPDX-License-Identifier: BSD-3-Clause
// The tables of a cluster out of a daemon's JSON: three members, a large cluster, and what daemons
// of other versions may say.
#include "dpdk-app/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK "{\"ok\":true,\"result\":"
#define HEADS                                                                                 \
	"<id> <name>           <state>   <clients> <capacity>   <known> <heard ms> <lag ms> " \
	"<lost> <loss%>\n"
#define TRIPS "round trips between fronts in ms, from the row's member to the column's\n"

#define THREE                                                                                      \
	"{\"name\":\"alice\",\"member\":\"ams\",\"draining\":true,\"directory\":12,"               \
	"\"directoryMax\":1000,\"keptWarm\":3,\"forwarded\":7,\"unreached\":2,\"eventsFull\":0,"   \
	"\"validationsSpared\":21,\"whois\":{\"questions\":5,\"whole\":5,\"late\":0},"             \
	"\"link\":{\"connected\":true,\"server\":\"127.0.0.1:4222\",\"rttUs\":412,\"connects\":2," \
	"\"drops\":{\"bulk_full\":1}},\"members\":["                                               \
	"{\"id\":1,\"name\":\"ams\",\"self\":true,\"configured\":true,\"state\":\"live\","         \
	"\"draining\":true,\"clients\":5,\"capacity\":0,\"directory\":5,\"rttUs\":-1,"             \
	"\"lossPercent\":-1,\"heardMs\":0,\"lagMs\":0,\"lost\":0,\"refused\":{}},"                 \
	"{\"id\":2,\"name\":\"nyc\",\"self\":false,\"configured\":true,\"state\":\"live\","        \
	"\"draining\":false,\"clients\":7,\"capacity\":5000,\"directory\":7,\"rttUs\":81200,"      \
	"\"lossPercent\":3,\"heardMs\":811,\"lagMs\":42,\"lost\":1,\"refused\":{\"stale\":4}},"    \
	"{\"id\":200,\"name\":\"a-name-of-31-letters-all-in-all\",\"self\":false,"                 \
	"\"configured\":false,\"state\":\"dead\",\"draining\":false,\"clients\":0,\"capacity\":0," \
	"\"directory\":0,\"rttUs\":-1,\"lossPercent\":100,\"heardMs\":-1,\"lagMs\":0,\"lost\":0,"  \
	"\"refused\":{}}],"                                                                        \
	"\"roundTrips\":[{\"from\":1,\"rttUs\":{\"2\":81200}},"                                    \
	"{\"from\":2,\"rttUs\":{\"1\":81900,\"200\":150400}},{\"from\":200,\"rttUs\":{}}],"        \
	"\"decisions\":{\"redirects\":{\"move\":9,\"confirm\":1},"                                 \
	"\"notRedirected\":{\"settled\":123456789,\"no_target\":1000000,\"dwell\":222222222,"      \
	"\"picked\":333333333,\"gate\":444444444,\"not_home\":5},"                                 \
	"\"rescues\":{},\"drains\":{\"sent\":4},\"unsent\":6,\"gated\":0},"                        \
	"\"groups\":{\"elsewhere\":\"any\",\"known\":31,\"gathers\":{\"asked\":3,\"kept\":0,"      \
	"\"late\":2}},"                                                                            \
	"\"refused\":{}}"

#define THREE_TABLE                                                                                \
	"cluster alice, member ams, 12 of 1000 peers known, 3 kept warm\n"                         \
	"backplane connected to 127.0.0.1:4222, round trip 0.4 ms, connection 2\n" HEADS           \
	"1    ams              draining          5   no limit         5          -        -      " \
	"-       -\n"                                                                              \
	"2    nyc              live              7       5000         7        811       42      " \
	"1       3\n"                                                                              \
	"200  a-name-of-31-let removed           0   no limit         0          -        0      " \
	"0     100\n" TRIPS "<id> <from>           1      2    200\n"                              \
	"1    ams              .   81.2      -\n"                                                  \
	"2    nyc           81.9      .    150\n"                                                  \
	"200  a-name-of-3      -      -      .\n"                                                  \
	"redirects  move 9 confirm 1\n"                                                            \
	"  not      settled 123456789 no_target 1000000 dwell 222222222 picked 333333333 "         \
	"gate 444444444\n           not_home 5\n"                                                  \
	"rescues    none\n"                                                                        \
	"drains     sent 4\n"                                                                      \
	"whois      questions 5 whole 5\n"                                                         \
	"groups     31 known elsewhere, and others that are not told yet\n"                        \
	"  gathers  asked 3 late 2\n"                                                              \
	"refused    none\n"                                                                        \
	"  of nyc   stale 4\n"                                                                     \
	"link       bulk_full 1\n"                                                                 \
	"troubles   unreached 2 unsent 6\n"                                                        \
	"forwarded  7 packets to other members\n"                                                  \
	"validated  21 newcomers by other members before\n"

#define PLACE                                                                         \
	"\"address\":\"1234567890\",\"known\":true,\"live\":true,\"backup\":\"ams\"," \
	"\"ipv4\":\"192.0.2.7/9993\",\"ipv6\":\"\",\"toldMs\":1500,\"pushes\":2,"     \
	"\"validated\":true,"

static const struct {
	const char *what, *command;
	const char *answer;
	enum cli_exit status;
	const char *out;
} rows[] = {
	{"three members", "cluster", OK THREE "}\n", CLI_OK, THREE_TABLE},
	{"not connected", "cluster",
	 OK
	 "{\"name\":\"alice\",\"member\":\"ams\",\"directory\":0,\"directoryMax\":9,"
	 "\"keptWarm\":0,\"members\":[],\"roundTrips\":[],\"forwarded\":0,\"validationsSpared\":0,"
	 "\"groups\":{\"elsewhere\":\"alone\",\"known\":0},"
	 "\"link\":{\"connected\":false,\"error\":\"no server answers\"}}}\n",
	 CLI_OK,
	 "cluster alice, member ams, 0 of 9 peers known, 0 kept warm\n"
	 "backplane NOT connected: no server answers\n" HEADS TRIPS "<id> <from>     \n"
	 "redirects  none\n  not      none\nrescues    none\ndrains     none\nwhois      none\n"
	 "groups     0 known elsewhere\n  gathers  none\n"
	 "refused    none\nlink       none\ntroubles   none\n"
	 "forwarded  0 packets to other members\n"
	 "validated  0 newcomers by other members before\n"},
	{"a daemon of another version", "cluster",
	 OK "{\"members\":[{\"id\":\"x\",\"name\":5}],\"roundTrips\":[7],\"link\":3,"
	    "\"decisions\":[]}}\n",
	 CLI_OK,
	 "cluster -, member -, -1 of -1 peers known, -1 kept warm\n"
	 "backplane NOT connected: -\n" HEADS
	 "-1   -                -                 -          -         -          -        -"
	 "      -       -\n" TRIPS "<id> <from>          -1\n"
	 "-1   -                .\n"
	 "redirects  none\n  not      none\nrescues    none\ndrains     none\nwhois      none\n"
	 "groups     -1 known elsewhere\n  gathers  none\n"
	 "refused    none\nlink       none\ntroubles   none\n"
	 "forwarded  -1 packets to other members\n"
	 "validated  -1 newcomers by other members before\n"},
	{"not even an object", "cluster", OK "[]}\n", CLI_OK, NULL},
	{"alone", "cluster", "{\"ok\":false,\"error\":\"this root is no member\"}\n", CLI_REFUSED,
	 ""},
	{"cut off", "cluster", OK "{\"members\":[", CLI_UNREACHABLE, ""},
	{"at another member", "who",
	 OK "{" PLACE "\"here\":false,\"home\":\"nyc\",\"way\":\"192.0.2.2/9993\","
	    "\"paths\":[{\"address\":\"192.0.2.7/9993\",\"heardMs\":9000,\"preferred\":true}]}}\n",
	 CLI_OK,
	 "1234567890 is at nyc; backup ams; told by nyc 1.5 s ago\n"
	 "  reached there by   192.0.2.7/9993 and -\n"
	 "  from here by way of 192.0.2.2/9993\n"
	 "  identity           valid; 2 PUSHes in its last chain\n"
	 "  path to this member 192.0.2.7/9993, heard 9.0 s ago, preferred\n"},
	{"here", "who",
	 OK "{" PLACE "\"here\":true,\"home\":\"ams\",\"paths\":["
	    "{\"address\":\"192.0.2.7/9993\",\"heardMs\":240000,\"preferred\":false}]}}\n",
	 CLI_OK,
	 "1234567890 is at ams, which is asked; backup ams; told by its own root 1.5 s ago\n"
	 "  reached there by   192.0.2.7/9993 and -\n"
	 "  identity           valid; 2 PUSHes in its last chain\n"
	 "  path to this member 192.0.2.7/9993, heard 4 min ago\n"},
	{"known to this root alone", "who",
	 OK "{\"address\":\"1234567890\",\"known\":false,\"paths\":["
	    "{\"address\":\"192.0.2.7/9993\",\"heardMs\":-1,\"preferred\":true}]}}\n",
	 CLI_OK,
	 "1234567890 is not known in this cluster\n"
	 "  path to this member 192.0.2.7/9993, heard never, preferred\n"},
	{"known to nobody", "who",
	 OK "{\"address\":\"1234567890\",\"known\":false,\"paths\":[]}}\n", CLI_OK,
	 "1234567890 is not known in this cluster\n"},
	{"drain", "drain", OK "{\"draining\":true}}\n", CLI_OK,
	 "draining: watch the clients leave with \"rootline-cli cluster\"\n"},
	{"undrain", "undrain", OK "{\"draining\":false}}\n", CLI_OK, "taking clients again\n"},
};

static enum cli_exit show(const char *command, const char *answer, char **out_text, size_t *err_len)
{
	struct cli_options o = {0};
	char *err_text;
	size_t out_len;
	FILE *in = fmemopen((void *)answer, strlen(answer), "r");
	FILE *out = open_memstream(out_text, &out_len), *err = open_memstream(&err_text, err_len);
	enum cli_exit status = cli_answer(in, cli_command_find(command), &o, out, err);
	fclose(in);
	fclose(out);
	fclose(err);
	free(err_text);
	return status;
}

// Tables are for terminals.
static void fits(const char *what, const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		if (strcspn(line, "\n") > 100)
			fail_msg("%s: too wide:\n%s", what, line);
		if (!strchr(line, '\n'))
			fail_msg("%s: the last line does not end", what);
	}
}

static void answers_are_shown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *out;
		size_t err_len;
		enum cli_exit status = show(rows[i].command, rows[i].answer, &out, &err_len);
		if (status != rows[i].status || (rows[i].out && strcmp(out, rows[i].out) != 0))
			fail_msg("%s: status %d, output:\n%s", rows[i].what, status, out);
		assert_int_equal(err_len > 0, status != CLI_OK);
		fits(rows[i].what, out);
		free(out);
	}
}

// n members, each of which has measured all others; `self` is the third one.
static char *large(unsigned n)
{
	json_t *members = json_array(), *trips = json_array();
	for (unsigned i = 1; i <= n; i++) {
		char name[32], key[8];
		json_t *rtt = json_object();
		snprintf(name, sizeof(name), "m%u", i);
		for (unsigned to = 1; to <= n; to++) {
			snprintf(key, sizeof(key), "%u", to);
			if (to != i)
				json_object_set_new(rtt, key, json_integer(1000 * i + 100 * to));
		}
		json_array_append_new(
			members, json_pack("{s:i,s:s,s:b}", "id", i, "name", name, "self", i == 3));
		json_array_append_new(trips, json_pack("{s:i,s:o}", "from", i, "rttUs", rtt));
	}
	json_t *all = json_pack("{s:b,s:{s:o,s:o}}", "ok", 1, "result", "members", members,
				"roundTrips", trips);
	char *line = json_dumps(all, JSON_COMPACT), *with_end = malloc(strlen(line) + 2);
	sprintf(with_end, "%s\n", line);
	free(line);
	json_decref(all);
	return with_end;
}

static unsigned times(const char *text, const char *part)
{
	unsigned n = 0;
	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		n++;
	return n;
}

static void a_matrix_that_fits_is_shown_whole(void **state)
{
	(void)state;
	char *answer = large(12), *out;
	size_t err_len;
	assert_int_equal(show("cluster", answer, &out, &err_len), CLI_OK);
	fits("twelve members", out);
	assert_non_null(strstr(out, "\n12   m12           12.1   12.2"));
	assert_int_equal(times(out, " .\n") + times(out, " . "), 12);
	assert_null(strstr(out, "longest"));
	free(out);
	free(answer);
}

static void of_a_larger_one_the_longest_and_the_own(void **state)
{
	(void)state;
	char *answer = large(32), *out;
	size_t err_len;
	assert_int_equal(show("cluster", answer, &out, &err_len), CLI_OK);
	fits("thirty-two members", out);
	assert_non_null(strstr(out, "the longest of 992\n  m32                  > m31 "));
	const char *own = strstr(out, "from this member\n");
	assert_non_null(own);
	assert_int_equal(times(out, " > ") - times(own, " > "), 10);
	assert_int_equal(times(own, " > "), 31);
	assert_int_equal(times(own, "  m3   "), 31);
	free(out);
	free(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_shown),
		cmocka_unit_test(a_matrix_that_fits_is_shown_whole),
		cmocka_unit_test(of_a_larger_one_the_longest_and_the_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
