// SPDX-License-Identifier: BSD-3-Clause
// Packets the generator makes, and recorded ones it makes fresh: they open with the root's key, and
// only what must be new is new.
#include "tests/unit/gun_fixture.h"

#include "bench/gun/craft.h"

static const char target_text[] = "198.51.100.7/9993";

struct range {
	struct gun_fixture *g;
	struct rl_cipher *cipher;
	struct craft craft;
};

static struct range *range_new(enum traffic t, unsigned suite)
{
	struct range *r = calloc(1, sizeof(*r));
	struct craft_plan plan = craft_plan_default(t);
	struct say_why why;

	r->g = gun_setup();
	r->cipher = rl_cipher_new();
	plan.suite = suite;
	plan.ask = 3;
	plan.groups = 4;
	plan.copies = 3;
	assert_int_equal(craft_init(&r->craft, &r->g->p, &plan, &why), 0);
	return r;
}

static void range_free(struct range *r)
{
	rl_cipher_free(r->cipher);
	gun_teardown(r->g);
	free(r);
}

// As the root would: with the key from its own secret.
static bool opens(struct range *r, const uint8_t *data, size_t len, uint8_t *out)
{
	uint32_t i = population_find(&r->g->p, rl_load40(data + ZT_AT_FROM));
	struct rl_key key;

	assert_int_not_equal(i, POPULATION_NONE);
	assert_int_equal(rl_load40(data + ZT_AT_TO), r->g->root.id.address);
	assert_int_equal(rl_key_agree(&key, &r->g->root.secret, r->g->id[i].id.public_key), 0);
	memcpy(out, data, len);
	return rl_armor_open(r->cipher, &key, out, len);
}

static void requests_open(void **state)
{
	static const struct {
		enum traffic t;
		enum shot_class kind;
		uint8_t verb;
		size_t len;
	} row[] = {
		{TRAFFIC_WHOIS, CLASS_WHOIS, ZT_VERB_WHOIS, 28 + 3 * 5},
		{TRAFFIC_WHOIS_ROOT, CLASS_WHOIS, ZT_VERB_WHOIS, 28 + 5},
		{TRAFFIC_LIKE, CLASS_LIKE, ZT_VERB_MULTICAST_LIKE, 28 + 4 * 18},
		{TRAFFIC_GATHER, CLASS_GATHER, ZT_VERB_MULTICAST_GATHER, 51},
		{TRAFFIC_ECHO, CLASS_ECHO, ZT_VERB_ECHO, CRAFT_ECHO},
		{TRAFFIC_HELLO, CLASS_HELLO, ZT_VERB_HELLO, 137},
		{TRAFFIC_REFRESH, CLASS_HELLO, ZT_VERB_HELLO, 137},
	};
	uint8_t data[ZT_PACKET_MAX], out[ZT_PACKET_MAX];
	struct rl_inet target;

	(void)state;
	rl_inet_parse(&target, target_text);
	for (unsigned i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		unsigned suite = i & 1 ? 3 : 1;
		struct range *r = range_new(row[i / 2].t, suite);

		for (unsigned k = 0; k < 20; k++) {
			uint64_t id = 1000 + k, wire;
			struct shot s;
			struct rl_inet at;

			craft_next(&r->craft, &s, data, ZT_MTU);
			wire = shot_seal(&s, &r->g->p, r->cipher, data, id, 123456, &target);
			assert_int_equal(s.kind, row[i / 2].kind);
			assert_int_equal(s.len, row[i / 2].len);
			assert_int_equal(wire, rl_load64(data));
			if (suite == 1 || s.kind == CLASS_HELLO)
				assert_int_equal(wire, id);
			assert_int_equal(data[ZT_AT_FLAGS] & ZT_SUITE_MASK,
					 s.kind == CLASS_HELLO ? 0 : suite << ZT_SUITE_SHIFT);
			assert_true(opens(r, data, s.len, out));
			assert_int_equal(out[ZT_AT_VERB], row[i / 2].verb);
			at = sources_at(&r->g->p.sources, s.sender, s.socket);
			assert_true(rl_inet_equal(&at, &s.from));
		}
		range_free(r);
	}
}

// The sealed part of a HELLO is what a root finds after undoing it with the ID it came with.
static void check_hello(struct range *r, const uint8_t *wire, size_t len, uint64_t clock,
			const struct rl_inet *target)
{
	uint8_t out[ZT_PACKET_MAX];
	struct rl_reader in;
	struct rl_identity id;
	struct rl_inet told;
	size_t at;

	assert_true(opens(r, wire, len, out));
	in = rl_reader(out, len);
	rl_get(&in, ZT_HELLO_AT_CLOCK);
	assert_int_equal(rl_get64(&in), clock);
	rl_identity_get(&in, &id);
	assert_int_equal(id.address, rl_load40(out + ZT_AT_FROM));
	told = rl_inet_get(&in);
	assert_true(rl_inet_equal(&told, target));
	rl_get(&in, 16);
	assert_false(in.bad);
	at = len - rl_reader_left(&in);
	rl_armor_hello_seal(&r->g->p.node[population_find(&r->g->p, id.address)].key, out, at, len);
	assert_int_equal(rl_load16(out + at), 0); // no moons
	assert_int_equal(len - at, 2);
}

static void hello_is_whole(void **state)
{
	struct range *r = range_new(TRAFFIC_HELLO, 1);
	uint8_t data[ZT_PACKET_MAX];
	struct rl_inet target;

	(void)state;
	rl_inet_parse(&target, target_text);
	// In turn, round and round.
	for (uint32_t i = 0; i < 2 * GUN_NODES; i++) {
		struct shot s;

		craft_next(&r->craft, &s, data, ZT_MTU);
		assert_int_equal(s.sender, i % GUN_NODES);
		shot_seal(&s, &r->g->p, r->cipher, data, 77 + i, 5000 + i, &target);
		check_hello(r, data, s.len, 5000 + i, &target);
	}
	range_free(r);
}

static void copies_differ_only_in_their_socket(void **state)
{
	struct range *r = range_new(TRAFFIC_REFRESH, 1);
	uint8_t data[ZT_PACKET_MAX], first[ZT_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		struct shot s;

		craft_next(&r->craft, &s, data, ZT_MTU);
		assert_int_equal(s.socket, i % 3);
		assert_int_equal(s.repeat, i % 3 != 0);
		shot_seal(&s, &r->g->p, r->cipher, data, 9 + i / 3, 1, NULL);
		if (i % 3 == 0)
			memcpy(first, data, s.len);
		assert_memory_equal(first, data, s.len);
	}
	range_free(r);
}

// A recorded packet, opened and sealed with its own ID and clock, is what it was; with another it
// is new, and opens.
static void what_is_made_fresh_opens(void **state)
{
	static const enum traffic kinds[] = {TRAFFIC_HELLO, TRAFFIC_WHOIS,  TRAFFIC_LIKE,
					     TRAFFIC_ECHO,  TRAFFIC_GATHER, TRAFFIC_REFRESH};
	uint8_t was[ZT_PACKET_MAX], data[ZT_PACKET_MAX], out[ZT_PACKET_MAX];
	struct rl_inet target;

	(void)state;
	rl_inet_parse(&target, target_text);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct range *r = range_new(kinds[i], 1);

		for (unsigned k = 0; k < 10; k++) {
			struct shot made, s;

			craft_next(&r->craft, &made, was, ZT_MTU);
			shot_seal(&made, &r->g->p, r->cipher, was, 500 + k, 60000, &target);
			memcpy(data, was, made.len);
			shot_open(&s, &r->g->p, r->cipher, data, made.len);
			assert_int_equal(s.fresh, SHOT_SEALED);
			assert_int_equal(s.kind, made.kind);
			assert_int_equal(s.sender, made.sender);
			assert_int_equal(s.len, made.len);

			memcpy(out, data, s.len);
			shot_seal(&s, &r->g->p, r->cipher, out, 500 + k, 60000, NULL);
			assert_memory_equal(out, was, s.len);

			shot_seal(&s, &r->g->p, r->cipher, data, 900 + k, 70000, NULL);
			assert_int_equal(rl_load64(data), 900 + k);
			assert_memory_not_equal(data, was, s.len);
			assert_true(opens(r, data, s.len, out));
			if (s.kind == CLASS_HELLO)
				check_hello(r, data, s.len, 70000, &target);
		}
		range_free(r);
	}
}

static void relayed_packets_get_a_new_id_alone(void **state)
{
	static const enum traffic kinds[] = {TRAFFIC_RELAY_SMALL, TRAFFIC_RELAY_LARGE,
					     TRAFFIC_RELAY_FRAGMENT};
	static const size_t sizes[] = {CRAFT_RELAY_SMALL, CRAFT_RELAY_LARGE, CRAFT_RELAY_SMALL};
	uint8_t data[ZT_PACKET_MAX], was[ZT_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct range *r = range_new(kinds[i], 1);

		for (unsigned k = 0; k < 50; k++) {
			struct shot made, s;

			craft_next(&r->craft, &made, data, ZT_MTU);
			assert_int_not_equal(made.sender, made.to);
			assert_int_equal(made.len, sizes[i]);
			shot_seal(&made, &r->g->p, r->cipher, data, 1, 0, NULL);
			memcpy(was, data, made.len);
			shot_open(&s, &r->g->p, r->cipher, data, made.len);
			assert_int_equal(s.fresh, SHOT_FRESH_ID);
			assert_int_equal(s.kind, made.kind);
			assert_int_equal(s.to, made.to);
			shot_seal(&s, &r->g->p, r->cipher, data, 2, 0, NULL);
			assert_int_equal(rl_load64(data), 2);
			assert_memory_equal(data + 8, was + 8, made.len - 8u);
		}
		range_free(r);
	}
}

static void the_rest_stays_as_it_is(void **state)
{
	struct range *r = range_new(TRAFFIC_WHOIS, 1);
	uint8_t data[ZT_PACKET_MAX] = {0}, was[ZT_PACKET_MAX];
	struct shot made, s;

	(void)state;
	static const struct {
		const char *what;
		size_t at;
		uint8_t flip;
		enum shot_class kind;
	} row[] = {
		{"a wrong MAC", ZT_AT_MAC, 1, CLASS_HOSTILE},
		{"an unknown sender", ZT_AT_FROM + 4, 1, CLASS_FOREIGN},
		{"an unknown receiver", ZT_AT_TO, 1, CLASS_FOREIGN},
		{"suite 2", ZT_AT_FLAGS, 3 << ZT_SUITE_SHIFT, CLASS_HOSTILE},
		{"a head", ZT_AT_FLAGS, ZT_FLAG_FRAGMENTED, CLASS_OTHER},
	};
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		craft_next(&r->craft, &made, data, ZT_MTU);
		shot_seal(&made, &r->g->p, r->cipher, data, 1, 0, NULL);
		data[row[i].at] ^= row[i].flip;
		memcpy(was, data, made.len);
		shot_open(&s, &r->g->p, r->cipher, data, made.len);
		assert_int_equal(s.fresh, SHOT_AS_IS);
		assert_int_equal(s.kind, row[i].kind);
		assert_int_equal(shot_seal(&s, &r->g->p, r->cipher, data, 2, 9, NULL),
				 rl_load64(was));
		assert_memory_equal(data, was, made.len);
	}
	for (size_t len = 0; len < ZT_HDR_LEN; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, was, len);
		shot_open(&s, &r->g->p, r->cipher, exact, len);
		assert_int_equal(s.fresh, SHOT_AS_IS);
		free(exact);
	}
	range_free(r);
}

// The spoiled ones do not open; those that are sealed do; none claims an answer.
static void hostile_packets_are_what_they_say(void **state)
{
	struct range *r = range_new(TRAFFIC_HOSTILE, 1);
	uint8_t data[ZT_PACKET_MAX], out[ZT_PACKET_MAX];
	unsigned sealed = 0, spoiled = 0;

	(void)state;
	for (unsigned kind = 0; kind < craft_hostile_kinds(); kind++) {
		for (unsigned k = 0; k < 50; k++) {
			struct shot s;

			craft_hostile_of(&r->craft, kind, &s, data);
			assert_int_equal(s.kind, CLASS_HOSTILE);
			assert_in_range(s.len, 1, ZT_MTU);
			shot_seal(&s, &r->g->p, r->cipher, data, k, 0, NULL);
			if (s.fresh != SHOT_SEALED)
				continue;
			assert_int_equal(opens(r, data, s.len, out), !s.spoil);
			sealed += !s.spoil;
			spoiled += s.spoil;
		}
	}
	assert_true(sealed >= 150);
	assert_true(spoiled >= 100);
	assert_false(class_answered(CLASS_HOSTILE));
	range_free(r);
}

static void a_mixture_has_its_weights(void **state)
{
	struct gun_fixture *g = gun_setup();
	struct craft_plan plan = craft_plan_default(TRAFFIC_MIXED);
	struct craft *c = calloc(1, sizeof(*c)), *again = calloc(1, sizeof(*c));
	unsigned seen[CLASS_COUNT] = {0};
	uint8_t data[ZT_PACKET_MAX], same[ZT_PACKET_MAX];
	struct say_why why;

	(void)state;
	plan.weight[TRAFFIC_ECHO] = 1;
	plan.weight[TRAFFIC_RELAY_SMALL] = 3;
	plan.size = 200;
	assert_int_equal(craft_init(c, &g->p, &plan, &why), 0);
	assert_int_equal(craft_init(again, &g->p, &plan, &why), 0);
	for (unsigned i = 0; i < 8000; i++) {
		struct shot s, t;

		craft_next(c, &s, data, ZT_MTU);
		craft_next(again, &t, same, ZT_MTU);
		assert_int_equal(s.len, 200);
		assert_int_equal(t.len, 200);
		assert_memory_equal(data + 8, same + 8, 192); // the same seed, the same packets
		seen[s.kind]++;
	}
	assert_in_range(seen[CLASS_ECHO], 1800, 2200);
	assert_in_range(seen[CLASS_RELAY], 5800, 6200);
	free(c);
	free(again);
	gun_teardown(g);
}

static void what_cannot_be_made_is_refused(void **state)
{
	struct gun_fixture *g = gun_setup();
	struct craft_plan plan = craft_plan_default(TRAFFIC_RELAY_SMALL);
	struct craft *c = calloc(1, sizeof(*c));
	struct say_why why;

	(void)state;
	plan.size = 27;
	assert_true(craft_init(c, &g->p, &plan, &why) < 0);
	plan.size = 8193;
	assert_true(craft_init(c, &g->p, &plan, &why) < 0);
	plan.size = 28;
	assert_int_equal(craft_init(c, &g->p, &plan, &why), 0);
	g->p.count = 1;
	assert_true(craft_init(c, &g->p, &plan, &why) < 0);
	g->p.count = GUN_NODES;
	free(c);
	gun_teardown(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_open),
		cmocka_unit_test(hello_is_whole),
		cmocka_unit_test(copies_differ_only_in_their_socket),
		cmocka_unit_test(what_is_made_fresh_opens),
		cmocka_unit_test(relayed_packets_get_a_new_id_alone),
		cmocka_unit_test(the_rest_stays_as_it_is),
		cmocka_unit_test(hostile_packets_are_what_they_say),
		cmocka_unit_test(a_mixture_has_its_weights),
		cmocka_unit_test(what_cannot_be_made_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
