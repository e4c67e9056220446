// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/pile.h"

enum { MARK_BITS = 12, OF_MAX = 1 << 30 };

// Which nodes may be in a pile: most are told apart by one bit.
struct marks {
	uint64_t bits[(1 << MARK_BITS) / 64];
};

static unsigned mark_of(uint64_t node)
{
	return (unsigned)(node * 0x9e3779b97f4a7c15 >> (64 - MARK_BITS));
}

static bool contains(const struct rl_pile *p, const struct marks *m, uint64_t node)
{
	unsigned mark = mark_of(node);
	if (!(m->bits[mark / 64] >> mark % 64 & 1))
		return false;
	for (unsigned i = 0; i < p->n; i++)
		if (p->node[i] == node)
			return true;
	return false;
}

unsigned rl_pile_differ(const struct rl_pile *a, struct rl_pile *b)
{
	struct marks m = {0};
	unsigned kept = 0, before = b->n;
	for (unsigned i = 0; i < a->n; i++)
		m.bits[mark_of(a->node[i]) / 64] |= UINT64_C(1) << mark_of(a->node[i]) % 64;
	for (unsigned i = 0; i < b->n; i++)
		if (!contains(a, &m, b->node[i]))
			b->node[kept++] = b->node[i];
	b->n = kept;
	b->of -= before - kept;
	return before - kept;
}

static uint32_t weight_of(const struct rl_pile *p)
{
	if (p->n == 0)
		return 0;
	return p->of < OF_MAX ? p->of : OF_MAX;
}

static uint64_t take(struct rl_pile *p, struct rl_random *random)
{
	unsigned i = rl_random_below(random, p->n);
	uint64_t node = p->node[i];
	p->node[i] = p->node[--p->n];
	p->of--;
	return node;
}

unsigned rl_pile_draw(struct rl_pile *a, struct rl_pile *b, unsigned max, struct rl_random *random,
		      uint64_t *out)
{
	for (unsigned n = 0; n < max; n++) {
		uint32_t in_a = weight_of(a), all = in_a + weight_of(b);
		if (all == 0)
			return n;
		out[n] = take(rl_random_below(random, all) < in_a ? a : b, random);
	}
	return max;
}
