// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/entry.h"

#include "root/spin.h"

#define get(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

enum {
	GAP_BITS = 8,
	GAPS = RL_PUSHES_MAX - 1,
	TRIES = 64,
	CLAIM_GONE = 1 << 19,
	CLAIM_COUNT_SHIFT = 16,
	CLAIM_COUNT_MASK = 7,
};
_Static_assert(RL_PUSH_TICK_BITS + GAPS * GAP_BITS == 64, "a chain of PUSHes is one word");

// The words as one reading saw them.
struct words {
	uint64_t who, claim, ip6[2], ip4, identity, pushes;
	uint32_t members;
};

static struct words pack(const struct rl_location *l, uint32_t seen_s)
{
	struct words w = {
		.who = l->address << 24 | (seen_s & 0xffffff),
		.claim = (l->stamp_ms & RL_STAMP_MAX) << 20 | (l->gone ? CLAIM_GONE : 0) |
			 (uint64_t)l->pushes.count << CLAIM_COUNT_SHIFT | l->push_port6,
		.identity = l->fingerprint,
		.members = (uint32_t)l->home << 24 | (uint32_t)l->backup << 16 | l->push_port4,
	};
	if (l->v4.family == 4)
		w.ip4 = (uint64_t)rl_load32(l->v4.ip) << 32 | (uint64_t)l->v4.port << 16;
	if (l->v6.family == 6) {
		w.ip4 |= l->v6.port;
		memcpy(w.ip6, l->v6.ip, 16);
	}
	if (l->pushes.count != 0) {
		w.pushes = (uint64_t)l->pushes.last << (GAPS * GAP_BITS);
		for (unsigned i = 0; i + 1 < l->pushes.count; i++)
			w.pushes |= (uint64_t)l->pushes.gap[i] << (GAPS - 1 - i) * GAP_BITS;
	}
	return w;
}

static void unpack_pushes(uint64_t word, unsigned count, struct rl_pushes *p)
{
	if (count == 0)
		return;
	p->last = (uint32_t)(word >> (GAPS * GAP_BITS));
	p->count = (uint8_t)count;
	for (unsigned i = 0; i + 1 < count && i < GAPS; i++)
		p->gap[i] = (uint8_t)(word >> (GAPS - 1 - i) * GAP_BITS);
}

static void unpack(const struct words *w, struct rl_location *l)
{
	*l = (struct rl_location){
		.address = w->who >> 24,
		.stamp_ms = w->claim >> 20,
		.fingerprint = w->identity,
		.push_port4 = (uint16_t)w->members,
		.push_port6 = (uint16_t)w->claim,
		.home = (uint8_t)(w->members >> 24),
		.backup = (uint8_t)(w->members >> 16),
		.gone = w->claim & CLAIM_GONE,
	};
	// A UDP port is never 0, so it says whether there is an address.
	if ((uint16_t)(w->ip4 >> 16) != 0)
		l->v4 = rl_inet4((uint32_t)(w->ip4 >> 32), (uint16_t)(w->ip4 >> 16));
	if ((uint16_t)w->ip4 != 0) {
		l->v6 = (struct rl_inet){.family = 6, .port = (uint16_t)w->ip4};
		memcpy(l->v6.ip, w->ip6, 16);
	}
	unpack_pushes(w->pushes, w->claim >> CLAIM_COUNT_SHIFT & CLAIM_COUNT_MASK, &l->pushes);
}

// A sequence lock with one writer. The reader's first load acquires: whatever the writer stored
// before that even count is seen. The fence before the second load keeps the words' loads above it;
// the writer's fence keeps its stores below the odd count. So a reader that has met a single word
// of a later writing finds the count changed and starts over: a record is never put together from
// two. The words are atomic, so there is no data race to begin with, and the count comes round only
// after 2^31 writings of one entry within one reading.
bool rl_entry_read(const struct rl_entry *e, struct rl_location *l)
{
	for (int tries = 0; tries < TRIES; tries++) {
		uint32_t before = atomic_load_explicit(&e->seq, memory_order_acquire);
		if (before & 1) {
			rl_pause();
			continue;
		}
		struct words w = {
			.who = get(e->who),
			.claim = get(e->claim),
			.ip6 = {get(e->ip6[0]), get(e->ip6[1])},
			.ip4 = get(e->ip4),
			.identity = get(e->identity),
			.pushes = get(e->pushes),
			.members = get(e->members),
		};
		atomic_thread_fence(memory_order_acquire);
		if (get(e->seq) != before)
			continue;
		unpack(&w, l);
		return true;
	}
	return false;
}

void rl_entry_write(struct rl_entry *e, const struct rl_location *l, uint32_t seen_s)
{
	struct words w = pack(l, seen_s);
	uint32_t seq = get(e->seq);
	set(e->seq, seq + 1);
	atomic_thread_fence(memory_order_release);
	set(e->who, w.who);
	set(e->claim, w.claim);
	set(e->ip6[0], w.ip6[0]);
	set(e->ip6[1], w.ip6[1]);
	set(e->ip4, w.ip4);
	set(e->identity, w.identity);
	set(e->pushes, w.pushes);
	set(e->members, w.members);
	atomic_store_explicit(&e->seq, seq + 2, memory_order_release);
}
