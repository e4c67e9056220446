// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/population.h"

#include "dpdk-app/memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	NEWCOMERS_MAX = 4096, // room for those who come later
	DRAWN_AHEAD = 16,
	BYTES_EACH = 352,  // of a peer, with its share of everything and what the bench needs
	SPARE = 512 << 20, // left to others
};

static void fill_random(void *out, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t v = population_mix(seed + i);
		memcpy((uint8_t *)out + i, &v, 8);
	}
}

void population_key(uint32_t i, struct rl_key *key)
{
	fill_random(key, sizeof(*key), population_mix((uint64_t)i << 1));
}

void population_identity(const struct population *p, uint32_t i, struct rl_identity *id)
{
	id->address = p->address[i];
	fill_random(id->public_key, ZT_PUBLIC_LEN, population_mix((uint64_t)i << 1 | 1));
}

struct rl_inet population_from(uint32_t i)
{
	return rl_inet4(0x40000000 + i, ZT_PORT);
}

struct rl_group_key population_group(const struct population *p, uint32_t i, unsigned j)
{
	uint32_t nets = (p->count + POPULATION_NET - 1) / POPULATION_NET;
	return (struct rl_group_key){.network = 0x8056c2e21c000000 + i % nets,
				     .mac = 0xffffffffffff,
				     .adi = 0x0a000001 + j};
}

static uint16_t via(void *ctx, const struct rl_packet *p)
{
	(void)p;
	return ((const struct population *)ctx)->via;
}

static uint64_t draw_address(struct population *p)
{
	uint64_t address;
	do {
		p->random += 0x9e3779b97f4a7c15;
		address = population_mix(p->random) >> 24;
	} while (!rl_address_ok(address));
	return address;
}

// Its address is drawn; it is the peer's unless somebody has it.
static bool add_peer(struct population *p, uint32_t i, uint32_t tick)
{
	struct rl_peer_table *t = &p->root->peers;
	struct rl_peer *hot = rl_peer_table_reserve(t);
	if (!hot)
		return false;
	struct rl_peer_cold *cold = rl_peer_cold(t, hot);
	struct rl_identity id;
	population_identity(p, i, &id);
	population_key(i, &cold->key);
	memcpy(cold->public_key, id.public_key, ZT_PUBLIC_LEN);
	cold->first = tick;
	atomic_store_explicit(&cold->heard, tick, memory_order_relaxed);
	atomic_store_explicit(&cold->latency_ms, UINT16_MAX, memory_order_relaxed);
	atomic_store_explicit(&hot->best, RL_PATH_NONE, memory_order_relaxed);
	atomic_store_explicit(&hot->proto, ZT_PROTO_SELF, memory_order_relaxed);
	struct rl_path path = {population_from(i), p->via};
	rl_peer_path_learn(hot, cold, &path, tick);
	while (rl_peer_table_publish(t, hot, p->address[i]) != 0)
		p->address[i] = draw_address(p);
	return true;
}

bool population_grow(struct population *p, uint32_t peers, uint64_t now_ms)
{
	const struct rl_peer_table *t = &p->root->peers;
	if (peers > p->room)
		return false;
	// Some ahead, so that millions do not wait for the table's memory one by one.
	for (uint32_t drawn = p->count, i = p->count; i < peers; i++) {
		for (; drawn < peers && drawn < i + DRAWN_AHEAD; drawn++) {
			p->address[drawn] = draw_address(p);
			rl_peer_table_prefetch(t, rl_peer_table_hash(t, p->address[drawn]));
		}
		if (!add_peer(p, i, rl_tick_of(now_ms)))
			return false;
	}
	p->count = peers;
	return true;
}

void population_pair(struct population *p, uint64_t now_ms)
{
	uint32_t every = p->root->opt.introduce_ms;
	for (uint32_t k = 0; k < p->pair_count; k++) {
		uint32_t a = population_below(&p->random, p->count), b;
		do
			b = population_below(&p->random, p->count);
		while (a == b);
		p->pair[k][0] = a;
		p->pair[k][1] = b;
		rl_pairs_claim(&p->root->pairs,
			       rl_pairs_hash(&p->root->pairs, p->address[a], p->address[b]), now_ms,
			       every);
	}
}

static void subscribe(struct population *p, uint64_t now_ms)
{
	for (uint32_t i = 0; i < p->count; i++)
		for (unsigned j = 0; j < p->groups_each; j++) {
			struct rl_group_key key = population_group(p, i, j);
			if (rl_group_like(&p->root->groups, &key, p->address[i], now_ms, NULL) ==
			    RL_LIKE_FULL) {
				fprintf(stderr, "bench: the group table is full\n");
				abort();
			}
		}
}

static struct rl_root *make_root(struct population *p, const struct population_options *o)
{
	static const uint8_t seed[32] = "same tables in every run";
	struct rl_identity id = {.address = 0x5a5a5a5a5a};
	struct rl_secret secret = {{8}};
	struct rl_host host = {.via = via, .alloc = memory_alloc, .free = memory_free, .ctx = p};
	struct rl_options opt = rl_options_default();
	opt.max_peers = p->room + NEWCOMERS_MAX;
	if (o->introduce_ms)
		opt.introduce_ms = o->introduce_ms;
	crypto_scalarmult_base(id.public_key, secret.key);
	// Four times as many, so that next to no set of eight overflows.
	if (o->pairs)
		opt.introduce_pairs = 4 * o->pairs;
	if (o->groups_each)
		opt.group_members = o->peers * o->groups_each * 2;
	return rl_root_new(&id, &secret, &opt, &host, seed);
}

struct population *population_new(const struct population_options *o)
{
	struct population *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->random = o->peers;
	p->room = o->room ? o->room : o->peers;
	p->via = o->via;
	p->groups_each = o->groups_each;
	p->pair_count = o->pairs;
	p->address = memory_alloc(NULL, p->room * sizeof(uint64_t));
	p->pair = o->pairs ? memory_alloc(NULL, o->pairs * sizeof(*p->pair)) : NULL;
	p->root = p->address && (p->pair || !o->pairs) ? make_root(p, o) : NULL;
	if (!p->root || !population_grow(p, o->peers, o->now_ms)) {
		fprintf(stderr, "bench: no memory for %u peers\n", o->peers);
		population_free(p);
		return NULL;
	}
	population_pair(p, o->now_ms);
	subscribe(p, o->now_ms);
	population_freshen(p, o->now_ms, 0);
	return p;
}

void population_free(struct population *p)
{
	if (!p)
		return;
	rl_root_free(p->root);
	memory_free(NULL, p->address, p->room * sizeof(uint64_t));
	memory_free(NULL, p->pair, p->pair_count * sizeof(*p->pair));
	free(p);
}

bool population_fits(uint32_t peers)
{
	char line[128];
	unsigned long kb = 0;
	uint64_t need = (uint64_t)peers * BYTES_EACH + SPARE;
	FILE *f = fopen("/proc/meminfo", "re");
	while (f && fgets(line, sizeof(line), f) && sscanf(line, "MemAvailable: %lu", &kb) != 1)
		;
	if (f)
		fclose(f);
	if (kb >= need >> 10)
		return true;
	fprintf(stderr, "bench: skipped: %u peers want %lu MB of free memory, there are %lu MB\n",
		peers, (unsigned long)(need >> 20), kb >> 10);
	return false;
}

void population_freshen(struct population *p, uint64_t now_ms, uint32_t ahead_ms)
{
	struct rl_peer *hot = p->root->peers.hot;
	uint64_t random = now_ms;
	for (uint32_t i = 0; i < p->count; i++) {
		uint64_t ago = population_below(&random, 4500);
		atomic_store_explicit(&hot[i].heard[RL_PATH_V4A],
				      rl_tick_of(now_ms + ahead_ms - ago), memory_order_relaxed);
	}
}
