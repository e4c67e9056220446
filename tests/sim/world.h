// SPDX-License-Identifier: BSD-3-Clause
// The world of the simulation: where clients and members are, and how long a packet takes. All of
// it follows from a seed; nothing is stored per client but its place.
//
// Round trip = access line (lognormal, median 10 ms, of the client) + great-circle kilometres / 100
// * stretch * noise (lognormal, of the client's prefix and the member).
#pragma once

#include "cluster/geo.h"

#include <stddef.h>
#include <stdint.h>

enum {
	SIM_SITES = 12,
	SIM_SITES_EACH = 6,     // of a cluster: Alice's are the first six, Bob's the others
	SIM_PREFIX_CLIENTS = 3, // clients of one prefix, on the average of the world
};

struct sim_site {
	const char *name;
	double latitude, longitude;
};

extern const struct sim_site sim_sites[SIM_SITES];

struct sim_cell {
	double latitude, longitude;
	double ends; // share of the cells up to here
};

struct sim_world {
	struct sim_cell *cells;
	size_t n_cells;
	struct rl_geo site[SIM_SITES];
	uint64_t seed;
	double stretch;
	double wrong;   // share of prefixes whose location is another one's
	double unknown; // share of prefixes without a location
};

// A client that the world knows by its number.
struct sim_home {
	struct rl_geo where;   // truly
	struct rl_geo claimed; // by GeoIP; zero: unknown
	double access_ms;
};

// path: places.csv. 0 or -errno; -EINVAL for a file that is not one. Free with sim_world_free.
int sim_world_load(struct sim_world *w, const char *path, uint64_t seed, double stretch);
void sim_world_free(struct sim_world *w);

struct sim_home sim_world_client(const struct sim_world *w, uint32_t client);
// Number of the client's prefix.
static inline uint32_t sim_world_prefix(uint32_t client)
{
	return client / SIM_PREFIX_CLIENTS;
}
double sim_world_rtt(const struct sim_world *w, uint32_t client, const struct sim_home *h,
		     unsigned site);
// Between two members.
double sim_world_link(const struct sim_world *w, unsigned a, unsigned b);

// Random numbers of a seed, a purpose and a number: always the same ones.
uint64_t sim_random(uint64_t seed, uint32_t purpose, uint64_t number);
double sim_uniform(uint64_t random);                  // [0, 1)
double sim_normal(uint64_t random, uint64_t random2); // mean 0, deviation 1
