// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/rescue.h"

#include "root/named.h"

RL_NAMED(rl_rescue, enum rl_rescue_why, RL_RESCUE_WHYS);

// Every living member comes to the same deputy: of those with room the best by the client's place,
// or the lowest number if that is not known. (Two that differ both send, and the client picks.)
static uint8_t deputy(const struct rl_score_view *v, const struct rl_location *l,
		      struct rl_geo where)
{
	struct rl_score_client c = {
		.where = where,
		.prefix = {l->v4.family ? rl_prefix(&l->v4, RL_PREFIX_SITE) : 0,
			   l->v6.family ? rl_prefix(&l->v6, RL_PREFIX_SITE) : 0},
	};
	struct rl_score s;

	rl_score(v, &c, &s);
	return s.count ? s.order[0] : s.target_count ? s.target[0] : RL_NOBODY;
}

static void push_self(struct rl_plan *p, uint8_t self, enum rl_family f, unsigned at,
		      unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		rl_action_to(rl_plan_add(p, RL_ACTION_PUSH, f, at + i * RL_RESCUE_REPEAT_MS), self);
}

enum rl_rescue_why rl_rescue(const struct rl_score_view *v, const struct rl_location *l,
			     struct rl_geo where, struct rl_plan *p)
{
	uint8_t self = v->members->self;
	bool v4 = l->v4.family != 0, v6 = l->v6.family != 0;
	unsigned at = 0;

	*p = (struct rl_plan){0};
	if (l->gone || l->home == self || !rl_member_lost(v->members, l->home, v->now_ms))
		return RL_RESCUE_ALIVE;
	if (!v4 && !v6)
		return RL_RESCUE_NO_PATH;
	bool backup_lives = l->backup != l->home && rl_member_alive(v->members, l->backup);
	if (backup_lives ? l->backup != self : deputy(v, l, where) != self)
		return RL_RESCUE_NOT_MINE;
	unsigned chain = rl_pushes_in_chain(&l->pushes, v->now_ms);
	unsigned left = chain < RL_PUSHES_MAX ? RL_PUSHES_MAX - chain : 0;
	if (left < 2)
		return RL_RESCUE_GATE;
	if (!backup_lives) {
		for (unsigned f = 0; f < RL_FAMILIES; f++)
			if (f == RL_FAMILY_4 ? v4 : v6)
				rl_plan_add(p, RL_ACTION_NOP, (enum rl_family)f, 0);
		at = RL_RESCUE_NOP_MS;
	}
	// Three by one family, or one and three; fewer if there are fewer left, and then by one.
	if (v4 && v6 && left >= 3) {
		push_self(p, self, RL_FAMILY_4, at, 1);
		push_self(p, self, RL_FAMILY_6, at + RL_RESCUE_FAMILY_MS, left > 3 ? 3 : 2);
	} else {
		push_self(p, self, v4 ? RL_FAMILY_4 : RL_FAMILY_6, at, left > 2 ? 3 : 2);
	}
	return backup_lives ? RL_RESCUE_BACKUP : RL_RESCUE_DEPUTY;
}
