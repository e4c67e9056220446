// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/member.h"

#include <errno.h>

static void enter(struct rl_member *m, enum rl_member_state s, uint64_t now_ms)
{
	m->state = (uint8_t)s;
	m->since_ms = now_ms;
}

static void list(struct rl_member_table *t, uint8_t id)
{
	unsigned i = t->count++;
	for (; i > 0 && t->ids[i - 1] > id; i--)
		t->ids[i] = t->ids[i - 1];
	t->ids[i] = id;
}

void rl_member_init(struct rl_member_table *t, const struct rl_member_news *own, uint64_t now_ms)
{
	memset(t, 0, sizeof(*t));
	t->self = own->id;
	list(t, own->id);
	t->at[own->id].good = RL_MEMBER_GOOD_BEATS;
	enter(&t->at[own->id], RL_MEMBER_LIVE, now_ms);
	rl_member_own(t, own, now_ms);
}

void rl_member_own(struct rl_member_table *t, const struct rl_member_news *own, uint64_t now_ms)
{
	t->at[t->self].news = *own;
	t->at[t->self].news.id = t->self;
	t->at[t->self].heard_ms = now_ms;
}

static bool silent(const struct rl_member *m, uint64_t now_ms)
{
	return now_ms - m->heard_ms >= RL_MEMBER_DEAD_MS;
}

// Batches may overtake each other, so the order is that of the sender's counts.
static bool stale(const struct rl_member *m, const struct rl_member_news *n)
{
	if (m->state == RL_MEMBER_UNHEARD)
		return false;
	if (m->news.run != n->run)
		return (int32_t)(n->run - m->news.run) < 0;
	return (int32_t)(n->beat - m->news.beat) <= 0;
}

enum rl_member_event rl_member_heard(struct rl_member_table *t, const struct rl_member_news *n,
				     uint64_t now_ms)
{
	struct rl_member *m = &t->at[n->id];
	bool was_up = m->state == RL_MEMBER_FRESH || m->state == RL_MEMBER_LIVE;

	if (n->id == RL_NOBODY)
		return RL_MEMBER_REFUSED;
	if (n->id == t->self)
		return n->run == m->news.run ? RL_MEMBER_STALE : RL_MEMBER_REFUSED;
	if (stale(m, n))
		return RL_MEMBER_STALE;
	if (m->state == RL_MEMBER_UNHEARD)
		list(t, n->id);
	// After a silence, and in a new run, trust begins again.
	if (!was_up || n->run != m->news.run || silent(m, now_ms))
		m->good = 0;
	if (m->good < RL_MEMBER_GOOD_BEATS)
		m->good++;
	m->news = *n;
	m->heard_ms = now_ms;
	if (n->leaving) {
		enter(m, RL_MEMBER_LEFT, now_ms);
		return was_up ? RL_MEMBER_GONE : RL_MEMBER_SAME;
	}
	if (m->good < RL_MEMBER_GOOD_BEATS) {
		if (m->state != RL_MEMBER_FRESH)
			enter(m, RL_MEMBER_FRESH, now_ms);
		return RL_MEMBER_SAME;
	}
	if (m->state == RL_MEMBER_LIVE)
		return RL_MEMBER_SAME;
	enter(m, RL_MEMBER_LIVE, now_ms);
	return RL_MEMBER_CAME;
}

uint8_t rl_member_next_dead(struct rl_member_table *t, uint64_t now_ms)
{
	for (unsigned i = 0; i < t->count; i++) {
		struct rl_member *m = &t->at[t->ids[i]];
		if (t->ids[i] == t->self || !rl_member_alive(t, t->ids[i]) || !silent(m, now_ms))
			continue;
		m->good = 0;
		enter(m, RL_MEMBER_DEAD, now_ms);
		return t->ids[i];
	}
	return 0;
}

void rl_member_front(struct rl_member_table *t, uint8_t id, uint64_t now_ms)
{
	t->at[id].front_ms = now_ms;
}

bool rl_member_lost(const struct rl_member_table *t, uint8_t id, uint64_t now_ms)
{
	const struct rl_member *m = &t->at[id];
	if (m->state != RL_MEMBER_DEAD && m->state != RL_MEMBER_LEFT)
		return false;
	return m->front_ms == 0 || now_ms - m->front_ms >= RL_MEMBER_DEAD_MS;
}

bool rl_member_parted(const struct rl_member_table *t, uint64_t now_ms)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->at[t->ids[i]].state == RL_MEMBER_DEAD &&
		    !rl_member_lost(t, t->ids[i], now_ms))
			return true;
	return false;
}

bool rl_member_alive(const struct rl_member_table *t, uint8_t id)
{
	return t->at[id].state == RL_MEMBER_FRESH || t->at[id].state == RL_MEMBER_LIVE;
}

bool rl_member_target(const struct rl_member_table *t, uint8_t id)
{
	return t->at[id].state == RL_MEMBER_LIVE && !t->at[id].news.draining;
}

const char *rl_member_state_name(enum rl_member_state s)
{
	static const char *const names[] = {"unheard", "fresh", "live", "dead", "left"};
	return (unsigned)s < sizeof(names) / sizeof(names[0]) ? names[s] : "?";
}

enum {
	FLAG_DRAINING = 1,
	FLAG_LEAVING = 2,
	FLAGS_ALL = 3,
};

// A component of the unit vector in 16 bits: 200 m on the ground. -32768 is not used.
enum { GEO_ONE = 32767 };

static void put_component(struct rl_writer *w, float v)
{
	rl_put16(w, (uint16_t)(int16_t)lrintf(v * GEO_ONE));
}

static float get_component(struct rl_reader *r)
{
	int16_t v = (int16_t)rl_get16(r);
	if (v == INT16_MIN)
		r->bad = true;
	return (float)v / GEO_ONE;
}

static struct rl_geo get_place(struct rl_reader *r)
{
	struct rl_geo g;

	g.x = get_component(r);
	g.y = get_component(r);
	g.z = get_component(r);
	float length = sqrtf(g.x * g.x + g.y * g.y + g.z * g.z);
	if (length == 0)
		return g;
	if (length < 0.999f || length > 1.001f)
		r->bad = true;
	return (struct rl_geo){g.x / length, g.y / length, g.z / length};
}

void rl_member_put(struct rl_writer *w, const struct rl_member_news *n)
{
	size_t name_len = strnlen(n->name, RL_MEMBER_NAME - 1);

	rl_put8(w, n->id);
	rl_put8(w, (n->draining ? FLAG_DRAINING : 0) | (n->leaving ? FLAG_LEAVING : 0));
	rl_put32(w, n->run);
	rl_put32(w, n->beat);
	rl_put32(w, n->load);
	rl_put32(w, n->capacity);
	rl_put32(w, n->version);
	put_component(w, n->place.x);
	put_component(w, n->place.y);
	put_component(w, n->place.z);
	for (unsigned f = 0; f < RL_FAMILIES; f++)
		rl_inet_put(w, &n->front[f]);
	rl_put8(w, (uint8_t)name_len);
	rl_put_bytes(w, n->name, name_len);
}

// Names are shown to operators: nothing but printable ASCII.
static void get_name(struct rl_reader *r, char name[static RL_MEMBER_NAME])
{
	uint8_t len = rl_get8(r);
	const uint8_t *p = len < RL_MEMBER_NAME ? rl_get(r, len) : NULL;

	if (!p) {
		r->bad = true;
		return;
	}
	for (unsigned i = 0; i < len; i++) {
		if (p[i] <= ' ' || p[i] > '~')
			r->bad = true;
		name[i] = (char)p[i];
	}
}

static void get_front(struct rl_reader *r, struct rl_inet *a, uint8_t family)
{
	*a = rl_inet_get(r);
	if (a->family != 0 && (a->family != family || a->port == 0))
		r->bad = true;
}

int rl_member_get(struct rl_reader *r, struct rl_member_news *n)
{
	memset(n, 0, sizeof(*n));
	n->id = rl_get8(r);
	uint8_t flags = rl_get8(r);
	n->draining = flags & FLAG_DRAINING;
	n->leaving = flags & FLAG_LEAVING;
	n->run = rl_get32(r);
	n->beat = rl_get32(r);
	n->load = rl_get32(r);
	n->capacity = rl_get32(r);
	n->version = rl_get32(r);
	n->place = get_place(r);
	get_front(r, &n->front[RL_FAMILY_4], 4);
	get_front(r, &n->front[RL_FAMILY_6], 6);
	get_name(r, n->name);
	return r->bad || n->id == RL_NOBODY || flags & ~FLAGS_ALL ? -EINVAL : 0;
}
