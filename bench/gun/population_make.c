// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/population_make.h"

#include "bench/gun/rng.h"

#include <sodium.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 256 };

struct shop {
	const struct population_plan *plan;
	struct population_writer *w;
	atomic_uint made; // records filled
	atomic_int error; // of the first thread that failed
};

static bool stopped(const struct shop *s)
{
	return (s->plan->stop && atomic_load(s->plan->stop)) || atomic_load(&s->error) != 0;
}

// Nor is a search worth its end when others have filled the last record.
static bool go_on(void *ctx)
{
	struct shop *s = ctx;

	return !stopped(s) && atomic_load(&s->w->next) < s->w->room;
}

// Both halves of record i. False: a weak key, which a root would refuse.
static bool put(struct shop *s, uint32_t i, const struct rl_identity *id,
		const struct rl_secret *secret)
{
	if (rl_key_agree(&s->w->node[i].key, secret, s->plan->root.public_key) < 0)
		return false;
	memcpy(s->w->pair[i].public_key, id->public_key, ZT_PUBLIC_LEN);
	s->w->pair[i].secret = *secret;
	s->w->node[i].address = id->address;
	return true;
}

static int make_valid(struct shop *s, struct rl_scratch *scratch)
{
	struct rl_identity id;
	struct rl_secret secret;
	int ret = rl_identity_generate(scratch, &id, &secret, 0, 0, go_on, s);
	uint32_t i;

	if (ret < 0)
		return ret;
	// Claimed when there is something to put in: so a stop leaves no gap but at the end.
	i = population_claim(s->w);
	if (i != POPULATION_NONE && !put(s, i, &id, &secret))
		ret = -EINVAL;
	sodium_memzero(&secret, sizeof(secret));
	return ret < 0 ? ret : i == POPULATION_NONE ? -ECANCELED : 0;
}

// The X25519 half is real; nobody asks for the other.
static int make_unvalidated(struct shop *s)
{
	uint32_t i = population_claim(s->w);
	struct rng r = {rng_mix(s->plan->seed ^ 0x736563726574) + i * 0x9e3779b97f4a7c15};
	struct rl_identity id;
	struct rl_secret secret;

	if (i == POPULATION_NONE)
		return -ECANCELED;
	rng_fill(&r, &secret, sizeof(secret));
	rng_fill(&r, id.public_key, sizeof(id.public_key));
	if (crypto_scalarmult_base(id.public_key, secret.key) < 0)
		return -EINVAL;
	id.address = population_invent_address(s->plan->seed, i);
	return put(s, i, &id, &secret) ? 0 : -EINVAL;
}

static int make_invented(struct shop *s)
{
	uint32_t i = population_claim(s->w);
	struct rng r = {rng_mix(s->plan->seed ^ 0x6b6579) + i * 0x9e3779b97f4a7c15};

	if (i == POPULATION_NONE)
		return -ECANCELED;
	rng_fill(&r, &s->w->node[i].key, sizeof(s->w->node[i].key));
	s->w->node[i].address = population_invent_address(s->plan->seed, i);
	return 0;
}

static void *work(void *arg)
{
	struct shop *s = arg;
	struct rl_scratch *scratch = rl_scratch_new();
	int ret = scratch ? 0 : -ENOMEM;

	while (ret == 0 && !stopped(s)) {
		if (atomic_load(&s->w->next) >= s->w->room)
			break;
		if (s->plan->kind == POPULATION_VALID)
			ret = make_valid(s, scratch);
		else if (s->plan->kind == POPULATION_UNVALIDATED)
			ret = make_unvalidated(s);
		else
			ret = make_invented(s);
		if (ret == 0)
			atomic_fetch_add(&s->made, 1);
	}
	rl_scratch_free(scratch);
	if (ret < 0 && ret != -ECANCELED)
		atomic_store(&s->error, ret);
	return NULL;
}

static int from_population(struct shop *s, const struct population *old, struct say_why *why)
{
	if (old->kind != POPULATION_VALID)
		return say_why(why, "%s holds %s nodes; only valid ones can be taken over",
			       s->plan->from, population_kind_text(old->kind));
	for (uint32_t k = 0; k < old->count && s->made < s->plan->nodes; k++, s->made++) {
		struct rl_identity id;
		uint32_t i = population_claim(s->w);

		population_identity(old, k, &id);
		if (!put(s, i, &id, &old->pair[k].secret))
			return say_why(why, "%s: node %u has a weak key", s->plan->from, k);
	}
	return 0;
}

static int from_text(struct shop *s, FILE *f, struct say_why *why)
{
	char line[512];

	for (unsigned n = 1; s->made < s->plan->nodes && fgets(line, sizeof(line), f); n++) {
		struct rl_identity id;
		struct rl_secret secret;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (rl_identity_parse(&id, &secret, line) < 0 || !rl_identity_matches(&id, &secret))
			return say_why(why, "%s, line %u: no identity with its secret",
				       s->plan->from, n);
		if (!put(s, population_claim(s->w), &id, &secret))
			return say_why(why, "%s, line %u: a weak key", s->plan->from, n);
		s->made++;
	}
	return 0;
}

// Which of the two the file is, its own first bytes tell.
static int take_over(struct shop *s, struct say_why *why)
{
	struct population old;
	struct say_why reason;
	FILE *f;
	char head[4] = "";
	int ret;

	f = fopen(s->plan->from, "re");
	if (!f)
		return say_why(why, "%s: cannot read: %s", s->plan->from, strerror(errno));
	if (fread(head, 1, sizeof(head), f) == sizeof(head) && memcmp(head, "RLGU", 4) == 0) {
		fclose(f);
		ret = population_open(&old, s->plan->from, &reason);
		if (ret < 0)
			say_why(why, "%s", reason.text);
		else
			ret = from_population(s, &old, why);
		population_close(&old);
		return ret;
	}
	rewind(f);
	ret = from_text(s, f, why);
	fclose(f);
	return ret;
}

// This thread tells how it goes until the others are done.
static int make_new(struct shop *s, struct say_why *why)
{
	pthread_t thread[THREADS_MAX];
	unsigned n = 0, threads = s->plan->threads;
	struct timespec nap = {.tv_nsec = 50000000};

	for (; n < threads && n < THREADS_MAX; n++) {
		if (pthread_create(&thread[n], NULL, work, s))
			break;
	}
	for (unsigned turn = 1; n && !stopped(s) && s->made < s->plan->nodes; turn++) {
		nanosleep(&nap, NULL);
		if (turn % 20 == 0 && s->plan->progress)
			s->plan->progress(s->made, s->plan->nodes, s->plan->ctx);
	}
	for (unsigned i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	if (n == 0)
		return say_why(why, "no thread could be started");
	if (s->error == -EIO)
		return say_why(why, "the system has no random numbers");
	return s->error < 0 ? say_why(why, "making nodes failed: %s", strerror(-s->error)) : 0;
}

// An address twice in a list would make answers ambiguous: better told now than at replay.
static int no_doubles(const struct shop *s, struct say_why *why)
{
	struct population p = {.count = s->made, .node = s->w->node};
	int ret = population_index(&p, why);

	free(p.index);
	return ret;
}

int64_t population_make(const struct population_plan *plan, const char *path, struct say_why *why)
{
	struct population_writer w = {.fd = -1};
	struct shop s = {.plan = plan, .w = &w};
	int64_t ret;

	ret = population_create(&w, path, plan->kind, plan->nodes, plan->seed, &plan->root,
				&plan->sources, why);
	if (ret == 0 && plan->from)
		ret = take_over(&s, why);
	if (ret == 0 && s.made < plan->nodes)
		ret = make_new(&s, why);
	if (ret == 0 && s.made == 0)
		ret = say_why(why, "stopped before the first node was made");
	if (ret == 0)
		ret = no_doubles(&s, why);
	if (ret == 0)
		ret = population_finish(&w, s.made, why);
	population_abandon(&w);
	return ret < 0 ? ret : (int64_t)s.made;
}
