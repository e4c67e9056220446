// SPDX-License-Identifier: BSD-3-Clause
// Walks over the directory: a shard of it for a snapshot, all of it to let the old go.
#include "cluster/directory_slots.h"

#define get(x) atomic_load_explicit(&(x), memory_order_relaxed)

static struct rl_directory_cursor walk(uint64_t from, uint64_t to, uint16_t shard)
{
	return (struct rl_directory_cursor){.group = from, .sure = to - from + 1, .shard = shard};
}

struct rl_directory_cursor rl_directory_walk_shard(const struct rl_directory *d, uint8_t shard)
{
	uint64_t from = (uint64_t)shard << 24;
	return walk(rl_directory_group(d, from), rl_directory_group(d, from | 0xffffff), shard);
}

struct rl_directory_cursor rl_directory_walk_all(const struct rl_directory *d)
{
	return walk(0, d->groups - 1, RL_SHARDS);
}

unsigned rl_directory_step(const struct rl_directory *d, struct rl_directory_cursor *c,
			   struct rl_location out[static RL_GROUP_ENTRIES])
{
	if (c->done)
		return 0;
	uint64_t word = get(d->words[c->group]);
	unsigned n = 0;
	for (unsigned i = 0; i < RL_GROUP_ENTRIES; i++) {
		if (rl_slot_empty(word, i))
			continue;
		rl_slot_load(rl_slot_entry(d, c->group, i), &out[n]);
		n += c->shard == RL_SHARDS || rl_directory_shard(d, out[n].address) == c->shard;
	}
	// Beyond the last group of its range a shard goes on as far as entries have passed.
	bool more = ++c->walked < c->sure || (c->shard != RL_SHARDS && rl_slot_passed(d, c->group));
	c->done = !more || c->walked >= d->groups;
	c->group = rl_slot_next_group(d, c->group);
	return n;
}

// What is left of an entry after so long; false: nothing.
static bool outlive(const struct rl_directory_limits *limit, struct rl_location *l, uint64_t age_ms,
		    uint64_t cluster_ms)
{
	if (l->home != RL_NOBODY && age_ms >= (l->gone ? limit->gone_ms : limit->claim_ms))
		rl_slot_drop_claim(l);
	if (rl_pushes_age(&l->pushes, cluster_ms) >= limit->push_ms) {
		l->pushes = (struct rl_pushes){0};
		l->push_port4 = l->push_port6 = 0;
	}
	if (l->home == RL_NOBODY && age_ms >= limit->identity_ms)
		l->fingerprint = 0;
	return l->home != RL_NOBODY || l->pushes.count != 0 || l->fingerprint != 0;
}

static void age_slot(struct rl_directory *d, const struct rl_slot *s, uint64_t now_ms,
		     uint64_t cluster_ms)
{
	struct rl_entry *e = rl_slot_entry(d, s->group, s->i);
	struct rl_location old, l;
	rl_slot_load(e, &old);
	l = old;
	if (!outlive(&d->limits, &l, rl_slot_unconfirmed(e, now_ms), cluster_ms))
		rl_slot_erase(d, s);
	else if (!rl_location_equal(&l, &old))
		rl_slot_store(d, e, &old, &l, rl_entry_seen(e));
	d->aged += rl_location_live(&old) && (l.home == RL_NOBODY);
}

void rl_directory_age(struct rl_directory *d, struct rl_directory_aging *a, uint64_t groups,
		      uint64_t now_ms, uint64_t cluster_ms)
{
	for (uint64_t n = 0; n < groups; n++) {
		struct rl_slot s = {.group = a->group};
		uint64_t word = get(d->words[s.group]);
		for (; s.i < RL_GROUP_ENTRIES; s.i++)
			if (!rl_slot_empty(word, s.i))
				age_slot(d, &s, now_ms, cluster_ms);
		a->group = rl_slot_next_group(d, a->group);
		a->rounds += a->group == 0;
	}
}

static void forget_slot(struct rl_directory *d, const struct rl_slot *s, uint8_t member)
{
	struct rl_entry *e = rl_slot_entry(d, s->group, s->i);
	struct rl_location old, l;
	rl_slot_load(e, &old);
	if (old.home != member)
		return;
	l = old;
	rl_slot_drop_claim(&l);
	if (l.fingerprint == 0 && l.pushes.count == 0)
		rl_slot_erase(d, s);
	else
		rl_slot_store(d, e, &old, &l, rl_entry_seen(e));
}

bool rl_directory_forget(struct rl_directory *d, struct rl_directory_cursor *c, uint64_t groups,
			 uint8_t member)
{
	for (uint64_t n = 0; n < groups && !c->done; n++) {
		struct rl_slot s = {.group = c->group};
		uint64_t word = get(d->words[s.group]);
		for (; s.i < RL_GROUP_ENTRIES; s.i++)
			if (!rl_slot_empty(word, s.i))
				forget_slot(d, &s, member);
		c->group = rl_slot_next_group(d, c->group);
		c->done = ++c->walked >= c->sure;
	}
	return c->done;
}
