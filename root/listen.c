// SPDX-License-Identifier: BSD-3-Clause
#include "root/listen.h"

#include "root/core.h"

void rl_listen_first(struct rl_worker *w, const struct rl_group_key *group)
{
	if (!w->new_group)
		return;
	if (w->new_group_count < RL_NEW_GROUPS)
		w->new_group[w->new_group_count++] = *group;
	else
		w->new_group_more = true;
}

const struct rl_group_key *rl_worker_new_groups(const struct rl_worker *w, unsigned *count,
						bool *more)
{
	*count = w->new_group_count;
	*more = w->new_group_more;
	return w->new_group;
}

uint64_t rl_root_group_sets(const struct rl_root *r)
{
	return rl_group_sets(&r->groups);
}

unsigned rl_root_groups(struct rl_root *r, uint64_t set,
			struct rl_group_key out[static RL_GROUP_WAYS])
{
	return rl_group_list(&r->groups, set, out);
}

unsigned rl_worker_gather(struct rl_worker *w, const struct rl_group_key *group, uint64_t but,
			  unsigned max, uint64_t now_ms, uint64_t *out, uint32_t *total)
{
	return rl_group_gather(&w->root->groups, group, but, max, now_ms, &w->dice, out, total);
}
