// SPDX-License-Identifier: BSD-3-Clause
// The core as a whole: newcomers, proofs, answers. Relaying and introductions: test_relay.c.
#include "tests/unit/core_fixture.h"

static uint8_t buf[ZT_PACKET_MAX];
static struct node_event ev;

static void a_newcomer_is_answered_and_probed_within_what_it_sent(void **state)
{
	struct bench *b = *state;
	size_t len = bench_hello(b, 0, buf);
	assert_int_equal(len, 137);
	bench_say(b, 0, buf, len);
	assert_int_equal(b->last.verdict, RL_REPLY);
	assert_int_equal(b->sent_count, 2);
	assert_true(b->sent[0].len + b->sent[1].len <= len);
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.verb, ZT_VERB_OK);
	assert_int_equal(ev.in_verb, ZT_VERB_HELLO);
	assert_int_equal(ev.clock, b->now);
	assert_int_equal(ev.proto, ZT_PROTO_SELF);
	assert_true(rl_inet_equal(&ev.physical, &b->at[0]));
	assert_int_equal(ev.suite, ZT_SUITE_AES_GMAC_SIV);

	struct rl_peer_info info;
	uint64_t address = b->node[0].id.address;
	assert_true(rl_root_peer_find(b->root, address, b->now, &info));
	assert_int_equal(info.path_count, 0);
	bench_answer_probe(b, 0, 1);
	assert_true(rl_root_peer_find(b->root, address, b->now, &info));
	assert_int_equal(info.path_count, 1);
	assert_true(info.path[0].best);
	assert_true(rl_inet_equal(&info.path[0].addr, &b->at[0]));
}

static void copies_of_a_hello_from_other_ports_are_answered_there(void **state)
{
	struct bench *b = *state;
	size_t len = bench_hello(b, 0, buf);
	for (unsigned i = 0; i < 4; i++) {
		b->at[0].port = (uint16_t)(9993 + i);
		bench_say(b, 0, buf, len);
		assert_int_equal(b->last.verdict, RL_REPLY);
		bench_read(b, 0, 0, &ev);
		assert_int_equal(ev.physical.port, 9993 + i);
	}
	assert_int_equal(rl_root_peer_count(b->root), 1);
	assert_int_equal(rl_worker_stats(b->admission)->validations, 1);
}

static void every_wrong_byte_of_a_hello_is_without_effect(void **state)
{
	struct bench *b = *state;
	size_t len = bench_hello(b, 0, buf);
	bench_join(b, 0);
	struct rl_inet elsewhere = rl_inet4(0xcb007107, 1);
	for (size_t i = 0; i < len; i++) {
		uint8_t bad[256];
		memcpy(bad, buf, len);
		bad[i] ^= 0x20;
		if (i == ZT_AT_FLAGS || rl_load40(bad + ZT_AT_TO) != b->id.address)
			continue; // another suite, or for another node
		bench_datagram(b, &elsewhere, bad, len);
		assert_int_equal(b->last.verdict, RL_DROP);
		assert_int_equal(b->sent_count, 0);
	}
	struct rl_peer_info info;
	assert_true(rl_root_peer_find(b->root, b->node[0].id.address, b->now, &info));
	assert_int_equal(info.path_count, 1);
	assert_int_equal(rl_root_peer_count(b->root), 1);
}

static void every_truncation_is_dropped(void **state)
{
	struct bench *b = *state;
	size_t len = bench_hello(b, 0, buf);
	for (size_t n = 0; n < len; n++) {
		bench_datagram(b, &b->at[0], buf, n);
		assert_int_equal(b->last.verdict, RL_DROP);
		assert_int_equal(b->sent_count, 0);
	}
	assert_int_equal(rl_root_peer_count(b->root), 0);
}

// The right key, a lie about the address: no proof of work stands behind it.
static void a_false_address_is_refused_and_remembered(void **state)
{
	struct bench *b = *state;
	b->node[0].id.address ^= 1;
	size_t len = bench_hello(b, 0, buf);
	bench_say(b, 0, buf, len);
	bench_drops(b, RL_DROP_ID_INVALID);
	bench_say(b, 0, buf, len);
	bench_drops(b, RL_DROP_ID_KNOWN_BAD);
	assert_int_equal(b->sent_count, 0);
	assert_int_equal(rl_root_peer_count(b->root), 0);
	assert_int_equal(rl_worker_stats(b->admission)->validations, 1);
}

static void hello_of_an_ancient_protocol_is_not_answered(void **state)
{
	struct bench *b = *state;
	b->node[0].proto = 3;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_drops(b, RL_DROP_HELLO_OLD);
	b->node[0].proto = 4;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.suite, ZT_SUITE_SALSA_POLY1305);
	assert_int_equal(ev.physical.port, 0); // 4.3.5
}

static void a_hello_in_another_name_is_refused(void **state)
{
	struct bench *b = *state;
	size_t len = bench_hello(b, 0, buf);
	rl_store40(buf + ZT_AT_FROM, b->node[1].id.address);
	bench_say(b, 0, buf, len);
	bench_drops(b, RL_DROP_HELLO_NOT_SENDER);
}

static void encrypted_hello_is_opened_and_answered(void **state)
{
	struct bench *b = *state;
	struct rl_inet target = rl_inet4(0x0a4d0001, ZT_PORT);
	b->node[0].proto = 13;
	for (unsigned i = 0; i < 2; i++) { // a stranger's, then a known peer's
		size_t len = node_hello_encrypted(&b->node[0], b->now, &target, buf);
		assert_int_equal(len, 169);
		bench_say(b, 0, buf, len);
		assert_int_equal(b->last.verdict, RL_REPLY);
		bench_read(b, 0, 0, &ev);
		assert_int_equal(ev.in_verb, ZT_VERB_HELLO);
	}
	size_t len = node_hello_encrypted(&b->node[1], b->now, &target, buf);
	buf[40] ^= 1;
	bench_say(b, 1, buf, len);
	assert_int_equal(b->last.verdict, RL_DROP);
	assert_int_equal(rl_root_peer_count(b->root), 1);
}

static void collision_is_told_only_to_a_proven_identity(void **state)
{
	struct bench *b = *state;
	struct rl_identity other = b->node[1].id; // stands for another valid one with this address
	other.address = b->node[0].id.address;
	assert_int_equal(rl_root_peer_add(b->root, &other, b->now), 0);
	size_t len = bench_hello(b, 0, buf);
	buf[ZT_AT_MAC] ^= 1;
	bench_say(b, 0, buf, len);
	bench_drops(b, RL_DROP_BAD_MAC);
	buf[ZT_AT_MAC] ^= 1;
	bench_say(b, 0, buf, len);
	assert_int_equal(b->last.verdict, RL_REPLY);
	assert_int_equal(b->sent_count, 1);
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.verb, ZT_VERB_ERROR);
	assert_int_equal(ev.error, ZT_ERROR_IDENTITY_COLLISION);
}

static void whois_answers_only_proven_addresses(void **state)
{
	struct bench *b = *state;
	size_t len = bench_hello(b, 0, buf);
	bench_say(b, 0, buf, len); // known now, but unproven
	uint64_t self = b->id.address;
	len = node_whois(&b->node[0], 3, &self, 1, buf);
	assert_int_equal(len, 33);
	bench_say(b, 0, buf, len);
	bench_drops(b, RL_DROP_UNPROVEN);
	assert_int_equal(b->sent_count, 1);
	bench_answer_probe(b, 0, 0);
	for (unsigned suite = 0; suite <= 3; suite += suite + 1) {
		bench_say(b, 0, buf, node_whois(&b->node[0], suite, &self, 1, buf));
		bench_read(b, 0, 0, &ev);
		assert_int_equal(ev.whois_count, 1);
		assert_true(rl_identity_equal(&ev.whois[0], &b->id));
	}
}

// Each of its answers alone would be shorter than the long question.
static void answers_to_an_unproven_address_count_together(void **state)
{
	struct bench *b = *state;
	uint64_t asked[280];
	for (unsigned i = 0; i < 280; i++)
		asked[i] = b->id.address;
	bench_say(b, 0, buf, bench_hello(b, 0, buf)); // known now, but unproven
	size_t len = node_whois(&b->node[0], 1, asked, 280, buf), back = 0;
	bench_say(b, 0, buf, len);
	assert_int_equal(b->last.verdict, RL_REPLY);
	for (unsigned i = 0; i < b->sent_count; i++)
		back += b->sent[i].len;
	assert_true(back <= len);
	assert_int_equal(rl_worker_stats(b->worker)->drop[RL_DROP_UNPROVEN], 1);
}

static void whois_of_many_comes_in_datagrams_that_fit(void **state)
{
	struct bench *b = *state;
	uint64_t asked[32];
	for (unsigned i = 0; i < 8; i++)
		bench_join(b, i);
	for (unsigned i = 0; i < 32; i++)
		asked[i] = i == 5 ? 0x1234567890 : b->node[i % 8].id.address;
	bench_say(b, 0, buf, node_whois(&b->node[0], 1, asked, 32, buf));
	assert_int_equal(b->sent_count, 2);
	unsigned got = 0;
	for (unsigned i = 0; i < 2; i++) {
		assert_true(b->sent[i].len <= ZT_MTU);
		bench_read(b, 0, i, &ev);
		got += ev.whois_count;
	}
	assert_int_equal(got, 31);
	asked[0] = 0x1234567890;
	bench_say(b, 0, buf, node_whois(&b->node[0], 1, asked, 1, buf));
	bench_drops(b, RL_DROP_NO_ANSWER);
}

static void echo_comes_back_long_ones_in_fragments(void **state)
{
	struct bench *b = *state;
	static uint8_t payload[4000], cut[ZT_PACKET_MAX + 7 * 16];
	bench_join(b, 0);
	b->node[0].join = node_join_new();
	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	for (unsigned suite = 1; suite <= 3; suite += 2) {
		struct node_piece piece[ZT_FRAG_MAX];
		size_t len = node_echo(&b->node[0], suite, payload, sizeof(payload), buf);
		unsigned pieces = node_cut(buf, len, ZT_MTU, cut, piece);
		assert_int_equal(pieces, 3);
		for (unsigned i = 0; i < pieces; i++)
			bench_say(b, 0, piece[i].data, piece[i].len);
		assert_int_equal(b->sent_count, 3);
		for (unsigned i = 0; i < 3; i++) {
			assert_true(b->sent[i].len <= ZT_MTU);
			node_read(&b->node[0], b->now, 0, &b->at[1], b->sent[i].data,
				  b->sent[i].len, &ev);
		}
		assert_int_equal(ev.verdict, NODE_READ);
		assert_int_equal(ev.payload_len, sizeof(payload));
		assert_memory_equal(ev.payload, payload, sizeof(payload));
	}
	node_join_free(b->node[0].join);
}

// A client joins seven pieces, no more.
static void the_longest_answer_is_seven_pieces(void **state)
{
	struct bench *b = *state;
	static uint8_t payload[ZT_PACKET_MAX], cut[ZT_PACKET_MAX + 7 * 16];
	bench_join(b, 0);
	for (size_t n = 9891; n <= 9892; n++) {
		struct node_piece piece[ZT_FRAG_MAX];
		size_t len = node_echo(&b->node[0], 1, payload, n, buf);
		unsigned pieces = node_cut(buf, len, ZT_MTU, cut, piece);
		assert_int_equal(pieces, 7);
		for (unsigned i = 0; i < pieces; i++)
			bench_say(b, 0, piece[i].data, piece[i].len);
		assert_int_equal(b->sent_count, n == 9891 ? 7 : 0);
	}
	bench_drops(b, RL_DROP_TOO_LONG);
}

static void a_newer_planet_comes_in_the_first_ok_and_only_to_a_proven_address(void **state)
{
	struct bench *b = *state;
	static struct rl_world planet = {.type = ZT_WORLD_PLANET,
					 .id = ZT_WORLD_ID_EARTH,
					 .timestamp = 2000,
					 .root_count = 1};
	planet.root[0].id = b->node[7].id;
	planet.root[0].endpoint_count = 1;
	planet.root[0].endpoint[0] = rl_inet4(0x0a4d0001, 9993);
	rl_root_set_worlds(b->root, rl_worlds_new(&planet, 1));
	b->node[0].planet_id = ZT_WORLD_ID_EARTH;
	b->node[0].planet_timestamp = 1000;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_drops(b, RL_DROP_UNPROVEN);
	assert_int_equal(b->sent_count, 1);
	bench_answer_probe(b, 0, 0);
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.world_count, 1);

	b->node[0].planet_timestamp = 2000; // as new as ours
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.world_count, 0);
	b->node[0].planet_id = 7; // another planet's client
	b->node[0].planet_timestamp = 0;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.world_count, 0);

	// The fellow roots of the planet are known by WHOIS.
	uint64_t fellow = b->node[7].id.address;
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &fellow, 1, buf));
	bench_read(b, 0, 0, &ev);
	assert_true(rl_identity_equal(&ev.whois[0], &b->node[7].id));
}

static void a_moon_comes_to_those_who_list_it(void **state)
{
	struct bench *b = *state;
	static struct rl_world moon = {.type = ZT_WORLD_MOON, .id = 77, .timestamp = 5};
	rl_root_set_worlds(b->root, rl_worlds_new(&moon, 1));
	bench_join(b, 0);
	b->node[0].moon_count = 2;
	b->node[0].moon[0] = (struct node_moon){.id = 76};
	b->node[0].moon[1] = (struct node_moon){.id = 77};
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.world_count, 1);
	b->node[0].moon[1].timestamp = 5;
	bench_say(b, 0, buf, bench_hello(b, 0, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.world_count, 0);
}

static void groups_are_liked_and_gathered(void **state)
{
	struct bench *b = *state;
	struct node_group g[NODE_TUPLES_MAX];
	static uint8_t cut[ZT_PACKET_MAX + 7 * 16];
	for (unsigned i = 0; i < NODE_TUPLES_MAX; i++)
		g[i] = (struct node_group){.network = 0x8056c2e21c000001, .adi = i};
	for (unsigned i = 0; i < 3; i++) {
		bench_join(b, i);
		struct node_piece piece[ZT_FRAG_MAX];
		size_t len = node_like(&b->node[i], 1, g, NODE_TUPLES_MAX, buf);
		unsigned pieces = node_cut(buf, len, ZT_MTU, cut, piece);
		assert_true(pieces > 1);
		for (unsigned k = 0; k < pieces; k++)
			bench_say(b, i, piece[k].data, piece[k].len);
		assert_int_equal(b->last.verdict, RL_DONE);
		assert_int_equal(b->sent_count, 0);
	}
	bench_say(b, 0, buf, node_gather(&b->node[0], 3, &g[553], 32, 272, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.gather_total, 3);
	assert_int_equal(ev.gather_count, 2);
	bench_say(b, 0, buf, node_gather(&b->node[0], 3, &g[553], 0, 0, buf));
	bench_drops(b, RL_DROP_NO_ANSWER);
	g[0].mac[5] = 1;
	bench_say(b, 0, buf, node_gather(&b->node[0], 3, &g[0], 32, 0, buf));
	bench_drops(b, RL_DROP_NO_ANSWER);
}

static void the_rest_is_refused_or_ignored_by_name(void **state)
{
	struct bench *b = *state;
	static const uint8_t zeros[64];
	bench_join(b, 0);
	bench_say(b, 0, buf, node_config_request(&b->node[0], 0x8056c2e21c000001, buf));
	bench_read(b, 0, 0, &ev);
	assert_int_equal(ev.verb, ZT_VERB_ERROR);
	assert_int_equal(ev.in_verb, ZT_VERB_NETWORK_CONFIG_REQUEST);
	assert_int_equal(ev.error, ZT_ERROR_UNSUPPORTED_OPERATION);
	for (unsigned verb = 0; verb < ZT_VERB_COUNT; verb++) {
		if (verb == ZT_VERB_NOP || verb == ZT_VERB_HELLO || verb == ZT_VERB_OK ||
		    verb == ZT_VERB_WHOIS || verb == ZT_VERB_ECHO ||
		    (verb >= ZT_VERB_MULTICAST_LIKE && verb <= ZT_VERB_MULTICAST_GATHER &&
		     verb != ZT_VERB_NETWORK_CREDENTIALS && verb != ZT_VERB_NETWORK_CONFIG))
			continue;
		bench_say(b, 0, buf,
			  node_make(&b->node[0], &b->node[0].root, 3, (uint8_t)verb, zeros,
				    sizeof(zeros), buf));
		bench_drops(b, RL_DROP_IGNORED);
		assert_int_equal(b->sent_count, 0);
	}
	assert_int_equal(rl_worker_stats(b->worker)->verb[ZT_VERB_RENDEZVOUS], 1);
}

static void strangers_suites_and_beacons(void **state)
{
	struct bench *b = *state;
	bench_say(b, 0, buf, node_nop(&b->node[0], buf));
	bench_drops(b, RL_DROP_UNKNOWN_SOURCE);
	bench_join(b, 0);
	for (unsigned suite = 2; suite <= 7; suite++) {
		if (suite == 3)
			continue;
		size_t len = node_nop(&b->node[0], buf);
		buf[ZT_AT_FLAGS] = (uint8_t)(suite << ZT_SUITE_SHIFT);
		bench_say(b, 0, buf, len);
		bench_drops(b, RL_DROP_BAD_SUITE);
	}
	bench_say(b, 0, buf, 13);
	bench_drops(b, RL_DROP_BEACON);
	size_t len = node_nop(&b->node[0], buf);
	rl_store40(buf + ZT_AT_FROM, b->id.address);
	bench_say(b, 0, buf, len);
	bench_drops(b, RL_DROP_BAD_SOURCE);
}

static void one_peer_cannot_use_up_the_root(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	uint64_t self = b->id.address;
	unsigned answered = 0;
	for (unsigned i = 0; i < 400; i++) {
		bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
		answered += b->last.verdict == RL_REPLY;
	}
	bench_drops(b, RL_DROP_RATE_PEER);
	assert_in_range(answered, 190, 200);
	b->now += 1000;
	bench_say(b, 0, buf, node_whois(&b->node[0], 3, &self, 1, buf));
	assert_int_equal(b->last.verdict, RL_REPLY);
}

static void silent_peers_are_forgotten_and_their_room_used_again(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	b->now += rl_options_default().peer_timeout_ms - 1000;
	assert_int_equal(rl_root_expire(b->root, b->now, 100), 0);
	b->now += 2000;
	assert_int_equal(rl_root_expire(b->root, b->now, 100), 1);
	assert_int_equal(rl_root_peer_count(b->root), 0);
	rl_root_expire_done(b->root);
	bench_join(b, 0);
	assert_int_equal(rl_root_peer_count(b->root), 1);
}

static int two_peers(void **state)
{
	struct rl_options opt = rl_options_default();
	opt.max_peers = 2;
	return bench_open(state, &opt);
}

static void a_full_table_turns_newcomers_away_until_somebody_is_gone(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	bench_say(b, 2, buf, bench_hello(b, 2, buf));
	bench_drops(b, RL_DROP_PEERS_FULL);
	b->now +=
		600000; // long silent, but within peer_timeout_ms: a crowded table is less patient
	assert_int_equal(rl_root_expire(b->root, b->now, 100), 2);
	rl_root_expire_done(b->root);
	bench_join(b, 2);
}

struct memory {
	struct rl_identity known, told;
};

static bool validated(void *ctx, const struct rl_identity *id)
{
	return rl_identity_equal(&((struct memory *)ctx)->known, id);
}

static void admitted(void *ctx, const struct rl_identity *id, uint64_t now_ms)
{
	assert_true(now_ms > 0);
	((struct memory *)ctx)->told = *id;
}

static void who_was_valid_before_is_not_validated_again(void **state)
{
	struct bench *b = *state;
	struct memory memory = {.known = b->node[0].id};
	b->root->host.ctx = &memory;
	b->root->host.validated = validated;
	b->root->host.admitted = admitted;
	bench_join(b, 0);
	assert_int_equal(rl_worker_stats(b->admission)->validations, 0);
	assert_true(rl_identity_equal(&memory.told, &b->node[0].id));
	bench_join(b, 1);
	assert_int_equal(rl_worker_stats(b->admission)->validations, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_newcomer_is_answered_and_probed_within_what_it_sent),
		T(copies_of_a_hello_from_other_ports_are_answered_there),
		T(every_wrong_byte_of_a_hello_is_without_effect),
		T(every_truncation_is_dropped),
		T(a_false_address_is_refused_and_remembered),
		T(hello_of_an_ancient_protocol_is_not_answered),
		T(a_hello_in_another_name_is_refused),
		T(encrypted_hello_is_opened_and_answered),
		T(collision_is_told_only_to_a_proven_identity),
		T(whois_answers_only_proven_addresses),
		T(answers_to_an_unproven_address_count_together),
		T(whois_of_many_comes_in_datagrams_that_fit),
		T(echo_comes_back_long_ones_in_fragments),
		T(the_longest_answer_is_seven_pieces),
		T(a_newer_planet_comes_in_the_first_ok_and_only_to_a_proven_address),
		T(a_moon_comes_to_those_who_list_it),
		T(groups_are_liked_and_gathered),
		T(the_rest_is_refused_or_ignored_by_name),
		T(strangers_suites_and_beacons),
		T(one_peer_cannot_use_up_the_root),
		T(who_was_valid_before_is_not_validated_again),
		T(silent_peers_are_forgotten_and_their_room_used_again),
		cmocka_unit_test_setup_teardown(
			a_full_table_turns_newcomers_away_until_somebody_is_gone, two_peers,
			bench_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
