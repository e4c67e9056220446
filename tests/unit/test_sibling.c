// SPDX-License-Identifier: BSD-3-Clause
// Two roots that are siblings, each with one worker and one teller, and the wire between them.
#include "root/core.h"
#include "root/sibling.h"
#include "root/tell.h"
#include "tests/lib/identities.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ECHO_LEN = 44, OK_ECHO_LEN = 53, CLIENTS = 3 };

struct side {
	struct rl_root *root;
	struct rl_worker *worker, *teller;
	struct rl_identity id;
	struct rl_inet front;
};

struct two {
	struct side alice, bob;
	struct rl_identity client[CLIENTS];
	uint64_t now;
	struct rl_packet last;
	uint8_t data[ZT_MTU];
};

static void open_side(struct side *s, const struct test_identity *id, uint32_t ip, uint8_t number,
		      const struct rl_options *o)
{
	uint8_t seed[32] = {number};
	*s = (struct side){.id = id->id, .front = rl_inet4(ip, ZT_PORT)};
	s->root = rl_root_new(&id->id, &id->secret, o, NULL, seed);
	assert_non_null(s->root);
}

static void open_workers(struct side *s, uint8_t number)
{
	uint8_t seed[32] = {number};
	s->worker = rl_worker_new(s->root, seed);
	seed[1] = 1;
	s->teller = rl_worker_new(s->root, seed);
	assert_true(s->worker && s->teller);
}

static int open_with(void **state, const struct rl_options *o)
{
	struct two *t = calloc(1, sizeof(*t));
	struct test_identity *ids;
	assert_int_equal(identities_load(IDENTITIES_FILE, 0, 2 + CLIENTS, &ids), 2 + CLIENTS);
	t->now = 1700000000000;
	open_side(&t->alice, &ids[0], 0xc0000201, 1, o);
	open_side(&t->bob, &ids[1], 0xc6336401, 2, o);
	for (unsigned i = 0; i < CLIENTS; i++)
		t->client[i] = ids[2 + i].id;
	free(ids);
	assert_int_equal(rl_root_sibling_add(t->alice.root, &t->bob.id, &t->bob.front, 1, t->now),
			 0);
	assert_int_equal(rl_root_sibling_add(t->bob.root, &t->alice.id, &t->alice.front, 1, t->now),
			 0);
	open_workers(&t->alice, 3);
	open_workers(&t->bob, 4);
	*state = t;
	return 0;
}

static int setup(void **state)
{
	struct rl_options o = rl_options_default();
	o.max_peers = 16;
	o.peer_verb_pps = 4;
	o.sibling_pps = 10;
	o.sight_ms = 15000;
	return open_with(state, &o);
}

static void close_side(struct side *s)
{
	rl_worker_free(s->worker);
	rl_worker_free(s->teller);
	rl_root_free(s->root);
}

static int teardown(void **state)
{
	struct two *t = *state;
	close_side(&t->alice);
	close_side(&t->bob);
	free(t);
	return 0;
}

// One datagram to a side; t->last and t->data are what came of it.
static void carry(struct two *t, struct side *to, const struct rl_inet *from, const void *data,
		  size_t len)
{
	memmove(t->data, data, len);
	t->last = (struct rl_packet){
		.data = t->data, .len = (uint16_t)len, .room = sizeof(t->data), .from = *from};
	struct rl_packet *burst[] = {&t->last};
	rl_receive_burst(to->worker, t->now, burst, 1);
}

static const struct rl_out *told(struct side *s, size_t len)
{
	unsigned n;
	const struct rl_out *out = rl_worker_out(s->teller, &n);
	assert_int_equal(n, 1);
	assert_int_equal(out->len, len);
	return out;
}

static void drops(const struct two *t, enum rl_drop why)
{
	assert_int_equal(t->last.verdict, RL_DROP);
	assert_string_equal(rl_drop_name(t->last.drop), rl_drop_name(why));
}

// The question of one arrives at the other; its answer is in t->last.
static void ask_echo(struct two *t, struct side *from, struct side *to, uint64_t stamp)
{
	rl_tell_begin(from->teller, t->now);
	assert_int_equal(rl_tell_sibling_echo(from->teller, 0, 0, NULL, stamp), 0);
	const struct rl_out *out = told(from, ECHO_LEN);
	assert_int_equal(out->to.via, RL_VIA_NONE);
	assert_true(rl_inet_equal(&out->to.addr, &to->front));
	carry(t, to, &from->front, out->data, out->len);
}

static void meet(struct two *t, struct side *from, struct side *to)
{
	ask_echo(t, from, to, 1);
	assert_int_equal(t->last.verdict, RL_REPLY);
	carry(t, from, &to->front, t->data, t->last.len);
	assert_int_equal(t->last.verdict, RL_DONE);
}

static int ask_whois(struct two *t, struct side *from, struct side *to, uint64_t address)
{
	rl_tell_begin(from->teller, t->now);
	int ret = rl_tell_sibling_whois(from->teller, 0, 0, 16000, address);
	if (ret == 0)
		carry(t, to, &from->front, told(from, ZT_HDR_LEN + 5)->data, ZT_HDR_LEN + 5);
	return ret;
}

static const struct rl_sibling_answer *answers(const struct side *s, unsigned want)
{
	unsigned n;
	const struct rl_sibling_answer *a = rl_worker_answers(s->worker, &n);
	assert_int_equal(n, want);
	return a;
}

static bool way(const struct two *t, const struct side *s, uint64_t later_ms)
{
	struct rl_path to;
	return rl_root_sibling_way(s->root, 0, 0, t->now + later_ms, 16000, &to);
}

static void an_echo_teaches_the_way(void **state)
{
	struct two *t = *state;
	assert_false(way(t, &t->alice, 0));
	ask_echo(t, &t->alice, &t->bob, 0x1122334455667788);
	// Bob has proof of nothing, and answers: Alice's front is listed.
	assert_int_equal(t->last.verdict, RL_REPLY);
	assert_int_equal(t->last.len, OK_ECHO_LEN);
	assert_false(way(t, &t->bob, 0));
	carry(t, &t->alice, &t->bob.front, t->data, t->last.len);
	assert_int_equal(t->last.verdict, RL_DONE);
	const struct rl_sibling_answer *a = answers(&t->alice, 1);
	assert_int_equal(a->said, RL_SIBLING_ECHO);
	assert_int_equal(a->stamp, 0x1122334455667788);
	assert_true(way(t, &t->alice, 0));
	assert_true(way(t, &t->alice, 15900));
	assert_false(way(t, &t->alice, 16100));
}

static void only_fronts_are_believed(void **state)
{
	struct two *t = *state;
	const struct rl_inet other = rl_inet4(0xc6336401, 9994); // right machine, wrong port
	uint8_t answer[OK_ECHO_LEN];
	rl_tell_begin(t->alice.teller, t->now);
	assert_int_equal(rl_tell_sibling_echo(t->alice.teller, 0, 0, NULL, 1), 0);
	carry(t, &t->bob, &other, told(&t->alice, ECHO_LEN)->data, ECHO_LEN);
	drops(t, RL_DROP_UNPROVEN);
	ask_echo(t, &t->alice, &t->bob, 1);
	memcpy(answer, t->data, sizeof(answer));
	carry(t, &t->alice, &other, answer, sizeof(answer));
	drops(t, RL_DROP_IGNORED);
	assert_false(way(t, &t->alice, 0));
	t->now += 16000; // the cookie is no more
	carry(t, &t->alice, &t->bob.front, answer, sizeof(answer));
	drops(t, RL_DROP_IGNORED);
	t->now -= 16000;
	carry(t, &t->alice, &t->bob.front, answer, sizeof(answer));
	assert_int_equal(t->last.verdict, RL_DONE);
	answer[OK_ECHO_LEN - 1] ^= 1;
	carry(t, &t->alice, &t->bob.front, answer, sizeof(answer));
	drops(t, RL_DROP_BAD_MAC);
}

static void whois_is_answered_to_a_proven_front(void **state)
{
	struct two *t = *state;
	uint64_t who = t->client[0].address;
	assert_int_equal(rl_root_peer_add(t->bob.root, &t->client[0], t->now), 0);
	assert_int_equal(ask_whois(t, &t->alice, &t->bob, who), -ENOTCONN); // no way there yet
	meet(t, &t->alice, &t->bob);
	assert_int_equal(ask_whois(t, &t->alice, &t->bob, who), 0);
	drops(t, RL_DROP_UNPROVEN); // the answer is longer than the question
	meet(t, &t->bob, &t->alice);
	assert_int_equal(ask_whois(t, &t->alice, &t->bob, who), 0);
	assert_int_equal(t->last.verdict, RL_REPLY);
	unsigned n;
	rl_worker_sights(t->bob.worker, &n);
	assert_int_equal(n, 0); // no client
	carry(t, &t->alice, &t->bob.front, t->data, t->last.len);
	assert_int_equal(t->last.verdict, RL_DONE);
	const struct rl_sibling_answer *a = answers(&t->alice, 1);
	assert_int_equal(a->said, RL_SIBLING_WHOIS);
	assert_true(rl_identity_equal(&a->id, &t->client[0]));
	assert_int_equal(ask_whois(t, &t->alice, &t->bob, t->client[1].address), 0);
	drops(t, RL_DROP_NO_ANSWER);
}

// An OK of Bob's own making.
static void say_ok(struct two *t, enum zt_verb in_re, const uint8_t *body, size_t len)
{
	struct rl_worker *w = t->bob.teller;
	struct rl_key key;
	rl_tell_begin(w, t->now);
	rl_key_agree(&key, &t->bob.root->secret, t->alice.id.public_key);
	struct rl_writer out = rl_writer(t->data, sizeof(t->data));
	rl_put64(&out, 77);
	rl_put40(&out, t->alice.id.address);
	rl_put40(&out, t->bob.id.address);
	rl_put8(&out, 0);
	rl_put64(&out, 0);
	rl_put8(&out, ZT_VERB_OK);
	rl_put8(&out, in_re);
	rl_put64(&out, 5);
	rl_put_bytes(&out, body, len);
	rl_armor_seal(w->cipher, &key, t->data, rl_writer_len(&out), ZT_SUITE_SALSA_POLY1305);
	carry(t, &t->alice, &t->bob.front, t->data, rl_writer_len(&out));
}

static void identities_are_read_whole_or_not(void **state)
{
	struct two *t = *state;
	uint8_t ids[2 * ZT_IDENTITY_LEN];
	struct rl_writer out = rl_writer(ids, sizeof(ids));
	rl_identity_put(&out, &t->client[0]);
	rl_identity_put(&out, &t->client[1]);
	static const struct {
		size_t len;
		unsigned count;
		bool bad;
	} rows[] = {
		{0, 0, false},
		{1, 0, true},
		{ZT_IDENTITY_LEN - 1, 0, true},
		{ZT_IDENTITY_LEN, 1, false},
		{ZT_IDENTITY_LEN + 1, 1, true},
		{2 * ZT_IDENTITY_LEN, 2, false},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		say_ok(t, ZT_VERB_WHOIS, ids, rows[i].len);
		if (rows[i].bad)
			drops(t, RL_DROP_MALFORMED);
		else
			assert_int_equal(t->last.verdict, RL_DONE);
		const struct rl_sibling_answer *a = answers(&t->alice, rows[i].count);
		for (unsigned k = 0; k < rows[i].count; k++)
			assert_true(rl_identity_equal(&a[k].id, &t->client[k]));
	}
}

static void listeners_are_read_whole_or_not(void **state)
{
	enum { HEAD = 24 };
	static const struct {
		unsigned said;  // how many it says
		unsigned bytes; // of addresses
		unsigned count;
		bool bad;
	} rows[] = {
		{0, 0, 0, false},     {1, 5, 1, false},     {1, 4, 0, true},
		{2, 5, 0, true},      {1, 9, 1, false}, // more than it says
		{64, 320, 64, false}, {65, 325, 64, false}, {65535, 325, 0, true},
	};
	struct two *t = *state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t body[HEAD + 400] = {0};
		struct rl_writer out = rl_writer(body, HEAD);
		rl_put64(&out, 0x1122334455667788);
		rl_put16(&out, 0xffff);
		rl_put32(&out, 0xfffffffe);
		rl_put32(&out, 9);
		rl_put32(&out, 1000);
		rl_put16(&out, (uint16_t)rows[i].said);
		for (unsigned k = 0; k < 80; k++)
			rl_store40(body + HEAD + (size_t)k * 5, 0x1000 + k);
		say_ok(t, ZT_VERB_MULTICAST_GATHER, body, HEAD + rows[i].bytes);
		if (rows[i].bad) {
			drops(t, RL_DROP_MALFORMED);
			answers(&t->alice, 0);
			continue;
		}
		assert_int_equal(t->last.verdict, RL_DONE);
		const struct rl_sibling_answer *a = answers(&t->alice, 1);
		assert_int_equal(a->said, RL_SIBLING_GATHER);
		assert_int_equal(a->listeners.group.network, 0x1122334455667788);
		assert_int_equal(a->listeners.group.mac, 0xfffffffffffe);
		assert_int_equal(a->listeners.group.adi, 9);
		assert_int_equal(a->listeners.total, 1000);
		assert_int_equal(a->listeners.count, rows[i].count);
		for (unsigned k = 0; k < rows[i].count; k++)
			assert_int_equal(rl_load40(a->listeners.member[k]), 0x1000 + k);
	}
	say_ok(t, ZT_VERB_MULTICAST_GATHER, (const uint8_t *)"short", 5);
	drops(t, RL_DROP_MALFORMED);
}

static void gather_is_answered_to_a_sibling(void **state)
{
	struct two *t = *state;
	const struct rl_group_key group = {7, 0xffffffffffff, 3};
	struct rl_worker *w = t->alice.teller;
	rl_group_like(&t->bob.root->groups, &group, t->client[0].address, t->now, NULL);
	meet(t, &t->alice, &t->bob);
	meet(t, &t->bob, &t->alice);
	rl_tell_begin(w, t->now);
	assert_int_equal(rl_tell_sibling_gather(w, 0, 0, 16000, &group), 0);
	const struct rl_out *out = told(&t->alice, ZT_HDR_LEN + 23);
	carry(t, &t->bob, &t->alice.front, out->data, out->len);
	assert_int_equal(t->last.verdict, RL_REPLY);
	carry(t, &t->alice, &t->bob.front, t->data, t->last.len);
	const struct rl_sibling_answer *a = answers(&t->alice, 1);
	assert_int_equal(a->said, RL_SIBLING_GATHER);
	assert_int_equal(a->listeners.count, 1);
	assert_int_equal(rl_load40(a->listeners.member[0]), t->client[0].address);
}

static void a_sibling_has_a_budget_of_its_own(void **state)
{
	struct two *t = *state;
	for (unsigned i = 0; i < 10; i++) {
		ask_echo(t, &t->alice, &t->bob, i);
		assert_int_equal(t->last.verdict, RL_REPLY);
	}
	ask_echo(t, &t->alice, &t->bob, 10);
	drops(t, RL_DROP_RATE_SIBLING);
	t->now += 1000;
	ask_echo(t, &t->alice, &t->bob, 11);
	assert_int_equal(t->last.verdict, RL_REPLY);
}

static void a_sibling_stays(void **state)
{
	struct two *t = *state;
	assert_int_equal(rl_root_peer_add(t->alice.root, &t->client[0], t->now), 0);
	t->now += UINT64_C(90000000);
	assert_int_equal(rl_root_expire(t->alice.root, t->now, 100), 1);
	rl_root_expire_done(t->alice.root);
	assert_int_equal(rl_root_peer_count(t->alice.root), 1);
	assert_int_equal(rl_root_sibling_of(t->alice.root, t->bob.id.address), 0);
	assert_int_equal(rl_root_sibling_at(t->alice.root, &t->bob.front), 0);
	assert_int_equal(rl_root_sibling_at(t->alice.root, &t->alice.front), RL_SIBLING_NONE);
	meet(t, &t->alice, &t->bob);
}

static void what_cannot_be_a_sibling(void **state)
{
	struct two *t = *state;
	struct rl_root *r = t->alice.root;
	struct rl_inet fronts[RL_SIBLING_FRONTS + 1];
	struct rl_identity weak = {.address = 0x1234567890};
	for (unsigned i = 0; i <= RL_SIBLING_FRONTS; i++)
		fronts[i] = rl_inet4(0xc0000230 + i, 9993);
	assert_int_equal(rl_root_sibling_add(r, &t->alice.id, fronts, 1, t->now), -EINVAL);
	assert_int_equal(rl_root_sibling_add(r, &weak, fronts, 1, t->now), -EINVAL);
	assert_int_equal(rl_root_sibling_add(r, &t->bob.id, fronts, 1, t->now), -EEXIST);
	assert_int_equal(
		rl_root_sibling_add(r, &t->client[0], fronts, RL_SIBLING_FRONTS + 1, t->now),
		-ENOSPC);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
			rl_root_sibling_add(r, &t->client[i], fronts, RL_SIBLING_FRONTS, t->now),
			0);
	assert_int_equal(rl_root_sibling_add(r, &t->client[2], fronts, 1, t->now), -ENOSPC);
	assert_int_equal(rl_root_sibling_at(r, &fronts[RL_SIBLING_FRONTS - 1]), 1);
	assert_int_equal(rl_root_sibling_of(r, t->client[1].address), 2);
}

static void a_sibling_is_told_by_its_front(void **state)
{
	struct two *t = *state;
	struct rl_worker *w = t->bob.teller;
	uint64_t alice = t->alice.id.address;
	rl_tell_begin(w, t->now);
	assert_int_equal(rl_tell_nop(w, alice, &t->alice.front), -ENOTCONN);
	meet(t, &t->bob, &t->alice);
	rl_tell_begin(w, t->now);
	assert_int_equal(rl_tell_nop(w, alice, &t->bob.front), -ENOTCONN);
	assert_int_equal(rl_tell_nop(w, alice, &t->alice.front), 0);
	carry(t, &t->alice, &t->bob.front, told(&t->bob, ZT_HDR_LEN)->data, ZT_HDR_LEN);
	assert_int_equal(t->last.verdict, RL_DONE);
}

// A client of Alice asks for somebody; a packet of its own making, opened by Alice.
static unsigned asks_of(struct two *t, const struct rl_identity *who, const uint64_t *address,
			unsigned n)
{
	static const struct rl_inet from = {.ip = {10, 0, 0, 9}, .port = 9, .family = 4};
	struct rl_root *r = t->alice.root;
	struct rl_peer *peer = rl_peer_table_find(&r->peers, who->address,
						  rl_peer_table_hash(&r->peers, who->address));
	struct rl_peer_cold *cold = rl_peer_cold(&r->peers, peer);
	const struct rl_path path = {from, 0};
	struct rl_packet p = {.data = t->data, .from = from};
	struct rl_request q = {.packet = &p,
			       .peer = peer,
			       .cold = cold,
			       .wire_id = 7,
			       .data = t->data,
			       .direct = true,
			       .proven = true};
	rl_peer_path_learn(peer, cold, &path, rl_tick_of(t->now));
	rl_tell_begin(t->alice.worker, t->now);
	rl_sibling_asks(t->alice.worker, &q, address, n);
	unsigned count;
	rl_worker_sibling_asks(t->alice.worker, &count);
	return count;
}

static void the_unknown_are_asked_of_siblings(void **state)
{
	struct two *t = *state;
	uint64_t address[RL_BURST_MAX + 2];
	for (unsigned i = 0; i < RL_BURST_MAX + 2; i++)
		address[i] = 0x4455000000 + i;
	address[0] = t->client[1].address;
	address[1] = t->client[0].address;
	address[2] = t->bob.id.address;
	address[3] = t->alice.id.address;
	address[4] = 0;
	address[5] = 0xff00000000;
	assert_int_equal(rl_root_peer_add(t->alice.root, &t->client[0], t->now), 0);
	assert_int_equal(asks_of(t, &t->client[0], address, 6), 1);
	unsigned n;
	const struct rl_sibling_ask *a = rl_worker_sibling_asks(t->alice.worker, &n);
	assert_int_equal(a->client, t->client[0].address);
	assert_int_equal(a->verb, ZT_VERB_WHOIS);
	assert_int_equal(a->address, t->client[1].address);
	assert_int_equal(a->id, 7);
	assert_int_equal(a->path.addr.port, 9);
	// The answer goes by that path, about that node alone.
	rl_tell_begin(t->alice.teller, t->now);
	assert_int_equal(rl_tell_whois(t->alice.teller, a->client, &a->path.addr, a->id,
				       &a->address, 1, &t->client[1], 1),
			 0);
	told(&t->alice, ZT_HDR_LEN + 9 + ZT_IDENTITY_LEN);
	assert_int_equal(asks_of(t, &t->client[0], address, RL_BURST_MAX + 2), RL_BURST_MAX - 3);
	// A sibling asks its own.
	assert_int_equal(asks_of(t, &t->bob.id, address, 1), 0);
}

// A packet for `to`, from a node that nobody needs to know.
static void relay(struct two *t, struct side *s, const struct rl_inet *from, uint64_t to)
{
	uint8_t data[64] = {1};
	rl_store40(data + ZT_AT_TO, to);
	rl_store40(data + ZT_AT_FROM, 0x1122334455);
	carry(t, s, from, data, sizeof(data));
}

static void guesses_are_few_for_each_source(void **state)
{
	struct two *t = *state;
	const struct rl_inet one = rl_inet4(0x0a000001, 1), other = rl_inet4(0x0a000002, 1);
	unsigned taken = 0;
	for (unsigned i = 0; i < 100; i++) {
		relay(t, &t->alice, &one, t->client[0].address);
		assert_int_equal(t->last.verdict, RL_MISS);
		assert_int_equal(t->last.drop, RL_DROP_NO_PEER);
		taken += rl_worker_guess(t->alice.worker, &t->last);
	}
	assert_int_equal(taken, 40); // two seconds' worth
	relay(t, &t->alice, &other, t->client[0].address);
	assert_true(rl_worker_guess(t->alice.worker, &t->last));
	// A packet for the sibling itself is no guess, but its host's to send on.
	relay(t, &t->alice, &other, t->bob.id.address);
	assert_int_equal(t->last.verdict, RL_MISS);
	assert_int_equal(t->last.drop, RL_DROP_NO_PATH);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_echo_teaches_the_way),
		T(only_fronts_are_believed),
		T(whois_is_answered_to_a_proven_front),
		T(identities_are_read_whole_or_not),
		T(listeners_are_read_whole_or_not),
		T(gather_is_answered_to_a_sibling),
		T(a_sibling_has_a_budget_of_its_own),
		T(a_sibling_stays),
		T(what_cannot_be_a_sibling),
		T(a_sibling_is_told_by_its_front),
		T(the_unknown_are_asked_of_siblings),
		T(guesses_are_few_for_each_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
