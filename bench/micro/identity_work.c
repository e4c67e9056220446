// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/identity_work.h"

#include "bench/micro/derive_scalar.h"
#include "bench/micro/figures.h"
#include "root/core.h"
#include "root/salsa.h"
#include "tests/lib/identities.h"
#include "tests/lib/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MAX = 1000 };

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s: nothing is measured\n", what);
	exit(1);
}

// Work of milliseconds is interrupted by others on a busy machine: their time is not counted.
static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double validate_ms(struct rl_scratch *s, const struct test_identity *ids, unsigned n)
{
	double v[ROUNDS_MAX];
	for (unsigned i = 0; i < n; i++) {
		double t = now_s();
		if (!rl_identity_validate(s, &ids[i].id))
			fail("a valid identity is refused");
		v[i] = (now_s() - t) * 1e3;
	}
	return figure_median(v, n);
}

static double scalar_ms(const struct test_identity *ids, unsigned n)
{
	double v[ROUNDS_MAX];
	uint8_t *memory = malloc(ZT_WORK_MEMORY), digest[64];
	if (!memory)
		fail("out of memory");
	for (unsigned i = 0; i < n; i++) {
		double t = now_s();
		derive_scalar(memory, ids[i].id.public_key, digest);
		v[i] = (now_s() - t) * 1e3;
		if (rl_load40(digest + 59) != ids[i].id.address)
			fail("the scalar derivation is wrong");
	}
	free(memory);
	return figure_median(v, n);
}

// Returns the best variant's milliseconds.
static double validation(struct rl_scratch *s, const struct test_identity *ids, unsigned n)
{
	static const struct {
		unsigned lanes;
		const char *name, *title;
	} variant[] = {
		{4, "validate_4_ms", "identity validation, 4 blocks at once"},
		{8, "validate_avx2_ms", "identity validation, AVX2"},
		{16, "validate_avx512_ms", "identity validation, AVX-512"},
	};
	unsigned before = rl_salsa_lanes();
	double scalar = scalar_ms(ids, n < 10 ? n : 10), best = scalar;
	figure("validate_scalar_ms", "identity validation, block by block", scalar, "ms", 0);
	for (unsigned i = 0; i < 3; i++) {
		if (!rl_salsa_use_lanes(variant[i].lanes))
			continue;
		double ms = validate_ms(s, ids, n);
		figure(variant[i].name, variant[i].title, ms, "ms", 0);
		if (variant[i].lanes == 8)
			figure("validate_speedup_avx2", "identity validation, AVX2 over scalar",
			       scalar / ms, "x", 0);
		if (variant[i].lanes == before)
			best = ms;
	}
	rl_salsa_use_lanes(before);
	figure("validate_ms", "identity validation, as this CPU does it", best, "ms", 0);
	figure("validate_speedup", "identity validation, over scalar", scalar / best, "x", 0);
	return best;
}

static size_t make_hello(const struct test_identity *who, const struct rl_identity *root,
			 struct rl_cipher *cipher, uint8_t *out)
{
	struct rl_inet target = rl_inet4(0x0a4d0001, ZT_PORT);
	struct node n;
	if (node_init(&n, &who->id, &who->secret, root, cipher, 1) != 0)
		fail("a weak key");
	return node_hello(&n, &n.root, 1700000000000, &target, out);
}

// ids[0] is the root.
static void admission(struct rl_scratch *s, const struct test_identity *ids, unsigned n,
		      double best_ms)
{
	static const uint8_t seed[32] = {1};
	struct rl_options opt = rl_options_default();
	opt.validate_pps = 0;
	struct rl_root *r = rl_root_new(&ids[0].id, &ids[0].secret, &opt, NULL, seed);
	struct rl_worker *w = r ? rl_worker_new(r, seed) : NULL;
	struct rl_cipher *cipher = rl_cipher_new();
	if (!w || !cipher)
		fail("out of memory");
	double v[ROUNDS_MAX];
	for (unsigned i = 1; i < n; i++) {
		uint8_t data[ZT_PACKET_MAX];
		struct rl_packet p = {.data = data, .room = ZT_MTU, .from = rl_inet4(i << 8, 9993)};
		p.len = (uint16_t)make_hello(&ids[i], &ids[0].id, cipher, data);
		double t = now_s();
		rl_admit(w, s, 1700000000000, &p);
		v[i - 1] = now_s() - t;
		if (p.verdict != RL_REPLY)
			fail("a newcomer is not answered");
	}
	if (rl_root_peer_count(r) != n - 1)
		fail("newcomers are missing");
	figure("admit_per_s", "new peers admitted, everything checked", 1 / figure_median(v, n - 1),
	       "1/s", 1e3 / best_ms);
	rl_worker_free(w);
	rl_root_free(r);
	rl_cipher_free(cipher);
}

void identity_work(unsigned rounds)
{
	struct test_identity *ids;
	struct rl_scratch *s = rl_scratch_new();
	int n = identities_load(IDENTITIES_FILE, 0, rounds + 1, &ids); // the first is the root
	if (!s || n < 2)
		fail("no identities");
	double best = validation(s, ids, (unsigned)n - 1);
	admission(s, ids, (unsigned)n, best);
	free(ids);
	rl_scratch_free(s);
}
