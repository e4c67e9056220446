// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/known.h"

#include "dpdk-app/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAY_MS = 86400000 };

struct known {
	struct store *store; // NULL: none
	pthread_t loader;
	bool loading;
	atomic_bool stop;
	struct rl_root *root;
	uint64_t since_ms;
	unsigned loaded;
	uint64_t day; // of the last daily sweep
	bool daily;   // the sweep under way is that of the day
	bool complained;
};

struct known *known_open(const char *dir)
{
	char path[512], why[STORE_WHY_MAX];
	struct known *k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	snprintf(path, sizeof(path), "%s/peers.mdb", dir);
	k->store = store_open(path, why);
	if (!k->store)
		log_warning("%s. Serving without: a restart will forget the peers", why);
	return k;
}

static bool load_one(void *ctx, const struct store_record *r)
{
	struct known *k = ctx;
	int ret = rl_root_peer_add(k->root, &r->id, r->heard_ms);
	k->loaded += ret == 0;
	return ret != -ENOSPC && !atomic_load(&k->stop);
}

static void *load(void *arg)
{
	struct known *k = arg;
	long n = store_load(k->store, k->since_ms, load_one, k);
	if (n < 0)
		log_warning("the database of peers could not be read");
	else if (n > 0)
		log_info("%u peers known from before", k->loaded);
	return NULL;
}

void known_load(struct known *k, struct rl_root *root, uint64_t now_ms, uint64_t timeout_ms)
{
	if (!k->store)
		return;
	k->root = root;
	k->day = now_ms / DAY_MS;
	k->since_ms = now_ms > timeout_ms ? now_ms - timeout_ms : 0;
	k->loading = pthread_create(&k->loader, NULL, load, k) == 0;
	if (!k->loading)
		log_warning("no thread to load the known peers");
}

void known_close(struct known *k)
{
	if (!k)
		return;
	atomic_store(&k->stop, true);
	if (k->loading)
		pthread_join(k->loader, NULL);
	store_close(k->store);
	free(k);
}

bool known_valid(struct known *k, const struct rl_identity *id)
{
	return k->store && store_has(k->store, id);
}

void known_admitted(struct known *k, const struct rl_identity *id, uint64_t now_ms)
{
	struct store_record r = {.id = *id, .first_ms = now_ms, .heard_ms = now_ms};
	if (k->store)
		store_put(k->store, &r);
}

void known_sweep_begin(struct known *k, uint64_t now_ms)
{
	struct store_stats stats;
	k->daily = k->store && now_ms / DAY_MS != k->day;
	if (!k->store)
		return;
	store_stats(k->store, &stats);
	if (stats.lost && !k->complained)
		log_warning("the database of peers does not take all: is the disk full?");
	k->complained = stats.lost != 0;
	if (!k->daily)
		return;
	k->day = now_ms / DAY_MS;
	store_expire(k->store, now_ms);
}

bool known_sweep(struct known *k, const struct rl_peer_info *peer)
{
	if (!k->daily)
		return true;
	struct store_record r = {
		.id = peer->id, .first_ms = peer->first_ms, .heard_ms = peer->heard_ms};
	return store_room(k->store) && store_put(k->store, &r);
}
