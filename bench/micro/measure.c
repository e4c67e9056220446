// SPDX-License-Identifier: BSD-3-Clause
// Packets are made a chunk at a time, right before they are handed in: they lie in the cache as
// those that a NIC has just written do. Making them reads the population's list of addresses and
// makes keys anew from numbers; it touches no peer, bucket or pair of the root, so that what the
// root looks up is as cold as among so many peers it must be.
#include "bench/micro/measure.h"

#include "bench/micro/figures.h"
#include "bench/micro/ticks.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	STRIDE = 2304,         // as packet buffers of DPDK lie
	SCRUB = 64 << 20,      // more than a core's share of the last cache
	FRESH_MS = 1000,       // paths are heard again after this much of the root's time
	WARM_PACKETS = 200000, // at most, after that
};

struct rig {
	struct rl_worker *worker;
	struct rl_cipher *cipher;
	struct craft craft;
	struct rl_packet pk[MEASURE_CHUNK];
	struct rl_packet *p[MEASURE_CHUNK];
	enum rl_verdict expect[MEASURE_CHUNK];
	uint32_t sender[MEASURE_CHUNK];
	struct rl_key key[MEASURE_CHUNK];
	uint8_t *buffers;
	uint8_t *scrub;
	uint64_t fresh_ms;
	uint64_t packets;
};

static void *need(void *mem)
{
	if (!mem) {
		fprintf(stderr, "bench: out of memory\n");
		exit(1);
	}
	return mem;
}

static struct rig *rig_new(struct population *p, uint64_t seed)
{
	static const uint8_t random[32] = {7};
	struct rig *g = need(aligned_alloc(64, (sizeof(*g) + 63) & ~(size_t)63));
	memset(g, 0, sizeof(*g));
	g->worker = need(rl_worker_new(p->root, random));
	g->cipher = need(rl_cipher_new());
	g->buffers = need(aligned_alloc(64, (MEASURE_CHUNK * STRIDE + ZT_PACKET_MAX + 63) & ~63));
	g->scrub = need(malloc(SCRUB));
	craft_init(&g->craft, p, g->cipher, seed);
	for (unsigned i = 0; i < MEASURE_CHUNK; i++)
		g->p[i] = &g->pk[i];
	return g;
}

static void rig_free(struct rig *g)
{
	rl_worker_free(g->worker);
	rl_cipher_free(g->cipher);
	free(g->buffers);
	free(g->scrub);
	free(g);
}

static void fill(struct rig *g, const struct measure_op *op)
{
	for (unsigned i = 0; i < MEASURE_CHUNK; i++) {
		uint8_t *data = g->buffers + (size_t)i * STRIDE;
		size_t len = op->craft(&g->craft, data);
		if (len == 0 || len > ZT_MTU) {
			fprintf(stderr, "bench: %s: a packet of %zu bytes\n", op->name, len);
			exit(1);
		}
		g->pk[i] = (struct rl_packet){
			.data = data, .len = (uint16_t)len, .room = ZT_MTU, .from = g->craft.from};
		g->expect[i] = g->craft.expect;
		g->sender[i] = g->craft.sender;
	}
}

static void check(const struct rig *g, const struct measure_op *op)
{
	for (unsigned i = 0; i < MEASURE_CHUNK; i++) {
		if (g->pk[i].verdict == g->expect[i])
			continue;
		fprintf(stderr, "bench: %s: verdict %d, not %d%s%s: nothing is measured\n",
			op->name, (int)g->pk[i].verdict, (int)g->expect[i],
			g->pk[i].verdict == RL_DROP ? ", dropped: " : "",
			g->pk[i].verdict == RL_DROP ? rl_drop_name(g->pk[i].drop) : "");
		exit(1);
	}
}

static void check_introductions(const struct rig *g, const struct measure_op *op)
{
	double share = (double)g->worker->stats.introductions / (double)g->packets;
	if (share > op->introduced - 0.01 && share < op->introduced + 0.01)
		return;
	fprintf(stderr, "bench: %s: %.1f %% of the packets made an introduction, not %.0f %%\n",
		op->name, share * 100, op->introduced * 100);
	exit(1);
}

static uint64_t run(struct rig *g, uint64_t now_ms)
{
	uint64_t t = ticks();
	for (unsigned i = 0; i < MEASURE_CHUNK; i += RL_BURST_MAX)
		rl_receive_burst(g->worker, now_ms, g->p + i, RL_BURST_MAX);
	t = ticks() - t;
	g->packets += MEASURE_CHUNK;
	return t;
}

static uint64_t burst(struct rig *g, unsigned first, uint64_t now_ms)
{
	uint64_t t = ticks();
	rl_receive_burst(g->worker, now_ms, g->p + first, RL_BURST_MAX);
	g->packets += RL_BURST_MAX;
	return ticks() - t;
}

static void one(struct rig *g, const struct measure_op *op, uint64_t now_ms, uint64_t *t)
{
	fill(g, op);
	uint64_t took = run(g, now_ms);
	check(g, op);
	if (t)
		*t = took;
}

// The walk over all peers leaves some of them in the cache: out with them, and then in with as many
// as traffic keeps there.
static void freshen(struct rig *g, struct population *p, const struct measure_op *op,
		    uint64_t *now_ms)
{
	population_freshen(p, *now_ms, 0);
	g->fresh_ms = *now_ms;
	for (size_t i = 0; i < SCRUB; i += 64)
		g->scrub[i]++;
	unsigned warm = 2 * p->count < WARM_PACKETS ? 2 * p->count : WARM_PACKETS;
	for (unsigned i = 0; i < warm; i += MEASURE_CHUNK)
		one(g, op, (*now_ms)++, NULL);
}

// Each chunk a millisecond: half a million packets a second of the root's time.
static double time_core(struct rig *g, struct population *p, const struct measure_op *op,
			unsigned chunks, uint64_t *now_ms)
{
	double *v = need(malloc(chunks * sizeof(*v)));
	for (unsigned i = 0; i < chunks; i++) {
		uint64_t t;
		if (i == 0 || *now_ms - g->fresh_ms > FRESH_MS)
			freshen(g, p, op, now_ms);
		one(g, op, (*now_ms)++, &t);
		v[i] = (double)t / MEASURE_CHUNK;
	}
	double median = figure_median(v, chunks);
	free(v);
	return median;
}

struct measure_spread measure_spread(struct population *p, const struct measure_op *op,
				     unsigned chunks, uint64_t *now_ms)
{
	unsigned n = 0, bursts = chunks * (MEASURE_CHUNK / RL_BURST_MAX);
	struct rig *g = rig_new(p, *now_ms);
	double *v = need(malloc(bursts * sizeof(*v)));
	while (n < bursts) {
		if (n == 0 || *now_ms - g->fresh_ms > FRESH_MS)
			freshen(g, p, op, now_ms);
		fill(g, op);
		for (unsigned i = 0; i < MEASURE_CHUNK; i += RL_BURST_MAX)
			v[n++] = (double)burst(g, i, *now_ms);
		check(g, op);
		++*now_ms;
	}
	check_introductions(g, op);
	struct measure_spread s = {.packet = figure_median(v, n) / RL_BURST_MAX,
				   .p50 = v[n / 2],
				   .p99 = v[(uint64_t)n * 99 / 100],
				   .max = v[n - 1]};
	free(v);
	rig_free(g);
	return s;
}

// What no relay can do without: read whom it is for and from, count the hop.
static __attribute__((noinline)) uint64_t rewrite(struct rl_packet *p[], unsigned n)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < n; i++) {
		uint8_t *d = p[i]->data;
		sum += rl_load40(d + ZT_AT_TO) ^ rl_load40(d + ZT_AT_FROM);
		d[ZT_AT_FLAGS] = (uint8_t)((d[ZT_AT_FLAGS] & ~ZT_HOPS_MASK) |
					   ((d[ZT_AT_FLAGS] + 1) & ZT_HOPS_MASK));
	}
	return sum;
}

// A burst opened side by side, then its answers sealed so, a group at a time that fits the first
// cache: as the core does.
static void seal_open(struct rig *g, const struct measure_op *op, unsigned first)
{
	static uint8_t answer[RL_SEAL_MAX][ZT_PACKET_MAX];
	struct rl_armor_job job[RL_BURST_MAX];
	for (unsigned i = 0; i < RL_BURST_MAX; i++)
		job[i] = (struct rl_armor_job){.key = &g->key[first + i],
					       .p = g->pk[first + i].data,
					       .len = g->pk[first + i].len};
	rl_armor_open_many(g->cipher, job, RL_BURST_MAX);
	for (unsigned i = 0; i < RL_BURST_MAX; i++) {
		if (!job[i].ok) {
			fprintf(stderr, "bench: %s: a MAC is wrong\n", op->name);
			exit(1);
		}
		uint8_t *to = answer[i % RL_SEAL_MAX];
		to[ZT_AT_FLAGS] = 0;
		job[i].p = to;
		job[i].len = op->answer;
		job[i].suite = ZT_SUITE_AES_GMAC_SIV;
	}
	for (unsigned i = 0; op->answer && i < RL_BURST_MAX; i += RL_SEAL_MAX)
		rl_armor_seal_many(g->cipher, job + i, RL_SEAL_MAX);
}

static double time_limit(struct rig *g, const struct measure_op *op, unsigned chunks)
{
	static volatile uint64_t keep;
	double *v = need(malloc(chunks * sizeof(*v)));
	for (unsigned i = 0; i < chunks; i++) {
		fill(g, op);
		for (unsigned k = 0; k < MEASURE_CHUNK; k++)
			population_key(g->sender[k], &g->key[k]);
		uint64_t t = ticks();
		for (unsigned k = 0; k < MEASURE_CHUNK; k += RL_BURST_MAX)
			if (op->limit == MEASURE_REWRITE)
				keep += rewrite(g->p + k, RL_BURST_MAX);
			else
				seal_open(g, op, k);
		v[i] = (double)(ticks() - t) / MEASURE_CHUNK;
	}
	double median = figure_median(v, chunks);
	free(v);
	return median;
}

struct measure_result measure(struct population *p, const struct measure_op *op, unsigned chunks,
			      uint64_t *now_ms)
{
	struct rig *g = rig_new(p, *now_ms);
	struct measure_result r = {.ticks = time_core(g, p, op, chunks, now_ms)};
	check_introductions(g, op);
	if (op->limit != MEASURE_NO_LIMIT)
		r.limit = time_limit(g, op, chunks / 4 + 1);
	rig_free(g);
	return r;
}

void measure_only_run(struct population *p, const struct measure_op *op, unsigned chunks,
		      uint64_t *now_ms)
{
	struct rig *g = rig_new(p, *now_ms);
	for (unsigned i = 0; i < chunks; i++)
		one(g, op, *now_ms, NULL);
	rig_free(g);
}
