// SPDX-License-Identifier: BSD-3-Clause
#include "tests/sim/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// Deviations of the logarithms. They were fitted once, by the rows "random", "nearest" and "two
// offered" of an independent simulation (README.md), and are no dials of any scenario.
static const double ACCESS_MEDIAN = 10, ACCESS_SIGMA = 0.6, NOISE_SIGMA = 0.24;

enum {
	DICE_CELL = 1,
	DICE_JITTER,
	DICE_ACCESS,
	DICE_NOISE,
	DICE_CLAIM,
	DICE_ELSEWHERE,
};

const struct sim_site sim_sites[SIM_SITES] = {
	{"Amsterdam", 52.37, 4.90},
	{"Johannesburg", -26.20, 28.05},
	{"New-York", 40.71, -74.01},
	{"Sao-Paulo", -23.55, -46.63},
	{"San-Francisco", 37.77, -122.42},
	{"Singapore", 1.35, 103.82},
	{"Dallas", 32.78, -96.80},
	{"Frankfurt", 50.11, 8.68},
	{"Paris", 48.86, 2.35},
	{"Sydney", -33.87, 151.21},
	{"Tokyo", 35.68, 139.69},
	{"Toronto", 43.65, -79.38},
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint64_t sim_random(uint64_t seed, uint32_t purpose, uint64_t number)
{
	return mix(mix(seed + 0x9e3779b97f4a7c15 * (purpose + 1)) ^
		   mix(number + 0x632be59bd9b4e019));
}

double sim_uniform(uint64_t random)
{
	return (double)(random >> 11) * 0x1p-53;
}

double sim_normal(uint64_t random, uint64_t random2)
{
	// Never the logarithm of zero.
	return sqrt(-2 * log(sim_uniform(random) + 0x1p-54)) * cos(2 * M_PI * sim_uniform(random2));
}

static double lognormal(const struct sim_world *w, uint32_t purpose, uint64_t number, double sigma)
{
	uint64_t r = sim_random(w->seed, purpose, number);
	return exp(sigma * sim_normal(r, mix(r)));
}

static int read_cells(struct sim_world *w, FILE *f)
{
	char line[256];
	size_t room = 0;
	double sum = 0;

	while (fgets(line, sizeof(line), f)) {
		struct sim_cell c;
		double share;
		if (sscanf(line, "%lf,%lf,%lf", &c.latitude, &c.longitude, &share) != 3)
			continue; // the attribution and the heading
		if (!rl_geo_known(rl_geo_at(c.latitude, c.longitude)) || !(share > 0))
			return -EINVAL;
		if (w->n_cells == room) {
			room = room ? 2 * room : 1024;
			struct sim_cell *more = realloc(w->cells, room * sizeof(*more));
			if (!more)
				return -ENOMEM;
			w->cells = more;
		}
		c.ends = sum += share;
		w->cells[w->n_cells++] = c;
	}
	for (size_t i = 0; i < w->n_cells; i++)
		w->cells[i].ends /= sum;
	return w->n_cells ? 0 : -EINVAL;
}

int sim_world_load(struct sim_world *w, const char *path, uint64_t seed, double stretch)
{
	*w = (struct sim_world){.seed = seed, .stretch = stretch};
	FILE *f = fopen(path, "r");
	if (!f)
		return -errno;
	int ret = read_cells(w, f);
	fclose(f);
	if (ret < 0)
		sim_world_free(w);
	for (unsigned i = 0; i < SIM_SITES; i++)
		w->site[i] = rl_geo_at(sim_sites[i].latitude, sim_sites[i].longitude);
	return ret;
}

void sim_world_free(struct sim_world *w)
{
	free(w->cells);
	w->cells = NULL;
	w->n_cells = 0;
}

static const struct sim_cell *cell_at(const struct sim_world *w, double share)
{
	size_t low = 0, high = w->n_cells - 1;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (w->cells[mid].ends > share)
			high = mid;
		else
			low = mid + 1;
	}
	return &w->cells[low];
}

static const struct sim_cell *cell_of(const struct sim_world *w, uint32_t purpose, uint32_t prefix)
{
	return cell_at(w, sim_uniform(sim_random(w->seed, purpose, prefix)));
}

// Somewhere within its cell of one degree.
static struct rl_geo within(const struct sim_world *w, const struct sim_cell *c, uint32_t prefix)
{
	uint64_t r = sim_random(w->seed, DICE_JITTER, prefix);
	double lat = c->latitude + sim_uniform(r) - 0.5,
	       lon = c->longitude + sim_uniform(mix(r)) - 0.5;
	return rl_geo_at(lat > 90    ? 90
			 : lat < -90 ? -90
				     : lat,
			 lon > 180    ? lon - 360
			 : lon < -180 ? lon + 360
				      : lon);
}

static struct rl_geo claim(const struct sim_world *w, const struct sim_cell *truth, uint32_t prefix)
{
	double dice = sim_uniform(sim_random(w->seed, DICE_CLAIM, prefix));
	if (dice < w->unknown)
		return (struct rl_geo){0};
	if (dice < w->unknown + w->wrong)
		truth = cell_of(w, DICE_ELSEWHERE, prefix);
	return rl_geo_at(truth->latitude, truth->longitude);
}

struct sim_home sim_world_client(const struct sim_world *w, uint32_t client)
{
	uint32_t prefix = sim_world_prefix(client);
	const struct sim_cell *c = cell_of(w, DICE_CELL, prefix);
	return (struct sim_home){
		.where = within(w, c, prefix),
		.claimed = claim(w, c, prefix),
		.access_ms = ACCESS_MEDIAN * lognormal(w, DICE_ACCESS, client, ACCESS_SIGMA),
	};
}

double sim_world_rtt(const struct sim_world *w, uint32_t client, const struct sim_home *h,
		     unsigned site)
{
	uint64_t pair = (uint64_t)sim_world_prefix(client) * SIM_SITES + site;
	double way = rl_geo_km(h->where, w->site[site]) / RL_GEO_KM_PER_MS * w->stretch;
	return h->access_ms + way * lognormal(w, DICE_NOISE, pair, NOISE_SIGMA);
}

double sim_world_link(const struct sim_world *w, unsigned a, unsigned b)
{
	return 1 + rl_geo_km(w->site[a], w->site[b]) / RL_GEO_KM_PER_MS * w->stretch;
}
