// SPDX-License-Identifier: BSD-3-Clause
// MULTICAST_LIKE and MULTICAST_GATHER (docs/protocol.md 4.8, 4.9): who listens to which group, and
// some of them at random.
#include "root/reply.h"
#include "root/tell.h"

enum { TUPLE_LEN = 18, GATHER_FIT = RL_TELL_GATHER_MAX };

static struct rl_group_key get_group(struct rl_reader *in)
{
	const uint8_t *p = rl_get(in, TUPLE_LEN);
	if (!p)
		return (struct rl_group_key){0};
	return (struct rl_group_key){
		.network = rl_load64(p), .mac = rl_load64(p + 8) >> 16, .adi = rl_load32(p + 14)};
}

void rl_like_read(struct rl_reader *in, struct rl_group_look *l)
{
	l->n = 0;
	while (l->n < RL_GROUP_BATCH && rl_reader_left(in) >= TUPLE_LEN)
		l->key[l->n++] = get_group(in);
}

bool rl_gather_read(const struct rl_root *r, struct rl_reader *in, struct rl_group_key *key,
		    uint32_t *limit)
{
	key->network = rl_get64(in);
	(void)rl_get8(in); // a certificate may follow the limit: roots do not check membership
	key->mac = (uint64_t)rl_get16(in) << 32;
	key->mac |= rl_get32(in);
	key->adi = rl_get32(in);
	*limit = rl_get32(in);
	if (*limit > r->opt.gather_max)
		*limit = r->opt.gather_max;
	if (*limit > GATHER_FIT)
		*limit = GATHER_FIT;
	return !in->bad;
}

static uint64_t asker_of(const struct rl_request *q)
{
	return atomic_load_explicit(&q->peer->address, memory_order_relaxed);
}

// Subscribes to a group the peer is not in. False: there was no room, or the peer has had its
// share.
static bool join(struct rl_worker *w, struct rl_request *q, const struct rl_group_key *key)
{
	struct rl_root *r = w->root;
	uint64_t member = asker_of(q);
	// Named twice it is new but once.
	if (rl_group_refresh(&r->groups, key, 1, member, w->now_ms) == 0)
		return true;
	// New subscriptions cost memory, so a peer has so many a minute; refreshing is free.
	bool first = false;
	if (!rl_peer_allow_like(q->cold, w->now_ms, r->opt.peer_groups_per_min) ||
	    rl_group_like(&r->groups, key, member, w->now_ms, &first) == RL_LIKE_FULL)
		return false;
	if (first)
		rl_listen_first(w, key);
	return true;
}

// Of groups that have been looked up. False: as join. What finds no room must not keep the rest
// from being refreshed.
static bool like(struct rl_worker *w, struct rl_request *q, const struct rl_group_look *l)
{
	uint32_t absent = rl_group_look_refresh(&w->root->groups, l, asker_of(q), w->now_ms);
	bool good = true;
	for (; absent != 0; absent &= absent - 1)
		good &= join(w, q, &l->key[__builtin_ctz(absent)]);
	return good;
}

void rl_verb_like(struct rl_worker *w, struct rl_request *q)
{
	struct rl_groups *groups = &w->root->groups;
	struct rl_reader in = rl_reader(q->data + ZT_AT_PAYLOAD, q->len - ZT_AT_PAYLOAD);
	bool full = false;
	if (q->ahead) {
		full = !like(w, q, &q->ahead->look);
		rl_get(&in, (size_t)q->ahead->look.n * TUPLE_LEN);
	}
	while (rl_reader_left(&in) >= TUPLE_LEN) {
		struct rl_group_look l;
		rl_like_read(&in, &l);
		rl_group_look_sets(groups, &l);
		rl_group_look_groups(groups, &l);
		rl_group_look_member(groups, &l, asker_of(q));
		full |= !like(w, q, &l);
	}
	if (full)
		rl_drop(q->packet, RL_DROP_GROUPS_FULL);
	else if (rl_reader_left(&in) != 0)
		rl_drop(q->packet, RL_DROP_MALFORMED);
	else
		rl_done(q->packet);
}

static unsigned gather(struct rl_worker *w, struct rl_request *q, const struct rl_group_key *key,
		       uint32_t limit, uint64_t *member, uint32_t *total)
{
	struct rl_groups *groups = &w->root->groups;
	if (limit == 0)
		return 0;
	if (q->ahead)
		return rl_group_look_gather(groups, &q->ahead->look, asker_of(q), limit, w->now_ms,
					    q->ahead->dice, member, total);
	return rl_group_gather(groups, key, asker_of(q), limit, w->now_ms, &w->dice, member, total);
}

void rl_gather_put(struct rl_writer *out, const struct rl_group_key *key, uint32_t total,
		   const uint64_t *member, unsigned n)
{
	rl_put64(out, key->network);
	rl_put16(out, (uint16_t)(key->mac >> 32));
	rl_put32(out, (uint32_t)key->mac);
	rl_put32(out, key->adi);
	rl_put32(out, total);
	rl_put16(out, (uint16_t)n);
	uint8_t *at = rl_put(out, (size_t)n * ZT_ADDRESS_LEN);
	for (unsigned i = 0; at && i < n; i++)
		rl_store40(at + (size_t)i * ZT_ADDRESS_LEN, member[i]);
}

void rl_verb_gather(struct rl_worker *w, struct rl_request *q)
{
	struct rl_reader in = rl_reader(q->data + ZT_AT_PAYLOAD, q->len - ZT_AT_PAYLOAD);
	uint64_t member[GATHER_FIT];
	struct rl_group_key key;
	uint32_t limit, total = 0;
	if (!rl_gather_read(w->root, &in, &key, &limit)) {
		rl_drop(q->packet, RL_DROP_MALFORMED);
		return;
	}
	bool abroad = w->root->siblings.count != 0 && rl_sibling_gather(w, q, &key, limit);
	if (w->root->host.groups_elsewhere && rl_ask_gather(w, q, &key, limit))
		return;
	unsigned n = gather(w, q, &key, limit, member, &total);
	if (n == 0) {
		if (abroad)
			rl_done(q->packet);
		else
			rl_drop(q->packet, RL_DROP_NO_ANSWER);
		return;
	}
	struct rl_writer out = rl_reply_begin(w, q, ZT_VERB_OK, ZT_VERB_MULTICAST_GATHER);
	rl_gather_put(&out, &key, total, member, n);
	if (rl_reply_allowed(w, q, rl_writer_len(&out)))
		rl_reply_send(w, q, &out);
}
