// SPDX-License-Identifier: BSD-3-Clause
// One root, two workers, an admission thread and control at once, as in the appliance; made for the
// thread sanitizer, but what is read is checked too. Clients come and go faster than a table of
// sixteen holds them, and send the same things by both workers.
#include "root/core.h"
#include "tests/lib/identities.h"
#include "tests/lib/node.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

// Relaxed, as far as the threads need no order of their own: it would hide what the core lacks.
#define get(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

enum {
	WORKERS = 2,
	THREADS = WORKERS + 1, // and admission
	PEOPLE = 24,
	AT_ONCE = 12,    // of them speak at a time
	SHIFT_MS = 4000, // then others do
	BURST = 8,
	QUEUE = 64,
	PLACES = 6, // addresses that anybody may have
	AT_LEAST_S = 1,
	AT_MOST_S = 60,
};

struct letter {
	struct rl_inet from;
	size_t len;
	uint8_t data[ZT_MTU];
};

struct crew {
	struct rl_root *root;
	struct test_identity *ids;
	atomic_bool stop;
	_Atomic uint64_t now;
	_Atomic uint64_t quiet[THREADS]; // turns done: a pointer of an earlier turn is not held
	pthread_mutex_t lock;
	unsigned queued;
	struct letter queue[QUEUE];
	_Atomic uint64_t relayed, proven, admitted, unreadable;
};

struct hand {
	struct crew *crew;
	unsigned index;
	struct rl_worker *worker;
	struct rl_scratch *scratch;
	struct rl_cipher *cipher;
	struct node node[PEOPLE]; // this thread's own view of the same clients
	struct node_event event;
	struct letter burst[BURST];
	unsigned count;
	uint64_t dice;
};

// Torn reads would show: every byte of an address says which place it is.
static struct rl_inet place(unsigned k)
{
	struct rl_inet a = {.family = k % 2 ? 6 : 4, .port = (uint16_t)(1000 + k)};
	memset(a.ip, (int)(32 + k), a.family == 4 ? 4 : 16);
	return a;
}

static uint16_t via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	return (uint16_t)(p->from.port - 1000);
}

static bool validated(void *ctx, const struct rl_identity *id)
{
	(void)ctx;
	(void)id;
	return true; // validation is slow, and no thread shares anything in it
}

static void *alloc(void *ctx, size_t size)
{
	(void)ctx;
	void *mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	return mem ? memset(mem, 0, size) : NULL;
}

static void release(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	(void)size;
	free(mem);
}

static unsigned roll(struct hand *h, unsigned n)
{
	h->dice = h->dice * 6364136223846793005 + 1442695040888963407;
	return (unsigned)(h->dice >> 33) % n;
}

static void add(struct hand *h, const struct rl_inet *from, const uint8_t *data, size_t len)
{
	if (len == 0 || len > ZT_MTU || h->count == BURST)
		return;
	struct letter *l = &h->burst[h->count++];
	l->from = *from;
	l->len = len;
	memcpy(l->data, data, len);
}

static void say_something(struct hand *h, uint64_t now)
{
	uint8_t out[ZT_PACKET_MAX];
	unsigned first = (unsigned)(now / SHIFT_MS) * AT_ONCE / 2;
	struct node *n = &h->node[(first + roll(h, AT_ONCE)) % PEOPLE];
	const struct rl_identity *other = &h->node[(first + roll(h, AT_ONCE)) % PEOPLE].id;
	struct node_peer to = {.id = *other};
	struct node_group group = {.network = 1 + roll(h, 3)};
	struct rl_inet from = place(roll(h, PLACES)), target = place(0);
	switch (roll(h, 8)) {
	case 0:
		add(h, &from, out, node_hello(n, &n->root, now, &target, out));
		break;
	case 1:
		add(h, &from, out, node_hello_encrypted(n, now, &target, out));
		break;
	case 2:
		add(h, &from, out, node_whois(n, 3, &other->address, 1, out));
		break;
	case 3:
		add(h, &from, out, node_like(n, 1, &group, 1, out));
		break;
	case 4:
		add(h, &from, out, node_gather(n, 3, &group, 32, 0, out));
		break;
	case 5:
		add(h, &from, out, node_echo(n, 1, "hello", 5, out));
		break;
	default:
		add(h, &from, out, node_user_message(n, &to, 1, 7, "hello", 5, out));
		break;
	}
}

// What the root has sent must open; probes are answered in the next burst.
static void hear(struct hand *h, uint64_t now, const uint8_t *data, size_t len,
		 const struct rl_inet *at)
{
	static const struct rl_inet root = {.family = 4, .ip = {10, 0, 0, 1}, .port = 9993};
	struct node_event *e = &h->event;
	for (unsigned i = 0; i < PEOPLE; i++) {
		if (h->node[i].id.address != rl_load40(data + ZT_AT_TO))
			continue;
		enum node_verdict v = node_read(&h->node[i], now, 0, &root, data, len, e);
		if (v != NODE_READ && v != NODE_UNEXPECTED && v != NODE_PIECE)
			atomic_fetch_add(&h->crew->unreadable, 1);
		if (v == NODE_READ && e->verb == ZT_VERB_ECHO)
			add(h, at, e->reply, e->reply_len);
	}
}

static void hear_out(struct hand *h, uint64_t now)
{
	unsigned count;
	const struct rl_out *out = rl_worker_out(h->worker, &count);
	for (unsigned i = 0; i < count; i++)
		hear(h, now, out[i].data, out[i].len, &out[i].to.addr);
}

static void queue(struct crew *c, const struct letter *l)
{
	pthread_mutex_lock(&c->lock);
	if (c->queued < QUEUE)
		c->queue[c->queued++] = *l;
	pthread_mutex_unlock(&c->lock);
}

static struct rl_packet packet_of(struct letter *l)
{
	return (struct rl_packet){
		.data = l->data, .len = (uint16_t)l->len, .room = ZT_MTU, .from = l->from};
}

static void work(struct hand *h)
{
	struct crew *c = h->crew;
	struct letter sent[BURST];
	struct rl_packet p[BURST], *burst[BURST];
	uint64_t now = get(c->now);
	while (h->count < BURST)
		say_something(h, now);
	memcpy(sent, h->burst, sizeof(sent));
	for (unsigned i = 0; i < BURST; i++) {
		p[i] = packet_of(&sent[i]);
		burst[i] = &p[i];
	}
	h->count = 0;
	rl_receive_burst(h->worker, now, burst, BURST);
	for (unsigned i = 0; i < BURST; i++) {
		if (p[i].verdict == RL_DEFER)
			queue(c, &sent[i]);
		if (p[i].verdict == RL_REPLY)
			hear(h, now, p[i].data, p[i].len, &p[i].from);
		if (p[i].verdict == RL_RELAY)
			atomic_fetch_add_explicit(&c->relayed, 1, memory_order_relaxed);
	}
	hear_out(h, now);
	rl_tick(h->worker, now, h->index, WORKERS);
	hear_out(h, now);
	set(c->proven, rl_worker_stats(h->worker)->proofs);
}

static void admit(struct hand *h)
{
	struct crew *c = h->crew;
	struct letter l;
	pthread_mutex_lock(&c->lock);
	bool any = c->queued > 0;
	if (any)
		l = c->queue[--c->queued];
	pthread_mutex_unlock(&c->lock);
	if (!any) {
		sched_yield();
		return;
	}
	struct rl_packet p = packet_of(&l);
	uint64_t now = get(c->now);
	rl_admit(h->worker, h->scratch, now, &p);
	if (p.verdict == RL_REPLY)
		hear(h, now, p.data, p.len, &p.from);
	hear_out(h, now);
	h->count = 0;
	set(c->admitted, rl_worker_stats(h->worker)->admitted);
}

static void *run(void *arg)
{
	struct hand *h = arg;
	while (!get(h->crew->stop)) {
		(h->index < WORKERS ? work : admit)(h);
		atomic_fetch_add_explicit(&h->crew->quiet[h->index], 1, memory_order_release);
	}
	return NULL;
}

static struct hand *hire(struct crew *c, unsigned index)
{
	uint8_t seed[32] = {(uint8_t)(index + 1)};
	struct hand *h = calloc(1, sizeof(*h));
	*h = (struct hand){.crew = c, .index = index, .dice = index};
	h->worker = rl_worker_new(c->root, seed);
	h->cipher = rl_cipher_new();
	h->scratch = rl_scratch_new();
	assert_true(h->worker && h->cipher && h->scratch);
	for (unsigned i = 0; i < PEOPLE; i++)
		assert_int_equal(node_init(&h->node[i], &c->ids[i].id, &c->ids[i].secret,
					   &c->ids[PEOPLE].id, h->cipher, index * PEOPLE + i),
				 0);
	return h;
}

static void fire(struct hand *h)
{
	rl_worker_free(h->worker);
	rl_scratch_free(h->scratch);
	rl_cipher_free(h->cipher);
	free(h);
}

static void check_peer(const struct crew *c, const struct rl_peer_info *info)
{
	unsigned who = 0;
	while (who < PEOPLE && c->ids[who].id.address != info->id.address)
		who++;
	assert_true(who < PEOPLE);
	assert_memory_equal(info->id.public_key, c->ids[who].id.public_key, ZT_PUBLIC_LEN);
	for (unsigned i = 0; i < info->path_count; i++) {
		struct rl_inet want = place(info->path[i].addr.port - 1000u);
		assert_true(rl_inet_equal(&info->path[i].addr, &want));
		assert_int_equal(info->path[i].via, want.port - 1000);
	}
}

static void look_at_all(const struct crew *c, uint64_t now)
{
	struct rl_peer_info info;
	for (uint32_t i = 0; i < rl_root_max_peers(c->root); i++)
		if (rl_root_peer_at(c->root, i, now, &info))
			check_peer(c, &info);
	for (unsigned i = 0; i < PEOPLE; i++)
		if (rl_root_peer_find(c->root, c->ids[i].id.address, now, &info))
			check_peer(c, &info);
	assert_true(rl_root_peer_count(c->root) <= rl_root_max_peers(c->root));
}

// Time goes on while control is at work.
static void wait_a_moment(struct crew *c)
{
	atomic_fetch_add_explicit(&c->now, 5, memory_order_relaxed);
	sched_yield();
}

// Every thread has begun another turn since.
static void grace(struct crew *c)
{
	uint64_t before[THREADS];
	for (unsigned i = 0; i < THREADS; i++)
		before[i] = get(c->quiet[i]);
	for (unsigned i = 0; i < THREADS; i++)
		while (atomic_load_explicit(&c->quiet[i], memory_order_acquire) == before[i])
			wait_a_moment(c);
}

static unsigned control(struct crew *c, unsigned round)
{
	struct rl_world planet = {
		.type = ZT_WORLD_PLANET, .id = ZT_WORLD_ID_EARTH, .timestamp = round};
	uint64_t now = get(c->now);
	look_at_all(c, now);
	rl_root_peer_add(c->root, &c->ids[round % PEOPLE].id, now);
	struct rl_worlds *old = rl_root_set_worlds(c->root, rl_worlds_new(&planet, 1));
	unsigned gone = rl_root_expire(c->root, now, 16);
	grace(c);
	wait_a_moment(c);
	rl_root_expire_done(c->root);
	rl_worlds_free(old);
	return gone;
}

static bool enough(struct crew *c, unsigned gone)
{
	return get(c->relayed) >= 1000 && get(c->proven) >= 20 && get(c->admitted) >= 20 &&
	       gone >= 40;
}

static struct rl_options hurried(void)
{
	struct rl_options o = rl_options_default();
	o.max_peers = 16;
	o.introduce_ms = 100;
	o.introduce_pairs = 16;
	o.keepalive_ms = 50;
	o.path_timeout_ms = 1000;
	o.peer_timeout_ms = 2000;
	o.group_members = 64;
	o.group_timeout_ms = 5000;
	o.known_pps = o.peer_verb_pps = o.stranger_pps = o.stranger_total_pps = 0;
	o.encrypted_pps = o.relay_pps = 0;
	return o;
}

static void threads_do_not_meet_half_done_things(void **state)
{
	static struct crew crew;
	static const uint8_t seed[32] = {9};
	struct rl_host host = {.via = via, .validated = validated, .alloc = alloc, .free = release};
	struct rl_options o = hurried();
	struct hand *hand[THREADS];
	pthread_t thread[THREADS];
	struct crew *c = &crew;
	(void)state;
	pthread_mutex_init(&c->lock, NULL);
	set(c->now, 1700000000000);
	assert_int_equal(identities_load(IDENTITIES_FILE, 0, PEOPLE + 1, &c->ids), PEOPLE + 1);
	c->root = rl_root_new(&c->ids[PEOPLE].id, &c->ids[PEOPLE].secret, &o, &host, seed);
	assert_non_null(c->root);
	for (unsigned i = 0; i < THREADS; i++)
		hand[i] = hire(c, i);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, run, hand[i]), 0);
	unsigned gone = 0, round = 0;
	time_t start = time(NULL), passed = 0;
	while (passed <= AT_LEAST_S || (!enough(c, gone) && passed < AT_MOST_S)) {
		gone += control(c, ++round);
		passed = time(NULL) - start;
	}
	set(c->stop, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(atomic_load(&c->unreadable), 0);
	assert_true(enough(c, gone));
	for (unsigned i = 0; i < THREADS; i++)
		fire(hand[i]);
	rl_root_free(c->root);
	free(c->ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_do_not_meet_half_done_things),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
