// SPDX-License-Identifier: BSD-3-Clause
// Who the members are: given at the start, and again when the config was changed. Control leaves
// the new list where the backplane's thread takes it from.
#include "dpdk-app/backplane_parts.h"
#include "dpdk-app/cluster_config.h"
#include "dpdk-app/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int backplane_members(struct backplane *b, const struct config *next)
{
	struct cluster_members *m = malloc(sizeof(*m));
	if (!m) {
		log_error("no memory for the members");
		return -ENOMEM;
	}
	cluster_config_members(m, next);
	free(atomic_exchange(&b->members, m));
	return 0;
}

static const struct cluster_config_member *find(const struct cluster_members *m, unsigned id)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->member[i].id == id)
			return &m->member[i];
	return NULL;
}

static void set_name(struct backplane *b, uint8_t id, const char *name)
{
	pthread_mutex_lock(&b->status_lock);
	snprintf(b->name[id], sizeof(b->name[id]), "%s", name);
	pthread_mutex_unlock(&b->status_lock);
}

static void set_one(struct backplane *b, uint8_t id, const struct cluster_config_member *m)
{
	static const struct rl_inet none[RL_FAMILIES];
	bool was = b->name[id][0] != 0;
	if (!was && !m)
		return;
	if (b->running && !m)
		log_info("cluster: %s is no member any more", b->name[id]);
	if (b->running && m && !was)
		log_info("cluster: %s is a member now", m->name);
	rl_steward_member(&b->steward, id, m ? m->public_key : NULL);
	bool moved = id != b->self && backplane_front_set(b, id, m ? m->front : none);
	if (b->running && m && was && moved)
		log_info("cluster: %s has another front address", m->name);
	set_name(b, id, m ? m->name : "");
}

void backplane_members_use(struct backplane *b, const struct cluster_members *m)
{
	for (unsigned id = 1; id < RL_MEMBER_IDS; id++)
		set_one(b, (uint8_t)id, find(m, id));
	backplane_front_known(b);
}

void backplane_members_turn(struct backplane *b)
{
	struct cluster_members *m = atomic_exchange(&b->members, NULL);
	if (!m)
		return;
	backplane_members_use(b, m);
	rl_steward_own(&b->steward, &m->own);
	free(m);
}
