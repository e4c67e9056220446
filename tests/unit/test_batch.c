// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/batch.h"
#include "root/random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW UINT64_C(1700000000000)

static uint8_t buffer[RL_BATCH_MAX];
static struct rl_random dice;

static int throw_dice(void **state)
{
	(void)state;
	static const uint8_t seed[32] = {6};
	rl_random_init(&dice, seed);
	return 0;
}

static struct rl_batch_head head(uint8_t kind)
{
	return (struct rl_batch_head){.kind = kind,
				      .from = 3,
				      .to = 4,
				      .cluster = 0x1122334455667788,
				      .epoch = NOW - 5000,
				      .salt = 77,
				      .seq = 9,
				      .stream = 8,
				      .time_ms = NOW,
				      .clock_ms = NOW + 1,
				      .request = 6,
				      .flags = RL_BATCH_LAST,
				      .part = 5};
}

#define V4                                                     \
	{                                                      \
		.ip = {10, 1, 2, 3}, .port = 9993, .family = 4 \
	}
#define V6                                                           \
	{                                                            \
		.ip = {0x20, 1, [15] = 9}, .port = 9994, .family = 6 \
	}
static const struct rl_inet v4 = V4, v6 = V6;
static const uint8_t text[] = "news";
static const uint8_t members[10] = {0, 0, 0, 0, 7, 0, 0, 0, 0, 8};

static const struct {
	const char *what;
	uint8_t kind;
	union rl_record r;
	size_t len;
} told[] = {
	{"least location",
	 RL_BATCH_LOCATIONS,
	 {.location = {.address = 1, .home = 3, .stamp_ms = NOW}},
	 11},
	{"tombstone",
	 RL_BATCH_LOCATIONS,
	 {.location = {.address = 1, .home = 3, .stamp_ms = NOW + 2000, .gone = true}},
	 11},
	{"one family",
	 RL_BATCH_REFRESH,
	 {.location = {.address = 0xfeffffffff, .home = 3, .stamp_ms = NOW - 86400000, .v4 = V4}},
	 17},
	{"both, backup, identity",
	 RL_BATCH_SNAPSHOT,
	 {.location = {.address = 2,
		       .home = 3,
		       .stamp_ms = NOW - 1,
		       .v4 = V4,
		       .v6 = V6,
		       .backup = 255,
		       .fingerprint = UINT64_MAX}},
	 43},
	{"identity", RL_BATCH_LOCATIONS, {.location = {.address = 2, .fingerprint = 5}}, 19},
	{"news", RL_BATCH_HEARTBEAT, {.blob = {sizeof(text), text}}, 1 + sizeof(text)},
	{"round trip", RL_BATCH_ROUND_TRIPS, {.blob = {1, text}}, 2},
	{"range", RL_BATCH_REPAIR_ASK, {.range = {7, 7}}, 16},
	{"shards", RL_BATCH_SNAPSHOT_ASK, {.shards = {{1, [31] = 0x80}}}, 32},
	{"wanted", RL_BATCH_WHOIS_ASK, {.address = 0x123456789a}, 5},
	{"whois",
	 RL_BATCH_WHOIS_REPLY,
	 {.identity = {.address = 9, .public_key = {1, [63] = 2}}},
	 69},
	{"listened to", RL_BATCH_SUBSCRIBE, {.group_hash = UINT64_MAX}, 8},
	{"gather",
	 RL_BATCH_GATHER_ASK,
	 {.gather_ask = {{UINT64_MAX, 0xffffffffffff, 0xffffffff}, 255}},
	 19},
	{"gathered", RL_BATCH_GATHER_REPLY, {.gather_reply = {{1, 2, 3}, 1000, 2, members}}, 33},
	{"introduction", RL_BATCH_INTRODUCE, {.introduction = {1, 2, V4, {.family = 0}}}, 18},
	{"introduction, both", RL_BATCH_INTRODUCE, {.introduction = {1, 2, V4, V6}}, 36},
	{"notice", RL_BATCH_NOTICE, {.notice = {9, RL_NOTICE_ARRIVED, 4}}, 7},
	{"front", RL_BATCH_FRONTS, {.front_rtt = {255, RL_FRONT_RTT_MAX}}, 5},
};

static size_t make(uint8_t kind, const union rl_record *r)
{
	struct rl_batch_writer b;
	struct rl_batch_head h = head(kind);
	rl_batch_open(&b, buffer, &h);
	if (r)
		assert_int_equal(rl_batch_add(&b, r), 0);
	size_t len = rl_batch_close(&b);
	rl_batch_sign_head(buffer, &h);
	return len;
}

// In a block of exactly that size, so that reading on is seen by a sanitizer.
static enum rl_refusal parse(const uint8_t *data, size_t len, union rl_record *first)
{
	struct rl_batch_reader b;
	uint8_t *copy = malloc(len + !len);
	memcpy(copy, data, len);
	enum rl_refusal why = rl_batch_parse(&b, copy, len);
	if (why == RL_REFUSAL_NONE && first)
		assert_true(rl_batch_next(&b, first));
	free(copy);
	return why;
}

static void expect_the_same_bytes(const struct rl_batch_head *h, const union rl_record *r,
				  size_t len)
{
	static uint8_t again[RL_BATCH_MAX];
	struct rl_batch_writer b;
	rl_batch_open(&b, again, h);
	assert_int_equal(rl_batch_add(&b, r), 0);
	assert_int_equal(rl_batch_close(&b), len);
	rl_batch_sign_head(again, h);
	assert_memory_equal(again, buffer, len);
}

static void all_kinds_come_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(told) / sizeof(*told); i++) {
		struct rl_batch_reader b;
		union rl_record got;
		size_t len = make(told[i].kind, &told[i].r);
		if (len != RL_BATCH_HEADER + told[i].len)
			fail_msg("%s: %zu bytes", told[i].what, len - RL_BATCH_HEADER);
		assert_int_equal(rl_batch_parse(&b, buffer, len), RL_REFUSAL_NONE);
		assert_int_equal(b.head.kind, told[i].kind);
		assert_int_equal(b.head.count, 1);
		assert_int_equal(b.head.time_ms, NOW);
		assert_int_equal(b.head.clock_ms, NOW + 1);
		assert_int_equal(b.head.stream, 8);
		assert_int_equal(b.head.part, 5);
		assert_true(rl_batch_next(&b, &got));
		if (told[i].kind <= RL_BATCH_REPAIR)
			assert_true(rl_location_equal(&got.location, &told[i].r.location));
		expect_the_same_bytes(&b.head, &got, len);
		assert_false(rl_batch_next(&b, &got));
	}
}

static void cut_anywhere_or_longer_it_is_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(told) / sizeof(*told); i++) {
		size_t len = make(told[i].kind, &told[i].r);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(parse(buffer, cut, NULL), cut < RL_BATCH_HEADER
									   ? RL_REFUSAL_TOO_SHORT
									   : RL_REFUSAL_MALFORMED);
		buffer[len] = 0;
		assert_int_equal(parse(buffer, len + 1, NULL), RL_REFUSAL_MALFORMED);
	}
}

static const struct {
	const char *what;
	size_t at;
	uint8_t byte;
	enum rl_refusal why;
} heads[] = {
	{"another magic", 0, 0, RL_REFUSAL_VERSION},
	{"another version", 2, 2, RL_REFUSAL_VERSION},
	{"no kind", 3, 0, RL_REFUSAL_MALFORMED},
	{"a kind to come", 3, RL_BATCH_KINDS_END, RL_REFUSAL_MALFORMED},
	{"from nobody", 4, 0, RL_REFUSAL_MALFORMED},
	{"more records than there are", 7, 2, RL_REFUSAL_MALFORMED},
	{"fewer", 7, 0, RL_REFUSAL_MALFORMED},
	{"a number never reached", 40, 0x10, RL_REFUSAL_MALFORMED},
	{"a time of far away", 48, 1, RL_REFUSAL_MALFORMED},
	{"a clock of far away", 56, 1, RL_REFUSAL_MALFORMED},
	{"a flag to come", 70, 4, RL_REFUSAL_MALFORMED},
	{"not zero", 71, 1, RL_REFUSAL_MALFORMED},
};

static void headers_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		size_t len = make(RL_BATCH_WHOIS_ASK, &(union rl_record){.address = 5});
		buffer[heads[i].at] = heads[i].byte;
		enum rl_refusal why = parse(buffer, len, NULL);
		if (why != heads[i].why)
			fail_msg("%s: %s", heads[i].what, rl_refusal_name(why));
	}
	size_t len = make(RL_BATCH_WHOIS_ASK, &(union rl_record){.address = 5});
	memset(buffer + 32, 0, 8);
	assert_int_equal(parse(buffer, len, NULL), RL_REFUSAL_MALFORMED); // seq 0
	len = make(RL_BATCH_WHOIS_ASK, &(union rl_record){.address = 5});
	memset(buffer + 16, 0, 8);
	assert_int_equal(parse(buffer, len, NULL), RL_REFUSAL_MALFORMED); // epoch 0
	assert_int_equal(make(RL_BATCH_NOTICE, NULL), RL_BATCH_HEADER);
	assert_int_equal(parse(buffer, RL_BATCH_HEADER, NULL), RL_REFUSAL_NONE); // empty is fine
}

// Bytes of a record changed to what put never writes. `at` counts from the record's start.
static const struct {
	const char *what;
	unsigned told; // row above
	size_t at;
	uint8_t byte;
	size_t count; // of bytes, 0: one
} bad[] = {
	{"reserved address", 0, 0, 0xff},
	{"address zero", 0, 4, 0},
	{"flag of an address that is not there", 0, 5, 2},
	{"seven PUSHes", 0, 5, 0x70},
	{"ports without PUSHes", 0, 5, 0x80},
	{"a tombstone with a backup", 1, 10, 1},
	{"a gone one that was never there", 4, 5, 9},
	{"the backup of no claim", 4, 10, 9},
	{"nothing at all", 4, 5, 0},
	{"fingerprint zero", 4, 11, 0, 8},
	{"empty news", 5, 0, 0},
	{"too much news", 5, 0, RL_BLOB_MAX + 1},
	{"a range backwards", 7, 7, 8},
	{"a gather of nothing", 12, 18, 0},
	{"more than in total", 13, 18, 0, 4},
	{"reserved member of a group", 13, 23, 0xff},
	{"introduced to itself", 14, 9, 1},
	{"IPv6 in the place of IPv4", 15, 10, 6},
	{"port 0", 14, 15, 0, 2},
	{"an unknown notice", 16, 5, RL_NOTICE_END},
	{"no notice", 16, 5, 0},
	{"a notice of nobody", 16, 6, 0},
	{"a front of nobody", 17, 0, 0},
	{"the front of itself", 17, 0, 3},
	{"a round trip of nothing", 17, 1, 0, 4},
	{"a round trip of a minute", 17, 1, 0xff},
};

static void malformed_records_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		unsigned t = bad[i].told;
		size_t len = make(told[t].kind, &told[t].r);
		memset(buffer + RL_BATCH_HEADER + bad[i].at, bad[i].byte,
		       bad[i].count ? bad[i].count : 1);
		enum rl_refusal why = parse(buffer, len, NULL);
		if (why != RL_REFUSAL_MALFORMED)
			fail_msg("%s: %s", bad[i].what, rl_refusal_name(why));
	}
}

// Every location that may be told comes back as it was, but for a fingerprint without room, and in
// no more than 48 bytes.
static void any_location_is_told_in_48_bytes(void **state)
{
	(void)state;
	size_t most = 0;
	for (unsigned n = 0; n < 20000; n++) {
		union rl_record r = {.location = {.address = 1 + (rl_random64(&dice) >> 25),
						  .home = 3,
						  .stamp_ms = NOW - rl_random_below(&dice, 1000000),
						  .fingerprint = rl_random_below(&dice, 2)}};
		struct rl_location *l = &r.location;
		if (rl_random_below(&dice, 2))
			l->v4 = v4;
		if (rl_random_below(&dice, 2))
			l->v6 = v6;
		for (uint32_t i = rl_random_below(&dice, 8); i > 0; i--)
			rl_pushes_note(&l->pushes, NOW - i * rl_random_below(&dice, 30000));
		if (l->pushes.count) {
			bool same = rl_random_below(&dice, 2);
			l->push_port4 = same ? l->v4.port : (uint16_t)rl_random_below(&dice, 9);
			l->push_port6 = same ? l->v6.port : (uint16_t)rl_random_below(&dice, 9);
		}
		size_t len = make(RL_BATCH_LOCATIONS, &r) - RL_BATCH_HEADER;
		union rl_record got;
		assert_int_equal(parse(buffer, len + RL_BATCH_HEADER, &got), RL_REFUSAL_NONE);
		if (got.location.fingerprint == 0 && l->fingerprint != 0) {
			assert_true(len + 8 > RL_LOCATION_WIRE_MAX);
			got.location.fingerprint = l->fingerprint;
		}
		assert_true(rl_location_equal(l, &got.location));
		most = len > most ? len : most;
	}
	assert_in_range(most, 44, RL_LOCATION_WIRE_MAX);
}

static void of_others_clients_no_claim_is_told(void **state)
{
	(void)state;
	union rl_record r = {.location = {.address = 5,
					  .home = 9,
					  .stamp_ms = NOW,
					  .backup = 4,
					  .v4 = v4,
					  .push_port4 = 44,
					  .push_port6 = 66}},
			got;
	struct rl_batch_writer b;
	struct rl_batch_head h = head(RL_BATCH_LOCATIONS);
	rl_batch_open(&b, buffer, &h);
	assert_int_equal(rl_batch_add(&b, &r), -EINVAL); // nothing is left
	for (unsigned i = 0; i < 4; i++)
		rl_pushes_note(&r.location.pushes, NOW - 9000 + i * 2000);
	size_t len = make(RL_BATCH_LOCATIONS, &r);
	assert_int_equal(parse(buffer, len, &got), RL_REFUSAL_NONE);
	r.location.home = r.location.backup = RL_NOBODY;
	r.location.stamp_ms = 0;
	r.location.v4 = (struct rl_inet){0};
	assert_true(rl_location_equal(&r.location, &got.location));
	for (size_t cut = RL_BATCH_HEADER; cut < len; cut++)
		assert_int_equal(parse(buffer, cut, NULL), RL_REFUSAL_MALFORMED);
}

static void what_cannot_be_told_is_not(void **state)
{
	(void)state;
	static const union rl_record r[] = {
		{.location = {.address = 1, .home = 3}}, // never stamped
		{.location = {.address = 1}},            // nothing
		{.location = {.address = 1, .home = 3, .stamp_ms = NOW + 9000}},
		{.location = {.address = 1,
			      .home = 3,
			      .stamp_ms = NOW + 8001 - (UINT64_C(1) << 32)}},
	};
	struct rl_batch_writer b;
	struct rl_batch_head h = head(RL_BATCH_LOCATIONS);
	rl_batch_open(&b, buffer, &h);
	for (unsigned i = 0; i < sizeof(r) / sizeof(*r); i++)
		assert_int_equal(rl_batch_add(&b, &r[i]), -EINVAL);
	assert_true(rl_batch_empty(&b));
	h = head(RL_BATCH_HEARTBEAT);
	rl_batch_open(&b, buffer, &h);
	assert_int_equal(rl_batch_add(&b, &(union rl_record){.blob = {0, text}}), -EINVAL);
	assert_int_equal(rl_batch_add(&b, &(union rl_record){.blob = {RL_BLOB_MAX + 1, text}}),
			 -EINVAL);
	h = head(RL_BATCH_KINDS_END);
	rl_batch_open(&b, buffer, &h);
	assert_int_equal(rl_batch_add(&b, &r[0]), -EINVAL);
}

static void a_full_batch_says_so_and_parses(void **state)
{
	(void)state;
	struct rl_batch_writer b;
	struct rl_batch_reader reader;
	struct rl_batch_head h = head(RL_BATCH_LOCATIONS);
	union rl_record r = {.location = {.home = 3, .stamp_ms = NOW, .v4 = v4, .v6 = v6}};
	rl_batch_open(&b, buffer, &h);
	assert_false(rl_batch_due(&b, NOW + 1000, 10)); // empty ones wait for ever
	for (r.location.address = 1; rl_batch_add(&b, &r) == 0; r.location.address++)
		assert_int_equal(rl_batch_due(&b, NOW + 10, 10), true);
	assert_int_equal(rl_batch_add(&b, &r), -ENOSPC);
	assert_true(rl_batch_due(&b, NOW, 10)); // full
	assert_true(rl_batch_room(&b) < RL_LOCATION_WIRE_MAX);
	size_t len = rl_batch_close(&b);
	rl_batch_sign_head(buffer, &h);
	assert_true(len <= RL_BATCH_MAX - RL_BATCH_SEAL);
	assert_int_equal(rl_batch_parse(&reader, buffer, len), RL_REFUSAL_NONE);
	assert_int_equal(reader.head.count, r.location.address - 1);
	for (uint64_t a = 1; rl_batch_next(&reader, &r); a++)
		assert_int_equal(r.location.address, a);
	assert_int_equal(rl_batch_head_parse(buffer, RL_BATCH_MAX + 1, &h), RL_REFUSAL_TOO_LONG);
}

static void a_bad_record_at_the_end_spoils_all(void **state)
{
	(void)state;
	struct rl_batch_writer b;
	struct rl_batch_head h = head(RL_BATCH_WHOIS_ASK);
	rl_batch_open(&b, buffer, &h);
	for (uint64_t a = 1; a < 5; a++)
		assert_int_equal(rl_batch_add(&b, &(union rl_record){.address = a}), 0);
	size_t len = rl_batch_close(&b);
	rl_batch_sign_head(buffer, &h);
	assert_int_equal(parse(buffer, len, NULL), RL_REFUSAL_NONE);
	buffer[len - 5] = 0xff;
	assert_int_equal(parse(buffer, len, NULL), RL_REFUSAL_MALFORMED);
}

static void kinds_and_refusals_have_names(void **state)
{
	(void)state;
	for (uint8_t k = 1; k < RL_BATCH_KINDS_END; k++)
		assert_string_not_equal(rl_batch_kind_name(k), "?");
	assert_string_equal(rl_batch_kind_name(0), "?");
	assert_string_equal(rl_batch_kind_name(255), "?");
	for (unsigned r = 0; r < RL_REFUSAL_COUNT; r++)
		assert_true(strlen(rl_refusal_help(r)) > strlen(rl_refusal_name(r)));
	assert_string_equal(rl_refusal_name(RL_REFUSAL_COUNT), "?");
	assert_string_equal(rl_refusal_help(RL_REFUSAL_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_come_back),
		cmocka_unit_test(cut_anywhere_or_longer_it_is_refused),
		cmocka_unit_test(headers_in_a_table),
		cmocka_unit_test(malformed_records_in_a_table),
		cmocka_unit_test_setup(any_location_is_told_in_48_bytes, throw_dice),
		cmocka_unit_test(of_others_clients_no_claim_is_told),
		cmocka_unit_test(what_cannot_be_told_is_not),
		cmocka_unit_test(a_full_batch_says_so_and_parses),
		cmocka_unit_test(a_bad_record_at_the_end_spoils_all),
		cmocka_unit_test(kinds_and_refusals_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
