// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/drain.h"

#include "root/named.h"

enum { WELCOME_REPEAT_MS = 150, CLIENT = 1000 };

RL_NAMED(rl_drain, enum rl_drain_why, RL_DRAIN_WHYS);

static uint32_t places(uint32_t clients)
{
	uint32_t n = 16;
	while (n < 2 * (uint64_t)clients && n < 1u << 30)
		n *= 2;
	return n;
}

size_t rl_drain_size(uint32_t clients)
{
	return (size_t)places(clients) * sizeof(struct rl_drain_client);
}

void rl_drain_init(struct rl_drain *d, void *mem, uint32_t clients, uint32_t rate,
		   const uint8_t key[static 16], uint64_t now_ms)
{
	*d = (struct rl_drain){.at = mem,
			       .mask = places(clients) - 1,
			       .max = clients,
			       .rate = rate,
			       .filled_ms = now_ms};
	memcpy(d->key, key, sizeof(d->key));
}

static uint32_t start_of(const struct rl_drain *d, uint64_t address)
{
	return (uint32_t)rl_hash64(d->key, address) & d->mask;
}

static uint32_t seek(const struct rl_drain *d, uint64_t address)
{
	uint32_t i = start_of(d, address);
	while (d->at[i].state != RL_DRAIN_FREE && d->at[i].address != address)
		i = (i + 1) & d->mask;
	return i;
}

static void erase(struct rl_drain *d, uint32_t gap)
{
	for (uint32_t i = (gap + 1) & d->mask; d->at[i].state != RL_DRAIN_FREE;
	     i = (i + 1) & d->mask) {
		uint32_t start = start_of(d, d->at[i].address);
		if (((i - start) & d->mask) < ((i - gap) & d->mask))
			continue;
		d->at[gap] = d->at[i];
		gap = i;
	}
	d->at[gap] = (struct rl_drain_client){0};
	d->count--;
}

// Thousandths of a client, up to one second's worth.
bool rl_drain_room(struct rl_drain *d, uint64_t now_ms)
{
	uint64_t most = (uint64_t)d->rate * CLIENT;

	d->tokens += (now_ms - d->filled_ms) * d->rate;
	d->filled_ms = now_ms;
	if (d->tokens > most)
		d->tokens = most;
	return d->count < d->max && d->tokens >= CLIENT;
}

static uint8_t target_of(const struct rl_score_view *v, const struct rl_location *l,
			 struct rl_geo where, uint8_t *second)
{
	struct rl_score_client c = {
		.where = where,
		.prefix = {l->v4.family ? rl_prefix(&l->v4, RL_PREFIX_SITE) : 0,
			   l->v6.family ? rl_prefix(&l->v6, RL_PREFIX_SITE) : 0},
	};
	struct rl_score s;
	uint8_t best = RL_NOBODY;

	rl_score(v, &c, &s);
	const uint8_t *of = s.count ? s.order : s.target;
	unsigned n = s.count ? s.count : s.target_count;
	for (unsigned i = 0; i < n; i++) {
		if (of[i] == v->members->self)
			continue;
		if (best != RL_NOBODY) {
			*second = of[i];
			break;
		}
		best = of[i];
	}
	return best;
}

enum rl_drain_why rl_drain_start(struct rl_drain *d, const struct rl_score_view *v,
				 const struct rl_location *l, struct rl_geo where,
				 enum rl_family family, struct rl_plan *p)
{
	uint8_t second = RL_NOBODY;
	uint32_t i = seek(d, l->address);

	*p = (struct rl_plan){0};
	if (d->at[i].state != RL_DRAIN_FREE)
		return RL_DRAIN_KNOWN;
	if (l->home != v->members->self || l->gone || (!l->v4.family && !l->v6.family))
		return RL_DRAIN_NO_PATH;
	// The rescue's share of the gate is left alone here too.
	if (rl_pushes_in_chain(&l->pushes, v->now_ms) >= RL_PUSHES_MAX - 2)
		return RL_DRAIN_GATE;
	if (!rl_drain_room(d, v->now_ms))
		return RL_DRAIN_PACE;
	uint8_t target = target_of(v, l, where, &second);
	if (target == RL_NOBODY)
		return RL_DRAIN_NO_TARGET;
	struct rl_action *a = rl_plan_add(p, RL_ACTION_PUSH, family, 0);
	rl_action_to(a, target);
	if (second != RL_NOBODY)
		rl_action_to(a, second);
	p->backup = target;
	d->tokens -= CLIENT;
	d->at[i] = (struct rl_drain_client){
		.address = l->address,
		.until_ms = v->now_ms + RL_DRAIN_ARRIVE_MS,
		.state = RL_DRAIN_LEAVING,
		.target = target,
		.family = (uint8_t)family,
	};
	d->count++;
	return RL_DRAIN_SENT;
}

bool rl_drain_arrived(struct rl_drain *d, uint64_t address, uint8_t self, uint8_t home)
{
	uint32_t i = seek(d, address);

	if (d->at[i].state == RL_DRAIN_FREE || home == self || home == RL_NOBODY)
		return false;
	erase(d, i);
	d->arrived++;
	return true;
}

bool rl_drain_withholds(const struct rl_drain *d, uint64_t address)
{
	return d->at[seek(d, address)].state == RL_DRAIN_LEAVING;
}

uint64_t rl_drain_step(struct rl_drain *d, uint64_t now_ms, struct rl_plan *p)
{
	*p = (struct rl_plan){0};
	for (unsigned n = 0; n < 256 && d->count > 0; n++) {
		uint32_t i = d->step++ & d->mask;
		struct rl_drain_client *c = &d->at[i];
		if (c->state == RL_DRAIN_FREE || c->until_ms > now_ms)
			continue;
		if (c->state == RL_DRAIN_RESTING) {
			erase(d, i);
			continue;
		}
		c->state = RL_DRAIN_RESTING;
		c->until_ms = now_ms + RL_DRAIN_REST_MS;
		d->returned++;
		rl_plan_add(p, RL_ACTION_NOP, (enum rl_family)c->family, 0);
		return c->address;
	}
	return 0;
}

bool rl_drain_welcome(const struct rl_score_view *v, const struct rl_location *before,
		      enum rl_family came_by, struct rl_plan *p)
{
	*p = (struct rl_plan){0};
	if (!v->members->at[before->home].news.draining || before->home == v->members->self ||
	    came_by != RL_FAMILY_4 || before->v6.family == 0 || before->v4.family == 0)
		return false;
	if (rl_pushes_in_chain(&before->pushes, v->now_ms) + 2 > RL_PUSHES_MAX)
		return false;
	for (unsigned i = 0; i < 2; i++)
		rl_action_to(rl_plan_add(p, RL_ACTION_PUSH, RL_FAMILY_6, i * WELCOME_REPEAT_MS),
			     v->members->self);
	return true;
}
