// SPDX-License-Identifier: BSD-3-Clause
#include "bench/cluster/batch_work.h"

#include "bench/micro/figures.h"
#include "bench/micro/ticks.h"
#include "cluster/seal.h"
#include "cluster/sync.h"
#include "root/random.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { SELF = 1, OTHER = 2, UPDATES = 200000 };
#define NOW UINT64_C(1700000100000) // later than all that directory_work has done

struct rig {
	struct rl_seal theirs, ours;
	struct rl_sync sync;
	struct rl_random dice;
	void *memory;
	uint8_t batch[RL_BATCH_MAX];
	uint64_t stream, stamp_ms;
	struct rl_location last; // of the batch
	size_t len;
	unsigned count;
};

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static struct rig *rig_new(struct population *p)
{
	static const uint8_t seed[32] = {9};
	static const uint64_t dice[3] = {1, 2, 3};
	uint8_t key[RL_SEAL_KEY], public_key[RL_SEAL_PUBLIC], secret[RL_SEAL_SECRET];
	struct rl_sync_config config = rl_sync_config_default;
	struct rig *g = calloc(1, sizeof(*g));
	config.self = SELF;
	void *memory = calloc(1, rl_sync_size(&config));
	if (!g || !memory)
		die("out of memory");
	rl_random_init(&g->dice, seed);
	rl_seal_new_key(key);
	rl_seal_new_member(public_key, secret);
	rl_seal_init(&g->theirs, key, 1, OTHER, secret, NOW, 1);
	rl_seal_init(&g->ours, key, 1, SELF, secret, NOW, 1);
	rl_seal_member(&g->ours, OTHER, public_key);
	g->memory = memory;
	g->stamp_ms = NOW - 50000;
	rl_sync_init(&g->sync, &config, &p->directory, memory, dice, NOW);
	return g;
}

static void rig_free(struct rig *g)
{
	free(g->memory);
	free(g);
}

// As full as it gets, of random peers of the population, each later than all before.
static void make(struct rig *g, const struct population *p)
{
	struct rl_batch_writer b;
	struct rl_batch_head h = {.kind = RL_BATCH_LOCATIONS,
				  .from = OTHER,
				  .stream = ++g->stream,
				  .time_ms = NOW,
				  .clock_ms = NOW};
	union rl_record r = {.location = {0}};
	g->stamp_ms++;
	rl_batch_open(&b, g->batch, &h);
	do {
		g->last = r.location;
		r.location =
			population_location(rl_random64(&g->dice) % p->count, OTHER, g->stamp_ms);
	} while (rl_batch_add(&b, &r) == 0);
	g->len = rl_batch_close(&b);
	g->count = b.head.count;
}

struct times {
	double *seal, *open, *take;
};

static void one(struct rig *g, struct population *p, const struct times *t, unsigned n)
{
	struct rl_batch_reader b;
	make(g, p);
	uint64_t start = ticks();
	g->len = rl_seal_close(&g->theirs, g->batch, g->len);
	t->seal[n] = (double)(ticks() - start);
	start = ticks();
	enum rl_refusal why = rl_seal_open(&g->ours, g->batch, &g->len);
	t->open[n] = (double)(ticks() - start);
	if (why != RL_REFUSAL_NONE)
		die(rl_refusal_help(why));
	start = ticks();
	why = rl_batch_parse(&b, g->batch, g->len);
	if (why == RL_REFUSAL_NONE)
		why = rl_sync_take(&g->sync, &b, NOW);
	t->take[n] = (double)(ticks() - start) / g->count;
	if (why != RL_REFUSAL_NONE)
		die(rl_refusal_help(why));
	struct rl_location now;
	uint64_t hash = rl_directory_hash(&p->directory, g->last.address);
	if (!rl_directory_find(&p->directory, g->last.address, hash, &now) ||
	    now.stamp_ms != g->last.stamp_ms)
		die("an update has changed nothing");
}

static void signatures(unsigned rounds, double hz)
{
	uint8_t public_key[RL_SEAL_PUBLIC], secret[RL_SEAL_SECRET], digest[64] = {1}, sig[64];
	double *made = malloc(rounds * sizeof(*made)), *checked = malloc(rounds * sizeof(*checked));
	if (!made || !checked)
		die("out of memory");
	rl_seal_new_member(public_key, secret);
	for (unsigned n = 0; n < rounds; n++) {
		uint64_t start = ticks();
		crypto_sign_detached(sig, NULL, digest, sizeof(digest), secret);
		made[n] = (double)(ticks() - start);
		start = ticks();
		if (crypto_sign_verify_detached(sig, digest, sizeof(digest), public_key) != 0)
			die("a signature is wrong");
		checked[n] = (double)(ticks() - start);
	}
	figure("cluster_sign_us", "of sealing: the signature",
	       figure_median(made, rounds) / hz * 1e6, "us", 0);
	figure("cluster_verify_us", "of opening: checking the signature",
	       figure_median(checked, rounds) / hz * 1e6, "us", 0);
	free(made);
	free(checked);
}

void batch_work(struct population *p, unsigned rounds, double hz)
{
	struct rig *g = rig_new(p);
	double *v = malloc(3 * rounds * sizeof(*v));
	if (!v)
		die("out of memory");
	struct times t = {v, v + rounds, v + 2 * rounds};
	make(g, p);
	double bytes = (double)(g->len + RL_BATCH_SEAL), updates = g->count;
	g->stream--; // that one was not sent
	for (unsigned n = 0; n < rounds; n++)
		one(g, p, &t, n);
	double seal = figure_median(t.seal, rounds) / hz, open = figure_median(t.open, rounds) / hz;
	double take = figure_median(t.take, rounds) / hz;
	figure("cluster_bytes_per_update",
	       "an update on the wire, its share of header and seal included", bytes / updates,
	       "bytes", 0);
	figure("cluster_seal", "sealing a batch of 64 KiB", bytes / seal / 1e6, "MB/s", 0);
	figure("cluster_open", "opening one", bytes / open / 1e6, "MB/s", 0);
	signatures(rounds, hz);
	figure("cluster_take", "updates taken: parsed, merged", 1 / take, "1/s", 0);
	figure("cluster_200k_share",
	       "of a core for 200 000 updates a second: opened, parsed, merged",
	       UPDATES * (take + open / updates), "cores", 0);
	free(v);
	rig_free(g);
}
