// SPDX-License-Identifier: BSD-3-Clause
// What a host makes the root say, and what the root tells its host of: the seam for clusters.
#include "root/probe.h"
#include "root/tell.h"
#include "tests/unit/core_fixture.h"

#include <errno.h>

static uint8_t buf[ZT_PACKET_MAX];
static struct node_event ev;

static int open_sighted(void **state)
{
	struct rl_options o = rl_options_default();
	o.sight_ms = 15000;
	return bench_open(state, &o);
}

static uint64_t address(const struct bench *b, unsigned n)
{
	return b->node[n].id.address;
}

// The teller is a third worker in a program; the admission one does here.
static struct rl_worker *teller(struct bench *b)
{
	rl_tell_begin(b->admission, b->now);
	return b->admission;
}

static const struct rl_sight *sights(struct bench *b, unsigned want)
{
	unsigned n;
	const struct rl_sight *s = rl_worker_sights(b->worker, &n);
	assert_int_equal(n, want);
	return s;
}

static void a_push_names_the_members_in_order(void **state)
{
	static const uint8_t want[] = {
		0, 3,                                                     // count
		2, 0, 0, 4, 6,  192,  0, 2,    1,    0x27, 0x09,          // redirect, IPv4
		2, 0, 0, 6, 18, 0x20, 1, 0xd,  0xb8, 0,    0,    0, 0, 0, // IPv6
		0, 0, 0, 0, 0,  0,    9, 0x11, 0x94,                      //
		2, 0, 0, 4, 6,  192,  0, 2,    2,    0x27, 0x0a,
	};
	struct bench *b = *state;
	struct rl_inet at[3];
	assert_int_equal(rl_inet_parse(&at[0], "192.0.2.1/9993"), 0);
	assert_int_equal(rl_inet_parse(&at[1], "2001:db8::9/4500"), 0);
	assert_int_equal(rl_inet_parse(&at[2], "192.0.2.2/9994"), 0);
	bench_join(b, 0);
	struct rl_worker *w = teller(b);
	assert_int_equal(rl_tell_push(w, address(b, 0), &b->at[0], at, 3), 0);
	bench_catch(b, w, NULL);
	assert_int_equal(b->sent_count, 1);
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.verb, ZT_VERB_PUSH_DIRECT_PATHS);
	assert_int_equal(ev.suite, ZT_SUITE_AES_GMAC_SIV);
	assert_int_equal(ev.payload_len, sizeof(want));
	assert_memory_equal(ev.payload, want, sizeof(want));
	assert_int_equal(rl_worker_stats(w)->redirects, 1);
}

static void only_clients_on_proven_paths_are_told(void **state)
{
	struct bench *b = *state;
	const struct rl_inet member = rl_inet4(0xc0000201, 9993);
	bench_join(b, 0);
	bench_say(b, 1, buf, bench_hello(b, 1, buf)); // known, not proven
	struct rl_worker *w = teller(b);
	const struct {
		unsigned node;
		struct rl_inet by;
		int want;
	} rows[] = {
		{0, b->at[0], 0},
		{0, b->at[1], -ENOTCONN}, // somebody else's address
		{1, b->at[1], -ENOTCONN}, // not proven
		{2, b->at[2], -ENOENT},   // never heard of
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t to = address(b, rows[i].node);
		const struct rl_inet *by = &rows[i].by;
		rl_tell_begin(w, b->now);
		assert_int_equal(rl_tell_push(w, to, by, &member, 1), rows[i].want);
		assert_int_equal(rl_tell_nop(w, to, by), rows[i].want);
		assert_int_equal(rl_tell_echo(w, to, by), rows[i].want);
		assert_int_equal(rl_tell_rendezvous(w, to, by, address(b, 3), &member),
				 rows[i].want);
		bench_catch(b, w, NULL);
		assert_int_equal(b->sent_count, rows[i].want == 0 ? 4 : 0);
	}
	b->now += 244000; // the path is too old to be trusted
	assert_int_equal(rl_tell_nop(teller(b), address(b, 0), &b->at[0]), -ENOTCONN);
}

static void bounds_are_kept(void **state)
{
	struct bench *b = *state;
	struct rl_inet at[RL_TELL_PUSH_MAX + 1];
	for (unsigned i = 0; i <= RL_TELL_PUSH_MAX; i++)
		assert_int_equal(rl_inet_parse(&at[i], "2001:db8::1/9993"), 0);
	bench_join(b, 0);
	struct rl_worker *w = teller(b);
	assert_int_equal(rl_tell_push(w, address(b, 0), &b->at[0], at, 0), -EINVAL);
	assert_int_equal(rl_tell_push(w, address(b, 0), &b->at[0], at, RL_TELL_PUSH_MAX + 1),
			 -EINVAL);
	assert_int_equal(rl_tell_push(w, address(b, 0), &b->at[0], at, RL_TELL_PUSH_MAX), 0);
	for (unsigned i = 1; i < RL_OUT_MAX; i++)
		assert_int_equal(rl_tell_nop(w, address(b, 0), &b->at[0]), 0);
	assert_int_equal(rl_tell_nop(w, address(b, 0), &b->at[0]), -ENOBUFS);
	assert_int_equal(rl_tell_echo(w, address(b, 0), &b->at[0]), -ENOBUFS);
	assert_int_equal(rl_tell_push(w, address(b, 0), &b->at[0], at, 1), -ENOBUFS);
	assert_int_equal(rl_tell_rendezvous(w, address(b, 0), &b->at[0], 1, at), -ENOBUFS);
	assert_int_equal(rl_worker_stats(w)->drop[RL_DROP_OUTBOX_FULL], 4);
}

static void a_rendezvous_names_the_other_and_its_place(void **state)
{
	struct bench *b = *state;
	const struct rl_inet there = rl_inet4(0xcb007105, 40000);
	bench_join(b, 0);
	struct rl_worker *w = teller(b);
	assert_int_equal(rl_tell_rendezvous(w, address(b, 0), &b->at[0], address(b, 5), &there), 0);
	bench_catch(b, w, NULL);
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.verb, ZT_VERB_RENDEZVOUS);
	assert_int_equal(ev.meet, address(b, 5));
	assert_true(rl_inet_equal(&ev.meet_at, &there));
}

static void the_withheld_get_no_answer_but_their_packets_travel(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	assert_false(rl_root_withhold(b->root, address(b, 2), true));
	assert_true(rl_root_withhold(b->root, address(b, 0), true));
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_drops(b, RL_DROP_WITHHELD);
	uint64_t self = b->id.address;
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	bench_drops(b, RL_DROP_WITHHELD);
	bench_say(b, 0, buf, node_echo(&b->node[0], 3, "x", 1, buf));
	bench_drops(b, RL_DROP_WITHHELD);
	assert_int_equal(b->sent_count, 0);
	size_t len = node_user_message(&b->node[0], &b->known[0][1], 1, 7, "hi", 2, buf);
	bench_say(b, 0, buf, len);
	assert_int_equal(b->last.verdict, RL_RELAY);
	len = node_user_message(&b->node[1], &b->known[1][0], 1, 7, "hi", 2, buf);
	bench_say(b, 1, buf, len);
	assert_int_equal(b->last.verdict, RL_RELAY);
	// No keepalive to it, one to the other.
	for (unsigned ms = 0; ms < 60000; ms += 500) {
		b->now += 500;
		rl_tick(b->worker, b->now, 0, 1);
		bench_catch(b, b->worker, NULL);
		for (unsigned i = 0; i < b->sent_count; i++)
			assert_true(rl_inet_equal(&b->sent[i].to, &b->at[1]));
	}
	assert_true(rl_worker_stats(b->worker)->keepalives > 0);
	assert_true(rl_root_withhold(b->root, address(b, 0), false));
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	assert_int_equal(b->last.verdict, RL_REPLY);
}

static void nothing_is_noted_unless_asked_for(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	sights(b, 0);
	uint64_t self = b->id.address;
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	sights(b, 0);
}

static void who_speaks_from_where_is_noted(void **state)
{
	struct bench *b = *state;
	uint64_t self = b->id.address;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	sights(b, 0); // not proven yet
	bench_answer_probe(b, 0, 1);
	const struct rl_sight *s = sights(b, 1);
	assert_int_equal(s->kind, RL_SIGHT_PROOF);
	assert_true(s->moved);
	assert_int_equal(s->address, address(b, 0));
	assert_true(rl_inet_equal(&s->path.addr, &b->at[0]));
	assert_int_equal(s->latency_ms, 0);

	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	s = sights(b, 1);
	assert_int_equal(s->kind, RL_SIGHT_HELLO);
	assert_false(s->moved);
	assert_true(rl_inet_equal(&s->path.addr, &b->at[0]));
	bench_say(b, 0, buf, bench_hello(b, 0, buf)); // the copy from its other socket
	sights(b, 0);
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	assert_int_equal(sights(b, 1)->kind, RL_SIGHT_SPOKE); // it has arrived
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	sights(b, 0); // noted a moment ago
	b->now += 14000;
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	sights(b, 0);
	b->now += 1100;
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	assert_int_equal(sights(b, 1)->kind, RL_SIGHT_SPOKE);
	b->now += 16000;
	bench_say(b, 0, buf, node_echo(&b->node[0], 3, "x", 1, buf));
	sights(b, 0); // it says that to every root
	rl_tick(b->worker, b->now, 0, 1);
	sights(b, 0);
}

static void what_came_by_others_is_not_noted(void **state)
{
	struct bench *b = *state;
	uint64_t self = b->id.address;
	bench_join(b, 0);
	b->now += 16000;
	size_t len = node_whois(&b->node[0], 3, &self, 1, buf);
	buf[ZT_AT_FLAGS] |= 1; // relayed here
	bench_say(b, 0, buf, len);
	sights(b, 0);
	bench_say(b, 5, buf, node_whois(&b->node[0], 3, &self, 1, buf)); // from a new place
	sights(b, 0);
	// Its probe answered from there: a move.
	unsigned probe = b->sent_count - 1;
	b->at[0] = b->at[5];
	bench_answer_probe(b, 0, probe);
	const struct rl_sight *s = sights(b, 1);
	assert_true(s->moved);
	assert_true(rl_inet_equal(&s->path.addr, &b->at[5]));
}

// From the root to itself: what members say to each other, and nobody else.
static void members_are_the_host_s(void **state)
{
	struct bench *b = *state;
	uint64_t self = b->id.address;
	memset(buf, 0x77, 64);
	rl_store40(buf + ZT_AT_TO, self);
	rl_store40(buf + ZT_AT_FROM, self);
	struct rl_packet p = {.data = buf, .len = 64, .room = 64, .from = b->at[0]}, *burst = &p;
	rl_receive_burst(b->worker, b->now, &burst, 1);
	assert_int_equal(p.verdict, RL_MEMBER);
	rl_store40(buf + ZT_AT_TO, address(b, 1));
	rl_receive_burst(b->worker, b->now, &burst, 1);
	assert_int_equal(p.verdict, RL_DROP);
	assert_int_equal(p.drop, RL_DROP_BAD_SOURCE);
	// Not without end from one place.
	rl_store40(buf + ZT_AT_TO, self);
	unsigned passed = 0;
	for (unsigned i = 0; i < 20000; i++) {
		rl_receive_burst(b->worker, b->now, &burst, 1);
		passed += p.verdict == RL_MEMBER;
	}
	assert_in_range(passed, 5000, 10000);
	assert_int_equal(p.drop, RL_DROP_RATE_KNOWN);
}

static void alone_it_has_no_members(void **state)
{
	struct bench *b = *state;
	memset(buf, 0x77, 64);
	rl_store40(buf + ZT_AT_TO, b->id.address);
	rl_store40(buf + ZT_AT_FROM, b->id.address);
	bench_say(b, 0, buf, 64);
	bench_drops(b, RL_DROP_BAD_SOURCE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
#define S(f) cmocka_unit_test_setup_teardown(f, open_sighted, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(a_push_names_the_members_in_order),
		T(only_clients_on_proven_paths_are_told),
		T(bounds_are_kept),
		T(a_rendezvous_names_the_other_and_its_place),
		T(the_withheld_get_no_answer_but_their_packets_travel),
		T(nothing_is_noted_unless_asked_for),
		S(who_speaks_from_where_is_noted),
		S(what_came_by_others_is_not_noted),
		S(members_are_the_host_s),
		T(alone_it_has_no_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
