// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/population_known.h"

#include "dpdk-app/store.h"
#include "root/tools/file.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static int check_root(const struct population *p, const char *state, struct say_why *why)
{
	char path[FILE_PATH_MAX], *text;
	struct rl_identity id;
	size_t len;
	int ret;

	if (p->kind == POPULATION_INVENTED)
		return say_why(why, "these nodes have no keys that a root could agree with");
	if (!file_join(path, state, "identity.public"))
		return say_why(why, "%s: the name is too long", state);
	ret = file_read_text(path, &text, &len);
	if (ret < 0)
		return say_why(why, "%s: %s", path, strerror(-ret));
	ret = rl_identity_parse(&id, NULL, text);
	free(text);
	if (ret < 0)
		return say_why(why, "%s holds no identity", path);
	if (!rl_identity_equal(&id, &p->root))
		return say_why(why, "%s is another root than the population's", path);
	return 0;
}

// Waits for the store's thread, which writes in batches.
static void put(struct store *s, const struct store_record *r)
{
	struct timespec nap = {.tv_nsec = 2000000};

	while (!store_room(s))
		nanosleep(&nap, NULL);
	store_put(s, r);
}

// Is the last one there? The store says nothing of a disk that is full until it is asked.
static int check_written(const struct population *p, struct store *s, struct say_why *why)
{
	struct timespec nap = {.tv_nsec = 10000000};
	struct store_stats stats = {0};

	for (unsigned ms = 0; ms < 30000; ms += 10) {
		store_stats(s, &stats);
		if (stats.written + stats.lost >= p->count)
			break;
		nanosleep(&nap, NULL);
	}
	if (stats.lost || stats.written < p->count)
		return say_why(why, "%lu of %u nodes were written: is the disk full?",
			       stats.written, p->count);
	return 0;
}

int population_known(const struct population *p, const char *state, uint64_t now_ms,
		     struct say_why *why)
{
	char path[FILE_PATH_MAX], reason[STORE_WHY_MAX];
	struct store *s;
	int ret = check_root(p, state, why);

	if (ret < 0)
		return ret;
	if (!file_join(path, state, "peers.mdb"))
		return say_why(why, "%s: the name is too long", state);
	s = store_open(path, reason);
	if (!s)
		return say_why(why, "%s", reason);
	for (uint32_t i = 0; i < p->count; i++) {
		struct store_record r = {.first_ms = now_ms, .heard_ms = now_ms};

		population_identity(p, i, &r.id);
		put(s, &r);
	}
	ret = check_written(p, s, why);
	store_close(s);
	return ret;
}
