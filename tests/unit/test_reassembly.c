// SPDX-License-Identifier: BSD-3-Clause
#include "root/reassembly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/block.h"

enum { TIMEOUT = 2000, PIECE = 1472 };

static const uint64_t T = 1800000000000;
static const uint8_t key[16] = "a key of sixteen";
static struct rl_reassembly table;
static uint8_t sent[ZT_FRAG_MAX * PIECE + 1];
static uint8_t *packet;
static size_t packet_len;

static void make(uint32_t slots)
{
	rl_reassembly_init(&table, block_new(rl_reassembly_size(slots)), slots, TIMEOUT, key);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 251);
	packet = NULL;
	packet_len = 0;
}

static int fresh(void **state)
{
	(void)state;
	make(8);
	return 0;
}

static struct rl_inet at(const char *text)
{
	struct rl_inet a;
	assert_int_equal(rl_inet_parse(&a, text), 0);
	return a;
}

static enum rl_frag piece(const char *from, uint64_t id, unsigned number, unsigned total,
			  const uint8_t *data, size_t len, uint64_t now)
{
	struct rl_inet a = at(from);
	return rl_reassembly_add(&table, &a, id, number, total, data, len, now, &packet,
				 &packet_len);
}

// A head of 100 bytes.
static enum rl_frag head(const char *from, uint64_t id, uint64_t now)
{
	return piece(from, id, 0, 0, sent, 100, now);
}

// Number 1 of 2, 50 bytes.
static enum rl_frag tail(const char *from, uint64_t id, uint64_t now)
{
	return piece(from, id, 1, 2, sent + 100, 50, now);
}

static void any_order_joins(void **state)
{
	static const struct {
		const char *what;
		unsigned total;
		size_t len[ZT_FRAG_MAX];
		unsigned order[12], count; // as they come, duplicates too
	} rows[] = {
		{"head first", 2, {1432, 1}, {0, 1}, 2},
		{"head last", 2, {1432, 1}, {1, 0}, 2},
		{"smallest pieces", 7, {28, 1, 1, 1, 1, 1, 1}, {6, 5, 4, 3, 2, 1, 0}, 7},
		{"sizes that differ", 4, {28, 1472, 1, 700}, {2, 0, 3, 1}, 4},
		{"duplicates", 3, {500, 600, 700}, {1, 1, 0, 0, 1, 0, 2}, 7},
		{"largest packet",
		 7,
		 {1432, 1432, 1432, 1432, 1432, 1432, 1432},
		 {3, 1, 0, 6, 2, 5, 4},
		 7},
		{"largest packet, uneven",
		 7,
		 {1192, 1472, 1472, 1472, 1472, 1472, 1472},
		 {0, 1, 2, 3, 4, 5, 6},
		 7},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t start[ZT_FRAG_MAX + 1] = {0};

		make(8);
		for (unsigned k = 0; k < rows[i].total; k++)
			start[k + 1] = start[k] + rows[i].len[k];
		for (unsigned k = 0; k < rows[i].count; k++) {
			unsigned n = rows[i].order[k];
			enum rl_frag want =
				k + 1 == rows[i].count ? RL_FRAG_COMPLETE : RL_FRAG_KEPT;

			if (piece("192.0.2.1/9993", 42, n, n ? rows[i].total : 0, sent + start[n],
				  rows[i].len[n], T + k) != want)
				fail_msg("%s: piece %u", rows[i].what, k);
		}
		assert_int_equal(packet_len, start[rows[i].total]);
		assert_memory_equal(packet, sent, packet_len);
		assert_int_equal(table.used, 0);
		// It is gone: the same again starts anew.
		assert_int_equal(head("192.0.2.1/9993", 42, T + 50), RL_FRAG_KEPT);
	}
}

static void impossible_pieces_are_refused(void **state)
{
	static const struct {
		const char *what;
		unsigned number, total;
		size_t len;
	} rows[] = {
		{"one piece in all", 1, 1, 50},
		{"number 0 is the head's", 0, 2, 50},
		{"number equals total", 2, 2, 50},
		{"number above total", 5, 3, 50},
		{"eight pieces", 1, 8, 50},
		{"fifteen pieces", 14, 15, 50},
		{"head with a number", 1, 0, 50},
		{"empty fragment", 1, 2, 0},
		{"empty head", 0, 0, 0},
		{"head shorter than a header", 0, 0, ZT_HDR_LEN - 1},
		{"fragment larger than a datagram", 1, 2, PIECE + 1},
		{"head larger than a datagram", 0, 0, PIECE + 1},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (piece("192.0.2.1/9993", 42, rows[i].number, rows[i].total, sent, rows[i].len,
			  T) != RL_FRAG_BAD)
			fail_msg("%s", rows[i].what);
		assert_int_equal(table.used, 0); // nor does it take a slot
	}
}

static void the_total_may_not_change(void **state)
{
	(void)state;
	assert_int_equal(tail("192.0.2.1/9993", 42, T), RL_FRAG_KEPT);
	assert_int_equal(piece("192.0.2.1/9993", 42, 2, 3, sent, 50, T), RL_FRAG_BAD);
	// What was there is not lost by it.
	assert_int_equal(head("192.0.2.1/9993", 42, T), RL_FRAG_COMPLETE);
	assert_int_equal(packet_len, 150);
}

static void one_byte_too_many_is_refused(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 7; n++)
		assert_int_equal(piece("192.0.2.1/9993", 42, n, 7, sent, PIECE, T), RL_FRAG_KEPT);
	assert_int_equal(piece("192.0.2.1/9993", 42, 0, 0, sent, 1193, T), RL_FRAG_BAD);
	assert_int_equal(table.used, 0);
}

static void of_duplicates_the_first_counts(void **state)
{
	static const uint8_t other[100] = {1, 2, 3};

	(void)state;
	head("192.0.2.1/9993", 42, T);
	assert_int_equal(piece("192.0.2.1/9993", 42, 0, 0, other, 60, T), RL_FRAG_KEPT);
	assert_int_equal(tail("192.0.2.1/9993", 42, T), RL_FRAG_COMPLETE);
	assert_int_equal(packet_len, 150);
	assert_memory_equal(packet, sent, 150);
}

static void packets_are_told_apart(void **state)
{
	static const struct {
		const char *what, *from;
		uint64_t id;
	} rows[] = {
		{"another ID", "192.0.2.1/9993", 43},
		{"another port", "192.0.2.1/9994", 42},
		{"another address", "192.0.2.2/9993", 42},
		{"another family", "2001:db8::1/9993", 42},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(16);
		assert_int_equal(head("192.0.2.1/9993", 42, T), RL_FRAG_KEPT);
		if (tail(rows[i].from, rows[i].id, T) != RL_FRAG_KEPT)
			fail_msg("%s", rows[i].what);
		assert_int_equal(head(rows[i].from, rows[i].id, T), RL_FRAG_COMPLETE);
		assert_int_equal(tail("192.0.2.1/9993", 42, T), RL_FRAG_COMPLETE);
	}
}

static void a_source_holds_four(void **state)
{
	static const struct {
		const char *what, *from[5];
		bool pushes_out;
	} rows[] = {
		{"one address and port",
		 {"192.0.2.1/1", "192.0.2.1/1", "192.0.2.1/1", "192.0.2.1/1", "192.0.2.1/1"},
		 true},
		{"one address, many ports",
		 {"192.0.2.1/1", "192.0.2.1/2", "192.0.2.1/3", "192.0.2.1/4", "192.0.2.1/5"},
		 true},
		{"many addresses of one /64",
		 {"2001:db8::1/1", "2001:db8::2/1", "2001:db8::3/1", "2001:db8::4/1",
		  "2001:db8::5/1"},
		 true},
		{"two addresses",
		 {"192.0.2.1/1", "192.0.2.1/2", "192.0.2.2/3", "192.0.2.1/4", "192.0.2.1/5"},
		 false},
		{"two /64",
		 {"2001:db8::1/1", "2001:db8::2/1", "2001:db8::3/1", "2001:db8::4/1",
		  "2001:db8:0:1::5/1"},
		 false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(8);
		for (uint64_t k = 0; k < 4; k++)
			assert_int_equal(head(rows[i].from[k], k, T + k), RL_FRAG_KEPT);
		assert_int_equal(head(rows[i].from[4], 4, T + 4), RL_FRAG_KEPT);
		// The source's oldest gave way if it had to, all others go on.
		for (uint64_t k = 1; k < 5; k++)
			assert_int_equal(tail(rows[i].from[k], k, T + 4), RL_FRAG_COMPLETE);
		if (tail(rows[i].from[0], 0, T + 4) !=
		    (rows[i].pushes_out ? RL_FRAG_KEPT : RL_FRAG_COMPLETE))
			fail_msg("%s", rows[i].what);
	}
}

static void a_full_set_gives_up_its_oldest(void **state)
{
	char from[32];

	(void)state;
	for (unsigned k = 0; k < 8; k++) {
		snprintf(from, sizeof(from), "192.0.2.%u/1", k);
		assert_int_equal(head(from, k, T + k), RL_FRAG_KEPT);
	}
	// Number 0 leaves its slot to number 8, so the first place is not the oldest.
	assert_int_equal(tail("192.0.2.0/1", 0, T + 8), RL_FRAG_COMPLETE);
	assert_int_equal(head("192.0.2.8/1", 8, T + 8), RL_FRAG_KEPT);
	assert_int_equal(table.used, 8);
	assert_int_equal(rl_reassembly_expire(&table, T + 9), 0);
	assert_int_equal(head("192.0.2.9/1", 9, T + 9), RL_FRAG_KEPT);
	assert_int_equal(table.used, 8);
	assert_int_equal(rl_reassembly_expire(&table, T + 9), 1);
	for (unsigned k = 2; k < 10; k++) {
		snprintf(from, sizeof(from), "192.0.2.%u/1", k);
		assert_int_equal(tail(from, k, T + 20), RL_FRAG_COMPLETE);
	}
	assert_int_equal(tail("192.0.2.1/1", 1, T + 20), RL_FRAG_KEPT);
}

static void a_flood_stays_in_its_set(void **state)
{
	unsigned hit = 0;
	char from[32];

	(void)state;
	make(64);
	for (unsigned k = 0; k < 32; k++) {
		snprintf(from, sizeof(from), "192.0.2.%u/1", k);
		head(from, k, T);
	}
	rl_reassembly_expire(&table, T);
	for (uint64_t id = 1000; id < 11000; id++)
		head("198.51.100.1/1", id, T + 1);
	assert_in_range(rl_reassembly_expire(&table, T + 1), 9996, 10000); // its own, but for four
	for (unsigned k = 0; k < 32; k++) {
		snprintf(from, sizeof(from), "192.0.2.%u/1", k);
		hit += tail(from, k, T + 2) == RL_FRAG_COMPLETE;
	}
	assert_true(hit >= 24);
}

static void old_ones_are_given_up(void **state)
{
	(void)state;
	assert_int_equal(rl_reassembly_expire(&table, T), 0);
	head("192.0.2.1/1", 1, T);
	head("192.0.2.2/1", 2, T + 500);
	assert_int_equal(rl_reassembly_expire(&table, T + TIMEOUT), 0);
	assert_int_equal(rl_reassembly_expire(&table, T + TIMEOUT + 1), 1);
	assert_int_equal(rl_reassembly_expire(&table, T + TIMEOUT + 500), 0);
	assert_int_equal(table.used, 1);
	assert_int_equal(rl_reassembly_expire(&table, T + TIMEOUT + 501), 1);
	assert_int_equal(rl_reassembly_expire(&table, T + 90000), 0);
	assert_int_equal(table.used, 0);
	// A fragment that comes after that joins nothing.
	assert_int_equal(tail("192.0.2.1/1", 1, T + 90000), RL_FRAG_KEPT);
	// Nor does one that comes too late while nobody has cleaned up.
	assert_int_equal(head("192.0.2.1/1", 1, T + 90000 + TIMEOUT + 1), RL_FRAG_KEPT);
	assert_int_equal(rl_reassembly_expire(&table, T + 90000 + TIMEOUT + 1), 1);
}

static void a_clock_set_back_empties_the_table(void **state)
{
	(void)state;
	for (uint64_t id = 0; id < 4; id++)
		head("192.0.2.1/1", id, T);
	assert_int_equal(rl_reassembly_expire(&table, T - 3600000), 4);
	assert_int_equal(head("192.0.2.1/1", 9, T - 3600000), RL_FRAG_KEPT);
	assert_int_equal(rl_reassembly_expire(&table, T - 3600000 + TIMEOUT), 0);
	assert_int_equal(rl_reassembly_expire(&table, T - 3600000 + TIMEOUT + 1), 1);
	// The share of a source is free again without anybody having cleaned up.
	for (uint64_t id = 0; id < 4; id++)
		head("192.0.2.1/1", id, T);
	assert_int_equal(head("192.0.2.1/1", 9, T - 3600000), RL_FRAG_KEPT);
}

static void slots_are_rounded_up_to_sets(void **state)
{
	(void)state;
	assert_int_equal(rl_reassembly_size(1), rl_reassembly_size(8));
	assert_true(rl_reassembly_size(9) > rl_reassembly_size(8));
	assert_int_equal(rl_reassembly_size(9), rl_reassembly_size(16));
	assert_true(rl_reassembly_size(64) < 64 * 10500 + ZT_PACKET_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_order_joins, fresh),
		cmocka_unit_test_setup(impossible_pieces_are_refused, fresh),
		cmocka_unit_test_setup(the_total_may_not_change, fresh),
		cmocka_unit_test_setup(one_byte_too_many_is_refused, fresh),
		cmocka_unit_test_setup(of_duplicates_the_first_counts, fresh),
		cmocka_unit_test_setup(packets_are_told_apart, fresh),
		cmocka_unit_test_setup(a_source_holds_four, fresh),
		cmocka_unit_test_setup(a_full_set_gives_up_its_oldest, fresh),
		cmocka_unit_test_setup(a_flood_stays_in_its_set, fresh),
		cmocka_unit_test_setup(old_ones_are_given_up, fresh),
		cmocka_unit_test_setup(a_clock_set_back_empties_the_table, fresh),
		cmocka_unit_test(slots_are_rounded_up_to_sets),
	};

	return cmocka_run_group_tests(tests, NULL, block_done);
}
