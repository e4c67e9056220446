// SPDX-License-Identifier: BSD-3-Clause
// Three members of one root with a backplane between them that loses nothing, and clients whose
// paths the test chooses: what a member has its root say, and what all members then know.
#include "cluster/steward.h"
#include "root/sight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
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

enum say { PUSH, NOP, ECHO, RENDEZVOUS, WITHHOLD, ANSWER };

struct said {
	enum say what;
	uint64_t client;
	struct rl_inet by;
	unsigned n;
	struct rl_inet at[4];
	uint64_t other;
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
};

struct cluster {
	uint64_t now;
	struct member m[MEMBERS]; // number i + 1
	struct rl_geo where[CLIENTS];
	struct rl_inet addr[CLIENTS];
	unsigned queued;
	struct batch queue[QUEUE];
};

static uint64_t client(unsigned i)
{
	return 0x1234500000 + i;
}

static struct said *say(struct member *m, enum say what, uint64_t c, const struct rl_inet *by)
{
	assert_true(m->said_count < SAID_MAX);
	struct said *s = &m->said[m->said_count++];
	*s = (struct said){.what = what, .client = c};
	if (by)
		s->by = *by;
	return s;
}

static unsigned host_paths(void *ctx, uint64_t c, struct rl_steward_path out[RL_STEWARD_PATHS])
{
	struct member *m = ctx;
	unsigned i = (unsigned)(c - client(0));
	if (i >= CLIENTS || m->heard[i] == 0)
		return 0;
	out[0] = (struct rl_steward_path){m->c->addr[i], m->heard[i]};
	return 1;
}

static int host_push(void *ctx, uint64_t c, const struct rl_inet *by, const struct rl_inet *at,
		     unsigned n)
{
	struct said *s = say(ctx, PUSH, c, by);
	assert_true(n <= 4);
	s->n = n;
	memcpy(s->at, at, n * sizeof(*at));
	return 0;
}

static int host_nop(void *ctx, uint64_t c, const struct rl_inet *by)
{
	say(ctx, NOP, c, by);
	return 0;
}

static int host_echo(void *ctx, uint64_t c, const struct rl_inet *by)
{
	say(ctx, ECHO, c, by);
	return 0;
}

static int host_rendezvous(void *ctx, uint64_t c, const struct rl_inet *by, uint64_t other,
			   const struct rl_inet *at)
{
	struct said *s = say(ctx, RENDEZVOUS, c, by);
	s->other = other;
	s->at[s->n++] = *at;
	return 0;
}

static void host_withhold(void *ctx, uint64_t c, bool withheld)
{
	say(ctx, withheld ? WITHHOLD : ANSWER, c, NULL);
}

static struct rl_geo host_where(void *ctx, const struct rl_inet *addr)
{
	struct member *m = ctx;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (rl_inet_same_ip(addr, &m->c->addr[i]))
			return m->c->where[i];
	return (struct rl_geo){0};
}

static bool host_send(void *ctx, uint8_t to, const uint8_t *batch, size_t len)
{
	struct member *m = ctx;
	struct cluster *c = m->c;
	assert_true(c->queued < QUEUE);
	struct batch *b = &c->queue[c->queued++];
	*b = (struct batch){m->s.config.own.id, to, len, malloc(len)};
	memcpy(b->bytes, batch, len);
	return true;
}

static void deliver(struct cluster *c)
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

static void run(struct cluster *c, unsigned ms)
{
	for (uint64_t end = c->now + ms; c->now < end; c->now += RL_STEWARD_TURN_MS) {
		for (unsigned k = 0; k < MEMBERS; k++)
			if (c->m[k].up)
				rl_steward_tick(&c->m[k].s, c->now);
		deliver(c);
	}
}

static void sight(struct cluster *c, unsigned m, unsigned i, enum rl_sight_kind kind, int ms)
{
	struct rl_steward_sight e = {client(i), c->addr[i], (uint8_t)kind, ms};
	c->m[m].heard[i] = c->now;
	rl_steward_sight(&c->m[m].s, &e, c->now);
	deliver(c);
}

// HELLO, and the root's probe answered.
static void greet(struct cluster *c, unsigned m, unsigned i, int ms)
{
	sight(c, m, i, RL_SIGHT_HELLO, -1);
	sight(c, m, i, RL_SIGHT_PROOF, ms);
}

// And WHOIS.
static void land(struct cluster *c, unsigned m, unsigned i, int ms)
{
	greet(c, m, i, ms);
	sight(c, m, i, RL_SIGHT_SPOKE, -1);
}

static struct rl_location at(struct cluster *c, unsigned m, unsigned i)
{
	struct rl_location l = {0};
	const struct rl_directory *d = &c->m[m].s.directory;
	rl_directory_find(d, client(i), rl_directory_hash(d, client(i)), &l);
	return l;
}

static const struct said *find_said(struct cluster *c, unsigned m, enum say what, unsigned i)
{
	for (unsigned k = 0; k < c->m[m].said_count; k++)
		if (c->m[m].said[k].what == what && c->m[m].said[k].client == client(i))
			return &c->m[m].said[k];
	return NULL;
}

static unsigned count_said(struct cluster *c, unsigned m, enum say what, unsigned i)
{
	unsigned n = 0;
	for (unsigned k = 0; k < c->m[m].said_count; k++)
		n += c->m[m].said[k].what == what && c->m[m].said[k].client == client(i);
	return n;
}

static void forget_said(struct cluster *c)
{
	for (unsigned k = 0; k < MEMBERS; k++)
		c->m[k].said_count = 0;
}

static void open_member(struct cluster *c, unsigned i, uint8_t public[MEMBERS][RL_SEAL_PUBLIC],
			uint8_t secret[MEMBERS][RL_SEAL_SECRET], const uint8_t *key)
{
	struct member *m = &c->m[i];
	const struct rl_steward_host host = {m,         host_paths,      host_push,     host_nop,
					     host_echo, host_rendezvous, host_withhold, host_where,
					     host_send};
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

static int open_cluster(void **state)
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

static int close_cluster(void **state)
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

static void heartbeats_make_members_live(void **state)
{
	struct cluster *c = *state;
	for (unsigned i = 0; i < MEMBERS; i++)
		for (unsigned k = 1; k <= MEMBERS; k++)
			assert_true(rl_member_target(&c->m[i].s.members, (uint8_t)k));
	rl_steward_leave(&c->m[2].s, c->now);
	c->m[2].up = false;
	deliver(c);
	assert_false(rl_member_alive(&c->m[0].s.members, 3));
	assert_true(rl_member_alive(&c->m[0].s.members, 2));
}

// Each measures its own row; all see all of it, until it is measured no more.
static void round_trips_between_fronts_are_known_to_all(void **state)
{
	struct cluster *c = *state;
	for (unsigned i = 0; i < MEMBERS; i++)
		for (unsigned k = 0; k < MEMBERS; k++)
			if (i != k)
				rl_steward_front_rtt(&c->m[i].s, (uint8_t)(k + 1),
						     1000 * (i + 1) + k, c->now);
	run(c, RL_MATRIX_TELL_MS + RL_MEMBER_BEAT_MS);
	for (unsigned m = 0; m < MEMBERS; m++)
		for (unsigned i = 0; i < MEMBERS; i++)
			for (unsigned k = 0; k < MEMBERS; k++)
				assert_int_equal(rl_matrix_get(&c->m[m].s.matrix, (uint8_t)(i + 1),
							       (uint8_t)(k + 1), c->now),
						 i == k ? 0 : 1000 * (i + 1) + k);
	rl_steward_front_rtt(&c->m[0].s, 2, 5, c->now);
	run(c, RL_MATRIX_LIFE_MS - 1000);
	assert_int_equal(rl_matrix_get(&c->m[2].s.matrix, 1, 2, c->now), 5);
	assert_int_equal(rl_matrix_get(&c->m[2].s.matrix, 1, 3, c->now), 0);
	run(c, RL_MATRIX_LIFE_MS);
	assert_int_equal(rl_matrix_get(&c->m[2].s.matrix, 1, 2, c->now), 0);
}

// The client of New York lands in Amsterdam, is offered its two best, and goes home.
static void a_client_is_moved_to_its_nearest(void **state)
{
	struct cluster *c = *state;
	greet(c, 0, 0, 80);
	assert_null(find_said(c, 0, PUSH, 0)); // perhaps another member has just sent it here
	sight(c, 0, 0, RL_SIGHT_SPOKE, -1);
	assert_null(find_said(c, 0, PUSH, 0)); // or claims it in this moment
	run(c, RL_REDIRECT_SETTLE_MS + 100);
	const struct said *s = find_said(c, 0, PUSH, 0);
	assert_non_null(s);
	assert_int_equal(s->n, 2);
	assert_true(rl_inet_equal(&s->at[0], &c->m[1].s.news.front[RL_FAMILY_4]));
	assert_true(rl_inet_equal(&s->at[1], &c->m[0].s.news.front[RL_FAMILY_4]));
	run(c, 100);
	land(c, 1, 0, 5);
	run(c, 1000);
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct rl_location l = at(c, i, 0);
		assert_int_equal(l.home, 2);
		assert_true(rl_inet_equal(&l.v4, &c->addr[0]));
		assert_true(l.backup == 1 || l.backup == 2);
		assert_int_equal(l.pushes.count, 1);
	}
	// What it says to its old member is no claim.
	greet(c, 0, 0, 80);
	run(c, 1000);
	assert_int_equal(at(c, 1, 0).home, 2);
}

// Its two families come to two members before either has heard of the other: one of them decides.
static void a_newcomer_at_two_members_is_told_by_one(void **state)
{
	struct cluster *c = *state;
	for (unsigned m = 0; m < MEMBERS; m += 2) {
		const struct rl_steward_sight proof = {client(0), c->addr[0], RL_SIGHT_PROOF, 90},
					      word = {client(0), c->addr[0], RL_SIGHT_SPOKE, -1};
		c->m[m].heard[0] = c->now;
		rl_steward_sight(&c->m[m].s, &proof, c->now);
		rl_steward_sight(&c->m[m].s, &word, c->now);
	}
	assert_int_equal(at(c, 0, 0).home, 1);
	assert_int_equal(at(c, 2, 0).home, 3);
	run(c, 2000);
	assert_int_equal(count_said(c, 0, PUSH, 0) + count_said(c, 2, PUSH, 0), 1);
}

static void a_client_at_its_nearest_gets_a_backup(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, RL_REDIRECT_SETTLE_MS + 100);
	const struct said *s = find_said(c, 0, PUSH, 1);
	assert_non_null(s);
	assert_int_equal(s->n, 2);
	assert_true(rl_inet_equal(&s->at[1], &c->m[0].s.news.front[RL_FAMILY_4])); // self last
	unsigned backup = at(c, 0, 1).backup;
	assert_int_equal(backup, 2);
	c->m[1].heard[1] = c->now;
	forget_said(c);
	run(c, 16000);
	assert_int_equal(count_said(c, 1, ECHO, 1), 1);
	assert_int_equal(count_said(c, 0, PUSH, 1), 0);
}

static void the_backup_rescues_when_the_home_dies(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, 16000);
	c->m[1].heard[1] = c->now;
	forget_said(c);
	c->m[0].up = false;
	run(c, 4000);
	assert_int_equal(count_said(c, 1, PUSH, 1), 0);
	c->m[1].heard[1] = c->now;
	run(c, 2000);
	assert_in_range(count_said(c, 1, PUSH, 1), 2, 3);
	const struct said *s = find_said(c, 1, PUSH, 1);
	assert_int_equal(s->n, 1);
	assert_true(rl_inet_equal(&s->at[0], &c->m[1].s.news.front[RL_FAMILY_4]));
	sight(c, 1, 1, RL_SIGHT_SPOKE, -1);
	run(c, 500);
	assert_int_equal(at(c, 2, 1).home, 2);
}

static void a_drained_member_withholds_until_the_client_is_elsewhere(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, 60000); // the gate forgets
	c->m[0].heard[1] = c->now;
	forget_said(c);
	rl_steward_drain(&c->m[0].s, true);
	run(c, 1000);
	assert_int_equal(count_said(c, 0, WITHHOLD, 1), 1);
	const struct said *s = find_said(c, 0, PUSH, 1);
	assert_non_null(s);
	assert_true(find_said(c, 0, WITHHOLD, 1) < s);
	assert_int_equal(count_said(c, 0, ANSWER, 1), 0);
	sight(c, 1, 1, RL_SIGHT_SPOKE, -1);
	run(c, 200);
	assert_int_equal(count_said(c, 0, ANSWER, 1), 1);
	assert_int_equal(at(c, 0, 1).home, 2);
	assert_int_equal(c->m[0].s.drain.arrived, 1);
}

static void who_does_not_arrive_is_answered_again(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, 60000);
	c->m[0].heard[1] = c->now;
	forget_said(c);
	rl_steward_drain(&c->m[0].s, true);
	run(c, 14000);
	assert_int_equal(count_said(c, 0, WITHHOLD, 1), 1);
	assert_int_equal(count_said(c, 0, ANSWER, 1), 1);
	assert_int_equal(count_said(c, 0, NOP, 1), 1);
}

static void clients_of_two_members_are_introduced(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	land(c, 1, 0, 5);
	run(c, 1000);
	forget_said(c);
	rl_steward_introduce(&c->m[0].s, client(1), client(0), c->now);
	deliver(c);
	const struct said *a = find_said(c, 0, RENDEZVOUS, 1), *b = find_said(c, 1, RENDEZVOUS, 0);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->other, client(0));
	assert_true(rl_inet_equal(&a->at[0], &c->addr[0]));
	assert_int_equal(b->other, client(1));
	assert_true(rl_inet_equal(&b->at[0], &c->addr[1]));
	// Not by a member that is not the home of the first.
	forget_said(c);
	rl_steward_introduce(&c->m[2].s, client(1), client(0), c->now);
	deliver(c);
	assert_int_equal(c->m[0].said_count + c->m[1].said_count + c->m[2].said_count, 0);
}

static void a_backup_that_is_shut_out_has_the_home_open_the_way(void **state)
{
	struct cluster *c = *state;
	land(c, 0, 1, 5);
	run(c, RL_REDIRECT_SETTLE_MS + 100);
	assert_int_equal(at(c, 0, 1).backup, 2);
	forget_said(c);
	for (unsigned s = 0; s < 70; s++) {
		c->m[1].heard[1] = c->m[0].heard[1] = c->now;
		sight(c, 0, 1, RL_SIGHT_SPOKE, -1);
		run(c, 1000);
	}
	const struct said *s = find_said(c, 0, RENDEZVOUS, 1);
	assert_non_null(s);
	assert_int_equal(s->other, 0xaaaaaaaaaa);
	assert_true(rl_inet_equal(&s->at[0], &c->m[1].s.news.front[RL_FAMILY_4]));
}

static void what_is_not_of_the_cluster_is_refused(void **state)
{
	struct cluster *c = *state;
	uint8_t junk[2000];
	for (size_t len = 0; len < sizeof(junk); len += 13) {
		randombytes_buf(junk, sizeof(junk));
		rl_steward_batch(&c->m[0].s, junk, len, c->now);
	}
	// A member in another's name: its seal is right, its name is not.
	land(c, 1, 0, 5);
	run(c, 500);
	c->m[1].s.news.id = 3;
	c->m[1].s.news.load = 12345;
	uint32_t before = c->m[0].s.members.at[3].news.load;
	run(c, 3000);
	assert_int_equal(c->m[0].s.members.at[3].news.load, before);
	assert_true(c->m[0].s.sync.peer[2].refusals.count[RL_REFUSAL_MALFORMED] > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_cluster, close_cluster)
	const struct CMUnitTest tests[] = {
		T(round_trips_between_fronts_are_known_to_all),
		T(heartbeats_make_members_live),
		T(a_client_is_moved_to_its_nearest),
		T(a_newcomer_at_two_members_is_told_by_one),
		T(a_client_at_its_nearest_gets_a_backup),
		T(the_backup_rescues_when_the_home_dies),
		T(a_drained_member_withholds_until_the_client_is_elsewhere),
		T(who_does_not_arrive_is_answered_again),
		T(clients_of_two_members_are_introduced),
		T(a_backup_that_is_shut_out_has_the_home_open_the_way),
		T(what_is_not_of_the_cluster_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
