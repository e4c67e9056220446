// SPDX-License-Identifier: BSD-3-Clause
// What operators see of the cluster. The backplane's thread writes it down once a second, so that
// nobody else looks into what it alone may read.
#include "dpdk-app/backplane_parts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_MS = 1000 };

static void add(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *refusals_json(const struct rl_refusals *r)
{
	json_t *o = json_object();
	for (unsigned i = 1; i < RL_REFUSAL_COUNT; i++)
		if (r->count[i] != 0)
			add(o, rl_refusal_name((enum rl_refusal)i), r->count[i]);
	return o;
}

const char *backplane_member_name(const struct backplane *b, uint8_t id)
{
	return b->name[id][0] ? b->name[id] : b->steward.members.at[id].news.name;
}

static json_t *member_json(const struct backplane *b, uint8_t id)
{
	const struct rl_steward *s = &b->steward;
	const struct rl_member *m = &s->members.at[id];
	const struct rl_sync_peer *p = &s->sync.peer[id];
	json_t *o = json_object();
	add(o, "id", id);
	json_object_set_new(o, "name", json_string(backplane_member_name(b, id)));
	json_object_set_new(o, "self", json_boolean(id == b->self));
	json_object_set_new(o, "configured", json_boolean(b->name[id][0] != 0));
	json_object_set_new(o, "state",
			    json_string(rl_member_state_name((enum rl_member_state)m->state)));
	json_object_set_new(o, "draining", json_boolean(m->news.draining));
	add(o, "clients", m->news.load);
	add(o, "capacity", m->news.capacity);
	add(o, "directory", s->directory.live[id]);
	uint32_t rtt_us = rl_matrix_get(&s->matrix, b->self, id, b->now_ms);
	json_object_set_new(o, "rttUs", json_integer(rtt_us ? (json_int_t)rtt_us : -1));
	json_object_set_new(o, "lossPercent", json_integer(rl_front_loss(&b->front, id)));
	json_object_set_new(o, "heardMs",
			    json_integer(m->heard_ms ? (json_int_t)(b->now_ms - m->heard_ms) : -1));
	add(o, "lagMs", p->lag_ms);
	add(o, "batches", p->batches);
	add(o, "lost", p->lost);
	add(o, "snapshots", p->snapshots);
	json_object_set_new(o, "refused", refusals_json(&p->refusals));
	return o;
}

// Heard of, or in the config.
static bool listed(const struct backplane *b, unsigned id)
{
	return b->name[id][0] != 0 || b->steward.members.at[id].state != RL_MEMBER_UNHEARD;
}

// A row of the matrix: what one member has measured to the others.
static json_t *row_json(const struct backplane *b, uint8_t from)
{
	json_t *o = json_object(), *rtt = json_object();
	char key[4];
	for (unsigned to = 1; to < RL_MEMBER_IDS; to++) {
		uint32_t us = rl_matrix_get(&b->steward.matrix, from, (uint8_t)to, b->now_ms);
		if (us == 0 || !listed(b, to))
			continue;
		snprintf(key, sizeof(key), "%u", to);
		add(rtt, key, us);
	}
	add(o, "from", from);
	json_object_set_new(o, "rttUs", rtt);
	return o;
}

static json_t *link_json(const struct backplane *b)
{
	struct rl_link_status l;
	json_t *o = json_object(), *drops = json_object();
	rl_link_status(b->link, &l);
	json_object_set_new(o, "connected", json_boolean(l.connected));
	json_object_set_new(o, "server", json_string(l.server));
	json_object_set_new(o, "error", json_string(l.error));
	add(o, "rttUs", l.rtt_us);
	add(o, "connects", l.connects);
	add(o, "sentBytes", l.sent_bytes);
	add(o, "takenBytes", l.taken_bytes);
	for (unsigned i = 0; i < RL_LINK_DROP_COUNT; i++)
		if (l.drops[i] != 0)
			add(drops, rl_link_drop_name((enum rl_link_drop)i), l.drops[i]);
	json_object_set_new(o, "drops", drops);
	return o;
}

static json_t *groups_json(const struct backplane *b)
{
	const struct rl_steward *s = &b->steward;
	const struct rl_gather_counters *c = &s->gather.counters;
	static const char *const modes[] = {"alone", "known", "any"};
	json_t *o = json_object();
	json_object_set_new(o, "elsewhere", json_string(modes[s->audience.mode]));
	add(o, "known", s->audience.count);
	add(o, "noRoom", s->audience.full);
	add(o, "gaps", s->audience.gaps);
	add(o, "told", s->groups.told);
	json_t *gathers = json_object();
#define X(name, help) add(gathers, #name, c->name);
	RL_GATHER_COUNTERS(X)
#undef X
	json_object_set_new(o, "gathers", gathers);
	return o;
}

static json_t *decisions_json(const struct backplane *b)
{
	const struct rl_steward_counters *c = &b->steward.counters;
	json_t *o = json_object(), *moves = json_object(), *stays = json_object(),
	       *rescues = json_object(), *drains = json_object();
	for (unsigned i = 0; i < RL_REDIRECT_WHY_COUNT; i++)
		if (c->redirect[i] != 0)
			add(rl_redirect_refused((enum rl_redirect_why)i) ? stays : moves,
			    rl_redirect_name((enum rl_redirect_why)i), c->redirect[i]);
	for (unsigned i = 0; i < RL_RESCUE_WHY_COUNT; i++)
		if (c->rescue[i] != 0)
			add(rescues, rl_rescue_name((enum rl_rescue_why)i), c->rescue[i]);
	for (unsigned i = 0; i < RL_DRAIN_WHY_COUNT; i++)
		if (c->drain[i] != 0)
			add(drains, rl_drain_name((enum rl_drain_why)i), c->drain[i]);
	json_object_set_new(o, "redirects", moves);
	json_object_set_new(o, "notRedirected", stays);
	json_object_set_new(o, "rescues", rescues);
	json_object_set_new(o, "drains", drains);
	add(o, "pushes", c->pushes);
	add(o, "introductions", c->introductions);
	add(o, "adopted", c->adopted);
	add(o, "unsent", c->unsent);
	add(o, "gated", c->gated);
	add(o, "timersFull", c->timers_full);
	add(o, "linkFull", c->link_full);
	return o;
}

static json_t *whois_json(const struct rl_whois_counts *c)
{
	json_t *o = json_object();
#define X(name, help) add(o, #name, c->name);
	RL_WHOIS_COUNTS(X)
#undef X
	return o;
}

static uint64_t count(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static json_t *cluster_json(const struct backplane *b)
{
	json_t *o = json_object(), *members = json_array(), *rows = json_array();
	json_object_set_new(o, "name", json_string(b->o.config->cluster.name));
	json_object_set_new(o, "member", json_string(b->o.config->cluster.member));
	json_object_set_new(o, "draining", json_boolean(b->steward.news.draining));
	for (unsigned id = 1; id < RL_MEMBER_IDS; id++) {
		if (!listed(b, id))
			continue;
		json_array_append_new(members, member_json(b, (uint8_t)id));
		json_array_append_new(rows, row_json(b, (uint8_t)id));
	}
	json_object_set_new(o, "members", members);
	json_object_set_new(o, "roundTrips", rows);
	json_object_set_new(o, "link", link_json(b));
	add(o, "directory", b->steward.directory.count);
	add(o, "directoryMax", b->steward.directory.max);
	add(o, "keptWarm", b->steward.warm.count);
	add(o, "forwarded", count(&b->counters.forwarded));
	add(o, "unreached", count(&b->counters.unreached));
	add(o, "eventsFull", count(&b->counters.events_full));
	add(o, "asksFull", count(&b->counters.asks_full));
	add(o, "validationsSpared", count(&b->counters.spared));
	add(o, "keepalives", count(&b->counters.keepalives));
	add(o, "falseKeepalives", count(&b->counters.false_keepalives));
	json_object_set_new(o, "groups", groups_json(b));
	json_object_set_new(o, "decisions", decisions_json(b));
	json_object_set_new(o, "whois", whois_json(&b->steward.whois.counts));
	json_object_set_new(o, "refused", refusals_json(&b->steward.sync.refusals));
	return o;
}

void backplane_status_turn(struct backplane *b)
{
	if (b->now_ms - b->status_ms < EVERY_MS && b->now_ms >= b->status_ms)
		return;
	b->status_ms = b->now_ms;
	json_t *o = cluster_json(b);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL, *old;
	json_decref(o);
	pthread_mutex_lock(&b->status_lock);
	old = b->status;
	b->status = text;
	pthread_mutex_unlock(&b->status_lock);
	free(old);
}

char *backplane_status(void *backplane)
{
	struct backplane *b = backplane;
	pthread_mutex_lock(&b->status_lock);
	char *copy = b->status ? strdup(b->status) : NULL;
	pthread_mutex_unlock(&b->status_lock);
	return copy;
}
