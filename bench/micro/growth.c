// SPDX-License-Identifier: BSD-3-Clause
#include "bench/micro/growth.h"

#include "bench/micro/figures.h"
#include "bench/micro/measure.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const uint64_t START_MS = 1700000000000;
static const struct measure_op relay = {.name = "growth", .craft = craft_relay_128};

enum {
	LUMP = 100, // peers added in a millisecond: a hundred times what an admission thread admits
	LUMP_NS = 1000000,
	STAGE_MS = 1000,
};

struct adder {
	struct population *pop;
	double seconds; // it was at work
	bool good;
	atomic_bool stop; // adder: reads
};

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *add(void *arg)
{
	static const struct timespec pause = {.tv_nsec = LUMP_NS};
	struct adder *a = arg;
	double begin = seconds();
	do {
		uint32_t left = a->pop->room - a->pop->count;
		a->good = population_grow(a->pop, a->pop->count + (left < LUMP ? left : LUMP),
					  START_MS);
		nanosleep(&pause, NULL);
	} while (a->good && !atomic_load(&a->stop));
	a->seconds = seconds() - begin;
	return NULL;
}

static void tell(const char *when, const char *title, const struct measure_spread *s, double hz)
{
	const struct {
		const char *name, *title;
		double value;
		const char *unit;
	} row[] = {{"rate", "relay 128 B", hz / s->packet, "1/s"},
		   {"p50", "burst of 64, median", s->p50 / hz * 1e6, "us"},
		   {"p99", "burst of 64, p99", s->p99 / hz * 1e6, "us"},
		   {"max", "burst of 64, longest", s->max / hz * 1e6, "us"}};
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char name[64], text[128];
		snprintf(name, sizeof(name), "growth_%s_%s", when, row[i].name);
		snprintf(text, sizeof(text), "%s: %s", title, row[i].title);
		figure(name, text, row[i].value, row[i].unit, 0);
	}
}

static void filled(struct population *p, unsigned percent, unsigned chunks, uint64_t *now_ms,
		   double hz)
{
	char when[8], title[32];
	if (!population_grow(p, (uint32_t)((uint64_t)p->room * percent / 100), *now_ms))
		exit(1);
	// Later, so that the table of pairs forgets those of the stage before first.
	*now_ms += STAGE_MS;
	population_pair(p, *now_ms);
	struct measure_spread s = measure_spread(p, &relay, chunks, now_ms);
	snprintf(when, sizeof(when), "%u", percent);
	snprintf(title, sizeof(title), "table %u %% full", percent);
	tell(when, title, &s, hz);
}

// Relays among those who are there, while another thread adds to them.
static void adding(struct population *p, unsigned chunks, uint64_t *now_ms, double hz)
{
	struct adder a = {.pop = p};
	uint32_t before = p->count;
	pthread_t thread;
	if (pthread_create(&thread, NULL, add, &a) != 0) {
		fprintf(stderr, "bench: no thread\n");
		exit(1);
	}
	struct measure_spread s = measure_spread(p, &relay, chunks, now_ms);
	atomic_store(&a.stop, true);
	pthread_join(thread, NULL);
	if (!a.good) {
		fprintf(stderr, "bench: the table does not take the peers it was made for\n");
		exit(1);
	}
	tell("adding", "table 50 % full, peers being added", &s, hz);
	figure("growth_added", "peers added meanwhile", (p->count - before) / a.seconds, "1/s", 0);
}

void growth(uint32_t room, unsigned chunks, double hz)
{
	uint64_t now_ms = START_MS;
	const struct population_options o = {
		.peers = room / 10, .room = room, .pairs = room, .now_ms = START_MS};
	fprintf(stderr, "bench: a table of %u filled\n", room);
	struct population *p = population_new(&o);
	if (!p)
		exit(1);
	filled(p, 10, chunks, &now_ms, hz);
	filled(p, 50, chunks, &now_ms, hz);
	adding(p, chunks, &now_ms, hz);
	filled(p, 100, chunks, &now_ms, hz);
	population_free(p);
}
