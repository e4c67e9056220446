// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/ledger.h"

#include <stdlib.h>

enum {
	WAYS = 8, // slots looked at for one key
	TIME_BITS = 48,
	ROUND_BITS = 8,
};

// key 0: free.
struct slot {
	uint64_t key;
	uint64_t time : TIME_BITS; // ns; wraps after 78 hours
	uint64_t kind : 8;
	uint64_t round : ROUND_BITS;
};
_Static_assert(sizeof(struct slot) == 16, "four to a cache line");

struct ledger {
	uint64_t mask;
	uint64_t strays;
	uint64_t forgotten;
	uint8_t round;
	struct tally tally[CLASS_COUNT];
	struct slot slot[];
};

struct ledger *ledger_new(unsigned bits)
{
	size_t slots = (size_t)1 << bits;
	// calloc: pages that are never reached cost nothing.
	struct ledger *l = calloc(1, sizeof(*l) + (slots + WAYS) * sizeof(l->slot[0]));

	if (l)
		l->mask = slots - 1;
	return l;
}

void ledger_free(struct ledger *l)
{
	free(l);
}

uint64_t ledger_key(uint64_t wire_id, uint16_t port)
{
	uint64_t key = wire_id ^ (uint64_t)port << 40;

	return key ? key : 1;
}

static uint64_t time_of(uint64_t now_ns)
{
	return now_ns & (((uint64_t)1 << TIME_BITS) - 1);
}

static uint64_t age_of(const struct slot *s, uint64_t now_ns)
{
	return time_of(now_ns - s->time);
}

// A free slot, or one of a round that is over, or the oldest.
static struct slot *place(struct ledger *l, uint64_t key, uint64_t now_ns)
{
	struct slot *s = &l->slot[key & l->mask], *oldest = s;

	for (unsigned i = 0; i < WAYS; i++, s++) {
		if (!s->key || s->round != l->round)
			return s;
		if (age_of(s, now_ns) > age_of(oldest, now_ns))
			oldest = s;
	}
	l->forgotten++;
	return oldest;
}

void ledger_sent(struct ledger *l, enum shot_class kind, bool due, uint64_t key, uint64_t now_ns)
{
	l->tally[kind].sent++;
	if (!due)
		return;
	l->tally[kind].expected++;
	*place(l, key, now_ns) =
		(struct slot){.key = key, .time = time_of(now_ns), .kind = kind, .round = l->round};
}

bool ledger_answer(struct ledger *l, uint64_t key, uint64_t now_ns, enum shot_class *kind)
{
	struct slot *s = &l->slot[key & l->mask];

	for (unsigned i = 0; i < WAYS; i++, s++) {
		if (s->key != key || s->round != l->round)
			continue;
		*kind = s->kind;
		l->tally[s->kind].answered++;
		histogram_add(&l->tally[s->kind].latency, age_of(s, now_ns));
		s->key = 0;
		return true;
	}
	l->strays++;
	return false;
}

uint64_t ledger_strays(const struct ledger *l)
{
	return l->strays;
}

uint64_t ledger_forgotten(const struct ledger *l)
{
	return l->forgotten;
}

const struct tally *ledger_tally(const struct ledger *l, enum shot_class kind)
{
	return &l->tally[kind];
}

void ledger_total(const struct ledger *l, struct tally *t)
{
	*t = (struct tally){0};
	for (unsigned k = 0; k < CLASS_COUNT; k++) {
		t->sent += l->tally[k].sent;
		t->expected += l->tally[k].expected;
		t->answered += l->tally[k].answered;
		histogram_merge(&t->latency, &l->tally[k].latency);
	}
}

void ledger_reset(struct ledger *l)
{
	// Slots of older rounds are as good as free, until the round's number comes again.
	if (++l->round == 0)
		memset(l->slot, 0, (l->mask + 1 + WAYS) * sizeof(l->slot[0]));
	l->strays = 0;
	l->forgotten = 0;
	for (unsigned k = 0; k < CLASS_COUNT; k++)
		l->tally[k] = (struct tally){0};
}
