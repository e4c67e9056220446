// SPDX-License-Identifier: BSD-3-Clause
#include "root/peer_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct rl_peer_table t;
	void *mem[3];
};

static void *zeroed(size_t size)
{
	void *mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(mem);
	return memset(mem, 0, size);
}

static void make(struct fixture *f, uint32_t max)
{
	static const uint8_t key[16] = {1, 2, 3};
	f->mem[0] = zeroed(rl_peer_table_slots_size(max));
	f->mem[1] = zeroed(max * sizeof(struct rl_peer));
	f->mem[2] = zeroed(max * sizeof(struct rl_peer_cold));
	rl_peer_table_init(&f->t, max, f->mem[0], f->mem[1], f->mem[2], key);
}

static void drop(struct fixture *f)
{
	for (unsigned i = 0; i < 3; i++)
		free(f->mem[i]);
}

static struct rl_peer *find(struct rl_peer_table *t, uint64_t address)
{
	return rl_peer_table_find(t, address, rl_peer_table_hash(t, address));
}

static int add(struct rl_peer_table *t, uint64_t address)
{
	struct rl_peer *p = rl_peer_table_reserve(t);
	if (!p)
		return -ENOSPC;
	int ret = rl_peer_table_publish(t, p, address);
	if (ret != 0)
		rl_peer_table_release(t, p);
	return ret;
}

static void forget(struct rl_peer_table *t, uint64_t address)
{
	rl_peer_table_unlink(t, find(t, address));
	rl_peer_table_seal(t);
	rl_peer_table_reclaim(t);
}

static void full_means_full_and_room_comes_back(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, 3);
	assert_null(find(&f.t, 1));
	for (uint64_t a = 1; a <= 3; a++)
		assert_int_equal(add(&f.t, a), 0);
	assert_int_equal(add(&f.t, 4), -ENOSPC);
	forget(&f.t, 2);
	assert_null(find(&f.t, 2));
	assert_int_equal(add(&f.t, 4), 0);
	for (uint64_t a = 1; a <= 4; a++)
		assert_int_equal(find(&f.t, a) != NULL, a != 2);
	assert_int_equal(f.t.count, 3);
	drop(&f);
}

static void an_address_is_in_once(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, 4);
	assert_int_equal(add(&f.t, 0x123456789a), 0);
	assert_int_equal(add(&f.t, 0x123456789a), -EEXIST);
	assert_int_equal(f.t.count, 1);
	for (uint64_t a = 1; a <= 3; a++) // the refused one's place is free again
		assert_int_equal(add(&f.t, a), 0);
	drop(&f);
}

static void an_unlinked_peer_is_reused_only_after_reclaim(void **state)
{
	(void)state;
	struct fixture f;
	make(&f, 1);
	assert_int_equal(add(&f.t, 7), 0);
	struct rl_peer *p = find(&f.t, 7);
	rl_peer_table_unlink(&f.t, p);
	rl_peer_table_unlink(&f.t, p); // twice does no harm
	assert_null(find(&f.t, 7));
	assert_int_equal(p->address, 7); // a reader may still stand on it
	assert_int_equal(rl_peer_table_seal(&f.t), 1);
	assert_int_equal(add(&f.t, 8), -ENOSPC);
	rl_peer_table_reclaim(&f.t);
	assert_int_equal(add(&f.t, 8), 0);
	assert_int_equal(rl_peer_table_seal(&f.t), 0);
	drop(&f);
}

// What a removed peer leaves behind must not pile up: look-ups of unknown addresses walk over it.
static void churn_leaves_nothing_behind(void **state)
{
	(void)state;
	enum { MAX = 4096, ROUNDS = 40 * MAX };
	static uint64_t held[MAX];
	struct fixture f;
	make(&f, MAX);
	uint64_t next = 1, passed = 0;
	for (unsigned i = 0; i < MAX; i++)
		assert_int_equal(add(&f.t, held[i] = next++), 0);
	srand(1);
	for (unsigned n = 0; n < ROUNDS; n++) {
		unsigned i = (unsigned)rand() % MAX;
		forget(&f.t, held[i]);
		assert_int_equal(add(&f.t, held[i] = next++), 0);
	}
	for (unsigned i = 0; i < MAX; i++)
		assert_non_null(find(&f.t, held[i]));
	for (uint64_t i = 0; i < f.t.bucket_count; i++)
		passed += f.t.buckets[i].passed;
	print_message("peers beyond their bucket, full table: %.3f\n", (double)passed / MAX);
	assert_true(passed < MAX / 2);
	for (unsigned i = 0; i < MAX; i++)
		forget(&f.t, held[i]);
	for (uint64_t i = 0; i < f.t.bucket_count; i++) {
		assert_int_equal(f.t.buckets[i].passed, 0);
		for (unsigned k = 0; k < 7; k++)
			assert_int_equal(f.t.buckets[i].slot[k], 0);
	}
	drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_means_full_and_room_comes_back),
		cmocka_unit_test(an_address_is_in_once),
		cmocka_unit_test(an_unlinked_peer_is_reused_only_after_reclaim),
		cmocka_unit_test(churn_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
