// SPDX-License-Identifier: BSD-3-Clause
// Relaying, introductions, and how the root follows its clients from path to path.
#include "tests/unit/core_fixture.h"

static uint8_t buf[ZT_PACKET_MAX];
static struct node_event ev;

static size_t message(struct bench *b, unsigned from, unsigned to)
{
	return node_user_message(&b->node[from], &b->known[from][to], 1, 7, "hello", 5, buf);
}

static void join_both(struct bench *b)
{
	bench_join(b, 0);
	bench_join(b, 1);
}

static void expect_relayed(struct bench *b, const struct rl_inet *to)
{
	assert_int_equal(b->last.verdict, RL_RELAY);
	assert_true(b->sent[0].relayed);
	assert_true(rl_inet_equal(&b->sent[0].to, to));
}

static void only_the_hop_count_changes(void **state)
{
	struct bench *b = *state;
	join_both(b);
	size_t len = message(b, 0, 1);
	uint8_t before[256];
	memcpy(before, buf, len);
	bench_say(b, 0, buf, len);
	expect_relayed(b, &b->at[1]);
	assert_int_equal(b->sent[0].len, len);
	before[ZT_AT_FLAGS] += 1;
	assert_memory_equal(b->sent[0].data, before, len);
	bench_read(b, 1, 0, &ev);
	assert_int_equal(ev.hops, 1);
	assert_int_equal(ev.verb, ZT_VERB_USER_MESSAGE);
}

static void hops_end_at_the_limit_and_never_wrap(void **state)
{
	struct bench *b = *state;
	join_both(b);
	for (unsigned hops = 0; hops < 8; hops++) {
		size_t len = message(b, 0, 1);
		buf[ZT_AT_FLAGS] |= (uint8_t)hops;
		bench_say(b, 0, buf, len);
		if (hops < 3) {
			assert_int_equal(b->last.verdict, RL_RELAY);
			assert_int_equal(b->sent[0].data[ZT_AT_FLAGS] & 7, hops + 1);
		} else {
			bench_drops(b, RL_DROP_HOPS);
		}
	}
}

static void fragments_travel_one_by_one(void **state)
{
	struct bench *b = *state;
	join_both(b);
	uint8_t piece[64] = {0};
	rl_store40(piece + ZT_AT_TO, b->node[1].id.address);
	piece[ZT_FRAG_AT_MARK] = ZT_ADDRESS_RESERVED;
	piece[ZT_FRAG_AT_COUNT] = 0x21;
	for (unsigned hops = 0; hops < 256; hops++) {
		piece[ZT_FRAG_AT_HOPS] = (uint8_t)hops;
		bench_datagram(b, &b->at[0], piece, sizeof(piece));
		if (hops < 3) {
			expect_relayed(b, &b->at[1]);
			assert_int_equal(b->sent[0].data[ZT_FRAG_AT_HOPS], hops + 1);
			assert_int_equal(b->sent_count, 1); // never an introduction
		} else {
			bench_drops(b, RL_DROP_HOPS);
		}
	}
}

static void nobody_there_is_a_miss(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->last.verdict, RL_MISS);
	assert_int_equal(b->last.drop, RL_DROP_NO_PEER);
	bench_say(b, 1, buf, bench_hello(b, 1, buf)); // known, but no proven path
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->last.verdict, RL_MISS);
	assert_int_equal(b->last.drop, RL_DROP_NO_PATH);
}

// 6.4: both ends are told, once in 30 s, whatever direction.
static void a_pair_is_introduced_once_in_its_interval(void **state)
{
	struct bench *b = *state;
	join_both(b);
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &b->at[1]);
	assert_int_equal(b->sent_count, 3);
	bench_read(b, 0, 1, &ev);
	assert_int_equal(ev.verb, ZT_VERB_RENDEZVOUS);
	assert_int_equal(ev.meet, b->node[1].id.address);
	assert_true(rl_inet_equal(&ev.meet_at, &b->at[1]));
	bench_read(b, 1, 2, &ev);
	assert_int_equal(ev.meet, b->node[0].id.address);
	assert_true(rl_inet_equal(&ev.meet_at, &b->at[0]));

	bench_say(b, 1, buf, message(b, 1, 0));
	assert_int_equal(b->sent_count, 1);
	b->now += 29000;
	bench_say(b, 0, buf, message(b, 0, 1));
	for (unsigned i = 1; i < b->sent_count; i++) // silence makes probes, but no introduction
		assert_int_equal(b->sent[i].len, ZT_HDR_LEN);
	b->now += 2000;
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_true(b->sent_count >= 3);
	assert_int_equal(rl_worker_stats(b->worker)->introductions, 2);
}

// 6.1: B did not know A, so the hint about A was lost on it; after its WHOIS it comes once more.
static void the_introduction_is_repeated_after_the_whois(void **state)
{
	struct bench *b = *state;
	join_both(b);
	bench_say(b, 0, buf, message(b, 0, 1));
	uint64_t a = b->node[0].id.address;
	b->now += 50;
	bench_say(b, 1, buf, node_whois(&b->node[1], 3, &a, 1, buf));
	assert_int_equal(b->sent_count, 3);
	bench_read(b, 1, 0, &ev);
	assert_int_equal(ev.in_verb, ZT_VERB_WHOIS);
	unsigned told = 0;
	for (unsigned i = 1; i < 3; i++)
		told += rl_inet_equal(&b->sent[i].to, &b->at[1]) ? 1 : 2;
	assert_int_equal(told, 3); // one each
	bench_say(b, 1, buf, node_whois(&b->node[1], 3, &a, 1, buf));
	assert_int_equal(b->sent_count, 1);
}

// Anybody may send a packet that names two of our clients: it must not make the root talk to them.
static void a_forger_cannot_cause_introductions(void **state)
{
	struct bench *b = *state;
	join_both(b);
	struct rl_inet forger = rl_inet4(0xcb007109, 9993);
	bench_datagram(b, &forger, buf, message(b, 0, 1));
	expect_relayed(b, &b->at[1]);
	assert_int_equal(b->sent_count, 1);
	bench_say(b, 0, buf, message(b, 0, 1)); // nor use up the interval
	assert_int_equal(b->sent_count, 3);
}

static void private_addresses_are_told_only_among_private_ones(void **state)
{
	struct bench *b = *state;
	b->at[1] = rl_inet4(0x08080808, 9993);
	join_both(b);
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->sent_count, 2);
	bench_read(b, 0, 1,
		   &ev); // the private one learns the global address; not the other way round
	assert_int_equal(ev.meet, b->node[1].id.address);
}

static struct rl_inet v6(uint8_t host)
{
	struct rl_inet a = {.ip = {0xfd, 0x77, [15] = host}, .port = 9993, .family = 6};
	return a;
}

static void prove(struct bench *b, unsigned n, const struct rl_inet *at)
{
	struct rl_inet old = b->at[n];
	b->at[n] = *at;
	bench_say(b, n, buf, bench_hello(b, n, buf));
	assert_int_equal(b->sent_count, 2);
	bench_answer_probe(b, n, 1);
	b->at[n] = old;
}

static void both_families_are_introduced(void **state)
{
	struct bench *b = *state;
	struct rl_inet a6 = v6(1), b6 = v6(2);
	join_both(b);
	prove(b, 0, &a6);
	prove(b, 1, &b6);
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->sent_count, 5);
	for (unsigned i = 1; i < 5; i++)
		assert_int_equal(b->sent[i].len, i < 3 ? 53 : 41); // IPv6 first
}

static void whois_self(struct bench *b, unsigned n)
{
	uint64_t self = b->id.address;
	bench_say(b, n, buf, node_whois(&b->node[n], 3, &self, 1, buf));
}

// The NAT in front of B gives it another port: its next WHOIS shows it, a proof moves the path.
static void relays_follow_a_new_port(void **state)
{
	struct bench *b = *state;
	join_both(b);
	struct rl_inet old = b->at[1];
	b->now += 5000;
	b->at[1].port = 40000;
	whois_self(b, 1);
	bench_drops(b, RL_DROP_UNPROVEN);
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &old);
	whois_self(b, 1);
	bench_answer_probe(b, 1, 0);
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &b->at[1]);
}

static void a_replayed_packet_moves_nothing(void **state)
{
	struct bench *b = *state;
	join_both(b);
	uint64_t self = b->id.address;
	uint8_t hello[256], whois[64];
	size_t hello_len = bench_hello(b, 1, hello);
	size_t whois_len = node_whois(&b->node[1], 3, &self, 1, whois);
	struct rl_inet thief = rl_inet4(0xcb007107, 1234);
	for (unsigned i = 0; i < 50; i++) {
		b->now += 1000;
		bench_datagram(b, &thief, hello, hello_len);
		size_t out = 0;
		for (unsigned k = 0; k < b->sent_count; k++)
			out += b->sent[k].len;
		assert_true(out <= hello_len);
		bench_datagram(b, &thief, whois, whois_len);
		assert_true(b->sent_count == 1 && b->sent[0].len <= whois_len);
		bench_say(b, 0, buf, message(b, 0, 1));
		expect_relayed(b, &b->at[1]);
	}
}

// The proof of another node, another address or another time is none.
static void a_cookie_fits_one_place_and_time(void **state)
{
	struct bench *b = *state;
	join_both(b);
	struct rl_inet here = b->at[1];
	b->at[1].port = 40000;
	whois_self(b, 1);
	bench_read(b, 1, 0, &ev);
	assert_int_equal(ev.verb, ZT_VERB_ECHO);
	uint8_t proof[256];
	size_t len = ev.reply_len;
	memcpy(proof, ev.reply, len);
	struct rl_inet thief = rl_inet4(0xcb007107, 40000);
	bench_datagram(b, &thief, proof, len);
	bench_drops(b, RL_DROP_IGNORED);
	b->now += 17000; // two buckets later
	bench_datagram(b, &b->at[1], proof, len);
	bench_drops(b, RL_DROP_IGNORED);
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &here);
}

// B loses IPv6, its best path. After 6 s of silence the next relay probes all its paths; IPv4
// answers.
static void a_family_gone_silent_is_left(void **state)
{
	struct bench *b = *state;
	struct rl_inet b6 = v6(2), b4 = b->at[1];
	join_both(b);
	prove(b, 1, &b6);
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &b6);
	b->now += 7000;
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &b6);
	assert_int_equal(b->sent_count, 3); // and a probe by each path
	for (unsigned i = 1; i < 3; i++)
		if (rl_inet_equal(&b->sent[i].to, &b4)) {
			bench_answer_probe(b, 1, i);
			break;
		}
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &b4);
}

static void probes_of_a_silent_peer_come_once_a_second(void **state)
{
	struct bench *b = *state;
	join_both(b);
	bench_say(b, 0, buf, message(b, 0, 1));
	b->now += 10000;
	unsigned probes = 0;
	for (unsigned i = 0; i < 30; i++) {
		bench_say(b, 0, buf, message(b, 0, 1));
		probes += b->sent_count - 1;
		b->now += 100;
	}
	assert_in_range(probes, 2, 3);
}

static void a_path_unheard_for_too_long_is_not_used(void **state)
{
	struct bench *b = *state;
	join_both(b);
	b->now += 243000 + 1000;
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->last.verdict, RL_MISS);
	assert_int_equal(b->last.drop, RL_DROP_NO_PATH);
}

static void silent_peers_get_a_nop_each_period(void **state)
{
	struct bench *b = *state;
	join_both(b);
	unsigned nops = 0;
	for (unsigned s = 0; s < 100; s++) {
		b->now += 1000;
		if (s % 5 == 0)
			whois_self(b, 0); // node 0 asks and is answered: it needs none
		rl_tick(b->worker, b->now, 0, 1);
		bench_catch(b, b->worker, NULL);
		for (unsigned i = 0; i < b->sent_count; i++) {
			bench_read(b, 1, i, &ev);
			assert_int_equal(ev.verb, ZT_VERB_NOP);
			nops++;
		}
	}
	assert_in_range(nops, 3, 5);
}

static void a_burst_is_its_packets_one_by_one(void **state)
{
	struct bench *b = *state;
	enum { N = RL_BURST_MAX };
	static uint8_t data[N][ZT_MTU];
	struct rl_packet p[N], *burst[N];
	join_both(b);
	for (unsigned i = 0; i < N; i++) {
		unsigned from = i % 2;
		size_t len = node_user_message(&b->node[from], &b->known[from][!from], 1, i, "x", 1,
					       data[i]);
		p[i] = (struct rl_packet){
			.data = data[i], .len = (uint16_t)len, .room = ZT_MTU, .from = b->at[from]};
		burst[i] = &p[i];
	}
	rl_receive_burst(b->worker, b->now, burst, N);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(p[i].verdict, RL_RELAY);
		assert_true(rl_inet_equal(&p[i].to.addr, &b->at[!(i % 2)]));
	}
	unsigned extra;
	rl_worker_out(b->worker, &extra);
	assert_int_equal(extra, 2); // one introduction
}

static void a_flood_from_one_address_is_cut_others_pass(void **state)
{
	struct bench *b = *state;
	join_both(b);
	bench_join(b, 2);
	size_t len = message(b, 0, 1);
	unsigned relayed = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t copy[256];
		memcpy(copy, buf, len);
		bench_say(b, 0, copy, len);
		relayed += b->last.verdict == RL_RELAY;
	}
	bench_drops(b, RL_DROP_RATE_RELAY);
	assert_in_range(relayed, 100, 400);
	bench_say(b, 2, buf, message(b, 2, 1));
	expect_relayed(b, &b->at[1]);
}

static int slow_relay(void **state)
{
	struct rl_options opt = rl_options_default();
	opt.relay_pps = 100;
	return bench_open(state, &opt);
}

#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_the_hop_count_changes),
		T(hops_end_at_the_limit_and_never_wrap),
		T(fragments_travel_one_by_one),
		T(nobody_there_is_a_miss),
		T(a_pair_is_introduced_once_in_its_interval),
		T(the_introduction_is_repeated_after_the_whois),
		T(a_forger_cannot_cause_introductions),
		T(private_addresses_are_told_only_among_private_ones),
		T(both_families_are_introduced),
		T(relays_follow_a_new_port),
		T(a_replayed_packet_moves_nothing),
		T(a_cookie_fits_one_place_and_time),
		T(a_family_gone_silent_is_left),
		T(probes_of_a_silent_peer_come_once_a_second),
		T(a_path_unheard_for_too_long_is_not_used),
		T(silent_peers_get_a_nop_each_period),
		T(a_burst_is_its_packets_one_by_one),
		cmocka_unit_test_setup_teardown(a_flood_from_one_address_is_cut_others_pass,
						slow_relay, bench_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
