// SPDX-License-Identifier: BSD-3-Clause
// Three members of one root with a backplane between them that loses nothing, and clients whose
// paths the test chooses: what members have their root say is kept.
#pragma once

#include "cluster/steward.h"
#include "root/sight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sodium.h>

enum { MEMBERS = 3, SAID_MAX = 64, CLIENTS = 4, QUEUE = 512 };

static const struct {
	const char *name, *v4, *v6;
	double lat, lon;
} site[MEMBERS] = {
	{"ams", "192.0.2.1/9993", "2001:db8:1::1/9993", 52.4, 4.9},
	{"nyc", "192.0.2.2/9993", "2001:db8:2::1/9993", 40.7, -74.0},
	{"sin", "192.0.2.3/9993", "2001:db8:3::1/9993", 1.35, 103.8},
};

enum say { PUSH, NOP, ECHO, RENDEZVOUS, WITHHOLD, ANSWER, TOLD };

struct said {
	enum say what;
	uint64_t client;
	struct rl_inet by;
	unsigned n;
	struct rl_inet at[4];
	uint64_t other;
	unsigned asked; // of a WHOIS; n: identities from elsewhere
	struct rl_identity given[CLIENTS];
};

struct batch {
	uint8_t from, to;
	size_t len;
	uint8_t *bytes;
};

struct member {
	struct cluster *c;
	struct rl_steward s;
	void *mem;
	bool up;
	unsigned said_count;
	struct said said[SAID_MAX];
	// Paths of clients here: heard at, 0: none.
	uint64_t heard[CLIENTS];
	bool adopted[CLIENTS]; // known to its root, though never heard
};

struct cluster {
	uint64_t now;
	struct member m[MEMBERS]; // number i + 1
	struct rl_geo where[CLIENTS];
	struct rl_inet addr[CLIENTS];
	unsigned queued;
	struct batch queue[QUEUE];
};

static inline uint64_t client(unsigned i)
{
	return 0x1234500000 + i;
}

static inline struct said *say(struct member *m, enum say what, uint64_t c,
			       const struct rl_inet *by)
{
	assert_true(m->said_count < SAID_MAX);
	struct said *s = &m->said[m->said_count++];
	*s = (struct said){.what = what, .client = c};
	if (by)
		s->by = *by;
	return s;
}

static inline unsigned host_paths(void *ctx, uint64_t c,
				  struct rl_steward_path out[RL_STEWARD_PATHS])
{
	struct member *m = ctx;
	unsigned i = (unsigned)(c - client(0));
	if (i >= CLIENTS || m->heard[i] == 0)
		return 0;
	out[0] = (struct rl_steward_path){m->c->addr[i], m->heard[i]};
	return 1;
}

static inline int host_push(void *ctx, uint64_t c, const struct rl_inet *by,
			    const struct rl_inet *at, unsigned n)
{
	struct said *s = say(ctx, PUSH, c, by);
	assert_true(n <= 4);
	s->n = n;
	memcpy(s->at, at, n * sizeof(*at));
	return 0;
}

static inline int host_nop(void *ctx, uint64_t c, const struct rl_inet *by)
{
	say(ctx, NOP, c, by);
	return 0;
}

static inline int host_echo(void *ctx, uint64_t c, const struct rl_inet *by)
{
	say(ctx, ECHO, c, by);
	return 0;
}

static inline int host_rendezvous(void *ctx, uint64_t c, const struct rl_inet *by, uint64_t other,
				  const struct rl_inet *at)
{
	struct said *s = say(ctx, RENDEZVOUS, c, by);
	s->other = other;
	s->at[s->n++] = *at;
	return 0;
}

static inline void host_withhold(void *ctx, uint64_t c, bool withheld)
{
	say(ctx, withheld ? WITHHOLD : ANSWER, c, NULL);
}

static inline struct rl_geo host_where(void *ctx, const struct rl_inet *addr)
{
	struct member *m = ctx;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (rl_inet_same_ip(addr, &m->c->addr[i]))
			return m->c->where[i];
	return (struct rl_geo){0};
}

static inline bool host_send(void *ctx, uint8_t to, const uint8_t *batch, size_t len)
{
	struct member *m = ctx;
	struct cluster *c = m->c;
	assert_true(c->queued < QUEUE);
	struct batch *b = &c->queue[c->queued++];
	*b = (struct batch){m->s.config.own.id, to, len, malloc(len)};
	memcpy(b->bytes, batch, len);
	return true;
}

static inline struct rl_identity identity(unsigned i)
{
	struct rl_identity id = {.address = client(i)};
	memset(id.public_key, (int)i + 1, sizeof(id.public_key));
	return id;
}

static inline bool host_identity(void *ctx, uint64_t c, struct rl_identity *out)
{
	struct member *m = ctx;
	unsigned i = (unsigned)(c - client(0));
	if (i >= CLIENTS || (m->heard[i] == 0 && !m->adopted[i]))
		return false;
	*out = identity(i);
	return true;
}

static inline int host_whois(void *ctx, uint64_t c, const struct rl_inet *by, uint64_t id,
			     const uint64_t *asked, unsigned n, const struct rl_identity *given,
			     unsigned given_count)
{
	struct said *s = say(ctx, TOLD, c, by);
	(void)asked;
	assert_true(given_count <= CLIENTS);
	s->other = id;
	s->asked = n;
	s->n = given_count;
	if (given_count > 0)
		memcpy(s->given, given, given_count * sizeof(*given));
	return given_count > 0 ? 0 : -ENODATA;
}

static inline int host_adopt(void *ctx, const struct rl_identity *id)
{
	struct member *m = ctx;
	unsigned i = (unsigned)(id->address - client(0));
	struct rl_identity want = identity(i);
	assert_true(i < CLIENTS && !m->adopted[i] && m->heard[i] == 0);
	assert_memory_equal(id, &want, sizeof(want));
	m->adopted[i] = true;
	return 0;
}

static inline void deliver(struct cluster *c)
{
	for (unsigned i = 0; i < c->queued; i++) {
		struct batch b = c->queue[i];
		for (unsigned k = 0; k < MEMBERS; k++) {
			if (!c->m[k].up || k + 1u == b.from || (b.to != RL_NOBODY && b.to != k + 1))
				continue;
			uint8_t *copy = malloc(b.len);
			memcpy(copy, b.bytes, b.len);
			rl_steward_batch(&c->m[k].s, copy, b.len, c->now);
			free(copy);
		}
		free(b.bytes);
	}
	c->queued = 0;
}

static inline void run(struct cluster *c, unsigned ms)
{
	for (uint64_t end = c->now + ms; c->now < end; c->now += RL_STEWARD_TURN_MS) {
		for (unsigned k = 0; k < MEMBERS; k++)
			if (c->m[k].up)
				rl_steward_tick(&c->m[k].s, c->now);
		deliver(c);
	}
}

static inline void sight(struct cluster *c, unsigned m, unsigned i, enum rl_sight_kind kind, int ms)
{
	struct rl_steward_sight e = {client(i), c->addr[i], (uint8_t)kind, ms};
	c->m[m].heard[i] = c->now;
	rl_steward_sight(&c->m[m].s, &e, c->now);
	deliver(c);
}

// HELLO, and the root's probe answered.
static inline void greet(struct cluster *c, unsigned m, unsigned i, int ms)
{
	sight(c, m, i, RL_SIGHT_HELLO, -1);
	sight(c, m, i, RL_SIGHT_PROOF, ms);
}

// And WHOIS.
static inline void land(struct cluster *c, unsigned m, unsigned i, int ms)
{
	greet(c, m, i, ms);
	sight(c, m, i, RL_SIGHT_SPOKE, -1);
}

static inline struct rl_location at(struct cluster *c, unsigned m, unsigned i)
{
	struct rl_location l = {0};
	const struct rl_directory *d = &c->m[m].s.directory;
	rl_directory_find(d, client(i), rl_directory_hash(d, client(i)), &l);
	return l;
}

static inline const struct said *find_said(struct cluster *c, unsigned m, enum say what, unsigned i)
{
	for (unsigned k = 0; k < c->m[m].said_count; k++)
		if (c->m[m].said[k].what == what && c->m[m].said[k].client == client(i))
			return &c->m[m].said[k];
	return NULL;
}

static inline unsigned count_said(struct cluster *c, unsigned m, enum say what, unsigned i)
{
	unsigned n = 0;
	for (unsigned k = 0; k < c->m[m].said_count; k++)
		n += c->m[m].said[k].what == what && c->m[m].said[k].client == client(i);
	return n;
}

static inline void forget_said(struct cluster *c)
{
	for (unsigned k = 0; k < MEMBERS; k++)
		c->m[k].said_count = 0;
}

static inline void open_member(struct cluster *c, unsigned i,
			       uint8_t public[MEMBERS][RL_SEAL_PUBLIC],
			       uint8_t secret[MEMBERS][RL_SEAL_SECRET], const uint8_t *key)
{
	struct member *m = &c->m[i];
	const struct rl_steward_host host = {.ctx = m,
					     .paths = host_paths,
					     .push = host_push,
					     .nop = host_nop,
					     .echo = host_echo,
					     .rendezvous = host_rendezvous,
					     .withhold = host_withhold,
					     .where = host_where,
					     .send = host_send,
					     .identity = host_identity,
					     .whois = host_whois,
					     .adopt = host_adopt};
	struct rl_steward_config o = rl_steward_config_default;
	uint64_t dice[8];
	randombytes_buf(dice, sizeof(dice));
	o.sync = rl_sync_config_default;
	o.own = (struct rl_member_news){
		.id = (uint8_t)(i + 1), .run = 1, .place = rl_geo_at(site[i].lat, site[i].lon)};
	snprintf(o.own.name, sizeof(o.own.name), "%s", site[i].name);
	rl_inet_parse(&o.own.front[RL_FAMILY_4], site[i].v4);
	rl_inet_parse(&o.own.front[RL_FAMILY_6], site[i].v6);
	o.root = 0xaaaaaaaaaa;
	o.cluster = 7;
	o.directory_max = 1000;
	o.warm_max = o.rtt_max = o.timers_max = o.drain_max = 100;
	o.epoch = c->now;
	memcpy(o.key, key, RL_SEAL_KEY);
	memcpy(o.secret, secret[i], RL_SEAL_SECRET);
	size_t size = rl_steward_size(&o);
	m->mem = aligned_alloc(64, (size + 63) / 64 * 64);
	memset(m->mem, 0, size);
	m->c = c;
	m->up = true;
	rl_steward_init(&m->s, &o, &host, m->mem, dice, c->now);
	for (unsigned k = 0; k < MEMBERS; k++)
		rl_steward_member(&m->s, (uint8_t)(k + 1), public[k]);
}

static inline int open_cluster(void **state)
{
	struct cluster *c = calloc(1, sizeof(*c));
	uint8_t public[MEMBERS][RL_SEAL_PUBLIC], secret[MEMBERS][RL_SEAL_SECRET], key[RL_SEAL_KEY];
	assert_true(sodium_init() >= 0);
	c->now = 1700000000000;
	rl_seal_new_key(key);
	for (unsigned i = 0; i < MEMBERS; i++)
		rl_seal_new_member(public[i], secret[i]);
	for (unsigned i = 0; i < MEMBERS; i++)
		open_member(c, i, public, secret, key);
	for (unsigned i = 0; i < CLIENTS; i++)
		c->addr[i] = rl_inet4(0x08080808 + (i << 8), 40000);
	c->where[0] = rl_geo_at(40.7, -74.0); // New York
	c->where[1] = rl_geo_at(52.4, 4.9);   // Amsterdam
	c->where[2] = rl_geo_at(1.35, 103.8); // Singapore
	run(c, RL_STEWARD_LEARN_MS);
	*state = c;
	return 0;
}

static inline int close_cluster(void **state)
{
	struct cluster *c = *state;
	for (unsigned i = 0; i < MEMBERS; i++) {
		rl_steward_wipe(&c->m[i].s);
		free(c->m[i].mem);
	}
	for (unsigned i = 0; i < c->queued; i++)
		free(c->queue[i].bytes);
	free(c);
	return 0;
}
