// SPDX-License-Identifier: BSD-3-Clause
// What attackers and accidents do to a root (docs/protocol.md 8): full tables, floods of strangers,
// addresses that change hands, gateways that change.
#include "tests/unit/core_fixture.h"

static uint8_t buf[ZT_PACKET_MAX];
static struct node_event ev;

static void whois_self(struct bench *b, unsigned n)
{
	uint64_t self = b->id.address;
	bench_say(b, n, buf, node_whois(&b->node[n], 3, &self, 1, buf));
}

static size_t message(struct bench *b, unsigned from, unsigned to)
{
	return node_user_message(&b->node[from], &b->known[from][to], 1, 7, "hello", 5, buf);
}

static void expect_relayed(struct bench *b, const struct rl_inet *to)
{
	assert_int_equal(b->last.verdict, RL_RELAY);
	assert_true(rl_inet_equal(&b->sent[0].to, to));
}

static uint16_t via_now;
static uint16_t via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	(void)p;
	return via_now;
}

// The peer stays where it is, but its packets come by another router: the first one has failed.
static void relays_follow_another_gateway(void **state)
{
	struct bench *b = *state;
	b->root->host.via = via;
	via_now = 4;
	bench_join(b, 0);
	bench_join(b, 1);
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->last.to.via, 4);
	b->now += 5000;
	whois_self(b, 1);
	assert_int_equal(b->sent_count, 1); // same way: nothing to prove
	b->now += 5000;
	via_now = 5;
	whois_self(b, 1);
	assert_int_equal(b->sent_count, 2);
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->last.to.via, 4); // not before the proof
	whois_self(b, 1);                    // once a second at most
	assert_int_equal(b->sent_count, 1);
	b->now += 1100;
	whois_self(b, 1);
	bench_answer_probe(b, 1, 1);
	bench_say(b, 0, buf, message(b, 0, 1));
	assert_int_equal(b->last.to.via, 5);
	via_now = RL_VIA_NONE; // the host has no room for it
	b->now += 5000;
	whois_self(b, 1);
	assert_int_equal(b->sent_count, 1);
}

// Who proved an address long ago may not use it now to have others flooded there.
static void a_proof_ends_with_its_path(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	b->now += 243000 + 1000;
	whois_self(b, 0);
	bench_drops(b, RL_DROP_UNPROVEN);
	assert_int_equal(b->sent_count, 1);
	bench_answer_probe(b, 0, 0);
	whois_self(b, 0);
	assert_int_equal(b->last.verdict, RL_REPLY);
}

// A client of another root says HELLO every 225 s. One is lost: it must stay reachable.
static void a_lost_hello_costs_no_path(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	struct rl_inet gone = b->at[2];
	bench_join(b, 2); // dead from here on
	unsigned to_the_dead = 0;
	for (unsigned s = 0; s < 440; s++) {
		b->now += 1000;
		if (s % 5 == 0)
			whois_self(b, 0);
		rl_tick(b->worker, b->now, 0, 1);
		bench_catch(b, b->worker, NULL);
		static struct sent sent[SENT_MAX];
		unsigned count = b->sent_count;
		memcpy(sent, b->sent, sizeof(sent));
		for (unsigned i = 0; i < count; i++) {
			b->sent_count = 1;
			b->sent[0] = sent[i];
			to_the_dead += rl_inet_equal(&sent[i].to, &gone);
			if (!rl_inet_equal(&sent[i].to, &b->at[1]))
				continue;
			bench_read(b, 1, 0, &ev);
			if (ev.verb == ZT_VERB_ECHO)
				bench_answer_probe(b, 1, 0);
		}
	}
	bench_say(b, 0, buf, message(b, 0, 1));
	expect_relayed(b, &b->at[1]);
	assert_in_range(to_the_dead, 8, 14); // each 20 s, until 243 s
}

// By way of another root it has no address to prove, and its first direct OK is still to come.
static void a_relayed_hello_is_answered_without_worlds(void **state)
{
	struct bench *b = *state;
	static struct rl_world planet = {
		.type = ZT_WORLD_PLANET, .id = ZT_WORLD_ID_EARTH, .timestamp = 2000};
	rl_root_set_worlds(b->root, rl_worlds_new(&planet, 1));
	b->node[0].planet_id = ZT_WORLD_ID_EARTH;
	size_t len = bench_hello(b, 0, buf);
	buf[ZT_AT_FLAGS] |= 1;
	bench_say(b, 0, buf, len);
	assert_int_equal(b->last.verdict, RL_REPLY);
	assert_int_equal(b->sent_count, 1);
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.in_verb, ZT_VERB_HELLO);
	assert_int_equal(ev.world_count, 0);
}

// HELLO of nobody, from everywhere: each /24 keeps to its budget, all together use up the pot.
static unsigned flood(struct bench *b, bool encrypted, unsigned count)
{
	unsigned deferred = 0;
	struct rl_inet target = rl_inet4(0x0a4d0001, ZT_PORT);
	size_t len = encrypted ? node_hello_encrypted(&b->node[7], b->now, &target, buf)
			       : bench_hello(b, 7, buf);
	for (unsigned i = 0; i < count; i++) {
		uint8_t copy[256];
		memcpy(copy, buf, len);
		struct rl_packet p = {.data = copy,
				      .len = (uint16_t)len,
				      .room = sizeof(copy),
				      .from = rl_inet4(0x08000000 + (i << 8), 9993)},
				 *burst[] = {&p};
		rl_receive_burst(b->worker, b->now, burst, 1);
		deferred += p.verdict == RL_DEFER;
	}
	return deferred;
}

static void encrypted_and_plain_strangers_have_pots_of_their_own(void **state)
{
	struct bench *b = *state;
	assert_in_range(flood(b, true, 300), 15, 25);
	assert_in_range(flood(b, false, 300), 15, 25);
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_drops(b, RL_DROP_RATE_STRANGER);
	b->now += 1000;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	assert_int_equal(b->last.verdict, RL_REPLY);
}

static int few_strangers(void **state)
{
	struct rl_options opt = rl_options_default();
	opt.stranger_total_pps = 10;
	return bench_open(state, &opt);
}

// Valid identities can be made in advance, and shown from forged addresses.
static void who_proves_nothing_makes_room_first(void **state)
{
	struct bench *b = *state;
	struct rl_peer_info info;
	bench_join(b, 0);
	for (unsigned i = 1; i < 4; i++)
		bench_say(b, i, buf, bench_hello(b, i, buf));
	uint64_t dear = rl_worker_stats(b->admission)->validations;
	bench_say(b, 4, buf, bench_hello(b, 4, buf));
	bench_drops(b, RL_DROP_PEERS_FULL);
	assert_int_equal(rl_worker_stats(b->worker)->deferred, 4); // costs nothing
	struct rl_inet target = rl_inet4(0x0a4d0001, ZT_PORT);
	bench_say(b, 4, buf, node_hello_encrypted(&b->node[4], b->now, &target, buf));
	bench_drops(b, RL_DROP_PEERS_FULL);
	assert_int_equal(rl_worker_stats(b->admission)->validations, dear);

	b->now += 59000;
	assert_int_equal(rl_root_expire(b->root, b->now, 100), 0);
	b->now += 2000;
	assert_int_equal(rl_root_expire(b->root, b->now, 100), 3);
	rl_root_expire_done(b->root);
	assert_true(rl_root_peer_find(b->root, b->node[0].id.address, b->now, &info));
	bench_join(b, 4);
}

static int four_peers(void **state)
{
	struct rl_options opt = rl_options_default();
	opt.max_peers = 4;
	return bench_open(state, &opt);
}

// Heads of packets in the name of a client's address, one after the other.
static void forged_heads_do_not_stop_reassembly(void **state)
{
	struct bench *b = *state;
	static uint8_t payload[4000], cut[ZT_PACKET_MAX + 7 * 16];
	struct node_piece piece[ZT_FRAG_MAX];
	bench_join(b, 0);
	for (unsigned i = 0; i < 100; i++) {
		uint8_t head[64] = {0};
		rl_store64(head, i);
		rl_store40(head + ZT_AT_TO, b->id.address);
		head[ZT_AT_FROM] = 1;
		head[ZT_AT_FLAGS] = 0x48;
		bench_say(b, 0, head, sizeof(head));
		b->now += 10;
	}
	size_t len = node_echo(&b->node[0], 1, payload, sizeof(payload), buf);
	unsigned pieces = node_cut(buf, len, ZT_MTU, cut, piece);
	for (unsigned i = 0; i < pieces; i++)
		bench_say(b, 0, piece[i].data, piece[i].len);
	assert_int_equal(b->sent_count, 3);
}

// Somebody has filled the table of groups, or a client likes more than it may: what it liked before
// it keeps, also what comes later in the same packet.
static void a_refused_group_does_not_cost_the_others(void **state)
{
	struct bench *b = *state;
	struct node_group g[3] = {{.network = 1}, {.network = 2}, {.network = 3}};
	bench_join(b, 0);
	bench_join(b, 1);
	bench_say(b, 0, buf, node_like(&b->node[0], 1, &g[2], 1, buf)); // all it may this minute
	assert_int_equal(b->last.verdict, RL_DONE);
	b->now += 10000;
	bench_say(b, 0, buf, node_like(&b->node[0], 1, g, 3, buf));
	bench_drops(b, RL_DROP_GROUPS_FULL);
	b->now += 55000;
	bench_say(b, 1, buf, node_gather(&b->node[1], 3, &g[2], 32, 0, buf));
	bench_read(b, 1, 0, &ev);
	assert_int_equal(ev.gather_count, 1);
}

// Control's round through the peers takes the groups along.
static void groups_go_with_their_members(void **state)
{
	struct bench *b = *state;
	struct node_group g[60];
	for (unsigned i = 0; i < 60; i++)
		g[i] = (struct node_group){.network = 1, .adi = i};
	bench_join(b, 0);
	bench_say(b, 0, buf, node_like(&b->node[0], 1, g, 60, buf));
	assert_int_equal(rl_groups_count(&b->root->groups), 60);
	b->now += 700000;
	uint32_t max = rl_root_max_peers(b->root);
	for (unsigned i = 0; i < 10; i++)
		rl_root_expire(b->root, b->now, max / 10 + 1);
	assert_int_equal(rl_groups_count(&b->root->groups), 0);
}

static int few_groups(void **state)
{
	struct rl_options opt = rl_options_default();
	opt.peer_groups_per_min = 1;
	opt.group_timeout_ms = 60000;
	return bench_open(state, &opt);
}

static void a_proof_without_room_for_its_way_is_counted(void **state)
{
	struct bench *b = *state;
	struct rl_peer_info info;
	b->root->host.via = via;
	via_now = RL_VIA_NONE;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_read(b, 0, 1, &ev);
	uint8_t reply[256];
	memcpy(reply, ev.reply, ev.reply_len);
	bench_say(b, 0, reply, ev.reply_len);
	bench_drops(b, RL_DROP_WAYS_FULL);
	assert_true(rl_root_peer_find(b->root, b->node[0].id.address, b->now, &info));
	assert_int_equal(info.path_count, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(relays_follow_another_gateway),
		T(a_proof_ends_with_its_path),
		T(a_lost_hello_costs_no_path),
		T(a_relayed_hello_is_answered_without_worlds),
		T(forged_heads_do_not_stop_reassembly),
		T(groups_go_with_their_members),
		T(a_proof_without_room_for_its_way_is_counted),
		cmocka_unit_test_setup_teardown(a_refused_group_does_not_cost_the_others,
						few_groups, bench_teardown),
		cmocka_unit_test_setup_teardown(
			encrypted_and_plain_strangers_have_pots_of_their_own, few_strangers,
			bench_teardown),
		cmocka_unit_test_setup_teardown(who_proves_nothing_makes_room_first, four_peers,
						bench_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
