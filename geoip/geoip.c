// SPDX-License-Identifier: BSD-3-Clause
// The files as a set that is replaced as a whole while others read it.
//
// A reader writes the address of the set it is about to use into a place of its own and then looks
// whether that set is still the current one; if not, it begins again. A writer makes the new set
// current first and then waits until no reader's place names the old one; only then is it released.
// Both sides write one variable and then read the other's, all in one total order (seq_cst). So
// either the reader's second look sees the new set, and it lets go of the old one without touching
// it; or its place was written before the writer looked, and the writer waits. A reader that finds
// the same address again after a release holds a new set that got the old one's memory, and that is
// the current one: it is as good as any. Readers repeat only when a set was replaced meanwhile, so
// they are bounded by the number of reloads; a writer waits for one look-up of each reader at most.
#include "geoip/geoip.h"

#include "geoip/mmdb.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct set {
	unsigned count;
	struct rl_mmdb *file[RL_GEOIP_FILES_MAX];
};

// A cache line each: readers write nothing that another reads in its way.
struct reader {
	_Alignas(64) _Atomic(struct set *) holds; // writer of it: the reader; control: reads
};

struct rl_geoip {
	_Atomic(struct set *) current; // control: writes; NULL: nothing could be opened yet
	unsigned count;
	char *path[RL_GEOIP_FILES_MAX];
	struct rl_mmdb_stamp tried[RL_GEOIP_FILES_MAX]; // what the last attempt met
	struct reader reader[RL_GEOIP_READERS_MAX];
};

static void set_free(struct set *s)
{
	for (unsigned i = 0; s && i < s->count; i++)
		rl_mmdb_close(s->file[i]);
	free(s);
}

static struct set *hold(struct rl_geoip *g, struct reader *r)
{
	struct set *s = atomic_load(&g->current), *seen;
	for (;; s = seen) {
		atomic_store(&r->holds, s);
		seen = atomic_load(&g->current);
		if (seen == s)
			return s;
	}
}

static void replace(struct rl_geoip *g, struct set *next)
{
	struct set *old = atomic_exchange(&g->current, next);
	for (unsigned i = 0; old && i < RL_GEOIP_READERS_MAX; i++)
		while (atomic_load(&g->reader[i].holds) == old)
			sched_yield();
	set_free(old);
}

static struct rl_mmdb_stamp stamp_of(const char *path)
{
	struct stat st;
	if (stat(path, &st))
		return (struct rl_mmdb_stamp){0};
	return (struct rl_mmdb_stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

static bool same(const struct rl_mmdb_stamp *a, const struct rl_mmdb_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

int rl_geoip_reload(struct rl_geoip *g, char why[static RL_GEOIP_WHY_MAX])
{
	struct set *next = calloc(1, sizeof(*next));
	int ret = next ? 0 : -ENOMEM;
	if (ret)
		snprintf(why, RL_GEOIP_WHY_MAX, "geoip: out of memory");
	// Also of the files after a broken one: the next refresh waits for a change of any.
	for (unsigned i = 0; i < g->count; i++)
		g->tried[i] = stamp_of(g->path[i]);
	for (unsigned i = 0; !ret && i < g->count; i++) {
		ret = rl_mmdb_open(&next->file[i], g->path[i], &g->tried[i], why);
		next->count += !ret;
	}
	if (ret)
		set_free(next);
	else
		replace(g, next);
	return ret;
}

int rl_geoip_refresh(struct rl_geoip *g, char why[static RL_GEOIP_WHY_MAX])
{
	bool changed = false;
	for (unsigned i = 0; i < g->count; i++) {
		struct rl_mmdb_stamp now = stamp_of(g->path[i]);
		changed |= !same(&now, &g->tried[i]);
	}
	if (!changed)
		return 0;
	int ret = rl_geoip_reload(g, why);
	return ret ? ret : 1;
}

int rl_geoip_open(struct rl_geoip **geoip, const char *const paths[], unsigned n,
		  char why[static RL_GEOIP_WHY_MAX])
{
	*geoip = NULL;
	if (n < 1 || n > RL_GEOIP_FILES_MAX) {
		snprintf(why, RL_GEOIP_WHY_MAX,
			 "geoip: %u files: one for both families, or one for each", n);
		return -EINVAL;
	}
	struct rl_geoip *g = aligned_alloc(_Alignof(struct rl_geoip), sizeof(*g));
	if (!g)
		goto no_memory;
	memset(g, 0, sizeof(*g));
	for (; g->count < n; g->count++) {
		g->path[g->count] = strdup(paths[g->count]);
		if (!g->path[g->count])
			goto no_memory;
	}
	*geoip = g;
	return rl_geoip_reload(g, why);

no_memory:
	rl_geoip_close(g);
	snprintf(why, RL_GEOIP_WHY_MAX, "geoip: out of memory");
	return -ENOMEM;
}

void rl_geoip_close(struct rl_geoip *g)
{
	if (!g)
		return;
	replace(g, NULL);
	for (unsigned i = 0; i < g->count; i++)
		free(g->path[i]);
	free(g);
}

bool rl_geoip_find(struct rl_geoip *g, unsigned reader, const uint8_t *ip, size_t len,
		   struct rl_geoip_place *place)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	if (len == 16 && !memcmp(ip, mapped, sizeof(mapped))) {
		ip += sizeof(mapped);
		len = 4;
	}
	struct reader *r = &g->reader[reader];
	const struct set *s = hold(g, r);
	bool found = false;
	for (unsigned i = 0; s && !found && i < s->count; i++) {
		found = rl_mmdb_find(s->file[i], ip, len, &place->latitude, &place->longitude);
		if (found)
			place->file = i;
	}
	// Release: what was read of the set was read before the writer sees it let go.
	atomic_store_explicit(&r->holds, NULL, memory_order_release);
	return found;
}

bool rl_geoip_ready(const struct rl_geoip *g)
{
	return atomic_load(&g->current) != NULL;
}

const char *rl_geoip_path(const struct rl_geoip *g, unsigned file)
{
	return file < g->count ? g->path[file] : NULL;
}
