// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/store.h"

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

static char dir[64], path[96], why[STORE_WHY_MAX];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rootline-store-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/peers.mdb", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	char lock[128];
	snprintf(lock, sizeof(lock), "%s-lock", path);
	unlink(path);
	unlink(lock);
	return rmdir(dir);
}

static struct store_record record(uint64_t address, uint64_t heard_ms)
{
	struct store_record r = {.id.address = address, .first_ms = 7, .heard_ms = heard_ms};
	memset(r.id.public_key, (int)address, ZT_PUBLIC_LEN);
	return r;
}

static bool sum(void *ctx, const struct store_record *r)
{
	*(uint64_t *)ctx += r->id.address;
	assert_int_equal(r->first_ms, 7);
	assert_int_equal(r->id.public_key[63], (uint8_t)r->id.address);
	return true;
}

static void what_was_put_is_there_after_closing(void **state)
{
	(void)state;
	struct store *s = store_open(path, why);
	assert_non_null(s);
	for (uint64_t a = 1; a <= 5000; a++) {
		struct store_record r = record(a, a);
		assert_true(store_put(s, &r));
	}
	store_close(s);
	s = store_open(path, why);
	assert_non_null(s);
	uint64_t total = 0;
	assert_int_equal(store_load(s, 0, sum, &total), 5000);
	assert_int_equal(total, 5000ULL * 5001 / 2);
	total = 0;
	assert_int_equal(store_load(s, 4991, sum, &total), 10);
	struct store_record r = record(17, 0);
	assert_true(store_has(s, &r.id));
	r.id.public_key[0] ^= 1; // the address alone is not the identity
	assert_false(store_has(s, &r.id));
	r = record(5001, 0);
	assert_false(store_has(s, &r.id));
	store_close(s);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void the_long_unheard_expire(void **state)
{
	(void)state;
	const uint64_t day = 86400000;
	struct store *s = store_open(path, why);
	struct store_record old = record(1, day), young = record(2, 20 * day);
	store_put(s, &old);
	store_put(s, &young);
	store_expire(s, 40 * day);
	store_close(s);
	s = store_open(path, why);
	assert_false(store_has(s, &old.id));
	assert_true(store_has(s, &young.id));
	store_close(s);
}

static void a_full_queue_is_counted_not_waited_for(void **state)
{
	(void)state;
	struct store *s = store_open(path, why);
	struct store_stats stats;
	unsigned refused = 0;
	for (uint64_t a = 1; a <= 200000; a++) {
		struct store_record r = record(a, a);
		refused += !store_put(s, &r);
	}
	store_stats(s, &stats);
	assert_int_equal(stats.lost, refused);
	store_close(s);
	s = store_open(path, why);
	uint64_t total = 0;
	assert_int_equal(store_load(s, 0, sum, &total), 200000 - refused);
	store_close(s);
}

static void a_file_that_is_no_database_is_a_clear_error(void **state)
{
	(void)state;
	FILE *f = fopen(path, "w");
	for (unsigned i = 0; i < 10000; i++)
		fputs("not a database ", f);
	fclose(f);
	assert_null(store_open(path, why));
	assert_non_null(strstr(why, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_is_there_after_closing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_long_unheard_expire, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_is_counted_not_waited_for, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_a_clear_error, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
