// SPDX-License-Identifier: BSD-3-Clause
// What a member does by the clock: ECHOs to the clients it is the backup of, the rescue of a dead
// member's clients, its own drain.
#include "cluster/steward_parts.h"

#include <string.h>

enum {
	RESCUE_EACH = 1200, // clients in one turn: 60 000 a second
	RESCUE_TIMERS = 4,  // packets of one rescue that wait
	WALK_GROUPS = 2000, // of the directory in one turn
	DRAIN_STEPS = 64,
	RESCUE_AGAIN_MS = 4000, // then once more, for what was lost
	RESCUE_HEED_MS = 3000,  // whoever was told so shortly ago may be on its way
};

// No ECHO can leave before the client has been heard: this member has started anew, or has just
// become the backup and the client's way here failed.
static bool never_heard(const struct rl_steward *s, const struct rl_warm_client *c)
{
	struct rl_steward_path path[RL_STEWARD_PATHS];
	return c->missed == 1 && !c->again && s->host.paths(s->host.ctx, c->address, path) == 0;
}

static void keep_warm_one(struct rl_steward *s, uint64_t client)
{
	struct rl_warm_client *c = rl_warm_find(&s->warm, client);
	struct rl_location l;
	struct rl_plan p = {0};
	if (!c || !rl_steward_find(s, client, &l))
		return;
	if (l.v4.family != 0)
		rl_plan_add(&p, RL_ACTION_ECHO, RL_FAMILY_4, 0);
	if (l.v6.family != 0)
		rl_plan_add(&p, RL_ACTION_ECHO, RL_FAMILY_6, 0);
	rl_steward_plan(s, client, &p);
	if ((rl_warm_cold(c) || never_heard(s, c)) && !rl_steward_adopt(s, client))
		rl_steward_cold(s, client, (uint8_t)c->home);
}

static void keep_warm(struct rl_steward *s)
{
	uint64_t due[64];
	unsigned n;
	while ((n = rl_warm_due(&s->warm, s->now_ms, due, 64)) > 0)
		for (unsigned i = 0; i < n; i++)
			keep_warm_one(s, due[i]);
	rl_whois_flush(&s->whois);
}

static void rescue(struct rl_steward *s, uint64_t client, bool deputy)
{
	struct rl_score_view v = rl_steward_view(s);
	struct rl_location l;
	struct rl_plan p;
	// The second walk is for those whom the first one did not reach.
	if (!rl_steward_find(s, client, &l) || !s->rescue.lost[l.home] ||
	    (deputy && rl_pushes_age(&l.pushes, v.now_ms) < RESCUE_HEED_MS))
		return;
	const struct rl_warm_client *warm = rl_warm_find(&s->warm, client);
	struct rl_rescue_way way = {.equal = warm && warm->equal, .round = s->rescue.round};
	rl_steward_reaches(s, client, way.by);
	s->counters.rescue[rl_rescue(&v, &l, rl_steward_where(s, &l), &way, &p)]++;
	rl_steward_plan(s, client, &p);
}

// Not faster than the packets that wait find room. False: all have had their turn.
static bool rescue_warm(struct rl_steward *s, uint8_t dead)
{
	struct rl_warm_walk walk = {dead, s->rescue.next[dead]};
	uint64_t some[RESCUE_EACH];
	uint32_t room = (s->config.timers_max - s->timers) / RESCUE_TIMERS;
	if (room == 0)
		return true;
	unsigned n = rl_warm_of(&s->warm, &walk, some, room < RESCUE_EACH ? room : RESCUE_EACH);
	s->rescue.next[dead] = walk.next;
	for (unsigned i = 0; i < n; i++)
		rescue(s, some[i], false);
	return n > 0;
}

static void rescue_others(struct rl_steward *s)
{
	struct rl_location found[RL_GROUP_ENTRIES];
	for (unsigned i = 0; i < WALK_GROUPS && !s->rescue.others.done; i++) {
		unsigned n = rl_directory_step(&s->directory, &s->rescue.others, found);
		for (unsigned k = 0; k < n; k++)
			if (s->rescue.lost[found[k].home])
				rescue(s, found[k].address, true);
	}
}

// From the beginning, for all that are dead.
static void rescue_anew(struct rl_steward *s, uint64_t when_ms)
{
	memset(s->rescue.next, 0, sizeof(s->rescue.next));
	s->rescue.others = rl_directory_walk_all(&s->directory);
	s->rescue.again_ms = when_ms;
}

// Who died, who is back, and who was only cut off and dies now.
static void deaths(struct rl_steward *s)
{
	struct rl_steward_rescue *r = &s->rescue;
	uint8_t id;
	while ((id = rl_member_next_dead(&s->members, s->now_ms)) != RL_NOBODY) {
		r->count += !r->dead[id];
		r->dead[id] = true;
	}
	for (unsigned i = 0; r->count > 0 && i < s->members.count; i++) {
		id = s->members.ids[i];
		if (!r->dead[id])
			continue;
		bool lost = rl_member_lost(&s->members, id, s->now_ms);
		if (lost && !r->lost[id]) {
			r->round = 0;
			rescue_anew(s, 0);
		}
		r->lost[id] = lost;
		if (!rl_member_alive(&s->members, id))
			continue;
		r->dead[id] = false;
		r->count--;
	}
}

// First the clients that this member keeps warm, then all of the dead ones' in the directory.
static void rescue_turn(struct rl_steward *s)
{
	bool any = false;
	if (s->rescue.count == 0 || s->now_ms < s->rescue.again_ms)
		return;
	for (unsigned i = 0; i < s->members.count; i++) {
		uint8_t id = s->members.ids[i];
		any |= s->rescue.lost[id];
		if (s->rescue.lost[id] && rescue_warm(s, id))
			return;
	}
	if (any)
		rescue_others(s);
	if (any && !s->rescue.others.done)
		return;
	s->rescue.round++;
	rescue_anew(s, s->now_ms + RESCUE_AGAIN_MS);
}

static void drain_one(struct rl_steward *s, const struct rl_location *l)
{
	struct rl_score_view v = rl_steward_view(s);
	struct rl_location own = *l;
	struct rl_plan p;
	enum rl_drain_why why = rl_drain_start(&s->drain, &v, l, rl_steward_where(s, l),
					       rl_steward_family(s, l->address, l), &p);
	s->counters.drain[why]++;
	if (why != RL_DRAIN_SENT)
		return;
	own.backup = p.backup;
	rl_steward_claim(s, &own);
	rl_room_promise(&s->room, &s->members, p.action[0].to, 1);
	s->host.withhold(s->host.ctx, l->address, true);
	rl_steward_plan(s, l->address, &p);
}

// Those that did not arrive are answered again, whether or not this member still drains.
static void drain_steps(struct rl_steward *s)
{
	struct rl_plan p;
	for (unsigned i = 0; i < DRAIN_STEPS; i++) {
		uint64_t client = rl_drain_step(&s->drain, s->now_ms, &p);
		if (client == 0)
			continue;
		s->host.withhold(s->host.ctx, client, false);
		rl_steward_plan(s, client, &p);
	}
}

static void drain_turn(struct rl_steward *s)
{
	struct rl_location found[RL_GROUP_ENTRIES];
	drain_steps(s);
	if (!s->news.draining || s->now_ms - s->start_ms < RL_STEWARD_LEARN_MS)
		return;
	if (s->drains.done)
		s->drains = rl_directory_walk_all(&s->directory);
	for (unsigned i = 0; i < WALK_GROUPS && !s->drains.done; i++) {
		if (!rl_drain_room(&s->drain, rl_sync_now(&s->sync, s->now_ms)))
			return;
		unsigned n = rl_directory_step(&s->directory, &s->drains, found);
		for (unsigned k = 0; k < n; k++)
			if (found[k].home == s->members.self && !found[k].gone)
				drain_one(s, &found[k]);
	}
}

void rl_steward_turn(struct rl_steward *s)
{
	deaths(s);
	keep_warm(s);
	rescue_turn(s);
	drain_turn(s);
	rl_steward_timers(s);
}
