// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/rescue.h"

#include "root/named.h"

RL_NAMED(rl_rescue, enum rl_rescue_why, RL_RESCUE_WHYS);

// Is a before b, for a client there? By the way alone, as measured round trips and load are not
// known alike to all; by number where that says nothing.
static bool nearer(const struct rl_score_view *v, const struct rl_score_client *c, uint8_t a,
		   uint8_t b)
{
	double to_a = rl_score_way(v, c, a), to_b = rl_score_way(v, c, b);

	return to_a < 0 || to_b < 0 || to_a == to_b ? a < b : to_a < to_b;
}

// Every living member comes to the same order of deputies, and has its turn in one round of as many
// as there are.
static bool my_turn(const struct rl_score_view *v, struct rl_geo where, unsigned round)
{
	const struct rl_member_table *t = v->members;
	struct rl_score_client c = {.where = where};
	unsigned before = 0, all = 0;

	for (unsigned i = 0; i < t->count; i++) {
		if (!rl_member_target(t, t->ids[i]))
			continue;
		all++;
		before += nearer(v, &c, t->ids[i], t->self);
	}
	return rl_member_target(t, t->self) && before == round % all;
}

// Also one that is only cut off: it sees the same death.
static bool backup_acts(const struct rl_score_view *v, const struct rl_location *l)
{
	const struct rl_member_table *t = v->members;

	if (l->backup == RL_NOBODY || l->backup == l->home)
		return false;
	return rl_member_alive(t, l->backup) || (t->at[l->backup].state == RL_MEMBER_DEAD &&
						 !rl_member_lost(t, l->backup, rl_member_now(t)));
}

// first: named before this member in the first of them; RL_NOBODY: nobody.
static void push_self(struct rl_plan *p, uint8_t self, uint8_t first, enum rl_family f, unsigned at,
		      unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		struct rl_action *a =
			rl_plan_add(p, RL_ACTION_PUSH, f, at + i * RL_RESCUE_REPEAT_MS);
		// Twice is two steps twice.
		rl_action_to(a, i == 0 && first != RL_NOBODY ? first : self);
		rl_action_to(a, self);
	}
}

// Up to four by one family, or one and four; fewer if there are fewer left, and two by one.
static void pushes(struct rl_plan *p, uint8_t self, uint8_t home, const struct rl_rescue_way *w,
		   unsigned at, unsigned most)
{
	bool v4 = w->by[RL_FAMILY_4], v6 = w->by[RL_FAMILY_6];
	unsigned both = v4 && v6 && most >= 3, times = most - both;
	// With three it works for those that stood alike too, and is sure for those that are only
	// believed to: a drain offers two that do not.
	uint8_t first = w->equal && times < 3 ? RL_NOBODY : home;

	if (times > RL_RESCUE_PUSHES)
		times = RL_RESCUE_PUSHES;
	if (both) {
		push_self(p, self, first, RL_FAMILY_4, at, 1);
		at += RL_RESCUE_FAMILY_MS;
	}
	push_self(p, self, first, both || !v4 ? RL_FAMILY_6 : RL_FAMILY_4, at, times);
}

enum rl_rescue_why rl_rescue(const struct rl_score_view *v, const struct rl_location *l,
			     struct rl_geo where, const struct rl_rescue_way *w, struct rl_plan *p)
{
	uint8_t self = v->members->self;
	uint64_t own_ms = rl_member_now(v->members);

	*p = (struct rl_plan){0};
	if (l->gone || l->home == self || !rl_member_lost(v->members, l->home, own_ms))
		return RL_RESCUE_ALIVE;
	if (!w->by[RL_FAMILY_4] && !w->by[RL_FAMILY_6])
		return RL_RESCUE_NO_PATH;
	// Another deputy with each round: only a deputy itself knows whether it reaches the client.
	bool backup = backup_acts(v, l);
	if (backup ? l->backup != self : !my_turn(v, where, w->round))
		return RL_RESCUE_NOT_MINE;
	unsigned left = rl_pushes_left(&l->pushes, v->now_ms, rl_member_parted(v->members, own_ms));
	if (left < 2)
		return RL_RESCUE_GATE;
	if (backup) {
		pushes(p, self, l->home, w, 0, left);
		return RL_RESCUE_BACKUP;
	}
	for (unsigned f = 0; f < RL_FAMILIES; f++)
		if (w->by[f])
			rl_plan_add(p, RL_ACTION_NOP, (enum rl_family)f, 0);
	// As few as can do, so that there are some left for the next deputy.
	unsigned few = w->by[RL_FAMILY_4] && w->by[RL_FAMILY_6] ? 3 : 2;
	pushes(p, self, l->home, w, RL_RESCUE_NOP_MS, left < few ? left : few);
	return RL_RESCUE_DEPUTY;
}
