// SPDX-License-Identifier: BSD-3-Clause
// The table of options: every row's edges, in the file and on the command line, and what is made
// from it.
#include "config/doc.h"
#include "config/value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const void *at(const struct config *c, const struct config_row *row)
{
	return (const char *)c + row->at;
}

// What the parser says to a file that holds nothing but this row. The caller frees it.
static char *parse_row(struct config *c, const struct config_row *row, const char *value)
{
	char text[2048], *said;
	size_t len;
	if (row->group)
		snprintf(text, sizeof(text), "{\"%s\":\n{\"%s\": %s}}", row->group, row->key,
			 value);
	else
		snprintf(text, sizeof(text), "{\n\"%s\": %s}", row->key, value);
	FILE *err = open_memstream(&said, &len);
	config_parse(c, "f", text, strlen(text), err);
	fclose(err);
	return said;
}

// The number alone through both ways in: taken and stored, or refused with line, key and range.
static void try_number(const struct config_row *row, int64_t v, bool fine)
{
	struct config c, before;
	char value[32], name[CONFIG_NAME_MAX], flag[CONFIG_FLAG_MAX], expect[256], *said;
	size_t len;
	bool list = row->type == CONFIG_INTS;

	config_defaults(&c);
	before = c;
	snprintf(value, sizeof(value), list ? "[%lld]" : "%lld", (long long)v);
	said = parse_row(&c, row, value);
	snprintf(expect, sizeof(expect), "f:2: %s%s: %lld is out of range: %lld to %lld\n",
		 config_name(row, name), list ? "[0]" : "", (long long)v, (long long)row->min,
		 (long long)row->max);
	assert_string_equal(said, fine ? "" : expect);
	free(said);
	const uint32_t *stored = at(&c, row);
	const uint32_t *old = at(&before, row);
	assert_int_equal(stored[list], fine ? v : old[list]);

	if (v < 0 || row->file_only)
		return;
	config_defaults(&c);
	FILE *err = open_memstream(&said, &len);
	snprintf(value, sizeof(value), "%lld", (long long)v);
	assert_int_equal(config_set(&c, config_flag(row, flag), value, err), fine ? 0 : -EINVAL);
	fclose(err);
	snprintf(expect, sizeof(expect), "--%s: %lld is out of range: %lld to %lld\n", flag,
		 (long long)v, (long long)row->min, (long long)row->max);
	assert_string_equal(said, fine ? "" : expect);
	free(said);
	assert_int_equal(stored[list], fine ? v : old[list]);
}

// A path of this many letters.
static void try_path(const struct config_row *row, int64_t n, bool fine)
{
	struct config c;
	char value[CONFIG_PATH_MAX + 16] = "\"", flag[CONFIG_FLAG_MAX], *said;
	size_t len;
	memset(value + 1, 'p', n);
	strcpy(value + 1 + n, "\"");
	config_defaults(&c);
	said = parse_row(&c, row, value);
	assert_int_equal(!*said, fine);
	free(said);
	struct config d;
	config_defaults(&d);
	value[1 + n] = 0;
	assert_string_equal(at(&c, row), fine ? value + 1 : at(&d, row));
	if (row->file_only)
		return;

	config_defaults(&c);
	FILE *err = open_memstream(&said, &len);
	assert_int_equal(config_set(&c, config_flag(row, flag), value + 1, err),
			 fine ? 0 : -EINVAL);
	fclose(err);
	free(said);
	assert_string_equal(at(&c, row), fine ? value + 1 : at(&d, row));
}

static void test_edges(void **state)
{
	(void)state;
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		if (row->type == CONFIG_INT || row->type == CONFIG_INTS) {
			try_number(row, row->min - 1, false);
			try_number(row, row->min, true);
			try_number(row, row->max, true);
			try_number(row, row->max + 1, false);
		} else if (row->type == CONFIG_PATH) {
			if (row->min > 0)
				try_path(row, row->min - 1, false);
			try_path(row, row->max, true);
			try_path(row, row->max + 1, false);
		} else if (row->type == CONFIG_ENUM) {
			for (unsigned k = 0; row->names[k]; k++) {
				struct config c;
				char value[64], *said;
				config_defaults(&c);
				snprintf(value, sizeof(value), "\"%s\"", row->names[k]);
				said = parse_row(&c, row, value);
				assert_string_equal(said, "");
				free(said);
				assert_int_equal(*(const uint32_t *)at(&c, row), k);
			}
		}
	}
}

// A row must be reachable by its names, stay inside its field, and hold a default that it would
// take itself.
static void test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		char flag[CONFIG_FLAG_MAX], near[CONFIG_NAME_MAX], name[CONFIG_NAME_MAX];
		assert_ptr_equal(config_row_by_key(row->group, row->key), row);
		if (row->file_only) {
			assert_string_equal(config_flag(row, flag), "");
			assert_false(row->group && strcmp(row->group, "cluster"));
		} else {
			assert_ptr_equal(config_row_by_flag(config_flag(row, flag)), row);
			assert_string_equal(config_nearest(flag, true, near), flag);
		}
		assert_string_equal(config_nearest(row->key, false, near), config_name(row, name));
		assert_true(row->help[strlen(row->help) - 1] == '.');
		if (row->type == CONFIG_INT || row->type == CONFIG_INTS)
			assert_in_range(row->max, row->min, UINT32_MAX);
		if (config_is_list(row))
			assert_in_range(row->most, 1,
					row->type == CONFIG_INTS ? CONFIG_INTS_MAX
								 : CONFIG_LIST_MAX);
		if (!*row->preset || !strncmp(row->preset, "STATE/", 6))
			continue;
		struct config c;
		char why[CONFIG_WHY_MAX];
		config_defaults(&c);
		if (row->file_only)
			assert_true(config_put_any(&c, row, row->preset, why));
		else
			assert_int_equal(config_set(&c, flag, row->preset, stderr), 0);
		struct config d;
		config_defaults(&d);
		c.set_by_args = 0;
		assert_memory_equal(&c, &d, sizeof(c));
	}
}

static char *print(void (*doc)(FILE *out))
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	doc(out);
	fclose(out);
	return text;
}

// The sample names every option, has no mistake and says what the program would do anyway.
static void test_sample(void **state)
{
	(void)state;
	struct config c, d;
	char *text = print(config_doc_sample);
	config_defaults(&c);
	assert_int_equal(config_parse(&c, "sample", text, strlen(text), stderr), 0);
	assert_int_equal(config_finish(&c, "sample", stderr), 0);
	for (unsigned i = 0; i < config_row_count; i++)
		assert_int_equal(c.line[i] == 0, config_rows[i].file_only);
	config_defaults(&d);
	assert_int_equal(config_set(&d, "port", "af_packet:eth0", stderr), 0);
	assert_int_equal(config_finish(&d, NULL, stderr), 0);
	memset(c.line, 0, sizeof(c.line));
	d.set_by_args = 0;
	assert_memory_equal(&c, &d, sizeof(c));
	free(text);
}

static void test_documents(void **state)
{
	(void)state;
	char *help = print(config_doc_text), *man = print(config_doc_man);
	for (unsigned i = 0; i < config_row_count; i++) {
		char flag[CONFIG_FLAG_MAX], line[128];
		config_flag(&config_rows[i], flag);
		if (config_rows[i].file_only) {
			snprintf(line, sizeof(line), "\n.It Cm %s\n", config_rows[i].key);
			assert_non_null(strstr(man, line));
			continue;
		}
		snprintf(line, sizeof(line), "\n  --%s", flag);
		assert_non_null(strstr(help, line));
		snprintf(line, sizeof(line), "\n.It Cm %s , Fl -%s\n", config_rows[i].key, flag);
		assert_non_null(strstr(man, line));
	}
	free(help);
	free(man);
}

static void test_wrap(void **state)
{
	(void)state;
	static const struct {
		const char *indent, *text;
		bool roff;
		const char *expect;
	} rows[] = {
		{"", "", false, ""},
		{"  ", "one  two", false, "  one two\n"},
		{"", ".so a-b\\c", true, "\\&.so a\\-b\\ec\n"},
		{"", "'x", false, "'x\n"},
		{"",
		 "123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345 7",
		 true,
		 "123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
		 "12345\n7\n"},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		config_doc_wrap(out, rows[i].indent, rows[i].text, rows[i].roff);
		fclose(out);
		assert_string_equal(text, rows[i].expect);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),  cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sample), cmocka_unit_test(test_documents),
		cmocka_unit_test(test_wrap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
