// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/score.h"

// Milliseconds unless said otherwise. The way is along the great circle, where light in glass needs
// a millisecond of round trip for 100 km; cables are longer.
static const double STRETCH = 1.7, ACCESS = 12, ACCESS_MIN = 3, ACCESS_MAX = 100;
// A place is impossible if light itself would need longer than this above what was measured (GeoIP
// is off by some hundred kilometres at its best) and doubtful if the way would have to be so
// winding.
static const double SLOP = 10, WINDING = 2, SLOW = 60;
// The load term: nothing up to nine tenths full, then up to ten milliseconds.
static const double LOAD_FROM = 0.9, LOAD_MS = 10;

static bool fronts(const struct rl_member_news *n, const struct rl_score_client *c)
{
	for (unsigned f = 0; f < RL_FAMILIES; f++)
		if (c->prefix[f] != 0 && n->front[f].family == 0)
			return false;
	return true;
}

static double straight(const struct rl_score_view *v, const struct rl_score_client *c, uint8_t id)
{
	return rl_geo_km(c->where, v->members->at[id].news.place) / RL_GEO_KM_PER_MS;
}

double rl_score_way(const struct rl_score_view *v, const struct rl_score_client *c, uint8_t id)
{
	if (!rl_geo_known(c->where) || !rl_geo_known(v->members->at[id].news.place))
		return -1;
	return straight(v, c, id) * STRETCH;
}

// What the figures of the prefix say of the place, and in *offset how much slower than its way the
// best of them is.
static enum rl_place judge(const struct rl_score_view *v, const struct rl_score_client *c,
			   const uint16_t rtt[static RL_MEMBER_IDS], double *offset)
{
	enum rl_place place = RL_PLACE_GOOD;
	double least = ACCESS_MAX;
	bool any = false;

	for (unsigned i = 0; i < v->members->count; i++) {
		uint8_t id = v->members->ids[i];
		if (rtt[id] == RL_RTT_UNKNOWN || !rl_geo_known(v->members->at[id].news.place))
			continue;
		double got = rtt[id] / 10.0, light = straight(v, c, id),
		       above = got - light * STRETCH;
		if (got + SLOP < light || got > light * STRETCH * WINDING + SLOW)
			place = RL_PLACE_DOUBTFUL;
		if (!any || above < least)
			least = above;
		any = true;
	}
	*offset = !any                 ? ACCESS
		  : least < ACCESS_MIN ? ACCESS_MIN
		  : least > ACCESS_MAX ? ACCESS_MAX
				       : least;
	return place;
}

static double load_term(const struct rl_score_view *v, uint8_t id)
{
	double over = (rl_room_fill(v->room, v->members, id) - LOAD_FROM) / (1 - LOAD_FROM);
	return over <= 0 ? 0 : over >= 1 ? LOAD_MS : over * LOAD_MS;
}

// Settled clients do not leave because newcomers have filled their member to the brim, and not more
// of them than needed: those told to go count as gone. For newcomers they count until they are.
static bool full_here(const struct rl_score_view *v, const struct rl_score_client *c)
{
	uint64_t capacity = v->members->at[v->members->self].news.capacity;
	uint64_t load = v->members->at[v->members->self].news.load;

	if (capacity == 0)
		return false;
	if (c->settled)
		return rl_room_own(v->room, v->members) * 100ull > capacity * RL_ROOM_SHED_PERCENT;
	return load * 100 > capacity * RL_ROOM_FULL_PERCENT;
}

static void insert(struct rl_score *s, uint8_t id)
{
	unsigned i = s->count++;
	for (; i > 0 && s->ms[s->order[i - 1]] > s->ms[id]; i--)
		s->order[i] = s->order[i - 1];
	s->order[i] = id;
}

void rl_score(const struct rl_score_view *v, const struct rl_score_client *c, struct rl_score *s)
{
	uint16_t rtt[RL_MEMBER_IDS] = {0};
	double offset = ACCESS;

	*s = (struct rl_score){.self_full = full_here(v, c)};
	for (unsigned f = 0; f < RL_FAMILIES; f++)
		if (c->prefix[f] != 0)
			rl_rtt_all(v->rtt, c->prefix[f], v->now_ms, rtt);
	if (rl_geo_known(c->where))
		s->place = judge(v, c, rtt, &offset);
	for (unsigned i = 0; i < v->members->count; i++) {
		uint8_t id = v->members->ids[i];
		const struct rl_member_news *n = &v->members->at[id].news;
		bool self = id == v->members->self;

		s->ms[id] = -1;
		if (rtt[id] != RL_RTT_UNKNOWN)
			s->ms[id] = rtt[id] / 10.0f + (float)load_term(v, id);
		else if (s->place == RL_PLACE_GOOD && rl_geo_known(n->place))
			s->ms[id] =
				(float)(straight(v, c, id) * STRETCH + offset + load_term(v, id));
		if (!rl_member_target(v->members, id) || !fronts(n, c) ||
		    (self ? s->self_full : !rl_room_left(v->room, v->members, id)))
			continue;
		s->target[s->target_count++] = id;
		if (s->ms[id] >= 0)
			insert(s, id);
	}
}
