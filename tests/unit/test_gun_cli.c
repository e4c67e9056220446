// SPDX-License-Identifier: BSD-3-Clause
// The generator's command line: rows of options, ranges, and what is refused.
#include "bench/gun/cli.h"
#include "root/inet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct options {
	bool flag;
	const char *text;
	uint64_t count;
	double decimal;
	unsigned choice;
	struct rl_inet inet;
	struct cli_mac mac;
};

static const char *colour(unsigned i)
{
	static const char *const names[] = {"red", "green", NULL};

	return names[i];
}

#define AT(f) offsetof(struct options, f)

static const struct cli_option table[] = {
	{"flag", NULL, CLI_FLAG, AT(flag), 0, 0, NULL, "a flag"},
	{"text", "TEXT", CLI_TEXT, AT(text), 0, 0, NULL, "a text"},
	{"count", "N", CLI_COUNT, AT(count), 1, 10000000, NULL, "a count"},
	{0},
};
static const struct cli_option more[] = {
	{"decimal", "X", CLI_DECIMAL, AT(decimal), 0, 10, NULL, "a decimal"},
	{"choice", "C", CLI_CHOICE, AT(choice), 0, 0, colour, "a choice"},
	{"inet", "A", CLI_INET, AT(inet), 0, 0, NULL, "an address"},
	{"mac", "M", CLI_MAC, AT(mac), 0, 0, NULL, "a MAC address"},
	{0},
};
static const struct cli_option *const tables[] = {table, more, NULL};
static const struct cli_command command = {.name = "try",
					   .operands = "FILE [FILE]",
					   .operands_min = 1,
					   .operands_max = 2,
					   .summary = "tries",
					   .tables = tables};

static int parse(struct options *o, const char *operand[], const char *line)
{
	static char buf[512];
	char *argv[32] = {(char *)"try"};
	int argc = 1;

	snprintf(buf, sizeof(buf), "%s", line);
	for (char *p = strtok(buf, " "); p; p = strtok(NULL, " "))
		argv[argc++] = p;
	*o = (struct options){0};
	return cli_parse(&command, o, argc, argv, operand);
}

static void all_types_are_taken(void **state)
{
	const char *operand[2];
	struct options o;
	char text[RL_INET_TEXT];

	(void)state;
	assert_int_equal(parse(&o, operand,
			       "a --flag --text t --count=2k --decimal 1.5 --choice green "
			       "--inet fd00::1/9993 --mac 02:00:00:00:0a:FF b"),
			 CLI_GO);
	assert_true(o.flag);
	assert_string_equal(o.text, "t");
	assert_int_equal(o.count, 2000);
	assert_true(o.decimal == 1.5);
	assert_int_equal(o.choice, 1);
	assert_string_equal(rl_inet_text(&o.inet, text), "fd00::1/9993");
	assert_true(o.mac.given);
	assert_memory_equal(o.mac.mac, "\x02\0\0\0\x0a\xff", 6);
	assert_string_equal(operand[0], "a");
	assert_string_equal(operand[1], "b");
	assert_int_equal(parse(&o, operand, "-- --flag"), CLI_GO);
	assert_false(o.flag);
	assert_string_equal(operand[0], "--flag");
	assert_null(operand[1]);
	assert_int_equal(parse(&o, operand, "-"), CLI_GO);
}

static void mistakes_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a b c",
		"a --nothing",
		"a -f",
		"a --text",
		"a --flag=1",
		"a --count 0",
		"a --count 1.5",
		"a --count -1",
		"a --count 1e",
		"a --count 0x10",
		"a --count 20M",
		"a --count 1kk",
		"a --decimal nan",
		"a --decimal inf",
		"a --decimal 11",
		"a --choice blue",
		"a --inet 1.2.3.4",
		"a --inet x/1",
		"a --mac 1:2:3:4:5",
		"a --mac 02:00:00:00:00:01:02",
		"a --coun 1",
		"a --counts 1",
	};
	const char *operand[2];
	struct options o;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&o, operand, bad[i]), GUN_USAGE);
}

static void help_goes_before_mistakes(void **state)
{
	const char *operand[2];
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, operand, "--nothing --help"), GUN_OK);
	assert_int_equal(parse(&o, operand, "-h"), GUN_OK);
}

static void numbers_may_have_a_letter(void **state)
{
	static const struct {
		const char *text;
		double v;
	} row[] = {{"0", 0},         {"7", 7},    {"1.5k", 1500}, {"2M", 2e6},
		   {"0.001", 0.001}, {"1G", 1e9}, {"1e3", 1000}};
	static const char *const bad[] = {"",   "k",  "-1",  "+1",  " 1",
					  "1 ", "1K", "1k ", "0x1", "nan"};
	double v;

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_true(cli_number(row[i].text, &v));
		assert_true(v == row[i].v);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cli_number(bad[i], &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_types_are_taken),
		cmocka_unit_test(mistakes_are_refused),
		cmocka_unit_test(help_goes_before_mistakes),
		cmocka_unit_test(numbers_may_have_a_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
