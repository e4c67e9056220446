// SPDX-License-Identifier: BSD-3-Clause
// What a member makes of batches that others have forged, changed, repeated or made too many of:
// nothing but numbers in its counters.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/steward_rig.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, DIRECTORY = 1000, EACH = 100 };

static struct rl_random dice;

static int open_rig(void **state)
{
	(void)state;
	rl_random_init(&dice, (uint8_t[32]){1});
	rig_open(DIRECTORY);
	return 0;
}

// Clients first .. first + EACH - 1 speak at a member.
static void speak_all(uint8_t member)
{
	unsigned first = (member - 1u) * EACH;
	for (unsigned i = 0; i < EACH; i++)
		rig_speak(member, first + i);
}

static unsigned known(uint8_t at, uint8_t home)
{
	unsigned n = 0, first = (home - 1u) * EACH;
	for (unsigned i = 0; i < EACH; i++) {
		struct rl_location l = rig_at(at, RIG_CLIENT + first + i);
		n += rl_location_live(&l) && l.home == home;
	}
	return n;
}

static void expect_all_known(void)
{
	for (uint8_t at = AMS; at <= RIG_MEMBERS; at++)
		for (uint8_t home = AMS; home <= RIG_MEMBERS; home++)
			if (known(at, home) != EACH)
				fail_msg("%u knows %u clients of %u", at, known(at, home), home);
}

// A batch that all members take, if it is sealed.
static size_t make(struct rl_sync *from, uint8_t *batch, uint8_t kind, uint64_t first, unsigned n)
{
	struct rl_batch_writer b;
	struct rl_batch_head h = rl_sync_head(from, kind, RL_NOBODY, rig.now);
	if (kind == RL_BATCH_LOCATIONS)
		h.stream = ++from->stream;
	rl_batch_open(&b, batch, &h);
	for (unsigned i = 0; i < n; i++) {
		union rl_record r = {.location = {.address = first + i,
						  .home = from->config.self,
						  .stamp_ms = rig.now,
						  .v4 = rl_inet4(0x09000000 + i, 9993)}};
		assert_int_equal(rl_batch_add(&b, &r), 0);
	}
	return rl_batch_close(&b);
}

enum { OLD = 64 };

static struct {
	uint8_t to;
	size_t len;
	uint8_t bytes[RL_BATCH_MAX];
} * old; // batches that have passed

static uint64_t replayed, cut, changed, passed;

// Before each batch comes: an older one again, itself cut, itself with a changed bit.
static void tamper(uint8_t to, const uint8_t *bytes, size_t len)
{
	unsigned i = rl_random_below(&dice, OLD);
	if (old[i].len != 0 && old[i].to == to) {
		rig_take(to, old[i].bytes, old[i].len);
		replayed++;
	}
	rig_take(to, bytes, rl_random_below(&dice, (uint32_t)len));
	cut++;
	uint8_t *copy = malloc(len);
	memcpy(copy, bytes, len);
	copy[rl_random_below(&dice, (uint32_t)len)] ^= (uint8_t)(1u << rl_random_below(&dice, 8));
	rig_take(to, copy, len);
	changed++;
	free(copy);
	i = rl_random_below(&dice, OLD);
	passed++;
	old[i].to = to;
	old[i].len = len;
	memcpy(old[i].bytes, bytes, len);
}

static uint64_t refused_in_all(enum rl_refusal why)
{
	uint64_t n = 0;
	for (uint8_t at = AMS; at <= RIG_MEMBERS; at++)
		for (unsigned from = 0; from < RL_MEMBER_IDS; from++)
			n += rig_refused(at, (uint8_t)from, why);
	return n;
}

static uint64_t taken_in_all(void)
{
	uint64_t n = 0;
	for (uint8_t at = AMS; at <= RIG_MEMBERS; at++)
		for (uint8_t from = AMS; from <= RIG_MEMBERS; from++)
			n += rig.m[at].s.sync.peer[from].batches;
	return n;
}

static void what_was_changed_on_its_way_moves_nothing(void **state)
{
	(void)state;
	old = calloc(OLD, sizeof(*old));
	replayed = cut = changed = passed = 0;
	uint64_t before = taken_in_all();
	rig.tamper = tamper;
	for (unsigned n = 0; n < 4; n++) {
		for (uint8_t m = AMS; m <= RIG_MEMBERS; m++)
			speak_all(m);
		rig_run(15 * SECOND);
	}
	expect_all_known();
	assert_true(replayed > 100 && cut > 100 && changed > 100);
	assert_int_equal(taken_in_all() - before, passed); // what was sent, and nothing else
	assert_true(refused_in_all(RL_REFUSAL_REPLAY) >= replayed);
	uint64_t all = 0;
	for (unsigned why = RL_REFUSAL_NONE + 1; why < RL_REFUSAL_COUNT; why++)
		all += refused_in_all((enum rl_refusal)why);
	assert_int_equal(all, replayed + cut + changed);
	free(old);
}

// All batches of two seconds come in any order.
static void any_order_will_do(void **state)
{
	(void)state;
	rig.shuffle = &dice;
	for (unsigned n = 0; n < 5; n++) {
		rig.hold = true;
		for (unsigned i = 0; i < EACH; i++) {
			for (uint8_t m = AMS; m <= RIG_MEMBERS; m++)
				rig_speak(m, (m - 1u) * EACH + i);
			rig_run(20);
		}
		rig.hold = false;
		rig_deliver();
	}
	rig_run(5 * SECOND);
	expect_all_known();
	for (uint8_t at = AMS; at <= RIG_MEMBERS; at++)
		for (uint8_t m = AMS; m <= RIG_MEMBERS; m++)
			assert_int_equal(rig.m[at].s.sync.peer[m].snapshots % RL_SHARDS, 0);
}

// Who has got at the message broker: with no key, with another cluster's, with the cluster's but
// not the member's own.
static void forgers_are_told_apart(void **state)
{
	static const struct {
		const char *what;
		bool cluster_key, member_key;
		uint64_t cluster;
		enum rl_refusal why;
	} rows[] = {
		{"another cluster", false, false, 8, RL_REFUSAL_CLUSTER},
		{"another key", false, true, 7, RL_REFUSAL_BAD_SEAL},
		{"the cluster's key, but not the member's", true, false, 7,
		 RL_REFUSAL_BAD_SIGNATURE},
	};
	(void)state;
	uint8_t batch[RL_BATCH_MAX], key[RL_SEAL_KEY], public[RL_SEAL_PUBLIC];
	uint8_t secret[RL_SEAL_SECRET];
	rl_seal_new_key(key);
	rl_seal_new_member(public, secret);
	speak_all(SIN);
	rig_run(1 * SECOND);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rl_seal forged;
		rl_seal_init(&forged, rows[i].cluster_key ? rig.key : key, rows[i].cluster, NYC,
			     rows[i].member_key ? rig.secret[NYC] : secret, rig.now + MINUTE, 1);
		uint64_t before = rig_refused(AMS, NYC, rows[i].why);
		for (unsigned n = 0; n < 5; n++) {
			size_t len = make(&rig.m[NYC].s.sync, batch, RL_BATCH_REFRESH,
					  RIG_CLIENT + 2 * EACH, EACH);
			rig_take(AMS, batch, rl_seal_close(&forged, batch, len));
		}
		if (rig_refused(AMS, NYC, rows[i].why) != before + 5)
			fail_msg("%s: not counted by its name", rows[i].what);
		if (known(AMS, SIN) != EACH)
			fail_msg("%s: moves clients", rows[i].what);
	}
	// Its start of a minute ahead was not believed either.
	speak_all(NYC);
	rig_run(1 * SECOND);
	assert_int_equal(known(AMS, NYC), EACH);
}

// One member tells of ten times as many clients as the directory holds, again and again.
static void flood(unsigned seconds, unsigned each_second)
{
	static uint8_t batch[RL_BATCH_MAX];
	static uint64_t next;
	struct rl_steward *s = &rig.m[NYC].s;
	for (unsigned n = 0; n < seconds; n++) {
		for (unsigned i = 0; i < each_second; i += 500) {
			uint64_t first = 0x2000000000 + next++ % (10 * DIRECTORY / 500) * 500;
			size_t len = make(&s->sync, batch, RL_BATCH_LOCATIONS, first, 500);
			len = rl_seal_close(&s->seal, batch, len);
			rig_take(AMS, batch, len);
			rig_take(SIN, batch, len);
		}
		rig_run(1 * SECOND);
	}
}

static void a_flood_of_claims_takes_nothing_from_others(void **state)
{
	(void)state;
	speak_all(AMS);
	speak_all(SIN);
	rig_run(1 * SECOND);
	// For longer than a claim is kept that its home confirms no more.
	for (unsigned n = 0; n < 30 * 4; n++) {
		flood(15, 500);
		speak_all(AMS);
		speak_all(SIN);
		const struct rl_steward *s = &rig.m[AMS].s;
		if (known(AMS, AMS) != EACH || known(AMS, SIN) != EACH)
			fail_msg("after %u s: %u and %u left", n * 15, known(AMS, AMS),
				 known(AMS, SIN));
		assert_true(s->directory.count <= DIRECTORY);
		assert_true(rl_member_alive(&s->members, NYC));
		assert_true(rl_member_target(&s->members, SIN));
	}
	assert_true(rig_refused(AMS, NYC, RL_REFUSAL_DIRECTORY_FULL) > 10 * DIRECTORY);
	assert_int_equal(rig_refused(AMS, SIN, RL_REFUSAL_DIRECTORY_FULL), 0);
}

static void who_comes_during_a_flood_finds_room(void **state)
{
	(void)state;
	flood(10, 10 * DIRECTORY);
	const struct rl_steward *s = &rig.m[AMS].s;
	assert_int_equal(s->directory.count, DIRECTORY);
	for (unsigned n = 0; n < 4; n++) {
		speak_all(AMS);
		speak_all(SIN);
		flood(15, 1000);
	}
	assert_int_equal(known(AMS, AMS), EACH);
	assert_int_equal(known(AMS, SIN), EACH);
	assert_int_equal(known(SIN, AMS), EACH);
	assert_true(s->directory.count <= DIRECTORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_changed_on_its_way_moves_nothing, open_rig,
						rig_close),
		cmocka_unit_test_setup_teardown(any_order_will_do, open_rig, rig_close),
		cmocka_unit_test_setup_teardown(forgers_are_told_apart, open_rig, rig_close),
		cmocka_unit_test_setup_teardown(a_flood_of_claims_takes_nothing_from_others,
						open_rig, rig_close),
		cmocka_unit_test_setup_teardown(who_comes_during_a_flood_finds_room, open_rig,
						rig_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
