// SPDX-License-Identifier: BSD-3-Clause
#include "tests/lib/clique.h"

#include <stdlib.h>

struct clique_packet {
	struct clique_packet *next;
	uint64_t due_ms;
	uint8_t from, to;
	size_t len;
	uint8_t data[];
};

static void *need(void *mem)
{
	if (!mem)
		abort();
	return mem;
}

static void *zeroed(size_t size)
{
	size = (size + 63) & ~(size_t)63;
	return memset(need(aligned_alloc(64, size)), 0, size);
}

uint64_t clique_clock(const struct clique *c, uint8_t member)
{
	return c->now_ms + (uint64_t)c->member[member].clock;
}

static void count_change(void *ctx, const struct rl_location *before,
			 const struct rl_location *after, unsigned change)
{
	struct clique_member *m = ctx;
	bool same_peer = before->address == 0 || before->address == after->address;
	if (change == RL_CHANGE_NONE || !same_peer || after->address == 0)
		abort();
	m->changes++;
}

static void start(struct clique *c, uint8_t member)
{
	struct clique_member *m = &c->member[member];
	struct rl_sync_config config = c->config;
	uint64_t salt = rl_random64(&c->dice);
	uint64_t dice[3] = {rl_random64(&c->dice), rl_random64(&c->dice), rl_random64(&c->dice)};
	uint8_t key[16];
	config.self = member;
	config.changed = count_change;
	config.ctx = m;
	free(m->memory[0]);
	free(m->memory[1]);
	m->memory[0] = zeroed(rl_directory_size(c->directory_max));
	m->memory[1] = zeroed(rl_sync_size(&config));
	rl_seal_init(&m->seal, c->key, 1, member, c->secret[member], clique_clock(c, member), salt);
	for (unsigned i = 1; i <= c->count; i++)
		rl_seal_member(&m->seal, (uint8_t)i, c->public_key[i]);
	rl_seal_directory_key(c->key, 1, key);
	rl_directory_init(&m->directory, c->directory_max, m->memory[0], key, member,
			  &rl_directory_limits_default);
	rl_sync_init(&m->sync, &config, &m->directory, m->memory[1], dice, clique_clock(c, member));
}

struct clique *clique_new(unsigned count, uint8_t seed, const struct clique_links *links,
			  uint64_t directory_max, const struct rl_sync_config *config)
{
	struct clique *c = zeroed(sizeof(*c));
	uint8_t seeds[32] = {seed};
	rl_random_init(&c->dice, seeds);
	c->count = count;
	c->links = *links;
	c->now_ms = CLIQUE_START;
	c->directory_max = directory_max;
	if (config) {
		c->config = *config;
	} else {
		c->config = rl_sync_config_default;
		c->config.dirty_max = 1024;
		c->config.history_max = 4096;
		c->config.history_batches = 256;
	}
	rl_seal_new_key(c->key);
	for (unsigned i = 1; i <= count; i++)
		rl_seal_new_member(c->public_key[i], c->secret[i]);
	for (unsigned i = 1; i <= count; i++)
		start(c, (uint8_t)i);
	return c;
}

void clique_free(struct clique *c)
{
	if (!c)
		return;
	while (c->under_way) {
		struct clique_packet *p = c->under_way;
		c->under_way = p->next;
		free(p);
	}
	for (unsigned i = 1; i <= c->count; i++) {
		free(c->member[i].memory[0]);
		free(c->member[i].memory[1]);
	}
	free(c);
}

void clique_restart(struct clique *c, uint8_t member)
{
	start(c, member);
}

static bool chance(struct clique *c, uint32_t of_a_thousand)
{
	return of_a_thousand && rl_random_below(&c->dice, 1000) < of_a_thousand;
}

static void post(struct clique *c, uint8_t from, uint8_t to, const uint8_t *data, size_t len)
{
	struct clique_packet *p = need(malloc(sizeof(*p) + len));
	uint64_t jitter =
		c->links.jitter_ms ? rl_random_below(&c->dice, c->links.jitter_ms + 1) : 0;
	*p = (struct clique_packet){.next = c->under_way,
				    .due_ms = c->now_ms + c->links.delay_ms + jitter,
				    .from = from,
				    .to = to,
				    .len = len};
	memcpy(p->data, data, len);
	c->under_way = p;
}

static void deliver(struct clique *c, struct clique_packet *p)
{
	struct clique_member *m = &c->member[p->to];
	struct rl_batch_reader b;
	size_t len = p->len;
	if (m->down || m->side != c->member[p->from].side)
		return;
	enum rl_refusal why = rl_seal_open(&m->seal, p->data, &len);
	if (why == RL_REFUSAL_NONE)
		why = rl_batch_parse(&b, p->data, len);
	if (why != RL_REFUSAL_NONE)
		rl_sync_refused(&m->sync, p->from, why);
	else
		rl_sync_take(&m->sync, &b, clique_clock(c, p->to));
}

static void deliver_due(struct clique *c)
{
	struct clique_packet **at = &c->under_way;
	while (*at) {
		struct clique_packet *p = *at;
		if (p->due_ms > c->now_ms) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		deliver(c, p);
		free(p);
	}
}

static void send(struct clique *c, uint8_t from, const struct rl_batch_head *h, uint8_t *batch,
		 size_t len)
{
	struct clique_member *m = &c->member[from];
	len = rl_seal_close(&m->seal, batch, len);
	m->bytes += len;
	for (unsigned to = 1; to <= c->count; to++) {
		if (to == from || (h->to != RL_NOBODY && h->to != to))
			continue;
		if (c->member[to].side != m->side || (c->lose && c->lose(c, h, (uint8_t)to)) ||
		    chance(c, c->links.lose))
			continue;
		post(c, from, (uint8_t)to, batch, len);
		if (chance(c, c->links.repeat))
			post(c, from, (uint8_t)to, batch, len);
	}
}

static void beat(struct clique *c, uint8_t from, uint8_t *buffer)
{
	struct rl_batch_writer b;
	struct rl_batch_head h = rl_sync_head(&c->member[from].sync, RL_BATCH_HEARTBEAT, RL_NOBODY,
					      clique_clock(c, from));
	rl_batch_open(&b, buffer, &h);
	rl_batch_add(&b, &(union rl_record){.blob = {1, (const uint8_t *)"!"}});
	send(c, from, &h, buffer, rl_batch_close(&b));
}

static void step_member(struct clique *c, uint8_t member)
{
	static uint8_t buffer[RL_BATCH_MAX];
	struct clique_member *m = &c->member[member];
	struct rl_batch_head h;
	size_t len;
	if (m->down)
		return;
	rl_sync_tick(&m->sync, clique_clock(c, member));
	while ((len = rl_sync_next(&m->sync, clique_clock(c, member), buffer, &h)) != 0)
		send(c, member, &h, buffer, len);
	// Not all at once.
	if ((c->now_ms / CLIQUE_STEP_MS + member * 7) % (CLIQUE_BEAT_MS / CLIQUE_STEP_MS) == 0)
		beat(c, member, buffer);
}

static void step(struct clique *c)
{
	c->now_ms += CLIQUE_STEP_MS;
	deliver_due(c);
	for (unsigned i = 1; i <= c->count; i++)
		step_member(c, (uint8_t)i);
}

void clique_run(struct clique *c, uint64_t ms)
{
	for (uint64_t end = c->now_ms + ms; c->now_ms < end;)
		step(c);
}

uint64_t clique_until_agreed(struct clique *c, uint64_t ms)
{
	for (uint64_t start_ms = c->now_ms; c->now_ms <= start_ms + ms; clique_run(c, 50))
		if (clique_agree(c))
			return c->now_ms - start_ms;
	return UINT64_MAX;
}

int clique_claim(struct clique *c, uint8_t member, uint64_t address, uint32_t host)
{
	struct rl_location l = {.address = address,
				.v4 = rl_inet4(0x0a000000 + host, 9993),
				.fingerprint = address + 1};
	return rl_sync_claim(&c->member[member].sync, &l, clique_clock(c, member));
}

struct rl_location clique_at(const struct clique *c, uint8_t member, uint64_t address)
{
	const struct rl_directory *d = &c->member[member].directory;
	struct rl_location l;
	if (!rl_directory_find(d, address, rl_directory_hash(d, address), &l))
		return (struct rl_location){0};
	return l;
}

static bool same(const struct clique *c, const struct rl_location *a, const struct rl_location *b)
{
	if (c->places_only)
		return a->home == b->home && rl_inet_equal(&a->v4, &b->v4) && !b->gone;
	if (rl_location_beats(a, b) || rl_location_beats(b, a))
		return false;
	return rl_pushes_in_chain(&a->pushes, c->now_ms) ==
	       rl_pushes_in_chain(&b->pushes, c->now_ms);
}

// Each live claim of a is known to b alike.
static bool covers(const struct clique *c, uint8_t a, uint8_t b)
{
	const struct rl_directory *d = &c->member[a].directory;
	for (struct rl_directory_cursor k = rl_directory_walk_all(d); !k.done;) {
		struct rl_location found[RL_GROUP_ENTRIES];
		unsigned n = rl_directory_step(d, &k, found);
		for (unsigned i = 0; i < n; i++) {
			struct rl_location other = clique_at(c, b, found[i].address);
			if (rl_location_live(&found[i]) && !same(c, &found[i], &other))
				return false;
		}
	}
	return true;
}

bool clique_agree(const struct clique *c)
{
	for (unsigned a = 1; a <= c->count; a++)
		for (unsigned b = 1; b <= c->count; b++)
			if (a != b && !c->member[a].down && !c->member[b].down &&
			    !covers(c, (uint8_t)a, (uint8_t)b))
				return false;
	return true;
}

uint64_t clique_refused(const struct clique *c, uint8_t member, enum rl_refusal why)
{
	const struct rl_sync *s = &c->member[member].sync;
	uint64_t n = s->refusals.count[why];
	for (unsigned i = 0; i < RL_MEMBER_IDS; i++)
		n += s->peer[i].refusals.count[why];
	return n;
}
