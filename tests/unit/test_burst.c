// SPDX-License-Identifier: BSD-3-Clause
// A burst against its packets one by one. Packets of a burst are opened and sealed side by side, so
// two roots that are alike in everything, dice included, are told the same: one in a burst, one a
// packet at a time. Every verdict, every byte sent and every counter must be the same.
#include "tests/unit/core_fixture.h"

enum { SENT_BOTH_MAX = 1024 };

struct told {
	struct rl_inet from;
	size_t len;
	uint8_t data[ZT_MTU];
};

struct heard {
	unsigned count;
	struct sent sent[SENT_BOTH_MAX]; // by the out-box
};

struct twins {
	struct bench *a, *b; // nodes of a speak; b only listens
	unsigned n;
	struct told told[RL_BURST_MAX];
	struct heard heard[2];
	struct rl_packet packet[2][RL_BURST_MAX];
	uint8_t buffer[2][RL_BURST_MAX][ZT_MTU];
};

static void hear(struct heard *h, struct rl_worker *w)
{
	unsigned n;
	const struct rl_out *out = rl_worker_out(w, &n);
	for (unsigned i = 0; i < n; i++) {
		struct sent *s = &h->sent[h->count++];
		assert_true(h->count < SENT_BOTH_MAX);
		*s = (struct sent){.to = out[i].to.addr, .len = out[i].len};
		memcpy(s->data, out[i].data, out[i].len);
	}
}

static void compare(const struct twins *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct rl_packet *p = &t->packet[0][i], *q = &t->packet[1][i];
		if (p->verdict != q->verdict || p->drop != q->drop)
			fail_msg("packet %u: verdict %d (%s) in a burst, %d (%s) alone", i,
				 (int)p->verdict, rl_drop_name(p->drop), (int)q->verdict,
				 rl_drop_name(q->drop));
		if (p->verdict != RL_REPLY)
			continue;
		assert_int_equal(p->len, q->len);
		assert_memory_equal(p->data, q->data, q->len);
	}
	assert_int_equal(t->heard[0].count, t->heard[1].count);
	for (unsigned i = 0; i < t->heard[0].count; i++) {
		const struct sent *s = &t->heard[0].sent[i], *other = &t->heard[1].sent[i];
		assert_true(rl_inet_equal(&s->to, &other->to));
		assert_int_equal(s->len, other->len);
		assert_memory_equal(s->data, other->data, other->len);
	}
	assert_memory_equal(rl_worker_stats(t->a->worker), rl_worker_stats(t->b->worker),
			    sizeof(struct rl_stats));
}

// What was told since the last time; forgets it.
static void deliver(struct twins *t)
{
	struct rl_packet *burst[RL_BURST_MAX];
	for (unsigned i = 0; i < t->n; i++) {
		const struct told *say = &t->told[i];
		for (unsigned k = 0; k < 2; k++) {
			memcpy(t->buffer[k][i], say->data, say->len);
			t->packet[k][i] = (struct rl_packet){.data = t->buffer[k][i],
							     .len = (uint16_t)say->len,
							     .room = ZT_MTU,
							     .from = say->from};
		}
		burst[i] = &t->packet[0][i];
	}
	t->heard[0].count = t->heard[1].count = 0;
	rl_receive_burst(t->a->worker, t->a->now, burst, t->n);
	hear(&t->heard[0], t->a->worker);
	for (unsigned i = 0; i < t->n; i++) {
		burst[0] = &t->packet[1][i];
		rl_receive_burst(t->b->worker, t->b->now, burst, 1);
		hear(&t->heard[1], t->b->worker);
	}
	compare(t);
	t->n = 0;
}

static uint8_t *tell_from(struct twins *t, const struct rl_inet *from, const uint8_t *data,
			  size_t len)
{
	struct told *say = &t->told[t->n++];
	assert_true(t->n <= RL_BURST_MAX && len > 0 && len <= ZT_MTU);
	say->from = *from;
	say->len = len;
	memcpy(say->data, data, len);
	return say->data;
}

static uint8_t *tell(struct twins *t, unsigned node, const uint8_t *data, size_t len)
{
	return tell_from(t, &t->a->at[node], data, len);
}

static enum rl_verdict verdict(const struct twins *t, unsigned i)
{
	return t->packet[0][i].verdict;
}

static void dropped(const struct twins *t, unsigned i, enum rl_drop why)
{
	assert_int_equal(verdict(t, i), RL_DROP);
	assert_string_equal(rl_drop_name(t->packet[0][i].drop), rl_drop_name(why));
}

static uint8_t buf[ZT_PACKET_MAX];

static uint8_t *tell_whois(struct twins *t, unsigned node, unsigned suite, unsigned count)
{
	uint64_t asked[32];
	for (unsigned i = 0; i < count; i++)
		asked[i] = i % 5 == 4 ? 0x1234567890u + i : t->a->node[i % 5].id.address;
	return tell(t, node, buf, node_whois(&t->a->node[node], suite, asked, count, buf));
}

static uint8_t *tell_echo(struct twins *t, unsigned node, unsigned suite, size_t len)
{
	static uint8_t payload[ZT_MTU];
	for (size_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(i * 3 + node);
	return tell(t, node, buf, node_echo(&t->a->node[node], suite, payload, len, buf));
}

static void tell_hello(struct twins *t, unsigned node)
{
	tell(t, node, buf, bench_hello(t->a, node, buf));
}

static int twins_open(void **state, const struct rl_options *opt)
{
	struct twins *t = calloc(1, sizeof(*t));
	assert_int_equal(bench_open((void **)&t->a, opt), 0);
	assert_int_equal(bench_open((void **)&t->b, opt), 0);
	for (unsigned i = 0; i < 6; i++) { // 6 and 7 remain strangers
		bench_join(t->a, i);
		bench_join(t->b, i);
	}
	*state = t;
	return 0;
}

static int setup(void **state)
{
	return twins_open(state, NULL);
}

static int setup_strict(void **state)
{
	struct rl_options opt = rl_options_default();
	opt.peer_verb_pps = 4;
	opt.known_pps = 6;
	return twins_open(state, &opt);
}

static int teardown(void **state)
{
	struct twins *t = *state;
	void *a = t->a, *b = t->b;
	bench_teardown(&a);
	bench_teardown(&b);
	free(t);
	return 0;
}

static void every_size_of_burst_is_answered(void **state)
{
	struct twins *t = *state;
	for (unsigned n = 1; n <= 40; n++) {
		for (unsigned i = 0; i < n; i++)
			tell_whois(t, i % 6, 3, 1 + i % 16);
		deliver(t);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(verdict(t, i), RL_REPLY);
		t->a->now = t->b->now += 1000;
	}
}

static void suites_and_lengths_mix(void **state)
{
	struct twins *t = *state;
	static const unsigned suites[] = {3, 1, 3, 0, 3};
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < 60; i++) {
			unsigned suite = suites[(i + round) % 5], node = (i * 7 + round) % 6;
			if (i % 11 == 5)
				tell_hello(t, node);
			else if (i % 3)
				tell_echo(t, node, suite, (i * 97 + round * 31) % 1390);
			else
				tell_whois(t, node, suite, 1 + (i + round) % 32);
		}
		deliver(t);
		for (unsigned i = 0; i < 60; i++)
			assert_int_equal(verdict(t, i), RL_REPLY);
		t->a->now = t->b->now += 1000;
	}
}

// In each place of a group, and several at once; strangers, and who has no key here, between them.
static void a_wrong_mac_spoils_nobody_elses_packet(void **state)
{
	struct twins *t = *state;
	for (unsigned wrong = 1; wrong < 1u << 10; wrong++) {
		for (unsigned i = 0; i < 10; i++) {
			uint8_t *p = tell_echo(t, i % 6, i == 4 ? 1 : 3, i * 9);
			if (wrong >> i & 1)
				p[i % 2 ? ZT_AT_MAC + i % 8 : t->told[i].len - 1] ^= 0x40;
		}
		tell_whois(t, 7, 3, 2);
		tell_hello(t, 6);
		deliver(t);
		for (unsigned i = 0; i < 10; i++) {
			if (wrong >> i & 1)
				dropped(t, i, RL_DROP_BAD_MAC);
			else
				assert_int_equal(verdict(t, i), RL_REPLY);
		}
		dropped(t, 10, RL_DROP_UNKNOWN_SOURCE);
		assert_int_equal(verdict(t, 11), RL_DEFER);
		t->a->now = t->b->now += 1000;
	}
}

// Opening comes before the first answer, but the answers still follow each other: what a packet
// changes holds for the next one.
static void what_one_packet_changes_holds_for_the_next(void **state)
{
	struct twins *t = *state;
	// From a new address: not proven, so the answer would be too long.
	t->a->at[1].port = 777;
	tell_whois(t, 1, 3, 3);
	deliver(t);
	dropped(t, 0, RL_DROP_UNPROVEN);
	assert_int_equal(t->heard[0].count, 1);
	static struct node_event e;
	const struct sent *probe = &t->heard[0].sent[0];
	node_read(&t->a->node[1], t->a->now, 0, &t->a->at[1], probe->data, probe->len, &e);
	assert_int_equal(e.verdict, NODE_READ);
	assert_true(e.reply_len > 0);
	tell_whois(t, 1, 3, 3);
	tell(t, 1, e.reply, e.reply_len); // proves it
	tell_whois(t, 1, 3, 3);
	deliver(t);
	dropped(t, 0, RL_DROP_UNPROVEN);
	assert_int_equal(verdict(t, 1), RL_DONE);
	assert_int_equal(verdict(t, 2), RL_REPLY);

	// An older protocol from here on, which cannot read suite 3; then the newer one again.
	uint8_t protocol[] = {12, 9, 12};
	for (unsigned i = 0; i < 3; i++) {
		t->a->node[2].proto = protocol[i];
		tell_hello(t, 2);
		tell_whois(t, 2, 3, 2);
	}
	deliver(t);
	for (unsigned i = 0; i < 6; i++) {
		unsigned suite = protocol[i / 2] == 9 ? 1 : 3;
		assert_int_equal(verdict(t, i), RL_REPLY);
		assert_int_equal((t->packet[0][i].data[ZT_AT_FLAGS] & ZT_SUITE_MASK) >>
					 ZT_SUITE_SHIFT,
				 suite);
	}
}

static void copies_of_one_packet_are_answered_alike(void **state)
{
	struct twins *t = *state;
	uint64_t self = t->a->id.address;
	size_t len = node_whois(&t->a->node[0], 3, &self, 1, buf);
	for (unsigned i = 0; i < 9; i++)
		tell(t, 0, buf, len);
	deliver(t);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(verdict(t, i), RL_REPLY);
}

// Authentic ones only count against their peer; all count against their address.
static void budgets_end_at_the_same_packet(void **state)
{
	struct twins *t = *state;
	t->a->now = t->b->now += 10000;
	unsigned left = 0;
	for (unsigned i = 0; i < 30; i++) {
		uint8_t *p = tell_echo(t, i % 2, 3, 20 + i);
		p[ZT_AT_MAC] ^= i % 10 == 3;
	}
	deliver(t);
	for (unsigned i = 0; i < 30; i++)
		left += verdict(t, i) == RL_REPLY;
	assert_in_range(left, 6, 24);
	const struct rl_stats *s = rl_worker_stats(t->a->worker);
	assert_true(s->drop[RL_DROP_RATE_PEER] > 0);
	assert_true(s->drop[RL_DROP_RATE_KNOWN] > 0);
	assert_true(s->drop[RL_DROP_BAD_MAC] > 0);
}

static void fragments_between_whole_packets_are_joined_and_answered(void **state)
{
	struct twins *t = *state;
	static uint8_t payload[2000], cut[ZT_PACKET_MAX + ZT_FRAG_MAX * ZT_FRAG_HDR_LEN];
	struct node_piece piece[ZT_FRAG_MAX];
	size_t len = node_echo(&t->a->node[0], 3, payload, sizeof(payload), buf);
	unsigned pieces = node_cut(buf, len, 1400, cut, piece);
	assert_int_equal(pieces, 2);
	for (unsigned i = 0; i < pieces; i++) {
		tell(t, 0, piece[i].data, piece[i].len);
		for (unsigned k = 0; k < 5; k++)
			tell_whois(t, k, 3, 1 + k);
	}
	deliver(t);
	assert_int_equal(t->heard[0].count, 2); // the echo, in two pieces as well
	assert_int_equal(rl_worker_stats(t->a->worker)->reassembled, 1);
}

// Relayed ones are not opened, whatever they look like.
static void packets_for_others_pass_between(void **state)
{
	struct twins *t = *state;
	for (unsigned i = 0; i < 20; i++) {
		struct node *from = &t->a->node[i % 5];
		if (i % 2)
			tell_whois(t, i % 5, 3, 4);
		else
			tell(t, i % 5, buf,
			     node_frame(from, node_peer_find(from, t->a->node[5].id.address), 1,
					0x800, "0123456789", 10, buf));
	}
	// One by one, an introduction goes out before the next packet is answered.
	struct rl_packet *burst[RL_BURST_MAX];
	for (unsigned i = 0; i < t->n; i++) {
		memcpy(t->buffer[0][i], t->told[i].data, t->told[i].len);
		t->packet[0][i] = (struct rl_packet){.data = t->buffer[0][i],
						     .len = (uint16_t)t->told[i].len,
						     .room = ZT_MTU,
						     .from = t->told[i].from};
		burst[i] = &t->packet[0][i];
	}
	rl_receive_burst(t->a->worker, t->a->now, burst, t->n);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(verdict(t, i), i % 2 ? RL_REPLY : RL_RELAY);
	unsigned n;
	const struct rl_out *out = rl_worker_out(t->a->worker, &n);
	assert_int_equal(n, 10); // five pairs, both ends
	static struct node_event e;
	for (unsigned i = 0; i < n; i++) {
		unsigned read = 0;
		for (unsigned k = 0; k < 6; k++) {
			if (!rl_inet_equal(&out[i].to.addr, &t->a->at[k]))
				continue;
			node_read(&t->a->node[k], t->a->now, 0, &t->a->at[k], out[i].data,
				  out[i].len, &e);
			read += e.verdict == NODE_READ && e.verb == ZT_VERB_RENDEZVOUS;
		}
		assert_int_equal(read, 1);
	}
}

static struct node_group listened(unsigned n)
{
	return (struct node_group){
		.network = 0x8056c2e21c000001 + n % 7, .mac = {0xff, 1, 2, 3, 4, 5}, .adi = n};
}

// LIKE of so many groups: with `plain` the same not compressed, and of so many bytes more.
static void tell_like(struct twins *t, unsigned node, unsigned suite, unsigned first,
		      unsigned count, bool plain, size_t more)
{
	static uint8_t body[ZT_MTU];
	static struct node_group groups[70];
	struct rl_writer w = rl_writer(body, sizeof(body));
	struct node *n = &t->a->node[node];
	for (unsigned i = 0; i < count; i++) {
		groups[i] = listened(first + i);
		rl_put64(&w, groups[i].network);
		rl_put_bytes(&w, groups[i].mac, 6);
		rl_put32(&w, groups[i].adi);
	}
	rl_put(&w, more);
	size_t len = plain ? node_make(n, &n->root, suite, ZT_VERB_MULTICAST_LIKE, body,
				       rl_writer_len(&w), buf)
			   : node_like(n, suite, groups, count, buf);
	tell(t, node, buf, len);
}

static void tell_gather(struct twins *t, unsigned node, unsigned suite, unsigned group,
			uint32_t limit, size_t certificate)
{
	struct node_group g = listened(group);
	tell(t, node, buf, node_gather(&t->a->node[node], suite, &g, limit, certificate, buf));
}

// A packet with the right MAC and a payload that is none.
static void tell_odd(struct twins *t, unsigned node, uint8_t verb, size_t len)
{
	static const uint8_t odd[64] = {0x0f, 1, 0, 0, 0xff};
	struct node *n = &t->a->node[node];
	tell(t, node, buf, node_make(n, &n->root, 3, verb, odd, len, buf));
}

// What it looks up is fetched while packets before it are answered; they may change it.
static void multicast_is_looked_up_ahead(void **state)
{
	struct twins *t = *state;
	static const unsigned suites[] = {3, 3, 1, 3, 0};
	unsigned told = 0;
	for (unsigned round = 0; round < 40; round++) {
		for (unsigned i = 0; i < 60; i++) {
			unsigned suite = suites[(i + round) % 5], node = (i * 5 + round) % 6;
			unsigned first = (i * 13 + round * 5) % 90;
			switch ((i * 7 + round * 3) % 12) {
			case 0:
			case 1:
				tell_like(t, node, suite, first, 1 + (i + round) % 60, false, 0);
				break;
			case 2:
			case 3:
				tell_like(t, node, suite, first, (i + round) % 60, true, 0);
				break;
			case 4:
				tell_like(t, node, suite, first, i % 34, true, 7);
				break;
			case 5:
				tell_odd(t, node, ZT_VERB_MULTICAST_LIKE | ZT_VERB_COMPRESSED, i);
				break;
			case 6:
				tell_odd(t, node, ZT_VERB_MULTICAST_GATHER | ZT_VERB_COMPRESSED, i);
				break;
			case 7:
				tell_odd(t, node, ZT_VERB_MULTICAST_GATHER, i % 24);
				break;
			case 8:
				tell_whois(t, node, suite, 1 + i % 9);
				break;
			default:
				tell_gather(t, node, suite, first, i % 5, i % 3 * 100);
			}
		}
		deliver(t);
		for (unsigned i = 0; i < 60; i++)
			told += verdict(t, i) == RL_REPLY;
		t->a->now = t->b->now += 1000;
	}
	const struct rl_stats *s = rl_worker_stats(t->a->worker);
	assert_true(told > 40 * 10);
	assert_true(s->drop[RL_DROP_BAD_LZ4] > 0);
	assert_true(s->drop[RL_DROP_MALFORMED] > 0);
	assert_true(s->drop[RL_DROP_NO_ANSWER] > 0);
}

// The share of one is used up in the middle of a burst, and verdicts come in spite of it.
static void multicast_budgets_end_at_the_same_packet(void **state)
{
	struct twins *t = *state;
	t->a->now = t->b->now += 10000;
	unsigned left = 0;
	for (unsigned i = 0; i < 30; i++) {
		if (i % 3 == 2)
			tell_gather(t, i % 6, 3, i % 4, 3, 0);
		else
			tell_like(t, i % 2, 3, 0, 20, i % 3 == 1, 0);
		t->told[t->n - 1].data[ZT_AT_MAC] ^= i % 10 == 3;
	}
	deliver(t);
	for (unsigned i = 0; i < 30; i++)
		left += verdict(t, i) != RL_DROP;
	assert_in_range(left, 6, 24);
	assert_true(rl_worker_stats(t->a->worker)->drop[RL_DROP_RATE_PEER] > 0);
}

#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_size_of_burst_is_answered, setup),
		CASE(suites_and_lengths_mix, setup),
		CASE(a_wrong_mac_spoils_nobody_elses_packet, setup),
		CASE(what_one_packet_changes_holds_for_the_next, setup),
		CASE(copies_of_one_packet_are_answered_alike, setup),
		CASE(budgets_end_at_the_same_packet, setup_strict),
		CASE(fragments_between_whole_packets_are_joined_and_answered, setup),
		CASE(packets_for_others_pass_between, setup),
		CASE(multicast_is_looked_up_ahead, setup),
		CASE(multicast_budgets_end_at_the_same_packet, setup_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
