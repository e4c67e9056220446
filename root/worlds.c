// SPDX-License-Identifier: BSD-3-Clause
// The planet and moons as they are served: written once, read by every worker
// (docs/protocol.md 4.3.5, 5.4).
#include "root/core.h"

#include <stdlib.h>

struct rl_worlds *rl_worlds_new(const struct rl_world *worlds, unsigned count)
{
	if (count > RL_WORLDS_MAX)
		return NULL;
	struct rl_worlds *w = calloc(1, sizeof(*w) + (size_t)count * ZT_WORLD_MAX);
	if (!w)
		return NULL;
	uint8_t *at = w->bytes;
	for (unsigned i = 0; i < count; i++) {
		size_t len = rl_world_write(&worlds[i], at);
		if (len == 0) {
			free(w);
			return NULL;
		}
		w->world[i].type = worlds[i].type;
		w->world[i].id = worlds[i].id;
		w->world[i].timestamp = worlds[i].timestamp;
		w->world[i].bytes = at;
		w->world[i].len = (uint16_t)len;
		at += len;
		for (unsigned k = 0; k < worlds[i].root_count; k++)
			w->root[w->root_count++] = worlds[i].root[k].id;
	}
	w->count = count;
	return w;
}

void rl_worlds_free(struct rl_worlds *w)
{
	free(w);
}

struct rl_worlds *rl_root_set_worlds(struct rl_root *r, struct rl_worlds *w)
{
	return atomic_exchange_explicit(&r->worlds, w, memory_order_acq_rel);
}

const struct rl_worlds *rl_root_worlds(const struct rl_root *r)
{
	return atomic_load_explicit(&r->worlds, memory_order_acquire);
}
