// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ALICE = 1, BOB = 2, CAROL = 3, CLUSTER = 42 };
#define START UINT64_C(1700000000000)

static uint8_t key[RL_SEAL_KEY], public[4][RL_SEAL_PUBLIC], secret[4][RL_SEAL_SECRET];
static struct rl_seal seal[4];
static uint8_t sent[RL_BATCH_MAX], got[RL_BATCH_MAX];

static void start(uint8_t member, uint64_t epoch, uint64_t salt)
{
	rl_seal_init(&seal[member], key, CLUSTER, member, secret[member], epoch, salt);
	for (uint8_t m = ALICE; m <= CAROL; m++)
		rl_seal_member(&seal[member], m, public[m]);
}

static int fresh(void **state)
{
	(void)state;
	rl_seal_new_key(key);
	for (uint8_t m = ALICE; m <= CAROL; m++) {
		rl_seal_new_member(public[m], secret[m]);
		start(m, START, m);
	}
	return 0;
}

static size_t batch(uint8_t *buffer, uint8_t to)
{
	struct rl_batch_writer b;
	struct rl_batch_head h = {
		.kind = RL_BATCH_WHOIS_ASK, .to = to, .time_ms = START, .clock_ms = START};
	rl_batch_open(&b, buffer, &h);
	for (uint64_t a = 1; a <= 100; a++)
		assert_int_equal(rl_batch_add(&b, &(union rl_record){.address = a}), 0);
	return rl_batch_close(&b);
}

static size_t send(uint8_t from, uint8_t to)
{
	return rl_seal_close(&seal[from], sent, batch(sent, to));
}

static enum rl_refusal take(uint8_t member, size_t len)
{
	memcpy(got, sent, len);
	return rl_seal_open(&seal[member], got, &len);
}

static void a_batch_arrives(void **state)
{
	(void)state;
	struct rl_batch_reader b;
	size_t plain = batch(got, RL_NOBODY), len = send(ALICE, RL_NOBODY);
	assert_int_equal(len, plain + RL_BATCH_SEAL);
	assert_memory_not_equal(sent + RL_BATCH_HEADER, got + RL_BATCH_HEADER, 500);
	for (uint8_t m = BOB; m <= CAROL; m++) {
		size_t n = len;
		memcpy(got, sent, len);
		assert_int_equal(rl_seal_open(&seal[m], got, &n), RL_REFUSAL_NONE);
		assert_int_equal(n, plain);
		assert_int_equal(rl_batch_parse(&b, got, n), RL_REFUSAL_NONE);
		assert_int_equal(b.head.from, ALICE);
		assert_int_equal(b.head.epoch, START);
		assert_int_equal(b.head.seq, 1);
		assert_int_equal(b.head.count, 100);
	}
}

static void every_changed_bit_is_seen(void **state)
{
	(void)state;
	size_t len = send(ALICE, RL_NOBODY);
	for (size_t i = 0; i < len; i++) {
		sent[i] ^= 1 << i % 8;
		assert_int_not_equal(take(BOB, len), RL_REFUSAL_NONE);
		sent[i] ^= 1 << i % 8;
	}
	assert_int_equal(take(BOB, len), RL_REFUSAL_NONE); // and none of them has used it up
}

static void cut_anywhere_it_is_refused(void **state)
{
	(void)state;
	size_t len = send(ALICE, RL_NOBODY);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + !cut);
		size_t n = cut;
		memcpy(copy, sent, cut);
		assert_int_equal(rl_seal_open(&seal[BOB], copy, &n),
				 cut < RL_BATCH_HEADER + RL_BATCH_SEAL ? RL_REFUSAL_TOO_SHORT
								       : RL_REFUSAL_BAD_SEAL);
		free(copy);
	}
}

static void wrong_keys_are_told_apart(void **state)
{
	(void)state;
	size_t len = send(ALICE, RL_NOBODY);
	struct rl_seal *other = &seal[CAROL];
	uint8_t another[RL_SEAL_KEY];
	rl_seal_new_key(another);
	rl_seal_init(other, another, CLUSTER, CAROL, secret[CAROL], START, 1);
	rl_seal_member(other, ALICE, public[ALICE]);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_BAD_SEAL);
	rl_seal_init(other, key, CLUSTER + 1, CAROL, secret[CAROL], START, 1);
	rl_seal_member(other, ALICE, public[ALICE]);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_CLUSTER);
	rl_seal_init(other, key, CLUSTER, CAROL, secret[CAROL], START, 1);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_NO_KEY);
	rl_seal_member(other, ALICE, public[BOB]);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_BAD_SIGNATURE);
	rl_seal_member(other, ALICE, public[ALICE]);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_NONE);
	len = send(ALICE, RL_NOBODY);
	rl_seal_member(other, ALICE, NULL);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_NO_KEY);
	rl_seal_member(other, ALICE, public[ALICE]);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_NONE);
	rl_seal_member(other, ALICE, NULL); // out and in again brings back no old batch
	rl_seal_member(other, ALICE, public[ALICE]);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_REPLAY);
}

static void one_member_cannot_speak_for_another(void **state)
{
	(void)state;
	struct rl_seal liar;
	rl_seal_init(&liar, key, CLUSTER, ALICE, secret[CAROL], START + 1, 9); // all it has
	size_t len = rl_seal_close(&liar, sent, batch(sent, RL_NOBODY));
	assert_int_equal(take(BOB, len), RL_REFUSAL_BAD_SIGNATURE);
	len = send(ALICE, RL_NOBODY); // and has not made them deaf for the true one
	assert_int_equal(take(BOB, len), RL_REFUSAL_NONE);
}

static void a_batch_is_for_its_receiver(void **state)
{
	(void)state;
	size_t len = send(ALICE, BOB);
	assert_int_equal(take(CAROL, len), RL_REFUSAL_NOT_TO_US);
	assert_int_equal(take(ALICE, len), RL_REFUSAL_OWN);
	assert_int_equal(take(BOB, len), RL_REFUSAL_NONE);
}

// Numbers as they come in, and what becomes of each.
static const struct {
	uint64_t seq;
	enum rl_refusal why;
} numbers[] = {
	{5, RL_REFUSAL_NONE},        {5, RL_REFUSAL_REPLAY},
	{3, RL_REFUSAL_NONE}, // late is fine
	{3, RL_REFUSAL_REPLAY},      {1, RL_REFUSAL_NONE},
	{1025, RL_REFUSAL_NONE},     {2, RL_REFUSAL_NONE}, // the oldest of the window
	{1026, RL_REFUSAL_NONE},     {2, RL_REFUSAL_REPLAY},
	{4, RL_REFUSAL_NONE},        {1088, RL_REFUSAL_NONE},
	{64, RL_REFUSAL_REPLAY},     {65, RL_REFUSAL_NONE},
	{65, RL_REFUSAL_REPLAY},     {1026, RL_REFUSAL_REPLAY},
	{1087, RL_REFUSAL_NONE},     {100000, RL_REFUSAL_NONE}, // a jump over all of it
	{1089, RL_REFUSAL_REPLAY},   {98977, RL_REFUSAL_NONE},
	{98976, RL_REFUSAL_REPLAY},  {99999, RL_REFUSAL_NONE},
	{100000, RL_REFUSAL_REPLAY},
};

static void replays_in_a_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		seal[ALICE].seq = numbers[i].seq - 1;
		enum rl_refusal why = take(BOB, send(ALICE, RL_NOBODY));
		if (why != numbers[i].why)
			fail_msg("%u: number %lu: %s", i, (unsigned long)numbers[i].seq,
				 rl_refusal_name(why));
	}
}

// The window against a plain list of what was taken.
static void any_order_is_taken_once(void **state)
{
	(void)state;
	enum { MOST = 3000, STEPS = 4000 };
	static bool taken[MOST + 1];
	uint64_t newest = 0;
	memset(taken, 0, sizeof(taken));
	srand(5);
	for (unsigned n = 0; n < STEPS; n++) {
		uint64_t seq = 1 + (n * MOST / STEPS + (unsigned)rand() % 1500) % MOST;
		seal[ALICE].seq = seq - 1;
		bool old = newest >= seq && newest - seq >= RL_SEAL_WINDOW;
		enum rl_refusal want = taken[seq] || old ? RL_REFUSAL_REPLAY : RL_REFUSAL_NONE;
		assert_int_equal(take(BOB, send(ALICE, RL_NOBODY)), want);
		if (want == RL_REFUSAL_NONE)
			taken[seq] = true;
		newest = seq > newest ? seq : newest;
	}
}

static void a_new_start_ends_the_old_one(void **state)
{
	(void)state;
	static uint8_t old[RL_BATCH_MAX];
	size_t len = send(ALICE, RL_NOBODY);
	assert_int_equal(take(BOB, len), RL_REFUSAL_NONE);
	size_t old_len = send(ALICE, RL_NOBODY);
	memcpy(old, sent, old_len);
	start(ALICE, START + 1, 7);
	assert_int_equal(take(BOB, send(ALICE, RL_NOBODY)), RL_REFUSAL_NONE); // number 1 again
	memcpy(sent, old, old_len);
	assert_int_equal(take(BOB, old_len), RL_REFUSAL_OLD_BOOT);
	start(ALICE, START + 1, 8); // two starts in one millisecond: the first is it
	assert_int_equal(take(BOB, send(ALICE, RL_NOBODY)), RL_REFUSAL_OLD_BOOT);
}

static void keys_of_the_directory_differ(void **state)
{
	(void)state;
	uint8_t a[16], b[16], c[16], another[RL_SEAL_KEY];
	rl_seal_new_key(another);
	rl_seal_directory_key(key, 1, a);
	rl_seal_directory_key(key, 1, b);
	assert_memory_equal(a, b, 16);
	rl_seal_directory_key(key, 2, b);
	rl_seal_directory_key(another, 1, c);
	assert_memory_not_equal(a, b, 16);
	assert_memory_not_equal(a, c, 16);
	static const struct rl_seal empty;
	rl_seal_wipe(&seal[ALICE]);
	assert_memory_equal(&seal[ALICE], &empty, sizeof(empty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_batch_arrives, fresh),
		cmocka_unit_test_setup(every_changed_bit_is_seen, fresh),
		cmocka_unit_test_setup(cut_anywhere_it_is_refused, fresh),
		cmocka_unit_test_setup(wrong_keys_are_told_apart, fresh),
		cmocka_unit_test_setup(one_member_cannot_speak_for_another, fresh),
		cmocka_unit_test_setup(a_batch_is_for_its_receiver, fresh),
		cmocka_unit_test_setup(replays_in_a_table, fresh),
		cmocka_unit_test_setup(any_order_is_taken_once, fresh),
		cmocka_unit_test_setup(a_new_start_ends_the_old_one, fresh),
		cmocka_unit_test_setup(keys_of_the_directory_differ, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
