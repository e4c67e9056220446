// SPDX-License-Identifier: BSD-3-Clause
// The set of addresses that speak for many, and the budget that their packets have of their own.
#include "tests/unit/core_fixture.h"

#include <errno.h>

enum { PPS = 100, OWN_PPS = 1000, DEPTH_S = 2 };

static uint8_t buf[ZT_PACKET_MAX];

static struct rl_inet v6(uint64_t upper, uint64_t lower)
{
	struct rl_inet a = {.family = 6, .port = 9993};
	rl_store64(a.ip, upper);
	rl_store64(a.ip + 8, lower);
	return a;
}

static void finds_what_it_was_given(void **state)
{
	(void)state;
	struct rl_forwarders f = {.key = {1, 2}};
	struct rl_inet members[] = {
		rl_inet4(0xc0000201, 9993), {.family = 0}, v6(0x20010db800000001, 1)};
	struct rl_inet siblings[] = {rl_inet4(0xc0000301, 9993)};
	assert_int_equal(rl_forwarders_find(&f, &members[0]), RL_FORWARDER_NONE);
	assert_int_equal(rl_forwarders_set(&f, RL_FORWARDERS_MEMBERS, members, 3), 0);
	assert_int_equal(rl_forwarders_set(&f, RL_FORWARDERS_SIBLINGS, siblings, 1), 0);
	unsigned a = rl_forwarders_find(&f, &members[0]);
	unsigned b = rl_forwarders_find(&f, &members[2]);
	unsigned c = rl_forwarders_find(&f, &siblings[0]);
	assert_true(a < RL_FORWARDER_NONE && b < RL_FORWARDER_NONE && c < RL_FORWARDER_NONE);
	assert_true(a != b && b != c && a != c);
	struct {
		struct rl_inet from;
		bool known;
	} rows[] = {
		{rl_inet4(0xc0000201, 1), true}, // the port is not asked
		{rl_inet4(0xc0000202, 9993), false},
		{v6(0x20010db800000001, 99), true}, // budgets are those of a /64
		{v6(0x20010db800000002, 1), false},
		{rl_inet4(0, 9993), false}, // the nil address of the list is not in the set
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(rl_forwarders_find(&f, &rows[i].from) != RL_FORWARDER_NONE,
				 rows[i].known);
	// A group is replaced as a whole, the other one stays.
	assert_int_equal(rl_forwarders_set(&f, RL_FORWARDERS_MEMBERS, members + 2, 1), 0);
	assert_int_equal(rl_forwarders_find(&f, &members[0]), RL_FORWARDER_NONE);
	assert_int_not_equal(rl_forwarders_find(&f, &members[2]), RL_FORWARDER_NONE);
	assert_int_equal(rl_forwarders_find(&f, &siblings[0]), c);
	assert_int_equal(rl_forwarders_set(&f, RL_FORWARDERS_SIBLINGS, NULL, 0), 0);
	assert_int_equal(rl_forwarders_find(&f, &siblings[0]), RL_FORWARDER_NONE);
}

static void holds_its_most_and_no_more(void **state)
{
	(void)state;
	struct rl_forwarders f = {.key = {3, 4}};
	struct rl_inet all[RL_FORWARDERS_MAX + 1];
	bool seen[RL_FORWARDER_NONE] = {false};
	for (unsigned i = 0; i <= RL_FORWARDERS_MAX; i++)
		all[i] = rl_inet4(0x0a000000 + i, 9993);
	assert_int_equal(rl_forwarders_set(&f, RL_FORWARDERS_SIBLINGS, all, RL_FORWARDERS_MAX + 1),
			 -ENOSPC);
	assert_int_equal(rl_forwarders_find(&f, &all[0]), RL_FORWARDER_NONE);
	assert_int_equal(rl_forwarders_set(&f, RL_FORWARDERS_SIBLINGS, all, RL_FORWARDERS_MAX), 0);
	for (unsigned i = 0; i < RL_FORWARDERS_MAX; i++) {
		unsigned at = rl_forwarders_find(&f, &all[i]);
		assert_true(at < RL_FORWARDER_NONE);
		assert_false(seen[at]);
		seen[at] = true;
	}
	assert_int_equal(rl_forwarders_find(&f, &all[RL_FORWARDERS_MAX]), RL_FORWARDER_NONE);
}

// How many of n packets from node 0 to node 1 are relayed at one moment.
static unsigned relayed(struct bench *b, unsigned n)
{
	size_t len = node_user_message(&b->node[0], &b->known[0][1], 1, 7, "hello", 5, buf);
	unsigned passed = 0;
	for (unsigned i = 0; i < n; i++) {
		uint8_t copy[256];
		memcpy(copy, buf, len);
		bench_say(b, 0, copy, len);
		passed += b->last.verdict == RL_RELAY;
	}
	return passed;
}

static void a_member_has_more_than_others(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	assert_int_equal(relayed(b, 3000), DEPTH_S * PPS);
	bench_drops(b, RL_DROP_RATE_RELAY);
	assert_int_equal(rl_root_forwarders(b->root, RL_FORWARDERS_MEMBERS, &b->at[0], 1), 0);
	assert_int_equal(relayed(b, 3000), DEPTH_S * OWN_PPS);
	bench_drops(b, RL_DROP_RATE_MEMBER);
	b->now += 1000;
	assert_int_equal(relayed(b, 3000), PPS + OWN_PPS);
	assert_true(rl_worker_stats(b->worker)->drop[RL_DROP_RATE_MEMBER] > 0);
	// No longer a member.
	assert_int_equal(rl_root_forwarders(b->root, RL_FORWARDERS_MEMBERS, NULL, 0), 0);
	b->now += 1000;
	assert_int_equal(relayed(b, 3000), PPS);
	bench_drops(b, RL_DROP_RATE_RELAY);
}

// One sibling's flood is not paid for by another one.
static void budgets_are_apart(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	struct rl_inet both[] = {b->at[0], rl_inet4(0x0a4d0999, 9993)};
	assert_int_equal(rl_root_forwarders(b->root, RL_FORWARDERS_SIBLINGS, both, 2), 0);
	assert_int_equal(relayed(b, 4000), DEPTH_S * (PPS + OWN_PPS));
	b->at[0] = both[1];
	assert_int_equal(relayed(b, 4000), DEPTH_S * (PPS + OWN_PPS));
}

// What members say to each other shares its ordinary budget with whatever else claims to come from
// there.
static void keepalives_have_it_too(void **state)
{
	struct bench *b = *state;
	unsigned passed = 0;
	memset(buf, 0x77, 64);
	rl_store40(buf + ZT_AT_TO, b->id.address);
	rl_store40(buf + ZT_AT_FROM, b->id.address);
	struct rl_packet p = {.data = buf, .len = 64, .room = 64, .from = b->at[0]}, *burst = &p;
	assert_int_equal(rl_root_forwarders(b->root, RL_FORWARDERS_MEMBERS, &b->at[0], 1), 0);
	for (unsigned i = 0; i < 4000; i++) {
		rl_receive_burst(b->worker, b->now, &burst, 1);
		passed += p.verdict == RL_MEMBER;
	}
	assert_int_equal(passed, DEPTH_S * (PPS + OWN_PPS));
	assert_int_equal(p.drop, RL_DROP_RATE_MEMBER);
}

// A client behind a member's address has no more than others for what it asks the root.
static void questions_have_not(void **state)
{
	struct bench *b = *state;
	uint8_t hello[ZT_PACKET_MAX];
	bench_join(b, 0);
	assert_int_equal(rl_root_forwarders(b->root, RL_FORWARDERS_MEMBERS, &b->at[0], 1), 0);
	for (unsigned i = 0; i < 10 * PPS; i++)
		bench_say(b, 0, hello, bench_hello(b, 0, hello));
	bench_drops(b, RL_DROP_RATE_KNOWN);
}

static int slow(void **state)
{
	struct rl_options opt = rl_options_default();
	opt.relay_pps = opt.known_pps = PPS;
	opt.forwarder_pps = OWN_PPS;
	opt.sight_ms = 15000; // this root has members
	return bench_open(state, &opt);
}

#define T(f) cmocka_unit_test_setup_teardown(f, slow, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_it_was_given),
		cmocka_unit_test(holds_its_most_and_no_more),
		T(a_member_has_more_than_others),
		T(budgets_are_apart),
		T(keepalives_have_it_too),
		T(questions_have_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
