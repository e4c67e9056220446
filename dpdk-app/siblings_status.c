// SPDX-License-Identifier: BSD-3-Clause
// What operators see of siblings. All that is read is written as single words, so any thread may.
#include "dpdk-app/siblings_parts.h"

#include <jansson.h>

static void add(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static uint64_t get(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static json_t *front_json(const struct siblings *s, unsigned sibling, unsigned front,
			  uint64_t now_ms)
{
	const struct siblings_front *f = &s->front[sibling][front];
	uint64_t heard_ms = get(&f->heard_ms);
	uint32_t rtt_us = atomic_load_explicit(&f->rtt_us, memory_order_relaxed);
	uint8_t best = atomic_load_explicit(&s->best[sibling], memory_order_relaxed);
	struct rl_path way;
	bool up = rl_root_sibling_way(s->o.root, sibling, front, now_ms, SIBLINGS_LIFE_MS, &way);
	return json_pack("{s:s, s:b, s:b, s:I, s:I}",                               //
			 "front", s->o.config->siblings.v[sibling].fronts.v[front], //
			 "reached", up, "used", best == front,                      //
			 "rttUs", rtt_us ? (json_int_t)rtt_us : (json_int_t)-1,     //
			 "heardMs",
			 heard_ms ? (json_int_t)(now_ms > heard_ms ? now_ms - heard_ms : 0)
				  : (json_int_t)-1);
}

static json_t *sibling_json(const struct siblings *s, unsigned i, uint64_t now_ms)
{
	const struct config_sibling *c = &s->o.config->siblings.v[i];
	json_t *fronts = json_array();
	for (unsigned f = 0; f < c->fronts.count; f++)
		json_array_append_new(fronts, front_json(s, i, f, now_ms));
	return json_pack("{s:s, s:s%, s:o}", "name", c->name, "address", c->identity, (size_t)10,
			 "fronts", fronts);
}

char *siblings_status(void *siblings)
{
	const struct siblings *s = siblings;
	const struct siblings_counters *c = &s->counters;
	const struct rl_quest_counters *q = &s->quests.counters;
	const struct rl_quest_group_counters *g = &s->groups.counters;
	uint64_t now_ms = clock_now(s->o.clock);
	json_t *o = json_object(), *list = json_array();
	for (unsigned i = 0; i < s->count; i++)
		json_array_append_new(list, sibling_json(s, i, now_ms));
	json_object_set_new(o, "siblings", list);
	add(o, "forwarded", get(&c->forwarded));
	add(o, "guessed", get(&c->guessed));
	add(o, "unreached", get(&c->unreached));
	add(o, "nobody", get(&c->nobody));
	add(o, "guessesRefused", get(&c->over));
	add(o, "fromSibling", get(&c->from_sibling));
	add(o, "eventsFull", get(&c->events_full));
	add(o, "asked", q->asked);
	add(o, "found", q->found);
	add(o, "unknown", q->nobody);
	add(o, "told", q->told);
	add(o, "toldFromMemory", q->from_kept);
	add(o, "questionsFull", q->full);
	add(o, "clientOver", q->over);
	add(o, "unasked", q->unasked);
	add(o, "groupsAsked", g->asked);
	add(o, "groupsFound", g->found);
	add(o, "groupsTold", g->told);
	add(o, "groupsFull", g->full);
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}
