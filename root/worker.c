// SPDX-License-Identifier: BSD-3-Clause
// What each thread that handles packets owns alone: ciphers, random numbers, budgets, reassembly,
// out-box.
#include "root/core.h"

#include <sodium.h>
#include <stdlib.h>

enum { KNOWN_BAD_CELLS = 4096 };

static void *take(struct rl_worker *w, size_t size)
{
	const struct rl_host *host = &w->root->host;
	void *mem = host->alloc(host->ctx, size);
	if (mem) {
		w->block[w->blocks].mem = mem;
		w->block[w->blocks++].size = size;
	}
	return mem;
}

static bool make_budgets(struct rl_worker *w, const uint8_t seed[static 32])
{
	uint32_t cells = w->root->opt.budget_cells;
	struct rl_budget *all[] = {&w->relay_budget,     &w->known_budget,    &w->stranger_budget,
				   &w->encrypted_budget, &w->validate_budget, &w->guess_budget};
	// Without siblings nothing is guessed.
	unsigned count = sizeof(all) / sizeof(*all) - (w->root->siblings.count == 0);
	for (unsigned i = 0; i < count; i++) {
		uint8_t key[16], purpose = (uint8_t)i;
		void *mem = take(w, rl_budget_size(cells));
		if (!mem)
			return false;
		crypto_generichash(key, sizeof(key), &purpose, 1, seed, 32);
		rl_budget_init(all[i], mem, cells, key);
	}
	return true;
}

// Only for a host that may be asked.
static bool make_asks(struct rl_worker *w)
{
	const struct rl_host *host = &w->root->host;
	bool asks = host->elsewhere || host->groups_elsewhere;
	if (asks)
		w->ask = take(w, RL_ASKS * sizeof(struct rl_ask));
	if (host->groups_elsewhere)
		w->new_group = take(w, RL_NEW_GROUPS * sizeof(struct rl_group_key));
	return (w->ask || !asks) && (w->new_group || !host->groups_elsewhere);
}

// Only for a root that has siblings.
static bool make_answers(struct rl_worker *w)
{
	if (w->root->siblings.count == 0)
		return true;
	w->answer = take(w, RL_BURST_MAX * sizeof(*w->answer));
	w->sibling_ask = take(w, RL_BURST_MAX * sizeof(*w->sibling_ask));
	return w->answer && w->sibling_ask;
}

static bool make_tables(struct rl_worker *w, const uint8_t seed[static 32])
{
	const struct rl_options *o = &w->root->opt;
	uint8_t key[16], purpose = 16;
	void *bad = take(w, rl_known_bad_size(KNOWN_BAD_CELLS));
	void *pieces = take(w, rl_reassembly_size(o->reassembly_slots));
	w->forwarder_budget = take(w, RL_FORWARDER_NONE * sizeof(*w->forwarder_budget));
	w->out = take(w, RL_OUT_MAX * sizeof(struct rl_out));
	w->plain = take(w, ZT_PACKET_MAX);
	w->expand = take(w, ZT_PACKET_MAX);
	uint8_t *ahead = take(w, RL_AHEAD_SLOTS * (size_t)ZT_PACKET_MAX);
	if (!bad || !pieces || !w->forwarder_budget || !w->out || !w->plain || !w->expand || !ahead)
		return false;
	for (unsigned i = 0; i < RL_AHEAD_SLOTS; i++)
		w->ahead[i].expanded = ahead + i * (size_t)ZT_PACKET_MAX;
	crypto_generichash(key, sizeof(key), &purpose, 1, seed, 32);
	rl_known_bad_init(&w->known_bad, bad, KNOWN_BAD_CELLS, key);
	rl_reassembly_init(&w->reassembly, pieces, o->reassembly_slots, o->reassembly_ms, key);
	return make_asks(w) && make_answers(w) && make_budgets(w, seed);
}

struct rl_worker *rl_worker_new(struct rl_root *r, const uint8_t seed[static 32])
{
	uint8_t dice[32], purpose = 17;
	struct rl_worker *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->root = r;
	w->cipher = rl_cipher_new();
	rl_random_init(&w->random, seed);
	crypto_generichash(dice, sizeof(dice), &purpose, 1, seed, 32);
	rl_random_init(&w->dice, dice);
	if (!w->cipher || !make_tables(w, seed)) {
		rl_worker_free(w);
		return NULL;
	}
	return w;
}

void rl_worker_free(struct rl_worker *w)
{
	if (!w)
		return;
	const struct rl_host *host = &w->root->host;
	for (unsigned i = 0; i < w->blocks; i++)
		host->free(host->ctx, w->block[i].mem, w->block[i].size);
	rl_cipher_free(w->cipher);
	sodium_memzero(w, sizeof(*w));
	free(w);
}

const struct rl_out *rl_worker_out(const struct rl_worker *w, unsigned *count)
{
	*count = w->out_count;
	return w->out;
}

const struct rl_stats *rl_worker_stats(const struct rl_worker *w)
{
	return &w->stats;
}

void rl_worker_count_drop(struct rl_worker *w, enum rl_drop d)
{
	rl_count(w, d);
}
