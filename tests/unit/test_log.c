// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void lines_have_their_shape(void **state)
{
	static const struct {
		enum log_level level;
		int journal;
		const char *text, *line;
	} rows[] = {
		{LOG_LEVEL_ERROR, 0, "x", "rootline: error: x\n"},
		{LOG_LEVEL_WARNING, 0, "x", "rootline: warning: x\n"},
		{LOG_LEVEL_INFO, 0, "serving", "rootline: serving\n"},
		{LOG_LEVEL_DEBUG, 0, "x", "rootline: debug: x\n"},
		{LOG_LEVEL_ERROR, 1, "x", "<3>x\n"},
		{LOG_LEVEL_WARNING, 1, "x", "<4>x\n"},
		{LOG_LEVEL_INFO, 1, "x", "<6>x\n"},
		{LOG_LEVEL_DEBUG, 1, "x", "<7>x\n"},
		{LOG_LEVEL_INFO, 1, "", "<6>\n"},
		// What a file or a peer is called must not forge lines.
		{LOG_LEVEL_INFO, 1, "a\n<0>b\x1b[m\x7f", "<6>a?<0>b?[m?\n"},
		{LOG_LEVEL_INFO, 1, "Z\xc3\xbcrich", "<6>Z\xc3\xbcrich\n"},
	};
	char line[64];
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned n = log_format(line, sizeof(line), rows[i].level, rows[i].journal,
					rows[i].text);
		assert_string_equal(line, rows[i].line);
		assert_int_equal(n, strlen(line));
	}
}

static void long_lines_are_cut_with_their_newline(void **state)
{
	char line[32];
	(void)state;
	unsigned n = log_format(line, sizeof(line), LOG_LEVEL_INFO, 0,
				"0123456789012345678901234567890123456789");
	assert_int_equal(n, 31);
	assert_int_equal(line[30], '\n');
	assert_int_equal(line[31], 0);
}

// Runs f with stderr in a file, returns what it wrote.
static char *captured(void (*f)(void))
{
	char path[] = "/tmp/rootline-log-XXXXXX";
	static char text[1 << 20];
	int file = mkstemp(path), saved = dup(STDERR_FILENO);
	assert_true(file >= 0 && saved >= 0);
	dup2(file, STDERR_FILENO);
	f();
	dup2(saved, STDERR_FILENO);
	close(saved);
	ssize_t n = pread(file, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	close(file);
	unlink(path);
	return text;
}

static void write_levels(void)
{
	log_init(LOG_LEVEL_WARNING);
	log_error("one");
	log_warning("two");
	log_info("three");
	log_debug("four");
}

static void less_important_lines_are_left_out(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(captured(write_levels),
			    "rootline: error: one\nrootline: warning: two\n");
}

static void write_to_journal(void)
{
	struct stat st;
	char stream[64];
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init(LOG_LEVEL_INFO);
	log_info("hello");
	// Inherited, but stderr is something else.
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_init(LOG_LEVEL_INFO);
	log_info("hello");
	unsetenv("JOURNAL_STREAM");
}

static void journald_gets_priorities_if_it_reads(void **state)
{
	(void)state;
	assert_string_equal(captured(write_to_journal), "<6>hello\nrootline: hello\n");
}

static void flood(void)
{
	log_init(LOG_LEVEL_INFO);
	for (unsigned i = 0; i < 5000; i++)
		log_info("flood");
	// Long enough for one more line.
	usleep(2 * 1000000 / LOG_PER_SECOND);
	log_info("after");
}

static void a_flood_is_cut_and_counted(void **state)
{
	unsigned lines = 0;
	(void)state;
	char *text = captured(flood);
	for (const char *p = text; (p = strstr(p, "flood\n")) != NULL; p++)
		lines++;
	assert_in_range(lines, LOG_BURST / 2, LOG_BURST + LOG_PER_SECOND);
	assert_non_null(strstr(text, "messages left out"));
	assert_non_null(strstr(text, "rootline: after\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_their_shape),
		cmocka_unit_test(long_lines_are_cut_with_their_newline),
		cmocka_unit_test(less_important_lines_are_left_out),
		cmocka_unit_test(journald_gets_priorities_if_it_reads),
		cmocka_unit_test(a_flood_is_cut_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
