// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/rtt.h"

#include <errno.h>

enum {
	TICK_SHIFT = 14, // 16.4 s
	DOWN = 2,        // a lower sample moves the figure by a half
	UP = 16,         // a higher one by a sixteenth
	TOLD = 20,       // 2 ms: smaller changes are nobody's business
};

static uint32_t set_count(uint32_t figures)
{
	uint32_t sets = 1;
	while (sets * RL_RTT_WAYS < figures && sets < 1u << 24)
		sets *= 2;
	return sets;
}

size_t rl_rtt_size(uint32_t figures)
{
	return (size_t)set_count(figures) * sizeof(uint64_t[RL_RTT_WAYS]);
}

void rl_rtt_init(struct rl_rtt *t, void *mem, uint32_t figures, uint32_t max_age_ms,
		 const uint8_t key[static 16])
{
	t->sets = mem;
	t->mask = set_count(figures) - 1;
	t->max_age_ms = max_age_ms;
	memcpy(t->key, key, sizeof(t->key));
}

static uint64_t *set_of(const struct rl_rtt *t, uint64_t prefix, uint32_t *tag)
{
	uint64_t hash = rl_hash64(t->key, prefix);
	*tag = (uint32_t)(hash >> 40);
	return t->sets[hash & t->mask];
}

static uint64_t word(uint32_t tag, uint8_t member, uint64_t now_ms, uint32_t rtt)
{
	return (uint64_t)tag << 40 | (uint64_t)member << 32 |
	       (uint64_t)(uint16_t)(now_ms >> TICK_SHIFT) << 16 | rtt;
}

// No figure has a round trip of zero, so an empty word is a zero one.
static bool is(uint64_t w, uint32_t tag, uint8_t member)
{
	return w != 0 && (uint32_t)(w >> 40) == tag && (uint8_t)(w >> 32) == member;
}

// The time of a word is 16 bits of ticks: twelve days, after which it would look young again.
// rl_rtt_init's bound on max_age_ms, and prefixes that are heard again, keep that harmless: a
// figure that comes back to life is one that the next sample corrects.
static uint32_t age_ms(uint64_t w, uint64_t now_ms)
{
	uint16_t ticks = (uint16_t)((uint16_t)(now_ms >> TICK_SHIFT) - (uint16_t)(w >> 16));
	return (uint32_t)ticks << TICK_SHIFT;
}

static bool young(const struct rl_rtt *t, uint64_t w, uint64_t now_ms)
{
	return w != 0 && age_ms(w, now_ms) <= t->max_age_ms;
}

// The figure's word, or the one whose place it takes: an empty one, else the oldest.
static uint64_t *place(const struct rl_rtt *t, uint64_t prefix, uint8_t member, uint64_t now_ms,
		       uint32_t *tag)
{
	uint64_t *set = set_of(t, prefix, tag), *oldest = &set[0];

	for (unsigned i = 0; i < RL_RTT_WAYS; i++) {
		if (is(set[i], *tag, member))
			return &set[i];
		if (*oldest != 0 &&
		    (set[i] == 0 || age_ms(set[i], now_ms) > age_ms(*oldest, now_ms)))
			oldest = &set[i];
	}
	return oldest;
}

bool rl_rtt_learn(struct rl_rtt *t, uint64_t prefix, uint8_t member, uint32_t rtt, uint64_t now_ms)
{
	uint32_t tag;

	if (rtt == 0 || rtt > RL_RTT_MAX || member == 0)
		return false;
	uint64_t *w = place(t, prefix, member, now_ms, &tag);
	if (!is(*w, tag, member) || !young(t, *w, now_ms)) {
		*w = word(tag, member, now_ms, rtt);
		return true;
	}
	int32_t old = (uint16_t)*w, step = (int32_t)rtt - old;
	int32_t now = old + step / (step < 0 ? DOWN : UP);
	*w = word(tag, member, now_ms, (uint32_t)now);
	// The others hear of one large step, or of slow drift when their figure grows old.
	int32_t moved = now < old ? old - now : now - old;
	return moved >= TOLD && moved >= old / 8;
}

void rl_rtt_heard(struct rl_rtt *t, const struct rl_rtt_news *n, uint64_t now_ms)
{
	uint32_t tag;

	if (n->rtt == 0 || n->member == 0)
		return;
	uint64_t *w = place(t, n->prefix, n->member, now_ms, &tag);
	*w = word(tag, n->member, now_ms, n->rtt);
}

uint16_t rl_rtt_get(const struct rl_rtt *t, uint64_t prefix, uint8_t member, uint64_t now_ms)
{
	uint32_t tag;
	const uint64_t *set = set_of(t, prefix, &tag);

	for (unsigned i = 0; i < RL_RTT_WAYS; i++)
		if (is(set[i], tag, member))
			return young(t, set[i], now_ms) ? (uint16_t)set[i] : RL_RTT_UNKNOWN;
	return RL_RTT_UNKNOWN;
}

unsigned rl_rtt_all(const struct rl_rtt *t, uint64_t prefix, uint64_t now_ms,
		    uint16_t rtt[static RL_MEMBER_IDS])
{
	uint32_t tag;
	const uint64_t *set = set_of(t, prefix, &tag);
	unsigned n = 0;

	for (unsigned i = 0; i < RL_RTT_WAYS; i++) {
		if ((uint32_t)(set[i] >> 40) != tag || !young(t, set[i], now_ms))
			continue;
		rtt[(uint8_t)(set[i] >> 32)] = (uint16_t)set[i];
		n++;
	}
	return n;
}

void rl_rtt_put(struct rl_writer *w, const struct rl_rtt_news *n)
{
	uint8_t *p = rl_put(w, RL_RTT_NEWS_LEN);

	if (!p)
		return;
	rl_store64(p, n->prefix);
	p[8] = n->member;
	rl_store16(p + 9, n->rtt);
}

int rl_rtt_take(struct rl_reader *r, struct rl_rtt_news *n)
{
	n->prefix = rl_get64(r);
	n->member = rl_get8(r);
	n->rtt = rl_get16(r);
	return r->bad || n->member == 0 || n->rtt == 0 ? -EINVAL : 0;
}
