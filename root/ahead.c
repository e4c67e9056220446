// SPDX-License-Identifier: BSD-3-Clause
#include "root/ahead.h"

#include "root/reply.h"

static struct rl_ahead *slot(struct rl_worker *w, unsigned i)
{
	return &w->ahead[i % RL_AHEAD_SLOTS];
}

static bool gathers(const struct rl_packet *p)
{
	return (p->data[ZT_AT_VERB] & ZT_VERB_MASK) == ZT_VERB_MULTICAST_GATHER;
}

static void look_sets(struct rl_worker *w, unsigned i)
{
	const struct rl_packet *p = w->multicast[i];
	struct rl_ahead *a = slot(w, i);
	a->look.n = 0;
	a->data = p->data;
	a->len = p->len;
	if (p->data[ZT_AT_VERB] & ZT_VERB_COMPRESSED) {
		a->data = a->expanded;
		a->len = rl_armor_expand(p->data, p->len, a->expanded);
		if (a->len == 0)
			return;
	}
	struct rl_reader in = rl_reader(a->data + ZT_AT_PAYLOAD, a->len - ZT_AT_PAYLOAD);
	if (!gathers(p))
		rl_like_read(&in, &a->look);
	else if (rl_gather_read(w->root, &in, &a->look.key[0], &a->limit) && a->limit != 0)
		a->look.n = 1;
	rl_group_look_sets(&w->root->groups, &a->look);
}

static void look_groups(struct rl_worker *w, unsigned i)
{
	rl_group_look_groups(&w->root->groups, &slot(w, i)->look);
}

static void look_members(struct rl_worker *w, unsigned i)
{
	const struct rl_packet *p = w->multicast[i];
	struct rl_ahead *a = slot(w, i);
	if (a->look.n == 0)
		return;
	if (!gathers(p)) {
		rl_group_look_member(&w->root->groups, &a->look, p->zt_from);
		return;
	}
	a->dice = rl_random64(&w->dice);
	rl_group_look_picks(&w->root->groups, &a->look, a->limit, a->dice);
}

typedef void step_fn(struct rl_worker *w, unsigned i);
static step_fn *const steps[RL_AHEAD_STEPS] = {look_members, look_groups, look_sets};

static void step(struct rl_worker *w, unsigned which, unsigned i)
{
	if (i < w->multicast_count)
		steps[which](w, i);
}

void rl_ahead_note(struct rl_worker *w, struct rl_packet *p)
{
	unsigned verb = p->data[ZT_AT_VERB] & ZT_VERB_MASK;
	if (verb == ZT_VERB_MULTICAST_LIKE || verb == ZT_VERB_MULTICAST_GATHER)
		w->multicast[w->multicast_count++] = p;
}

void rl_ahead_begin(struct rl_worker *w)
{
	for (unsigned i = 0; i < RL_AHEAD_STEPS; i++)
		step(w, 2, i);
}

void rl_ahead_begun(struct rl_worker *w)
{
	for (unsigned i = 0; i < RL_AHEAD_STEPS - 1; i++)
		step(w, 1, i);
	step(w, 0, 0);
}

const struct rl_ahead *rl_ahead_turn(struct rl_worker *w, const struct rl_packet *p)
{
	unsigned i = w->multicast_at;
	if (i == w->multicast_count || w->multicast[i] != p)
		return NULL;
	for (unsigned which = 0; which < RL_AHEAD_STEPS; which++)
		step(w, which, i + 1 + which);
	w->multicast_at++;
	return slot(w, i);
}
