// SPDX-License-Identifier: BSD-3-Clause
#include "root/reassembly.h"

#include "root/budget.h"

enum { PIECE_MAX = 1472 }; // what a datagram brings through Ethernet

struct rl_reassembly_slot {
	uint64_t id;
	struct rl_inet from;
	uint64_t since_ms; // 0: free
	uint8_t total;     // 0: only the head has come so far
	uint8_t have;      // bit n: piece n is here
	uint16_t len[ZT_FRAG_MAX];
	uint8_t piece[ZT_FRAG_MAX][PIECE_MAX];
};

static uint32_t set_count(uint32_t slots)
{
	return (slots + RL_REASSEMBLY_WAYS - 1) / RL_REASSEMBLY_WAYS;
}

static size_t slots_bytes(uint32_t slots)
{
	size_t n =
		(size_t)set_count(slots) * RL_REASSEMBLY_WAYS * sizeof(struct rl_reassembly_slot);
	return (n + 63) & ~(size_t)63;
}

size_t rl_reassembly_size(uint32_t slots)
{
	return slots_bytes(slots) + ZT_PACKET_MAX;
}

void rl_reassembly_init(struct rl_reassembly *r, void *mem, uint32_t slots, uint32_t timeout_ms,
			const uint8_t key[static 16])
{
	*r = (struct rl_reassembly){.slots = mem,
				    .joined = (uint8_t *)mem + slots_bytes(slots),
				    .sets = set_count(slots),
				    .timeout_ms = timeout_ms};
	memcpy(r->key, key, sizeof(r->key));
}

static void release(struct rl_reassembly *r, struct rl_reassembly_slot *s)
{
	s->since_ms = 0;
	r->used--;
}

static bool timed_out(const struct rl_reassembly *r, const struct rl_reassembly_slot *s,
		      uint64_t now_ms)
{
	// Unsigned: a slot from the future, after the clock was set back, is very old.
	return s->since_ms != 0 && now_ms - s->since_ms > r->timeout_ms;
}

// The packet's slot, or a fresh one: the source's own oldest if it has its share, else a free one
// or the oldest of the set.
static struct rl_reassembly_slot *slot_for(struct rl_reassembly *r, const struct rl_inet *from,
					   uint64_t id, uint64_t now_ms)
{
	uint64_t source = rl_prefix(from, RL_PREFIX_HOST);
	size_t place = rl_hash64(r->key, source) % r->sets;
	struct rl_reassembly_slot *set = r->slots + place * RL_REASSEMBLY_WAYS, *at = set;
	struct rl_reassembly_slot *own = NULL;
	unsigned held = 0;
	for (unsigned i = 0; i < RL_REASSEMBLY_WAYS; i++) {
		struct rl_reassembly_slot *s = &set[i];
		if (timed_out(r, s, now_ms)) {
			release(r, s);
			r->lost++;
		}
		if (s->since_ms != 0 && s->id == id && rl_inet_equal(&s->from, from))
			return s;
		if (s->since_ms < at->since_ms)
			at = s;
		if (s->since_ms == 0 || rl_prefix(&s->from, RL_PREFIX_HOST) != source)
			continue;
		held++;
		if (!own || s->since_ms < own->since_ms)
			own = s;
	}
	if (held >= RL_REASSEMBLY_PER_SOURCE)
		at = own;
	if (at->since_ms != 0)
		r->lost++;
	else
		r->used++;
	at->id = id;
	at->from = *from;
	at->since_ms = now_ms ? now_ms : 1;
	if (r->used == 1)
		r->check_ms = at->since_ms + r->timeout_ms + 1;
	at->total = 0;
	at->have = 0;
	return at;
}

static enum rl_frag join(struct rl_reassembly *r, struct rl_reassembly_slot *s, uint8_t **packet,
			 size_t *packet_len)
{
	size_t len = 0;
	release(r, s);
	for (unsigned i = 0; i < s->total; i++) {
		if (len + s->len[i] > ZT_PACKET_MAX)
			return RL_FRAG_BAD;
		memcpy(r->joined + len, s->piece[i], s->len[i]);
		len += s->len[i];
	}
	*packet = r->joined;
	*packet_len = len;
	return RL_FRAG_COMPLETE;
}

enum rl_frag rl_reassembly_add(struct rl_reassembly *r, const struct rl_inet *from, uint64_t id,
			       unsigned number, unsigned total, const uint8_t *data, size_t len,
			       uint64_t now_ms, uint8_t **packet, size_t *packet_len)
{
	bool head = total == 0;
	if (len == 0 || len > PIECE_MAX || (head && (number != 0 || len < ZT_HDR_LEN)) ||
	    (!head && (total < 2 || total > ZT_FRAG_MAX || number == 0 || number >= total)))
		return RL_FRAG_BAD;
	struct rl_reassembly_slot *s = slot_for(r, from, id, now_ms);
	if (!head && s->total != 0 && s->total != total)
		return RL_FRAG_BAD;
	if (!head)
		s->total = (uint8_t)total;
	if (!(s->have & 1u << number)) { // of duplicates the first counts
		memcpy(s->piece[number], data, len);
		s->len[number] = (uint16_t)len;
		s->have |= (uint8_t)(1u << number);
	}
	if (s->total == 0 || s->have != (1u << s->total) - 1)
		return RL_FRAG_KEPT;
	return join(r, s, packet, packet_len);
}

static void expire(struct rl_reassembly *r, uint64_t now_ms)
{
	uint64_t oldest = now_ms;
	for (uint32_t i = 0; i < r->sets * RL_REASSEMBLY_WAYS; i++) {
		struct rl_reassembly_slot *s = &r->slots[i];
		if (timed_out(r, s, now_ms)) {
			release(r, s);
			r->lost++;
		} else if (s->since_ms != 0 && s->since_ms < oldest) {
			oldest = s->since_ms;
		}
	}
	r->check_ms = oldest + r->timeout_ms + 1;
}

unsigned rl_reassembly_expire(struct rl_reassembly *r, uint64_t now_ms)
{
	// The time to look is never further ahead than this, unless the clock was set back.
	uint64_t furthest = now_ms + r->timeout_ms + 1;
	if (r->used != 0 && (now_ms >= r->check_ms || r->check_ms > furthest))
		expire(r, now_ms);
	unsigned lost = (unsigned)r->lost;
	r->lost = 0;
	return lost;
}
