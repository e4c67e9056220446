// SPDX-License-Identifier: BSD-3-Clause
// Places out of databases made here: forms, families, what is unknown, what is refused and how.
#include "geoip/geoip.h"
#include "tests/lib/mmdb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static bool find(struct rl_geoip *g, const char *text, struct rl_geoip_place *place)
{
	uint8_t ip[16];
	bool v4 = inet_pton(AF_INET, text, ip) == 1;
	assert_true(v4 || inet_pton(AF_INET6, text, ip) == 1);
	return rl_geoip_find(g, 0, ip, v4 ? 4 : 16, place);
}

static const struct test_mmdb_row rows4[] = {
	{"8.8.8.0/24", 37.42, -122.09},
	{"1.1.1.0/24", -33.87, 151.21},
	{"128.0.0.0/1", 90, -180},
};
static const struct test_mmdb_row rows6[] = {
	{"2001:4860::/32", 37.42, -122.09},
	{"2001:db8::1/128", -90, 180},
};
static const struct test_mmdb_row rows_both[] = {
	{"8.8.8.0/24", 37.42, -122.09},
	{"2001:4860::/32", 52.37, 4.9},
};

static void expect(struct rl_geoip *g, const char *ip, double latitude, double longitude,
		   unsigned file)
{
	struct rl_geoip_place p = {-1, -1, 99};
	if (!find(g, ip, &p))
		fail_msg("%s is unknown", ip);
	assert_true(fabs(p.latitude - latitude) < 1e-5 && fabs(p.longitude - longitude) < 1e-5);
	assert_int_equal(p.file, file);
}

static void expect_unknown(struct rl_geoip *g, const char *ip)
{
	struct rl_geoip_place p = {-1, -1, 99};
	if (find(g, ip, &p))
		fail_msg("%s is at %f %f", ip, p.latitude, p.longitude);
	assert_true(p.latitude == -1 && p.longitude == -1 && p.file == 99);
}

static struct rl_geoip *open_n(const char *const paths[], unsigned n)
{
	struct rl_geoip *g;
	char why[RL_GEOIP_WHY_MAX] = "";
	if (rl_geoip_open(&g, paths, n, why))
		fail_msg("%s", why);
	return g;
}

// Every form, number format, width of the tree and family, each with each.
static void test_forms(void **state)
{
	static const unsigned bits[] = {24, 28, 32}, reals[] = {64, 32};
	(void)state;
	for (unsigned form = TEST_MMDB_NESTED; form <= TEST_MMDB_FLAT; form++)
		for (unsigned i = 0; i < 12; i++) {
			bool six = i % 2;
			struct test_mmdb m = {.form = form,
					      .float_bits = reals[i / 2 % 2],
					      .record_bits = bits[i / 4],
					      .ip_version = six ? 6 : 4,
					      .row = six ? rows_both : rows4,
					      .rows = six ? 2 : 3};
			const char *path = in_dir("form.mmdb");
			test_mmdb_write(&m, path);
			struct rl_geoip *g = open_n(&path, 1);
			expect(g, "8.8.8.8", 37.42, -122.09, 0);
			expect(g, "::ffff:8.8.8.8", 37.42, -122.09, 0);
			expect_unknown(g, "8.8.9.0");
			expect_unknown(g, "0.0.0.0");
			expect_unknown(g, "2001:4861::");
			if (six) {
				expect(g, "2001:4860::8888", 52.37, 4.9, 0);
			} else {
				expect(g, "255.255.255.255", 90, -180, 0);
				// The library calls this an error, and so it must be not asked.
				expect_unknown(g, "2001:4860::8888");
			}
			rl_geoip_close(g);
		}
}

static void write_pair(void)
{
	struct test_mmdb four = {TEST_MMDB_FLAT, 32, 4, 24, rows4, 3};
	struct test_mmdb six = {TEST_MMDB_FLAT, 32, 6, 28, rows6, 2};
	test_mmdb_write(&four, in_dir("v4.mmdb"));
	test_mmdb_write(&six, in_dir("v6.mmdb"));
}

static void test_two_files(void **state)
{
	(void)state;
	write_pair();
	for (unsigned order = 0; order < 2; order++) {
		const char *paths[2] = {in_dir("v4.mmdb"), in_dir("v6.mmdb")};
		if (order) {
			paths[1] = paths[0];
			paths[0] = in_dir("v6.mmdb");
		}
		struct rl_geoip *g = open_n(paths, 2);
		expect(g, "1.1.1.1", -33.87, 151.21, order);
		expect(g, "2001:4860::8888", 37.42, -122.09, !order);
		expect(g, "2001:db8::1", -90, 180, !order);
		expect_unknown(g, "2001:db8::2");
		expect_unknown(g, "::1.1.1.1");
		assert_string_equal(rl_geoip_path(g, order), in_dir("v4.mmdb"));
		assert_null(rl_geoip_path(g, 2));
		rl_geoip_close(g);
	}
	const char *six = in_dir("v6.mmdb");
	struct rl_geoip *g = open_n(&six, 1);
	expect_unknown(g, "1.1.1.1");
	expect(g, "2001:4860::8888", 37.42, -122.09, 0);
	rl_geoip_close(g);
}

// The first file that knows the address counts, whichever family it was made for.
static void test_first_counts(void **state)
{
	static const struct test_mmdb_row other[] = {{"8.8.8.0/24", 1, 2}, {"9.9.9.0/24", 3, 4}};
	struct test_mmdb a = {TEST_MMDB_NESTED, 64, 6, 24, rows_both, 2};
	struct test_mmdb b = {TEST_MMDB_NESTED, 64, 4, 24, other, 2};
	(void)state;
	const char *paths[2] = {in_dir("a.mmdb"), in_dir("b.mmdb")};
	test_mmdb_write(&a, paths[0]);
	test_mmdb_write(&b, paths[1]);
	struct rl_geoip *g = open_n(paths, 2);
	expect(g, "8.8.8.8", 37.42, -122.09, 0);
	expect(g, "9.9.9.9", 3, 4, 1);
	rl_geoip_close(g);
}

static void test_values(void **state)
{
	static const struct test_mmdb_row rows[] = {
		{"10.0.0.0/24", 90.5, 10},      {"10.0.1.0/24", -90.5, 10},
		{"10.0.2.0/24", 10, 180.5},     {"10.0.3.0/24", 10, -180.5},
		{"10.0.4.0/24", NAN, 10},       {"10.0.5.0/24", 10, NAN},
		{"10.0.6.0/24", INFINITY, 10},  {"10.0.7.0/24", 10, -INFINITY},
		{"10.0.8.0/24", 0, 0},          {"10.0.9.0/24", -0.0, 0},
		{"10.0.10.0/24", 1e300, 1e300}, {"10.0.11.0/24", 0, 10},
		{"10.0.12.0/24", 10, 0},
	};
	(void)state;
	for (unsigned bits = 32; bits <= 64; bits += 32) {
		struct test_mmdb m = {TEST_MMDB_NESTED, bits, 4, 24, rows, 13};
		const char *path = in_dir("values.mmdb");
		char ip[16];
		test_mmdb_write(&m, path);
		struct rl_geoip *g = open_n(&path, 1);
		for (unsigned i = 0; i < 11; i++) {
			snprintf(ip, sizeof(ip), "10.0.%u.1", i);
			expect_unknown(g, ip);
		}
		expect(g, "10.0.11.1", 0, 10, 0);
		expect(g, "10.0.12.1", 10, 0, 0);
		rl_geoip_close(g);
	}
}

static void refuse(const char *path, int ret, const char *what)
{
	struct rl_geoip *g;
	struct rl_geoip_place p;
	char why[RL_GEOIP_WHY_MAX] = "", expected[RL_GEOIP_WHY_MAX];
	int got = rl_geoip_open(&g, &path, 1, why);
	snprintf(expected, sizeof(expected), "geoip: %s: %s", path, what);
	if (got != ret || strncmp(why, expected, strlen(expected)) != 0)
		fail_msg("%d \"%s\" instead of %d \"%s\"", got, why, ret, expected);
	assert_non_null(g);
	assert_false(find(g, "8.8.8.8", &p));
	rl_geoip_close(g);
}

static void write_bytes(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		enum test_mmdb_form form;
		unsigned rows;
		const char *what;
	} bad[] = {
		{TEST_MMDB_COUNTRY, 3, "no latitude in its records: is it a city database?"},
		{TEST_MMDB_HALF, 3, "no latitude in its records: is it a city database?"},
		{TEST_MMDB_TEXT, 3, "no latitude in its records: is it a city database?"},
		{TEST_MMDB_NESTED, 0, "holds no address at all: fetch it again"},
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct test_mmdb m = {bad[i].form, 64, 4, 24, rows4, bad[i].rows};
		test_mmdb_write(&m, in_dir("bad.mmdb"));
		refuse(in_dir("bad.mmdb"), -EINVAL, bad[i].what);
	}
	write_bytes(in_dir("empty"), "", 0);
	refuse(in_dir("empty"), -EINVAL, "is empty");
	write_bytes(in_dir("text"), "1.2.3.4,here\n", 13);
	refuse(in_dir("text"), -EINVAL, "no database in MaxMind's format, or a damaged one");
	refuse(in_dir("missing"), -ENOENT, "cannot be opened: No such file or directory");
	refuse(dir, -EINVAL, "is no file");
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	refuse(in_dir("fifo"), -EINVAL, "is no file"); // and does not wait for a writer

	struct rl_geoip *g;
	char why[RL_GEOIP_WHY_MAX];
	const char *three[3] = {"a", "b", "c"};
	assert_int_equal(rl_geoip_open(&g, three, 3, why), -EINVAL);
	assert_null(g);
	assert_int_equal(rl_geoip_open(&g, three, 0, why), -EINVAL);
	assert_null(g);
	rl_geoip_close(NULL);
}

// A file cut anywhere is refused: what describes it stands at its end.
static void test_truncated(void **state)
{
	(void)state;
	struct test_mmdb m = {TEST_MMDB_NESTED, 64, 6, 28, rows_both, 2};
	struct rl_geoip *g;
	const char *path = in_dir("cut.mmdb");
	char why[RL_GEOIP_WHY_MAX];
	size_t len;
	uint8_t *whole = test_mmdb_make(&m, &len);
	for (size_t n = 0; n < len; n++) {
		write_bytes(path, whole, n);
		if (!rl_geoip_open(&g, &path, 1, why))
			fail_msg("taken with %zu of %zu bytes", n, len);
		rl_geoip_close(g);
	}
	write_bytes(path, whole, len);
	rl_geoip_close(open_n(&path, 1));
	free(whole);
}

// A child of the tree that points behind its end.
static void test_damaged_tree(void **state)
{
	(void)state;
	struct test_mmdb m = {TEST_MMDB_NESTED, 64, 4, 24, rows4, 1};
	size_t len;
	uint8_t *file = test_mmdb_make(&m, &len);
	memset(file, 0xff, 6); // both sides of the first node
	write_bytes(in_dir("tree.mmdb"), file, len);
	refuse(in_dir("tree.mmdb"), -EINVAL, "damaged: fetch it again");
	free(file);
}

static int make_dir(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%.40s/geoip-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const made[] = {"form.mmdb", "v4.mmdb",   "v6.mmdb",  "a.mmdb",
					   "b.mmdb",    "bad.mmdb",  "empty",    "text",
					   "fifo",      "tree.mmdb", "cut.mmdb", "values.mmdb"};
	(void)state;
	for (unsigned i = 0; i < sizeof(made) / sizeof(*made); i++)
		unlink(in_dir(made[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),        cmocka_unit_test(test_two_files),
		cmocka_unit_test(test_first_counts), cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged_tree),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
