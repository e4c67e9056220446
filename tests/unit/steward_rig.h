// SPDX-License-Identifier: BSD-3-Clause
// Three members of one root whose batches pass a wire that the test may tamper with, and clients
// that speak at the members that the test says. Clients are numbered; each has an address of its
// own, the same at all members. For tests with cmocka.
#pragma once

#include "cluster/steward.h"
#include "root/random.h"
#include "root/sight.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum { AMS = 1, NYC, SIN, RIG_MEMBERS = SIN, RIG_CLIENTS = 600, RIG_PUSHES = 20000 };
#define RIG_CLIENT UINT64_C(0x1234500000)
#define RIG_START  UINT64_C(1700000000000)

struct rig_member {
	struct rl_steward s;
	void *memory;
	uint64_t heard[RIG_CLIENTS]; // when a client last spoke here; 0: never
};

struct rig_batch {
	struct rig_batch *next;
	uint8_t from, to;
	size_t len;
	uint8_t bytes[];
};

static struct {
	uint64_t now;
	uint8_t key[RL_SEAL_KEY];
	uint8_t public_key[RIG_MEMBERS + 1][RL_SEAL_PUBLIC];
	uint8_t secret[RIG_MEMBERS + 1][RL_SEAL_SECRET];
	struct rig_member m[RIG_MEMBERS + 1];
	struct rig_batch *wire, **wire_end;
	struct rl_random *shuffle; // batches come in any order; NULL: in theirs
	bool hold;                 // the wire keeps what it has
	// Called for each batch and each of its receivers, before it is delivered. May be NULL.
	void (*tamper)(uint8_t to, const uint8_t *bytes, size_t len);
	struct rl_geo place; // of all clients
	// Every PUSH: to whom, when, and the members that it names, bit by bit.
	struct {
		uint64_t client, at;
		unsigned named;
	} push[RIG_PUSHES];
	unsigned pushes;
} rig;

static inline struct rl_inet rig_addr(unsigned client)
{
	return rl_inet4(0x08000000 + client * 256, 40000);
}

static inline unsigned rig_paths(void *ctx, uint64_t client,
				 struct rl_steward_path out[RL_STEWARD_PATHS])
{
	struct rig_member *m = ctx;
	uint64_t i = client - RIG_CLIENT;
	if (i >= RIG_CLIENTS || m->heard[i] == 0)
		return 0;
	out[0] = (struct rl_steward_path){rig_addr((unsigned)i), m->heard[i]};
	return 1;
}

static inline int rig_push(void *ctx, uint64_t client, const struct rl_inet *by,
			   const struct rl_inet *at, unsigned n)
{
	(void)ctx;
	(void)by;
	assert_true(rig.pushes < RIG_PUSHES);
	rig.push[rig.pushes].client = client;
	rig.push[rig.pushes].at = rig.now;
	for (unsigned i = 0; i < n; i++)
		rig.push[rig.pushes].named |= 1u << at[i].ip[3]; // of rig_config
	rig.pushes++;
	return 0;
}

static inline int rig_word(void *ctx, uint64_t client, const struct rl_inet *by)
{
	(void)ctx;
	(void)client;
	(void)by;
	return 0;
}

static inline int rig_rendezvous(void *ctx, uint64_t client, const struct rl_inet *by,
				 uint64_t other, const struct rl_inet *at)
{
	(void)other;
	(void)at;
	return rig_word(ctx, client, by);
}

static inline void rig_withhold(void *ctx, uint64_t client, bool withheld)
{
	(void)ctx;
	(void)client;
	(void)withheld;
}

static inline struct rl_geo rig_where(void *ctx, const struct rl_inet *addr)
{
	(void)ctx;
	(void)addr;
	return rig.place;
}

static inline bool rig_send(void *ctx, uint8_t to, const uint8_t *batch, size_t len)
{
	struct rig_member *m = ctx;
	struct rig_batch *b = malloc(sizeof(*b) + len);
	*b = (struct rig_batch){.from = m->s.config.own.id, .to = to, .len = len};
	memcpy(b->bytes, batch, len);
	*rig.wire_end = b;
	rig.wire_end = &b->next;
	return true;
}

// A member takes bytes, which stay as they are.
static inline void rig_take(uint8_t member, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len + !len); // no byte more, so that reading on is seen
	memcpy(copy, bytes, len);
	rl_steward_batch(&rig.m[member].s, copy, len, rig.now);
	free(copy);
}

// Takes the next batch off the wire.
static inline struct rig_batch *rig_next(void)
{
	unsigned n = 0;
	for (struct rig_batch *b = rig.wire; b; b = b->next)
		n++;
	struct rig_batch **at = &rig.wire;
	for (unsigned skip = rig.shuffle ? rl_random_below(rig.shuffle, n) : 0; skip > 0; skip--)
		at = &(*at)->next;
	struct rig_batch *b = *at;
	*at = b->next;
	if (!*at)
		rig.wire_end = at;
	return b;
}

static inline void rig_deliver(void)
{
	while (rig.wire) {
		struct rig_batch *b = rig_next();
		for (uint8_t to = AMS; to <= RIG_MEMBERS; to++) {
			if (to == b->from || (b->to != RL_NOBODY && b->to != to))
				continue;
			if (rig.tamper)
				rig.tamper(to, b->bytes, b->len);
			rig_take(to, b->bytes, b->len);
		}
		free(b);
	}
}

static inline void rig_run(uint64_t ms)
{
	for (uint64_t end = rig.now + ms; rig.now < end; rig.now += RL_STEWARD_TURN_MS) {
		for (uint8_t m = AMS; m <= RIG_MEMBERS; m++)
			rl_steward_tick(&rig.m[m].s, rig.now);
		if (!rig.hold)
			rig_deliver();
	}
}

// The client says something to this member as to its best root.
static inline void rig_speak(uint8_t member, unsigned client)
{
	struct rl_steward_sight e = {RIG_CLIENT + client, rig_addr(client), RL_SIGHT_SPOKE, -1};
	rig.m[member].heard[client] = rig.now;
	rl_steward_sight(&rig.m[member].s, &e, rig.now);
}

static inline struct rl_location rig_at(uint8_t member, uint64_t address)
{
	struct rl_location l = {0};
	const struct rl_directory *d = &rig.m[member].s.directory;
	rl_directory_find(d, address, rl_directory_hash(d, address), &l);
	return l;
}

static inline uint64_t rig_refused(uint8_t member, uint8_t from, enum rl_refusal why)
{
	return rig.m[member].s.sync.peer[from].refusals.count[why];
}

static inline void rig_config(uint8_t id, struct rl_steward_config *o, uint64_t directory_max)
{
	static const double place[RIG_MEMBERS + 1][2] = {
		{0, 0}, {52.4, 4.9}, {40.7, -74.0}, {1.35, 103.8}};
	*o = rl_steward_config_default;
	o->sync = rl_sync_config_default;
	o->own = (struct rl_member_news){
		.id = id, .run = 1, .place = rl_geo_at(place[id][0], place[id][1])};
	o->own.front[RL_FAMILY_4] = rl_inet4(0xc0000200 + id, 9993);
	o->root = 0xaaaaaaaaaa;
	o->cluster = 7;
	o->directory_max = directory_max;
	o->warm_max = o->rtt_max = o->timers_max = o->drain_max = 1000;
	o->audience_max = o->gather.questions = o->gather.askers = 16;
	o->epoch = rig.now;
	memcpy(o->key, rig.key, RL_SEAL_KEY);
	memcpy(o->secret, rig.secret[id], RL_SEAL_SECRET);
}

static inline void rig_open_member(uint8_t id, uint64_t directory_max)
{
	struct rig_member *m = &rig.m[id];
	const struct rl_steward_host host = {m,        rig_paths,      rig_push,     rig_word,
					     rig_word, rig_rendezvous, rig_withhold, rig_where,
					     rig_send};
	struct rl_steward_config o;
	uint64_t dice[8];
	rig_config(id, &o, directory_max);
	randombytes_buf_deterministic(dice, sizeof(dice), (uint8_t[32]){id});
	size_t size = (rl_steward_size(&o) + 63) / 64 * 64;
	m->memory = aligned_alloc(64, size);
	memset(m->memory, 0, size);
	rl_steward_init(&m->s, &o, &host, m->memory, dice, rig.now);
	for (uint8_t k = AMS; k <= RIG_MEMBERS; k++)
		rl_steward_member(&m->s, k, rig.public_key[k]);
}

// All members live, and have learned for long enough to decide.
static inline void rig_open(uint64_t directory_max)
{
	assert_true(sodium_init() >= 0);
	memset(&rig, 0, sizeof(rig));
	rig.now = RIG_START;
	rig.wire_end = &rig.wire;
	rig.place = rl_geo_at(52.4, 4.9); // Amsterdam
	rl_seal_new_key(rig.key);
	for (uint8_t m = AMS; m <= RIG_MEMBERS; m++)
		rl_seal_new_member(rig.public_key[m], rig.secret[m]);
	for (uint8_t m = AMS; m <= RIG_MEMBERS; m++)
		rig_open_member(m, directory_max);
	rig_run(RL_STEWARD_LEARN_MS + 1000);
}

static inline int rig_close(void **state)
{
	(void)state;
	for (uint8_t m = AMS; m <= RIG_MEMBERS; m++)
		free(rig.m[m].memory);
	while (rig.wire) {
		struct rig_batch *b = rig.wire;
		rig.wire = b->next;
		free(b);
	}
	return 0;
}
