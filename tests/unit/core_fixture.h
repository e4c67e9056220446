// SPDX-License-Identifier: BSD-3-Clause
// A root on a bench: its core, one worker, one admission context, simulated nodes, and a clock the
// test owns. Every datagram the core sends is caught with its destination.
#pragma once

#include "root/core.h"
#include "tests/lib/identities.h"
#include "tests/lib/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SENT_MAX = 300 };

struct sent {
	struct rl_inet to;
	size_t len;
	bool relayed;
	uint8_t data[RL_OUT_ROOM];
};

struct bench {
	struct rl_root *root;
	struct rl_worker *worker, *admission;
	struct rl_scratch *scratch;
	struct rl_cipher *cipher;
	struct rl_identity id;
	uint64_t now;
	struct rl_packet last; // verdict and drop of the last datagram
	unsigned sent_count;
	struct sent sent[SENT_MAX];
	struct node node[8];
	struct rl_inet at[8]; // where each node sends from
	struct node_peer known[8][8];
};

// Everything that leaves after one call: the packet itself, then the out-box.
static void bench_catch(struct bench *b, struct rl_worker *w, const struct rl_packet *p)
{
	b->sent_count = 0;
	if (p && (p->verdict == RL_REPLY || p->verdict == RL_RELAY)) {
		struct sent *s = &b->sent[b->sent_count++];
		*s = (struct sent){.to = p->verdict == RL_REPLY ? p->from : p->to.addr,
				   .len = p->len,
				   .relayed = p->verdict == RL_RELAY};
		memcpy(s->data, p->data, p->len);
	}
	unsigned n;
	const struct rl_out *out = rl_worker_out(w, &n);
	for (unsigned i = 0; i < n; i++) {
		struct sent *s = &b->sent[b->sent_count++];
		assert_true(b->sent_count < SENT_MAX);
		assert_int_equal(out[i].back != NULL, out[i].to.via == RL_VIA_BACK);
		*s = (struct sent){.to = out[i].to.addr, .len = out[i].len};
		memcpy(s->data, out[i].data, out[i].len);
	}
}

// Hands one datagram to the core, through admission if it asks for that.
static void bench_datagram(struct bench *b, const struct rl_inet *from, const uint8_t *data,
			   size_t len)
{
	uint8_t *exact = malloc(ZT_MTU > len ? ZT_MTU : len);
	memcpy(exact, data, len);
	struct rl_packet p = {.data = exact,
			      .len = (uint16_t)len,
			      .room = (uint16_t)(ZT_MTU > len ? ZT_MTU : len),
			      .from = *from},
			 *burst[] = {&p};
	rl_receive_burst(b->worker, b->now, burst, 1);
	struct rl_worker *w = b->worker;
	if (p.verdict == RL_DEFER) {
		w = b->admission;
		rl_admit(w, b->scratch, b->now, &p);
		assert_int_not_equal(p.verdict, RL_DEFER);
	}
	bench_catch(b, w, &p);
	b->last = p;
	free(exact);
}

static void bench_say(struct bench *b, unsigned n, const uint8_t *data, size_t len)
{
	assert_true(len > 0);
	bench_datagram(b, &b->at[n], data, len);
}

__attribute__((unused)) static void bench_drops(struct bench *b, enum rl_drop why)
{
	assert_int_equal(b->last.verdict, RL_DROP);
	assert_string_equal(rl_drop_name(b->last.drop), rl_drop_name(why));
}

// What node n reads from the i-th datagram sent, which must be to it.
static void bench_read(struct bench *b, unsigned n, unsigned i, struct node_event *e)
{
	static const struct rl_inet root = {.ip = {10, 77, 0, 1}, .port = 9993, .family = 4};
	assert_true(i < b->sent_count);
	assert_true(rl_inet_equal(&b->sent[i].to, &b->at[n]));
	node_read(&b->node[n], b->now, 0, &root, b->sent[i].data, b->sent[i].len, e);
	assert_string_equal(node_verdict_text(e->verdict), node_verdict_text(NODE_READ));
}

// Answers the probe that is the i-th datagram sent.
static void bench_answer_probe(struct bench *b, unsigned n, unsigned i)
{
	static struct node_event e;
	bench_read(b, n, i, &e);
	assert_int_equal(e.verb, ZT_VERB_ECHO);
	assert_int_equal(b->sent[i].len, ZT_HDR_LEN);
	assert_true(e.reply_len > 0);
	uint8_t reply[256];
	memcpy(reply, e.reply, e.reply_len);
	bench_say(b, n, reply, e.reply_len);
	assert_int_equal(b->last.verdict, RL_DONE);
}

static size_t bench_hello(struct bench *b, unsigned n, uint8_t *out)
{
	struct rl_inet target = rl_inet4(0x0a4d0001, ZT_PORT);
	return node_hello(&b->node[n], &b->node[n].root, b->now, &target, out);
}

// From nothing to a proven path.
static void bench_join(struct bench *b, unsigned n)
{
	uint8_t hello[ZT_PACKET_MAX];
	bench_say(b, n, hello, bench_hello(b, n, hello));
	assert_int_equal(b->last.verdict, RL_REPLY);
	assert_int_equal(b->sent_count, 2);
	static struct node_event e;
	bench_read(b, n, 0, &e);
	bench_answer_probe(b, n, 1);
}

static int bench_open_with(void **state, const struct rl_options *opt, const struct rl_host *host)
{
	static const uint8_t seed[3][32] = {{1}, {2}, {3}};
	struct bench *b = calloc(1, sizeof(*b));
	struct test_identity *ids;
	assert_int_equal(identities_load(IDENTITIES_FILE, 0, 9, &ids), 9);
	b->now = 1700000000000;
	b->id = ids[8].id;
	b->root = rl_root_new(&ids[8].id, &ids[8].secret, opt, host, seed[0]);
	assert_non_null(b->root);
	b->worker = rl_worker_new(b->root, seed[1]);
	b->admission = rl_worker_new(b->root, seed[2]);
	b->scratch = rl_scratch_new();
	b->cipher = rl_cipher_new();
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(node_init(&b->node[i], &ids[i].id, &ids[i].secret, &b->id,
					   b->cipher, i + 1),
				 0);
		b->at[i] = rl_inet4(0x0a4d0100 + i, 9993);
	}
	free(ids);
	for (unsigned i = 0; i < 8; i++)
		for (unsigned k = 0; k < 8; k++)
			if (i != k)
				node_know(&b->node[i], &b->known[i][k], &b->node[k].id);
	*state = b;
	return 0;
}

__attribute__((unused)) static int bench_open(void **state, const struct rl_options *opt)
{
	return bench_open_with(state, opt, NULL);
}

__attribute__((unused)) static int bench_setup(void **state)
{
	return bench_open(state, NULL);
}

static int bench_teardown(void **state)
{
	struct bench *b = *state;
	rl_worker_free(b->worker);
	rl_worker_free(b->admission);
	rl_root_free(b->root);
	rl_scratch_free(b->scratch);
	rl_cipher_free(b->cipher);
	free(b);
	return 0;
}
