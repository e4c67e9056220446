// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/places.h"

#include "dpdk-app/log.h"

static void say(int ret, const char *why)
{
	if (ret < 0)
		log_warning("%s", why);
	else
		log_info("geoip: databases read");
}

struct rl_geoip *places_open(const struct config *c)
{
	const char *path[RL_GEOIP_FILES_MAX];
	char why[RL_GEOIP_WHY_MAX];
	struct rl_geoip *g = NULL;
	unsigned n = c->geoip_files.count;
	if (!n)
		return NULL;
	for (unsigned i = 0; i < n && i < RL_GEOIP_FILES_MAX; i++)
		path[i] = c->geoip_files.v[i];
	say(rl_geoip_open(&g, path, n, why), why);
	return g;
}

void places_reload(struct rl_geoip *g)
{
	char why[RL_GEOIP_WHY_MAX];
	if (g)
		say(rl_geoip_reload(g, why), why);
}

void places_refresh(struct rl_geoip *g)
{
	char why[RL_GEOIP_WHY_MAX];
	int ret = g ? rl_geoip_refresh(g, why) : 0;
	if (ret)
		say(ret, why);
}
