// SPDX-License-Identifier: BSD-3-Clause
// Places on the earth as unit vectors: the distance of two is one square root and one arc sine, and
// the zero vector says "unknown", which no place on the earth is. Pure; any thread.
#pragma once

#include <math.h>
#include <stdbool.h>

struct rl_geo {
	float x, y, z; // all zero: unknown
};

#define RL_GEO_EARTH_KM   6371.0088 // mean radius
#define RL_GEO_KM_PER_MS  100.0     // of round trip, along the straight line in glass fibre
#define RL_GEO_DEG_TO_RAD 0.017453292519943295

// Degrees, north and east positive. What is not on the globe, or not a number, is unknown.
static inline struct rl_geo rl_geo_at(double latitude, double longitude)
{
	if (!(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180))
		return (struct rl_geo){0};
	double lat = latitude * RL_GEO_DEG_TO_RAD, lon = longitude * RL_GEO_DEG_TO_RAD;
	return (struct rl_geo){(float)(cos(lat) * cos(lon)), (float)(cos(lat) * sin(lon)),
			       (float)sin(lat)};
}

static inline bool rl_geo_known(struct rl_geo a)
{
	return a.x != 0 || a.y != 0 || a.z != 0;
}

// Great-circle kilometres between two known places. By half the chord: exact to a few kilometres at
// any distance, which the arc cosine of the product is not for neighbours.
static inline double rl_geo_km(struct rl_geo a, struct rl_geo b)
{
	double dx = (double)a.x - b.x, dy = (double)a.y - b.y, dz = (double)a.z - b.z;
	double half = sqrt(dx * dx + dy * dy + dz * dz) / 2;
	return 2 * RL_GEO_EARTH_KM * asin(half < 1 ? half : 1);
}
