// SPDX-License-Identifier: BSD-3-Clause
#include "tests/vectors/replay.h"
#include "tests/lib/pcap_udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CLIENTS = 4, SOCKETS = 32, QUEUE = 256 };

static const char *const client_names[CLIENTS] = {"ctrl", "c1", "c2", "c3"};

// A socket of a client, as the root sees it.
struct socket {
	struct rl_inet addr;
	struct rl_inet root; // where it talks to
	uint64_t hello_id;   // last recorded HELLO from here
	uint64_t hello_clock;
	uint64_t said_id;             // last HELLO said by the harness
	uint64_t bytes_in, bytes_out; // until proven
	bool proven;
};

struct client {
	struct node mine; // talks with the core
	struct node past; // opens what the recorded root sent
	struct socket socket[SOCKETS];
	unsigned socket_count;
};

// A datagram that the harness says for a client.
struct pending {
	struct client *client;
	struct socket *socket;
	size_t len;
	uint8_t data[2048];
};

struct run {
	struct replay *out;
	struct rl_cipher *cipher;
	struct rl_identity root_id;
	struct rl_secret root_secret;
	struct node at_root; // opens what clients say
	struct node_peer at_root_peer[CLIENTS];
	struct client client[CLIENTS];
	struct rl_root *root;
	struct rl_worker *worker, *admission;
	struct rl_scratch *scratch;
	struct pending queue[QUEUE];
	unsigned queued;
	uint64_t ms;
	unsigned frame;
};

static void read_text(const char *name, char *text, size_t room)
{
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), VECTORS_DIR "/captures/%s.secret", name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s: cannot be read", path);
	n = fread(text, 1, room - 1, f);
	text[n] = 0;
	fclose(f);
}

static void read_identity(const char *name, struct rl_identity *id, struct rl_secret *secret)
{
	char text[RL_IDENTITY_SECRET_TEXT + 8];

	read_text(name, text, sizeof(text));
	if (rl_identity_parse(id, secret, text) < 0)
		fail_msg("%s: no identity with its secret", name);
}

static void load_people(struct run *u)
{
	read_identity("root", &u->root_id, &u->root_secret);
	node_init(&u->at_root, &u->root_id, &u->root_secret, &u->root_id, u->cipher, 1);
	u->at_root.join = node_join_new();
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct rl_identity id;
		struct rl_secret secret;

		read_identity(client_names[i], &id, &secret);
		node_init(&u->client[i].mine, &id, &secret, &u->root_id, u->cipher, 2 + i);
		node_init(&u->client[i].past, &id, &secret, &u->root_id, u->cipher, 2 + i);
		u->client[i].mine.join = node_join_new();
		u->client[i].past.join = node_join_new();
		assert_int_equal(node_know(&u->at_root, &u->at_root_peer[i], &id), 0);
	}
}

static void stop_root(struct run *u)
{
	struct rl_worker *w[] = {u->worker, u->admission};

	if (!u->root)
		return;
	for (unsigned i = 0; i < 2; i++) {
		const uint64_t *from = (const uint64_t *)rl_worker_stats(w[i]);
		uint64_t *to = (uint64_t *)&u->out->stats;

		for (size_t n = 0; n < sizeof(struct rl_stats) / 8; n++)
			to[n] += from[n];
		rl_worker_free(w[i]);
	}
	rl_worlds_free(rl_root_set_worlds(u->root, NULL));
	rl_root_free(u->root);
	u->root = NULL;
}

static void start_root(struct run *u, const char *planet)
{
	static struct rl_world world;
	const uint8_t seed[32] = {1, 2, 3};
	struct rl_options options = rl_options_default();
	uint8_t buf[ZT_WORLD_MAX];
	char path[512];
	size_t len;
	FILE *f;

	stop_root(u);
	u->root = rl_root_new(&u->root_id, &u->root_secret, &options, NULL, seed);
	assert_non_null(u->root);
	u->worker = rl_worker_new(u->root, (const uint8_t[32]){4});
	u->admission = rl_worker_new(u->root, (const uint8_t[32]){5});
	assert_non_null(u->worker);
	assert_non_null(u->admission);
	snprintf(path, sizeof(path), VECTORS_DIR "/planet/%s", planet);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s: cannot be read", path);
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_int_equal(rl_world_parse(&world, buf, len), 0);
	rl_worlds_free(rl_root_set_worlds(u->root, rl_worlds_new(&world, 1)));
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &u->client[i];

		c->mine.path_count = 0;
		memset(c->socket, 0, sizeof(c->socket));
		c->socket_count = 0;
	}
}

static struct client *client_of(struct run *u, uint64_t address)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (u->client[i].mine.id.address == address)
			return &u->client[i];
	}
	return NULL;
}

static struct client *client_at(struct run *u, const struct rl_inet *addr, struct socket **s)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		for (unsigned k = 0; k < u->client[i].socket_count; k++) {
			*s = &u->client[i].socket[k];
			if (rl_inet_equal(&(*s)->addr, addr))
				return &u->client[i];
		}
	}
	return NULL;
}

static struct socket *socket_add(struct client *c, const struct rl_inet *addr,
				 const struct rl_inet *root)
{
	struct socket *s;

	for (unsigned k = 0; k < c->socket_count; k++) {
		if (rl_inet_equal(&c->socket[k].addr, addr))
			return &c->socket[k];
	}
	assert_true(c->socket_count < SOCKETS);
	s = &c->socket[c->socket_count++];
	*s = (struct socket){.addr = *addr, .root = *root};
	return s;
}

static struct replay_sent *note(struct run *u, struct replay_list *l, const uint8_t *data,
				size_t len, const struct rl_inet *to)
{
	struct replay_sent *s = replay_note(l, u->root_id.address, data, len, to);

	s->ms = u->ms;
	s->frame = u->frame;
	return s;
}

static void open_sent(struct run *u, struct replay_sent *s, struct node *n, unsigned socket,
		      const struct rl_inet *root)
{
	s->event = calloc(1, sizeof(*s->event));
	assert_non_null(s->event);
	if (node_read(n, u->ms, socket, root, s->data, s->len, s->event) != NODE_READ)
		fail_msg("%s, frame %u, %u bytes to %010llx: %s", u->out->test->name, u->frame,
			 s->len, (unsigned long long)s->node, node_verdict_text(s->event->verdict));
}

static void enqueue(struct run *u, struct client *c, struct socket *s, const uint8_t *data,
		    size_t len)
{
	struct pending *p = &u->queue[u->queued++];

	assert_true(u->queued < QUEUE);
	assert_true(len <= sizeof(p->data));
	p->client = c;
	p->socket = s;
	p->len = len;
	memcpy(p->data, data, len);
}

// The client hears our root: answers it as it would have, and asks again as it would have.
static void client_hears(struct run *u, struct client *c, struct socket *s,
			 struct replay_sent *sent)
{
	uint8_t hello[ZT_PACKET_MAX];
	struct node_event *e;
	size_t len;

	open_sent(u, sent, &c->mine, (unsigned)(s - c->socket), &s->root);
	e = sent->event;
	if (e->verb == ZT_VERB_OK && e->in_verb == ZT_VERB_HELLO && e->in_id == s->said_id)
		e->in_id = s->hello_id;
	if (e->reply_len)
		enqueue(u, c, s, e->reply, e->reply_len);
	if (!e->say_hello)
		return;
	len = node_hello(&c->mine, &c->mine.root, s->hello_clock, &s->root, hello);
	s->said_id = rl_load64(hello);
	enqueue(u, c, s, hello, len);
}

// A datagram leaves the core.
static void leaves(struct run *u, const uint8_t *data, size_t len, const struct rl_inet *to)
{
	struct replay_sent *sent = note(u, &u->out->ours, data, len, to);
	struct socket *s = NULL;
	struct client *c = client_at(u, to, &s);

	if (!c || c->mine.id.address != sent->node)
		fail_msg("frame %u: for %010llx, sent to an address it was not heard from",
			 u->frame, (unsigned long long)sent->node);
	sent->proven = s->proven;
	if (!s->proven) {
		s->bytes_out += len;
		if (s->bytes_out > s->bytes_in)
			fail_msg("frame %u: %llu bytes to an unproven address, %llu from it",
				 u->frame, (unsigned long long)s->bytes_out,
				 (unsigned long long)s->bytes_in);
	}
	if (!sent->relayed)
		client_hears(u, c, s, sent);
}

static void leave_all(struct run *u, struct rl_worker *w, const struct rl_packet *p)
{
	unsigned count;
	const struct rl_out *out = rl_worker_out(w, &count);

	if (p && p->verdict == RL_REPLY)
		leaves(u, p->data, p->len, &p->from);
	if (p && p->verdict == RL_RELAY)
		leaves(u, p->data, p->len, &p->to.addr);
	for (unsigned i = 0; i < count; i++)
		leaves(u, out[i].data, out[i].len, &out[i].to.addr);
}

static void core_hears(struct run *u, const uint8_t *data, size_t len, struct socket *s)
{
	uint8_t buf[ZT_PACKET_MAX];
	struct rl_packet packet = {
		.data = buf, .len = (uint16_t)len, .room = sizeof(buf), .from = s->addr};
	struct rl_packet *p = &packet;

	s->bytes_in += len;
	memcpy(buf, data, len);
	rl_receive_burst(u->worker, u->ms, &p, 1);
	leave_all(u, u->worker, p);
	if (p->verdict != RL_DEFER)
		return;
	rl_admit(u->admission, u->scratch, u->ms, p);
	assert_int_not_equal(p->verdict, RL_DEFER);
	leave_all(u, u->admission, p);
}

static void answer_pending(struct run *u)
{
	for (unsigned i = 0; i < u->queued; i++) {
		struct pending p = u->queue[i];

		// Sealed: the answer to a probe, from where the probe went. That proves the
		// address. Else it is a HELLO.
		if (p.data[ZT_AT_FLAGS] & ZT_SUITE_MASK)
			p.socket->proven = true;
		core_hears(u, p.data, p.len, p.socket);
	}
	u->queued = 0;
}

// What the client will want an answer to, and what its HELLO says of it.
static void remember_question(struct run *u, const struct pcap_udp *f, struct client *c,
			      struct socket *s)
{
	static struct node_event e;
	uint8_t buf[ZT_PACKET_MAX];
	size_t len = f->len;

	memcpy(buf, f->data, len);
	if ((buf[ZT_AT_FLAGS] & ~ZT_HOPS_MASK) == ZT_FLAG_ENCRYPTED)
		len = rl_armor_xhello_open(u->cipher, &u->root_secret, buf, len);
	if (node_read(&u->at_root, u->ms, 0, &f->from, buf, len, &e) != NODE_READ)
		return;
	if (e.verb == ZT_VERB_HELLO) {
		s->hello_id = e.id;
		s->hello_clock = e.clock;
		c->mine.proto = c->past.proto = e.proto;
		c->mine.planet_id = e.planet_id;
		c->mine.planet_timestamp = e.planet_timestamp;
	}
	node_expect(&c->mine, u->root_id.address, e.verb, e.id);
	node_expect(&c->past, u->root_id.address, e.verb, e.id);
}

static void to_root(struct run *u, const struct pcap_udp *f)
{
	bool fragment = f->data[ZT_FRAG_AT_MARK] == ZT_ADDRESS_RESERVED;
	struct client *c;
	struct socket *s;

	if (fragment)
		c = client_at(u, &f->from, &s);
	else
		c = client_of(u, rl_load40(f->data + ZT_AT_FROM));
	assert_non_null(c);
	s = socket_add(c, &f->from, &f->to);
	if (rl_load40(f->data + ZT_AT_TO) == u->root_id.address)
		remember_question(u, f, c, s);
	rl_tick(u->worker, u->ms, 0, 1);
	leave_all(u, u->worker, NULL);
	core_hears(u, f->data, f->len, s);
	answer_pending(u);
}

static void from_root(struct run *u, const struct pcap_udp *f)
{
	struct replay_sent *s = note(u, &u->out->theirs, f->data, f->len, &f->to);
	struct client *c = client_of(u, s->node);

	if (!s->relayed && c)
		open_sent(u, s, &c->past, 0, &f->from);
}

static bool is_root(const struct rl_inet *a)
{
	static const uint8_t v6[16] = {0xfd, 0x77, [15] = 1};
	static const uint8_t v4[16] = {10, 77, 0, 1};

	return memcmp(a->ip, a->family == 4 ? v4 : v6, 16) == 0;
}

static void free_people(struct run *u)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		node_join_free(u->client[i].mine.join);
		node_join_free(u->client[i].past.join);
	}
	node_join_free(u->at_root.join);
}

void replay_run(struct replay *r, const struct replay_case *test)
{
	struct run *u = calloc(1, sizeof(*u));
	struct pcap_udp *frames;
	unsigned stage = 0;
	char path[512];
	int count;

	*r = (struct replay){.test = test};
	assert_non_null(u);
	u->out = r;
	u->cipher = rl_cipher_new();
	u->scratch = rl_scratch_new();
	assert_non_null(u->cipher);
	assert_non_null(u->scratch);
	load_people(u);
	snprintf(path, sizeof(path), VECTORS_DIR "/captures/%s.pcap", test->name);
	count = pcap_udp_load(path, &frames);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		const struct pcap_udp *f = &frames[i];

		u->ms = f->us / 1000;
		u->frame = f->number;
		if (stage < 3 && test->stage[stage].planet && f->number >= test->stage[stage].frame)
			start_root(u, test->stage[stage++].planet);
		if (f->len < ZT_DATAGRAM_MIN)
			continue;
		if (is_root(&f->to))
			to_root(u, f);
		else if (is_root(&f->from))
			from_root(u, f);
	}
	stop_root(u);
	pcap_udp_free(frames, count);
	free_people(u);
	rl_scratch_free(u->scratch);
	rl_cipher_free(u->cipher);
	free(u);
}
