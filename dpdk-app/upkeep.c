// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/upkeep.h"

#include "dpdk-app/log.h"
#include "dpdk-app/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	REFRESH_MS = 2000,
	SWEEP_MS = 60000,
	SWEEP_PORTION = 8192, // peers a turn: a millisecond or two
	EXPIRE_PORTION = 512, // at least; more if the table is large
	EXPIRE_ROUND = 600,   // turns in which the whole table is looked at
};

int upkeep_init(struct upkeep *u, struct app *a)
{
	*u = (struct upkeep){.app = a, .used = malloc(ADJACENCY_USED_BYTES)};
	u->swept_ms = u->refreshed_ms = clock_now(&a->clock);
	return u->used ? 0 : -ENOMEM;
}

void upkeep_free(struct upkeep *u)
{
	rl_worlds_free(u->retired);
	rl_worlds_free(u->replaced);
	free(u->used);
	*u = (struct upkeep){0};
}

// Peers unlinked and worlds replaced in one turn are used again, or freed, once every thread that
// could still see them has been quiet.
static void expire(struct upkeep *u, uint64_t now_ms)
{
	struct rl_root *root = u->app->root;
	if (u->waiting) {
		if (!quiet_passed(&u->app->quiet, u->token))
			return;
		rl_root_expire_done(root);
		rl_worlds_free(u->retired);
		u->retired = NULL;
		u->waiting = false;
	}
	unsigned portion = rl_root_max_peers(root) / EXPIRE_ROUND + EXPIRE_PORTION;
	unsigned unlinked = rl_root_expire(root, now_ms, portion);
	if (!unlinked && !u->replaced)
		return;
	u->retired = u->replaced;
	u->replaced = NULL;
	u->token = quiet_start(&u->app->quiet);
	u->waiting = true;
}

// False: the disk is behind, this peer comes again.
static bool visit_peer(struct upkeep *u, uint32_t index, uint64_t now_ms)
{
	struct rl_peer_info peer;
	if (!rl_root_peer_at(u->app->root, index, now_ms, &peer))
		return true;
	for (unsigned i = 0; i < peer.path_count; i++)
		adjacency_mark(u->used, peer.path[i].via);
	return known_sweep(u->app->known, &peer);
}

// Ways that no peer holds any more are given up.
static void sweep(struct upkeep *u, uint64_t now_ms)
{
	if (!u->sweeping) {
		if (now_ms - u->swept_ms < SWEEP_MS)
			return;
		memset(u->used, 0, ADJACENCY_USED_BYTES);
		u->sweep_at = 0;
		u->sweeping = true;
		known_sweep_begin(u->app->known, now_ms);
	}
	uint32_t end = rl_root_max_peers(u->app->root);
	for (unsigned n = 0; n < SWEEP_PORTION && u->sweep_at < end; n++)
		if (!visit_peer(u, u->sweep_at, now_ms))
			return;
		else
			u->sweep_at++;
	if (u->sweep_at < end)
		return;
	adjacency_sweep(ports_adjacency(u->app->ports), u->used);
	u->swept_ms = now_ms;
	u->sweeping = false;
}

static void refresh(struct upkeep *u, uint64_t now_ms)
{
	char why[PORT_WHY_MAX], text[512];
	struct app *a = u->app;
	if (now_ms - u->refreshed_ms < REFRESH_MS)
		return;
	u->refreshed_ms = now_ms;
	places_refresh(a->geoip);
	int ret = ports_refresh(a->ports, why);
	if (*why)
		log_warning("%s", why);
	if (ret <= 0)
		return;
	endpoints_of(&a->endpoints, a->ports);
	log_info("addresses changed: %s", endpoints_text(&a->endpoints, text, sizeof(text)));
}

int upkeep_first_worlds(struct app *a)
{
	if (!a->worlds.count)
		return 0;
	struct rl_worlds *w = rl_worlds_new(a->worlds.world, a->worlds.count);
	if (!w)
		return -ENOMEM;
	rl_root_set_worlds(a->root, w);
	return 0;
}

void upkeep_check_worlds(const struct app *a)
{
	const struct config_cluster *cluster = &a->config.cluster;
	struct state_self self = {rl_root_identity(a->root), a->endpoints.v, a->endpoints.count,
				  cluster->given ? &cluster->members : NULL};
	state_worlds_check(&a->worlds, a->config.planet, &self);
}

static void reload(struct upkeep *u)
{
	struct app *a = u->app;
	struct state_worlds next;
	struct rl_worlds *made = NULL;
	// One set at a time waits for its grace period.
	if (!u->reload || u->replaced)
		return;
	u->reload = false;
	if (state_worlds_load(&next, a->config.planet, a->config.moons_dir) == 0)
		made = rl_worlds_new(next.world, next.count);
	if (made) {
		u->replaced = rl_root_set_worlds(a->root, made);
		state_worlds_free(&a->worlds);
		a->worlds = next;
		log_info("reloaded: %s, %u moons", next.has_planet ? a->config.planet : "no planet",
			 next.count - next.has_planet);
		upkeep_check_worlds(a);
	} else {
		state_worlds_free(&next);
		log_error("not reloaded: planet and moons stay as they were");
	}
	notify_send("READY=1");
}

void upkeep_reload(struct upkeep *u)
{
	notify_reloading();
	u->reload = true;
}

void upkeep_turn(struct upkeep *u, uint64_t now_ms)
{
	clock_sync(&u->app->clock);
	reload(u);
	expire(u, now_ms);
	sweep(u, now_ms);
	refresh(u, now_ms);
}
