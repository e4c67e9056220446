// SPDX-License-Identifier: BSD-3-Clause
// The simulated node of the tests, tried against itself: what one makes, the other must read.
#include "tests/lib/identities.h"
#include "tests/lib/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1000000 };

static struct rl_cipher *cipher;
static struct test_identity *ids; // 0 is the root
static struct node a, b, root;    // "root" is a node with the root's key: enough to open and answer
static struct node_peer b_at_a, a_at_b;
static struct node_event ev;
static const struct rl_inet at = {.ip = {10, 0, 0, 1}, .port = 9993, .family = 4};

static int fresh(void **state)
{
	(void)state;
	node_init(&root, &ids[0].id, &ids[0].secret, &ids[1].id, cipher, 1);
	node_init(&a, &ids[1].id, &ids[1].secret, &ids[0].id, cipher, 2);
	node_init(&b, &ids[2].id, &ids[2].secret, &ids[0].id, cipher, 3);
	node_know(&a, &b_at_a, &ids[2].id);
	node_know(&b, &a_at_b, &ids[1].id);
	return 0;
}

static void hello_is_read_and_answered(void **state)
{
	uint8_t p[ZT_PACKET_MAX];
	size_t len;

	(void)state;
	a.planet_id = 77;
	a.planet_timestamp = 88;
	len = node_hello(&a, &a.root, NOW, &at, p);
	assert_int_equal(len, 137);
	assert_int_equal(node_read(&root, NOW, 0, &at, p, len, &ev), NODE_READ);
	assert_int_equal(ev.verb, ZT_VERB_HELLO);
	assert_int_equal(ev.clock, NOW);
	assert_true(rl_identity_equal(&ev.hello_id, &a.id));
	assert_int_equal(ev.planet_id, 77);
	assert_int_equal(ev.planet_timestamp, 88);
	assert_true(rl_inet_equal(&ev.physical, &at));
	len = ev.reply_len;
	assert_int_equal(len, 59);
	memcpy(p, ev.reply, len);
	assert_false(node_path_learned(&a, 0, &at));
	assert_int_equal(node_read(&a, NOW, 0, &at, p, len, &ev), NODE_READ);
	assert_int_equal(ev.in_verb, ZT_VERB_HELLO);
	assert_int_equal(ev.proto, 12);
	assert_true(ev.worlds_field);
	assert_true(node_path_learned(&a, 0, &at));
	assert_false(node_path_learned(&a, 1, &at));
}

static void hello_of_a_stranger_is_checked_with_its_own_key(void **state)
{
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_hello(&b, &b.root, NOW, &at, p);

	(void)state;
	assert_int_equal(node_read(&root, NOW, 0, &at, p, len, &ev), NODE_READ);
	p[60] ^= 1;
	assert_true(node_read(&root, NOW, 0, &at, p, len, &ev) != NODE_READ);
	p[60] ^= 1;
	p[len - 1] ^= 1;
	assert_int_equal(node_read(&root, NOW, 0, &at, p, len, &ev), NODE_BAD_MAC);
	len = node_make(&b, &b.root, 1, ZT_VERB_NOP, NULL, 0, p);
	assert_int_equal(node_read(&root, NOW, 0, &at, p, len, &ev), NODE_STRANGER);
}

static void encrypted_hello_opens_to_a_hello(void **state)
{
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_hello_encrypted(&a, NOW, &at, p);

	(void)state;
	assert_int_equal(len, 169);
	len = rl_armor_xhello_open(cipher, &ids[0].secret, p, len);
	assert_int_equal(len, 137);
	assert_int_equal(node_read(&root, NOW, 0, &at, p, len, &ev), NODE_READ);
	assert_int_equal(ev.verb, ZT_VERB_HELLO);
}

static void echo_is_answered_in_every_suite(void **state)
{
	static const unsigned suites[] = {0, 1, 3};
	uint8_t p[ZT_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		size_t len = node_echo(&a, suites[i], "abc", 3, p);

		assert_int_equal(node_read(&root, NOW, 0, &at, p, len, &ev), NODE_READ);
		assert_int_equal(ev.suite, suites[i]);
		len = ev.reply_len;
		memcpy(p, ev.reply, len);
		assert_int_equal(node_read(&a, NOW, 0, &at, p, len, &ev), NODE_READ);
		assert_int_equal(ev.in_verb, ZT_VERB_ECHO);
		assert_int_equal(ev.payload_len, 3);
		assert_memory_equal(ev.payload, "abc", 3);
	}
}

static void an_answer_that_nobody_asked_for_is_told_apart(void **state)
{
	uint8_t p[ZT_PACKET_MAX];
	uint8_t ok[9] = {ZT_VERB_ECHO, 1, 2, 3};
	size_t len = node_make(&root, &root.root, 1, ZT_VERB_OK, ok, sizeof(ok), p);

	(void)state;
	assert_int_equal(node_read(&a, NOW, 0, &at, p, len, &ev), NODE_UNEXPECTED);
	assert_false(node_path_learned(&a, 0, &at));
}

static void root_at_a_new_address_makes_a_node_say_hello(void **state)
{
	uint8_t p[ZT_PACKET_MAX];
	size_t len = node_make(&root, &root.root, 1, ZT_VERB_NOP, NULL, 0, p);

	(void)state;
	node_read(&a, NOW, 0, &at, p, len, &ev);
	assert_true(ev.say_hello);
	node_read(&a, NOW + 999, 0, &at, p, len, &ev);
	assert_false(ev.say_hello);
	node_read(&a, NOW + 1000, 0, &at, p, len, &ev);
	assert_true(ev.say_hello);
	p[ZT_AT_FLAGS] |= 1; // relayed: says nothing of an address
	node_read(&a, NOW + 5000, 0, &at, p, len, &ev);
	assert_int_equal(ev.verdict, NODE_READ);
	assert_false(ev.say_hello);
}

static void long_packets_are_cut_and_joined(void **state)
{
	static const size_t sizes[] = {1432 - 36, 1433 - 36, 2700, 5000, ZT_PACKET_MAX - 36 - 96};
	static uint8_t text[ZT_PACKET_MAX], p[ZT_PACKET_MAX],
		buf[ZT_PACKET_MAX + ZT_FRAG_MAX * ZT_FRAG_HDR_LEN];
	struct node_piece piece[ZT_FRAG_MAX];

	(void)state;
	b.join = node_join_new();
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 >> 3);
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t len = node_user_message(&a, &b_at_a, s & 1 ? 3 : 1, 5, text, sizes[s], p);
		unsigned n = node_cut(p, len, ZT_MTU, buf, piece);

		assert_int_equal(n, len <= 1432 ? 1 : 1 + (len - 1432 + 1415) / 1416);
		for (unsigned i = n; i-- > 0;) {
			enum node_verdict v =
				node_read(&b, NOW, 0, &at, piece[i].data, piece[i].len, &ev);

			assert_true(piece[i].len <= ZT_MTU);
			assert_int_equal(v, i ? NODE_PIECE : NODE_READ);
		}
		assert_int_equal(ev.payload_len, 8 + sizes[s]);
		assert_memory_equal(ev.payload + 8, text, sizes[s]);
	}
	assert_int_equal(node_cut(p, ZT_PACKET_MAX, 400, buf, piece), 0);
	node_join_free(b.join);
}

static void many_groups_are_compressed_and_cut(void **state)
{
	static struct node_group g[NODE_TUPLES_MAX];
	static uint8_t p[ZT_PACKET_MAX];
	size_t len;

	(void)state;
	for (unsigned i = 0; i < NODE_TUPLES_MAX; i++)
		g[i] = (struct node_group){.network = 1, .mac = {51, 51, 0, 0, 0, 1}, .adi = i};
	a.mtu = 10024;
	len = node_like(&a, 1, g, NODE_TUPLES_MAX, p);
	assert_true(len > 0 && len < 5000);
	assert_int_equal(node_read(&root, NOW, 0, &at, p, len, &ev), NODE_READ);
	assert_int_equal(ev.verb, ZT_VERB_MULTICAST_LIKE);
	assert_int_equal(ev.payload_len, 18 * NODE_TUPLES_MAX);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	uint8_t p[2][ZT_PACKET_MAX];
	struct node twin;
	size_t len = node_hello(&a, &a.root, NOW, &at, p[0]);

	(void)state;
	node_init(&twin, &ids[1].id, &ids[1].secret, &ids[0].id, cipher, 2);
	assert_int_equal(node_hello(&twin, &twin.root, NOW, &at, p[1]), len);
	assert_memory_equal(p[0], p[1], len);
	node_init(&twin, &ids[1].id, &ids[1].secret, &ids[0].id, cipher, 3);
	node_hello(&twin, &twin.root, NOW, &at, p[1]);
	assert_memory_not_equal(p[0], p[1], 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(hello_is_read_and_answered, fresh),
		cmocka_unit_test_setup(hello_of_a_stranger_is_checked_with_its_own_key, fresh),
		cmocka_unit_test_setup(encrypted_hello_opens_to_a_hello, fresh),
		cmocka_unit_test_setup(echo_is_answered_in_every_suite, fresh),
		cmocka_unit_test_setup(an_answer_that_nobody_asked_for_is_told_apart, fresh),
		cmocka_unit_test_setup(root_at_a_new_address_makes_a_node_say_hello, fresh),
		cmocka_unit_test_setup(long_packets_are_cut_and_joined, fresh),
		cmocka_unit_test_setup(many_groups_are_compressed_and_cut, fresh),
		cmocka_unit_test_setup(the_same_seed_gives_the_same_bytes, fresh),
	};
	int failed;

	if (identities_load(IDENTITIES_FILE, 0, 3, &ids) != 3)
		return 1;
	cipher = rl_cipher_new();
	if (!cipher)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rl_cipher_free(cipher);
	free(ids);
	return failed;
}
