// SPDX-License-Identifier: BSD-3-Clause
#include "bench/cluster/directory_work.h"

#include "bench/micro/figures.h"
#include "bench/micro/ticks.h"
#include "dpdk-app/memory.h"
#include "root/random.h"

#include <stdio.h>
#include <stdlib.h>

enum { BURST = 32, CHUNK = 32 * BURST, MEMBERS = 12 };
#define START_MS UINT64_C(1700000000000)

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

struct rl_location population_location(uint64_t i, uint8_t home, uint64_t stamp_ms)
{
	struct rl_location l = {.address = population_address(i),
				.home = home,
				.backup = (uint8_t)(1 + home % MEMBERS),
				.stamp_ms = stamp_ms,
				.v4 = rl_inet4((uint32_t)i, 9993)};
	if (i % 10 < 3) {
		l.v6 = (struct rl_inet){.ip = {0x20, 1}, .port = 9993, .family = 6};
		rl_store64(l.v6.ip + 8, i);
	}
	return l;
}

void population_fill(struct population *p, uint64_t count)
{
	static const uint8_t key[16] = {7};
	p->count = count;
	p->size = rl_directory_size(count);
	p->memory = memory_alloc(NULL, p->size);
	if (!p->memory)
		die("out of memory");
	rl_directory_init(&p->directory, count, p->memory, key, 1, &rl_directory_limits_default);
	for (uint64_t i = 0; i < count; i++) {
		struct rl_location l = population_location(i, (uint8_t)(1 + i % MEMBERS), START_MS);
		if (rl_directory_merge(&p->directory, &l, true, START_MS, NULL) < 0)
			die("a peer has no room");
	}
}

void population_drop(struct population *p)
{
	memory_free(NULL, p->memory, p->size);
}

struct chunk {
	uint64_t address[CHUNK];
	uint64_t hash[CHUNK];
	struct rl_location location[CHUNK];
};

static void draw(struct chunk *c, const struct population *p, struct rl_random *dice,
		 uint64_t beyond, uint64_t stamp_ms)
{
	for (unsigned i = 0; i < CHUNK; i++) {
		uint64_t n = beyond + rl_random64(dice) % p->count;
		c->location[i] = population_location(n, (uint8_t)(1 + n % MEMBERS), stamp_ms);
		c->address[i] = c->location[i].address;
	}
}

static void prefetch(struct chunk *c, const struct rl_directory *d, unsigned from)
{
	for (unsigned i = from; i < from + BURST; i++) {
		c->hash[i] = rl_directory_hash(d, c->address[i]);
		rl_directory_prefetch(d, c->hash[i]);
	}
	for (unsigned i = from; i < from + BURST; i++)
		rl_directory_prefetch_entry(d, c->hash[i]);
}

static unsigned look_up(struct population *p, struct chunk *c, bool ahead)
{
	const struct rl_directory *d = &p->directory;
	unsigned found = 0;
	struct rl_location l;
	for (unsigned at = 0; at < CHUNK; at += BURST) {
		if (ahead)
			prefetch(c, d, at);
		for (unsigned i = at; i < at + BURST; i++) {
			uint64_t hash = ahead ? c->hash[i] : rl_directory_hash(d, c->address[i]);
			found += rl_directory_find(d, c->address[i], hash, &l) && l.v4.port == 9993;
		}
	}
	return found;
}

static unsigned update(struct population *p, struct chunk *c, bool ahead)
{
	struct rl_directory *d = &p->directory;
	unsigned changed = 0;
	for (unsigned at = 0; at < CHUNK; at += BURST) {
		if (ahead)
			prefetch(c, d, at);
		for (unsigned i = at; i < at + BURST; i++)
			changed += rl_directory_merge(d, &c->location[i], true, START_MS, NULL) > 0;
	}
	return changed;
}

static const struct work {
	const char *name, *title;
	unsigned (*run)(struct population *p, struct chunk *c, bool ahead);
	bool ahead, unknown;
} works[] = {
	{"cluster_lookup_one", "look-up, one at a time", look_up, false, false},
	{"cluster_lookup", "look-up in bursts", look_up, true, false},
	{"cluster_lookup_miss", "look-up of an unknown address in bursts", look_up, true, true},
	{"cluster_update_one", "update, one at a time", update, false, false},
	{"cluster_update", "update in bursts", update, true, false},
};

static double measure(struct population *p, const struct work *w, unsigned rounds)
{
	static const uint8_t seed[32] = {5};
	static struct chunk c;
	static uint64_t stamp_ms = START_MS;
	struct rl_random dice;
	double *t = malloc(rounds * sizeof(*t));
	if (!t)
		die("out of memory");
	rl_random_init(&dice, seed);
	for (unsigned n = 0; n < rounds; n++) {
		// Every update is later than all before it, so that it changes something; of two of
		// one peer in a chunk only the first does.
		draw(&c, p, &dice, w->unknown ? p->count : 0, ++stamp_ms);
		uint64_t start = ticks();
		unsigned done = w->run(p, &c, w->ahead);
		t[n] = (double)(ticks() - start) / CHUNK;
		if (w->unknown ? done != 0 : done < CHUNK * 9 / 10 && p->count > CHUNK * 10)
			die("not what was asked for");
	}
	double median = figure_median(t, rounds);
	free(t);
	return median;
}

void directory_work(struct population *p, const char *suffix, const char *title, unsigned rounds,
		    double hz)
{
	char name[64], text[128];
	for (unsigned i = 0; i < sizeof(works) / sizeof(*works); i++) {
		snprintf(name, sizeof(name), "%s_%s", works[i].name, suffix);
		snprintf(text, sizeof(text), "directory: %s, %s peers", works[i].title, title);
		figure(name, text, hz / measure(p, &works[i], rounds), "1/s", 0);
	}
	snprintf(name, sizeof(name), "cluster_bytes_per_peer_%s", suffix);
	snprintf(text, sizeof(text), "directory: memory per peer, full, %s peers", title);
	figure(name, text, (double)p->size / (double)p->count, "bytes", 0);
}
