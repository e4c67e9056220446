// SPDX-License-Identifier: BSD-3-Clause
// Making and freeing the root and its per-thread workers: every table gets its memory here, once.
#include "root/core.h"

#include <sodium.h>
#include <stdlib.h>

static uint16_t default_via(void *ctx, const struct rl_packet *p)
{
	(void)ctx;
	(void)p;
	return 0;
}

static void *default_alloc(void *ctx, size_t size)
{
	(void)ctx;
	size = (size + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, size);
	return mem ? memset(mem, 0, size) : NULL;
}

static void default_free(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	(void)size;
	free(mem);
}

// Independent keys for each table out of one seed.
static void subkey(uint8_t *out, size_t len, const uint8_t seed[static 32], uint8_t purpose)
{
	crypto_generichash(out, len, &purpose, 1, seed, 32);
}

static void *take(struct rl_root *r, size_t size)
{
	void *mem = r->host.alloc(r->host.ctx, size);
	if (mem) {
		r->block[r->blocks].mem = mem;
		r->block[r->blocks++].size = size;
	}
	return mem;
}

static bool options_sane(const struct rl_options *o)
{
	return o->max_peers >= 1 && o->max_peers < UINT32_MAX && o->hop_limit >= 1 &&
	       o->hop_limit <= ZT_HOPS_MASK && o->introduce_pairs >= 1 && o->group_members >= 1 &&
	       o->budget_cells >= 1 && o->reassembly_slots >= 1 && o->reassembly_ms >= 1 &&
	       o->path_timeout_ms >= 1 && o->peer_timeout_ms >= o->path_timeout_ms &&
	       o->sight_ms <= 1800000;
}

static bool make_tables(struct rl_root *r, const uint8_t seed[static 32])
{
	const struct rl_options *o = &r->opt;
	uint8_t key[16];
	void *slots = take(r, rl_peer_table_slots_size(o->max_peers));
	void *hot = take(r, (size_t)o->max_peers * sizeof(struct rl_peer));
	void *cold = take(r, (size_t)o->max_peers * sizeof(struct rl_peer_cold));
	void *pairs = take(r, rl_pairs_size(o->introduce_pairs));
	void *groups = take(r, rl_groups_size(o->group_members));
	if (!slots || !hot || !cold || !pairs || !groups)
		return false;
	subkey(key, sizeof(key), seed, 1);
	rl_peer_table_init(&r->peers, o->max_peers, slots, hot, cold, key);
	subkey(key, sizeof(key), seed, 2);
	rl_pairs_init(&r->pairs, pairs, o->introduce_pairs, key);
	subkey(key, sizeof(key), seed, 3);
	rl_groups_init(&r->groups, groups, o->group_members, o->group_timeout_ms, key);
	subkey(r->cookie_key, sizeof(r->cookie_key), seed, 4);
	subkey((uint8_t *)r->forwarders.key, sizeof(r->forwarders.key), seed, 5);
	return true;
}

struct rl_root *rl_root_new(const struct rl_identity *id, const struct rl_secret *secret,
			    const struct rl_options *options, const struct rl_host *host,
			    const uint8_t seed[static 32])
{
	static const struct rl_host standalone = {
		.via = default_via, .alloc = default_alloc, .free = default_free};
	struct rl_root *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->self = id->address;
	r->id = *id;
	r->secret = *secret;
	r->opt = options ? *options : rl_options_default();
	r->host = host ? *host : standalone;
	if (!options_sane(&r->opt) || !make_tables(r, seed)) {
		rl_root_free(r);
		return NULL;
	}
	return r;
}

void rl_root_free(struct rl_root *r)
{
	if (!r)
		return;
	rl_worlds_free(atomic_load(&r->worlds));
	for (unsigned i = 0; i < r->blocks; i++)
		r->host.free(r->host.ctx, r->block[i].mem, r->block[i].size);
	sodium_memzero(r, sizeof(*r));
	free(r);
}

int rl_root_forwarders(struct rl_root *r, enum rl_forwarder_group group, const struct rl_inet *addr,
		       unsigned count)
{
	return rl_forwarders_set(&r->forwarders, group, addr, count);
}

const struct rl_identity *rl_root_identity(const struct rl_root *r)
{
	return &r->id;
}
