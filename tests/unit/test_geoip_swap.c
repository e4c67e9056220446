// SPDX-License-Identifier: BSD-3-Clause
// Files that change under a running root: replaced, written over, cut, removed, mended; and threads
// that look up meanwhile.
#include "geoip/geoip.h"
#include "tests/lib/mmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], path[96];

// The position says which version of the file it comes from: latitude N, longitude N + 0.5. A
// reader that ever sees halves of two versions, or freed memory, finds another pair.
static void write_version(unsigned n)
{
	struct test_mmdb_row row = {"8.8.8.0/24", n, n + 0.5};
	struct test_mmdb m = {TEST_MMDB_NESTED, 64, 4, 24, &row, 1};
	test_mmdb_write(&m, path);
}

static int version(struct rl_geoip *g, unsigned reader)
{
	static const uint8_t ip[4] = {8, 8, 8, 8};
	struct rl_geoip_place p;
	if (!rl_geoip_find(g, reader, ip, sizeof(ip), &p))
		return 0;
	return p.longitude == p.latitude + 0.5 ? (int)p.latitude : -1;
}

static struct rl_geoip *open_it(int ret)
{
	struct rl_geoip *g;
	char why[RL_GEOIP_WHY_MAX];
	const char *paths[1] = {path};
	assert_int_equal(rl_geoip_open(&g, paths, 1, why), ret);
	assert_non_null(g);
	return g;
}

static void test_refresh(void **state)
{
	char why[RL_GEOIP_WHY_MAX];
	(void)state;
	write_version(1);
	struct rl_geoip *g = open_it(0);
	assert_int_equal(rl_geoip_refresh(g, why), 0);
	assert_int_equal(version(g, 0), 1);
	write_version(2);
	assert_int_equal(version(g, 0), 1);
	assert_int_equal(rl_geoip_refresh(g, why), 1);
	assert_int_equal(version(g, 0), 2);
	assert_int_equal(rl_geoip_refresh(g, why), 0);
	// On demand, changed or not.
	assert_int_equal(rl_geoip_reload(g, why), 0);
	assert_int_equal(version(g, 0), 2);
	rl_geoip_close(g);
}

// Written over in place, as cp does: first cut to nothing, then growing. What was read stays in
// force until the new content is whole.
static void test_written_over(void **state)
{
	struct test_mmdb_row row = {"8.8.8.0/24", 4, 4.5};
	struct test_mmdb m = {TEST_MMDB_NESTED, 64, 4, 24, &row, 1};
	char why[RL_GEOIP_WHY_MAX] = "";
	size_t len;
	(void)state;
	write_version(3);
	struct rl_geoip *g = open_it(0);
	uint8_t *next = test_mmdb_make(&m, &len);
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(version(g, 0), 3);
	assert_int_equal(rl_geoip_refresh(g, why), -EINVAL);
	assert_non_null(strstr(why, "is empty"));
	assert_int_equal(write(fd, next, len / 2), len / 2);
	assert_int_equal(rl_geoip_refresh(g, why), -EINVAL);
	assert_int_equal(rl_geoip_refresh(g, why), 0); // said once
	assert_int_equal(version(g, 0), 3);
	assert_int_equal(write(fd, next + len / 2, len - len / 2), len - len / 2);
	close(fd);
	assert_int_equal(rl_geoip_refresh(g, why), 1);
	assert_int_equal(version(g, 0), 4);
	free(next);
	rl_geoip_close(g);
}

static void test_gone_and_back(void **state)
{
	char why[RL_GEOIP_WHY_MAX];
	(void)state;
	write_version(5);
	struct rl_geoip *g = open_it(0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rl_geoip_refresh(g, why), -ENOENT);
	assert_int_equal(rl_geoip_refresh(g, why), 0);
	assert_int_equal(rl_geoip_reload(g, why), -ENOENT);
	assert_int_equal(version(g, 0), 5);
	write_version(6);
	assert_int_equal(rl_geoip_refresh(g, why), 1);
	assert_int_equal(version(g, 0), 6);
	rl_geoip_close(g);
}

// A root that starts without its database takes it when it comes.
static void test_missing_at_start(void **state)
{
	char why[RL_GEOIP_WHY_MAX];
	(void)state;
	unlink(path);
	struct rl_geoip *g = open_it(-ENOENT);
	assert_int_equal(version(g, 0), 0);
	assert_false(rl_geoip_ready(g));
	assert_int_equal(rl_geoip_refresh(g, why), 0);
	write_version(7);
	assert_int_equal(rl_geoip_refresh(g, why), 1);
	assert_int_equal(version(g, 0), 7);
	assert_true(rl_geoip_ready(g));
	rl_geoip_close(g);
}

// Two files: with one of them broken both stay as they were.
static void test_all_or_none(void **state)
{
	char other[128], why[RL_GEOIP_WHY_MAX];
	struct test_mmdb_row row = {"2001:db8::/32", 1, 1.5};
	struct test_mmdb m = {TEST_MMDB_FLAT, 32, 6, 24, &row, 1};
	(void)state;
	snprintf(other, sizeof(other), "%s.v6", path);
	test_mmdb_write(&m, other);
	write_version(8);
	struct rl_geoip *g;
	const char *paths[2] = {path, other};
	assert_int_equal(rl_geoip_open(&g, paths, 2, why), 0);
	write_version(9);
	assert_int_equal(truncate(other, 10), 0);
	assert_int_equal(rl_geoip_refresh(g, why), -EINVAL);
	assert_int_equal(version(g, 0), 8);
	test_mmdb_write(&m, other);
	assert_int_equal(rl_geoip_refresh(g, why), 1);
	assert_int_equal(version(g, 0), 9);
	unlink(other);
	rl_geoip_close(g);
}

enum { READERS = 3, SWAPS = 300 };

struct busy {
	struct rl_geoip *g;
	unsigned reader;
	atomic_bool *stop;
	atomic_uint *ready;
	unsigned bad, seen;
};

static void *look_up(void *arg)
{
	struct busy *b = arg;
	int last = 1;
	atomic_fetch_add(b->ready, 1);
	while (!atomic_load(b->stop)) {
		int v = version(b->g, b->reader);
		// Versions only ever go up.
		b->bad += v < last;
		b->seen += v != last;
		last = v;
	}
	return NULL;
}

static void test_threads(void **state)
{
	atomic_bool stop = false;
	atomic_uint ready = 0;
	pthread_t thread[READERS];
	struct busy busy[READERS];
	char why[RL_GEOIP_WHY_MAX];
	(void)state;
	write_version(1);
	struct rl_geoip *g = open_it(0);
	for (unsigned i = 0; i < READERS; i++) {
		// The last number too.
		unsigned reader = i ? RL_GEOIP_READERS_MAX - i : 0;
		busy[i] = (struct busy){g, reader, &stop, &ready, 0, 0};
		assert_int_equal(pthread_create(&thread[i], NULL, look_up, &busy[i]), 0);
	}
	while (atomic_load(&ready) < READERS)
		usleep(100);
	for (unsigned n = 0; n < SWAPS; n++) {
		write_version(1 + n * 80 / SWAPS);
		assert_int_equal(rl_geoip_reload(g, why), 0);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(busy[i].bad, 0);
		assert_true(busy[i].seen > 0);
	}
	rl_geoip_close(g);
}

static int make_dir(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%.40s/geoip-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/city.mmdb", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refresh),       cmocka_unit_test(test_written_over),
		cmocka_unit_test(test_gone_and_back), cmocka_unit_test(test_missing_at_start),
		cmocka_unit_test(test_all_or_none),   cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
