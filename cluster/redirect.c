// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/redirect.h"

#include "root/named.h"

// No PUSH follows another one while that one counts: what the gate lets through is left for
// rescues.
_Static_assert(RL_REDIRECT_RETRY_MS > RL_PUSH_CHAIN_TICKS * RL_PUSH_TICK_MS &&
		       RL_REDIRECT_ARRIVE_MS > RL_PUSH_CHAIN_TICKS * RL_PUSH_TICK_MS,
	       "redirects start chains");

RL_NAMED(rl_redirect, enum rl_redirect_why, RL_REDIRECT_WHYS);

static unsigned families(const struct rl_location *l)
{
	return (l->v4.family != 0) + (l->v6.family != 0);
}

// Has it been sent a PUSH, in this life of its software? Its claim may not say so: a member that it
// was just sent to, or where its other family landed, may have claimed it before it heard of that.
static bool moved_before(const struct rl_score_view *v, const struct rl_location *l)
{
	uint64_t claimed = v->now_ms > l->stamp_ms ? v->now_ms - l->stamp_ms : 0;
	uint64_t pushed = rl_pushes_age(&l->pushes, v->now_ms);
	return l->backup != RL_NOBODY || pushed <= claimed + RL_REDIRECT_ARRIVE_MS;
}

static struct rl_score_client scored(const struct rl_score_view *v,
				     const struct rl_redirect_client *c)
{
	const struct rl_location *l = c->location;
	return (struct rl_score_client){
		.where = c->where,
		.prefix = {l->v4.family ? rl_prefix(&l->v4, RL_PREFIX_SITE) : 0,
			   l->v6.family ? rl_prefix(&l->v6, RL_PREFIX_SITE) : 0},
		.settled = moved_before(v, l),
	};
}

// One PUSH for each family the home reaches the client by, first the one it just used.
static void push(struct rl_plan *p, const struct rl_redirect_client *c, const uint8_t *to,
		 unsigned n)
{
	const struct rl_location *l = c->location;
	enum rl_family other = c->family == RL_FAMILY_4 ? RL_FAMILY_6 : RL_FAMILY_4;
	bool both = families(l) == RL_FAMILIES;

	for (unsigned f = 0; f <= both; f++) {
		struct rl_action *a = rl_plan_add(p, RL_ACTION_PUSH, f ? other : c->family,
						  f * RL_REDIRECT_FAMILY_GAP_MS);
		for (unsigned i = 0; i < n; i++)
			rl_action_to(a, to[i]);
	}
}

static bool worth(double from, double to)
{
	double gain = from - to;
	return gain >= RL_REDIRECT_GAIN_MS && gain >= from * RL_REDIRECT_GAIN_PERCENT / 100;
}

// What a decision comes down to.
struct choice {
	const struct rl_score *s;
	const struct rl_member_table *t;
	uint8_t best, second; // of the others; RL_NOBODY: none
	bool self_ok;         // this member may keep the client
	bool stays;           // and no other is enough better
	bool self_second;     // it is among the best two
};

static struct choice choose(const struct rl_score_view *v, const struct rl_score *s)
{
	struct choice c = {.s = s, .t = v->members};
	uint8_t self = v->members->self;

	for (unsigned i = 0; i < s->count && c.second == RL_NOBODY; i++) {
		if (s->order[i] == self)
			c.self_second = true;
		else if (c.best == RL_NOBODY)
			c.best = s->order[i];
		else
			c.second = s->order[i];
	}
	c.self_ok = !s->self_full && rl_member_target(v->members, self);
	c.stays = c.self_ok &&
		  (c.best == RL_NOBODY || s->ms[self] < 0 || !worth(s->ms[self], s->ms[c.best]));
	return c;
}

// Of the others that may take the client the one nearest to this member, where nothing is known of
// the client's way to any.
static uint8_t nearest(const struct choice *k)
{
	struct rl_geo here = k->t->at[k->t->self].news.place;
	uint8_t best = RL_NOBODY;
	double least = 0;

	for (unsigned i = 0; i < k->s->target_count; i++) {
		uint8_t id = k->s->target[i];
		struct rl_geo there = k->t->at[id].news.place;
		bool known = rl_geo_known(here) && rl_geo_known(there);
		double km = known ? rl_geo_km(here, there) : 2 * RL_GEO_EARTH_KM * M_PI;
		if (id == k->t->self || (best != RL_NOBODY && km >= least))
			continue;
		best = id;
		least = km;
	}
	return best;
}

// All members that the client may be sent to, those of which nothing is known too; self last.
static enum rl_redirect_why offer_all(const struct rl_redirect_client *c, const struct choice *k,
				      struct rl_plan *p)
{
	uint8_t to[RL_ACTION_TO_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < k->s->target_count && n < RL_ACTION_TO_MAX - 1; i++)
		if (k->s->target[i] != k->t->self)
			to[n++] = k->s->target[i];
	if (n == 0)
		return RL_REDIRECT_NO_TARGET;
	p->backup = k->best != RL_NOBODY ? k->best : nearest(k);
	if (k->self_ok)
		to[n++] = k->t->self;
	push(p, c, to, n);
	return RL_REDIRECT_OFFER_ALL;
}

// Its first redirect: an offer, from which it picks. One that stays here gets its backup by it.
static enum rl_redirect_why first(const struct rl_redirect_client *c, const struct choice *k,
				  struct rl_plan *p)
{
	if (k->s->place != RL_PLACE_GOOD)
		return offer_all(c, k, p);
	if (k->best == RL_NOBODY)
		return RL_REDIRECT_NO_TARGET;
	bool with_self = k->self_ok && (k->stays || k->self_second);
	uint8_t to[2] = {k->best, with_self ? k->t->self : k->second};
	push(p, c, to, to[1] != RL_NOBODY ? 2 : 1);
	p->backup = k->best;
	return k->stays ? RL_REDIRECT_CONFIRM : k->self_ok ? RL_REDIRECT_MOVE : RL_REDIRECT_SHED;
}

static void rendezvous(struct rl_plan *p, const struct rl_redirect_client *c, const uint8_t *to,
		       unsigned n)
{
	enum rl_family other = c->family == RL_FAMILY_4 ? RL_FAMILY_6 : RL_FAMILY_4;
	bool both = families(c->location) == RL_FAMILIES;

	for (unsigned f = 0; f <= both; f++) {
		struct rl_action *a =
			rl_plan_add(p, RL_ACTION_RENDEZVOUS, f ? other : c->family, 0);
		for (unsigned i = 0; i < n; i++)
			rl_action_to(a, to[i]);
	}
}

// For a client whose place is doubtful: is too little measured to send it anywhere? Half is enough,
// or members that it cannot reach would keep it for ever.
static bool guessing(const struct choice *k)
{
	return k->s->place == RL_PLACE_DOUBTFUL && 2 * k->s->count < k->s->target_count;
}

// The targets of which nothing is known.
static enum rl_redirect_why probe(const struct rl_redirect_client *c, const struct choice *k,
				  struct rl_plan *p)
{
	uint8_t to[RL_ACTION_TO_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < k->s->target_count && n < RL_ACTION_TO_MAX; i++)
		if (k->s->ms[k->s->target[i]] < 0 && k->s->target[i] != k->t->self)
			to[n++] = k->s->target[i];
	if (n == 0)
		return RL_REDIRECT_SETTLED;
	rendezvous(p, c, to, n);
	return RL_REDIRECT_PROBE;
}

// It stays, and perhaps needs another backup: that one's way through the client's NAT is opened by
// the client itself, which a RENDEZVOUS makes it do; a PUSH would move it.
static enum rl_redirect_why keep(const struct rl_redirect_client *c, const struct choice *k,
				 struct rl_plan *p)
{
	uint8_t backup = c->location->backup;
	uint8_t other = k->best != RL_NOBODY ? k->best : nearest(k);

	if ((backup == k->t->self || !rl_member_target(k->t, backup)) && other != RL_NOBODY) {
		rendezvous(p, c, &other, 1);
		p->backup = other;
		return RL_REDIRECT_BACKUP;
	}
	return k->best == RL_NOBODY || k->s->ms[k->best] >= k->s->ms[k->t->self]
		       ? RL_REDIRECT_SETTLED
		       : RL_REDIRECT_GAIN;
}

// It would be better elsewhere, but is not sent there yet: until then it needs a backup as well.
// Not the one that it is to be sent to, as it would be expected to have picked that one itself.
static enum rl_redirect_why stay(const struct rl_redirect_client *c, const struct choice *k,
				 struct rl_plan *p, enum rl_redirect_why why)
{
	uint8_t backup = c->location->backup;
	uint8_t other = k->second != RL_NOBODY ? k->second : k->best;

	if (backup != k->t->self && rl_member_target(k->t, backup))
		return why;
	rendezvous(p, c, &other, 1);
	p->backup = other;
	return RL_REDIRECT_BACKUP;
}

// Its home's claim is as old as the last PUSH, and names as the backup whom that PUSH named first:
// the client was told to go there and did not, or another member would have claimed it since.
static bool unheeded(const struct rl_score_view *v, const struct rl_location *l, uint8_t best)
{
	uint64_t claimed = v->now_ms > l->stamp_ms ? v->now_ms - l->stamp_ms : 0;
	return best == l->backup &&
	       rl_pushes_age(&l->pushes, v->now_ms) <= claimed + RL_PUSH_TICK_MS;
}

static bool far_from_here(const struct rl_score_view *v, const struct rl_redirect_client *c,
			  uint8_t best)
{
	struct rl_score_client who = scored(v, c);
	double here = rl_score_way(v, &who, v->members->self), there = rl_score_way(v, &who, best);
	return here >= 0 && there >= 0 && worth(here, there);
}

// Moved before, and to move again; sooner if it just did not hear, or if this member is full.
static enum rl_redirect_why again(const struct rl_score_view *v, const struct rl_redirect_client *c,
				  const struct choice *k, struct rl_plan *p)
{
	const struct rl_location *l = c->location;
	uint64_t age = rl_pushes_age(&l->pushes, v->now_ms);

	if (k->best == RL_NOBODY)
		return RL_REDIRECT_NO_TARGET;
	bool figures_alone = k->s->place == RL_PLACE_GOOD && !far_from_here(v, c, k->best);
	bool soon = !k->self_ok || (unheeded(v, l, k->best) && !figures_alone);
	if (!soon && k->best == l->backup && (figures_alone || k->s->place != RL_PLACE_GOOD))
		return stay(c, k, p, RL_REDIRECT_PICKED);
	if (age < (soon ? RL_REDIRECT_RETRY_MS : RL_REDIRECT_DWELL_MS))
		return stay(c, k, p, RL_REDIRECT_DWELL);
	push(p, c, (uint8_t[]){k->best, k->second}, k->second != RL_NOBODY ? 2 : 1);
	p->backup = k->best;
	return k->self_ok ? RL_REDIRECT_MOVE : RL_REDIRECT_SHED;
}

static enum rl_redirect_why decide(const struct rl_score_view *v,
				   const struct rl_redirect_client *c, struct rl_plan *p)
{
	const struct rl_location *l = c->location;
	struct rl_score_client who = scored(v, c);
	struct rl_score s;

	if (c->hops > 0)
		return RL_REDIRECT_HOPS;
	if (l->home != v->members->self || l->gone)
		return RL_REDIRECT_NOT_HOME;
	if (families(l) == 0)
		return RL_REDIRECT_NO_PATH;
	rl_score(v, &who, &s);
	struct choice k = choose(v, &s);
	if (!who.settled)
		return first(c, &k, p);
	if (k.self_ok && guessing(&k))
		return probe(c, &k, p);
	return k.stays ? keep(c, &k, p) : again(v, c, &k, p);
}

enum rl_redirect_why rl_redirect(const struct rl_score_view *v, const struct rl_redirect_client *c,
				 struct rl_plan *p)
{
	*p = (struct rl_plan){0};
	return decide(v, c, p);
}

uint8_t rl_redirect_inherit(const struct rl_location *before, uint8_t self, uint64_t now_ms)
{
	if (before->home == self || before->backup == self)
		return before->backup;
	if (rl_pushes_age(&before->pushes, now_ms) > RL_REDIRECT_ARRIVE_MS)
		return RL_NOBODY;
	return before->backup != RL_NOBODY ? before->backup : self;
}

bool rl_redirect_reopen(const struct rl_location *l, uint8_t self, uint8_t backup,
			enum rl_family family, struct rl_plan *p)
{
	*p = (struct rl_plan){0};
	if (l->home != self || l->backup != backup || backup == self || backup == RL_NOBODY)
		return false;
	rl_action_to(rl_plan_add(p, RL_ACTION_RENDEZVOUS, family, 0), backup);
	return true;
}

// The set that the home named is not told, but it follows from what all members know: the backup it
// claimed is the best of the others, and beside it the home itself or the next best.
enum rl_redirect_why rl_redirect_follow(const struct rl_score_view *v,
					const struct rl_redirect_client *c, struct rl_plan *p)
{
	const struct rl_location *l = c->location;
	uint16_t pushed = c->family == RL_FAMILY_4 ? l->push_port4 : l->push_port6;
	uint16_t other = c->family == RL_FAMILY_4 ? l->push_port6 : l->push_port4;
	struct rl_score_client who = scored(v, c);
	struct rl_score s;

	*p = (struct rl_plan){0};
	// Of a rescue nothing is left to others.
	if (l->backup == RL_NOBODY || l->backup == l->home ||
	    !rl_member_alive(v->members, l->home) || pushed != 0 || other == 0 ||
	    rl_pushes_age(&l->pushes, v->now_ms) > RL_REDIRECT_FOLLOW_MS)
		return RL_REDIRECT_NOT_HOME;
	if (rl_pushes_in_chain(&l->pushes, v->now_ms) >= RL_PUSHES_MAX - RL_REDIRECT_RESERVE)
		return RL_REDIRECT_GATE;
	rl_score(v, &who, &s);
	struct rl_action *a = rl_plan_add(p, RL_ACTION_PUSH, c->family, RL_REDIRECT_FAMILY_GAP_MS);
	const uint8_t *of = s.place == RL_PLACE_GOOD ? s.order : s.target;
	unsigned n = s.place != RL_PLACE_GOOD ? s.target_count : s.count < 2 ? s.count : 2;
	// This member only at the end: what follows a sender's own name would outrank the rest.
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < n; i++)
			if ((of[i] == v->members->self) == (pass == 1))
				rl_action_to(a, of[i]);
	if (a->count == 0) {
		p->count = 0;
		return RL_REDIRECT_NO_TARGET;
	}
	return RL_REDIRECT_FOLLOW;
}
