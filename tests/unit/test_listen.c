// SPDX-License-Identifier: BSD-3-Clause
// What a host with other members learns of the groups here: new ones at once, all when it looks
// through them, and listeners of one.
#include "root/listen.h"
#include "tests/unit/core_fixture.h"

static uint8_t buf[ZT_PACKET_MAX];

static bool nowhere(void *ctx, const struct rl_group_key *group)
{
	(void)ctx;
	(void)group;
	return false;
}

static uint16_t via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	(void)p;
	return 3;
}

static void *take(void *ctx, size_t size)
{
	(void)ctx;
	size = (size + 63) & ~(size_t)63;
	return memset(aligned_alloc(64, size), 0, size);
}

static void give_back(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	(void)size;
	free(mem);
}

static int open_listening(void **state)
{
	static const struct rl_host host = {
		.via = via, .groups_elsewhere = nowhere, .alloc = take, .free = give_back};
	struct rl_options o = rl_options_default();
	o.peer_groups_per_min = 4096;
	return bench_open_with(state, &o, &host);
}

static size_t make_like(struct bench *b, unsigned node, uint32_t from, uint32_t to)
{
	struct node_group g[NODE_TUPLES_MAX];
	unsigned n = 0;
	for (uint32_t i = from; i < to; i++)
		g[n++] = (struct node_group){.network = 7, .mac = {0xff}, .adi = i};
	return node_like(&b->node[node], 3, g, n, buf);
}

static void like(struct bench *b, unsigned node, uint32_t from, uint32_t to)
{
	bench_say(b, node, buf, make_like(b, node, from, to));
}

static const struct rl_group_key *fresh(struct bench *b, unsigned want, bool want_more)
{
	unsigned n;
	bool more;
	const struct rl_group_key *key = rl_worker_new_groups(b->worker, &n, &more);
	assert_int_equal(n, want);
	assert_int_equal(more, want_more);
	return key;
}

static void a_group_is_new_once(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	bench_join(b, 1);
	like(b, 0, 1, 4);
	const struct rl_group_key *key = fresh(b, 3, false);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(key[i].network, 7);
		assert_int_equal(key[i].mac, 0xff0000000000);
		assert_int_equal(key[i].adi, i + 1);
	}
	like(b, 0, 1, 4);
	fresh(b, 0, false);
	like(b, 1, 3, 5);
	assert_int_equal(fresh(b, 1, false)->adi, 4);
	rl_tick(b->worker, b->now, 0, 1);
	fresh(b, 0, false);
}

// All that the root was told, in whatever set it lies.
static void all_groups_are_found(void **state)
{
	struct bench *b = *state;
	struct rl_group_key key[RL_GROUP_WAYS];
	bool seen[60] = {false};
	unsigned n = 0;
	bench_join(b, 0);
	like(b, 0, 0, 60);
	fresh(b, 60, false);
	for (uint64_t s = 0; s < rl_root_group_sets(b->root); s++)
		for (unsigned i = rl_root_groups(b->root, s, key); i > 0; i--, n++)
			seen[key[i - 1].adi] = true;
	assert_int_equal(n, 60);
	for (unsigned i = 0; i < 60; i++)
		assert_true(seen[i]);
}

static void listeners_are_given(void **state)
{
	struct bench *b = *state;
	const struct rl_group_key key = {7, 0xff0000000000, 3};
	uint64_t out[8];
	uint32_t total;
	for (unsigned i = 0; i < 4; i++) {
		bench_join(b, i);
		like(b, i, 3, 4);
	}
	assert_int_equal(rl_worker_gather(b->admission, &key, 0, 8, b->now, out, &total), 4);
	assert_int_equal(total, 4);
	uint64_t but = b->node[2].id.address;
	assert_int_equal(rl_worker_gather(b->admission, &key, but, 2, b->now, out, &total), 2);
	assert_int_equal(total, 4);
	assert_int_not_equal(out[0], but);
	assert_int_not_equal(out[1], but);
}

// More than one call can name are said to be more.
static void too_many_at_once(void **state)
{
	enum { PACKETS = 32, EACH = 60 };
	static uint8_t bytes[PACKETS][ZT_MTU];
	struct bench *b = *state;
	struct rl_packet p[PACKETS], *burst[PACKETS];
	bench_join(b, 0);
	for (unsigned i = 0; i < PACKETS; i++) {
		size_t len = make_like(b, 0, i * EACH, (i + 1) * EACH);
		assert_in_range(len, 1, ZT_MTU);
		memcpy(bytes[i], buf, len);
		p[i] = (struct rl_packet){
			.data = bytes[i], .len = (uint16_t)len, .room = ZT_MTU, .from = b->at[0]};
		burst[i] = &p[i];
	}
	rl_receive_burst(b->worker, b->now, burst, PACKETS);
	fresh(b, RL_NEW_GROUPS, true);
	b->now += 1000;
	like(b, 0, 100000, 100001);
	fresh(b, 1, false);
}

static void nothing_is_noted_for_a_host_alone(void **state)
{
	struct bench *b = *state;
	bench_join(b, 0);
	like(b, 0, 1, 4);
	assert_null(fresh(b, 0, false));
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_listening, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_group_is_new_once),
		T(all_groups_are_found),
		T(listeners_are_given),
		T(too_many_at_once),
		cmocka_unit_test_setup_teardown(nothing_is_noted_for_a_host_alone, bench_setup,
						bench_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
