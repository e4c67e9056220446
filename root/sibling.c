// SPDX-License-Identifier: BSD-3-Clause
#include "root/sibling.h"

#include "root/probe.h"
#include "root/reply.h"

#include <errno.h>

enum { ECHO_LEN = ZT_HDR_LEN + 8 + 8 };

static int add_peer(struct rl_root *r, const struct rl_identity *id, uint64_t now_ms)
{
	int ret = rl_root_peer_add(r, id, now_ms);
	if (ret)
		return ret;
	struct rl_peer *peer = rl_peer_table_find(&r->peers, id->address,
						  rl_peer_table_hash(&r->peers, id->address));
	rl_peer_cold(&r->peers, peer)->sibling = (uint8_t)(r->siblings.count + 1);
	return 0;
}

int rl_root_sibling_add(struct rl_root *r, const struct rl_identity *id,
			const struct rl_inet *front, unsigned count, uint64_t now_ms)
{
	struct rl_siblings *s = &r->siblings;
	if (id->address == r->self)
		return -EINVAL;
	if (s->count == RL_SIBLINGS_MAX || count > RL_SIBLING_FRONTS)
		return -ENOSPC;
	int ret = add_peer(r, id, now_ms);
	if (ret)
		return ret;
	s->at[s->count].address = id->address;
	s->at[s->count].fronts = count;
	for (unsigned i = 0; i < count; i++)
		s->at[s->count].front[i].addr = front[i];
	s->count++;
	return 0;
}

static int front_of(const struct rl_root *r, unsigned sibling, const struct rl_inet *from)
{
	for (unsigned i = 0; i < r->siblings.at[sibling].fronts; i++)
		if (rl_inet_equal(&r->siblings.at[sibling].front[i].addr, from))
			return (int)i;
	return -1;
}

int rl_root_sibling_at(const struct rl_root *r, const struct rl_inet *from)
{
	for (unsigned i = 0; i < r->siblings.count; i++)
		if (front_of(r, i, from) >= 0)
			return (int)i;
	return RL_SIBLING_NONE;
}

int rl_root_sibling_of(const struct rl_root *r, uint64_t address)
{
	for (unsigned i = 0; i < r->siblings.count; i++)
		if (r->siblings.at[i].address == address)
			return (int)i;
	return RL_SIBLING_NONE;
}

static bool way(const struct rl_sibling_front *f, uint32_t tick, uint32_t age_ms,
		struct rl_path *to)
{
	uint64_t word = atomic_load_explicit(&f->way, memory_order_relaxed);
	if (word == 0 || rl_tick_age(tick, (uint32_t)(word >> 32)) > age_ms)
		return false;
	*to = (struct rl_path){f->addr, (uint16_t)word};
	return true;
}

bool rl_root_sibling_way(const struct rl_root *r, unsigned sibling, unsigned front, uint64_t now_ms,
			 uint32_t age_ms, struct rl_path *to)
{
	return way(&r->siblings.at[sibling].front[front], rl_tick_of(now_ms), age_ms, to);
}

bool rl_sibling_path(const struct rl_worker *w, const struct rl_peer_cold *cold,
		     const struct rl_inet *by, struct rl_path *to)
{
	const struct rl_root *r = w->root;
	unsigned sibling = cold->sibling - 1u;
	int i = front_of(r, sibling, by);
	return i >= 0 &&
	       way(&r->siblings.at[sibling].front[i], w->tick, r->opt.path_timeout_ms, to);
}

void rl_sibling_begin(struct rl_worker *w, struct rl_request *q)
{
	struct rl_path path;
	q->listed = front_of(w->root, q->cold->sibling - 1u, &q->packet->from) >= 0;
	q->proven = rl_sibling_path(w, q->cold, &q->packet->from, &path);
}

bool rl_worker_guess(struct rl_worker *w, const struct rl_packet *p)
{
	struct rl_budget *b = &w->guess_budget;
	return b->sets && rl_budget_take(b, rl_budget_hash(b, rl_prefix(&p->from, RL_PREFIX_HOST)),
					 (uint32_t)w->now_ms, w->root->opt.guess_pps, 1);
}

static struct rl_sibling_answer *note(struct rl_worker *w, const struct rl_request *q,
				      unsigned front, enum rl_sibling_said said)
{
	if (w->answer_count == RL_BURST_MAX)
		return NULL;
	struct rl_sibling_answer *a = &w->answer[w->answer_count++];
	*a = (struct rl_sibling_answer){.sibling = (uint8_t)(q->cold->sibling - 1),
					.front = (uint8_t)front,
					.said = (uint8_t)said};
	return a;
}

// The cookie came back from where it was sent to: this is the way there.
static void echoed(struct rl_worker *w, struct rl_request *q, unsigned front, struct rl_reader *in)
{
	struct rl_root *r = w->root;
	unsigned sibling = q->cold->sibling - 1u;
	uint64_t cookie = rl_get64(in), stamp = rl_get64(in);
	if (in->bad || rl_reader_left(in) != 0 ||
	    !rl_probe_check(r, r->siblings.at[sibling].address, &q->packet->from, w->now_ms,
			    cookie)) {
		rl_drop(q->packet, RL_DROP_IGNORED);
		return;
	}
	uint16_t via = r->host.via(r->host.ctx, w->arrival);
	if (via == RL_VIA_NONE) {
		rl_drop(q->packet, RL_DROP_WAYS_FULL);
		return;
	}
	atomic_store_explicit(&r->siblings.at[sibling].front[front].way,
			      (uint64_t)w->tick << 32 | via, memory_order_relaxed);
	w->stats.proofs++;
	rl_done(q->packet);
	struct rl_sibling_answer *a = note(w, q, front, RL_SIBLING_ECHO);
	if (a)
		a->stamp = stamp;
}

static void introduced(struct rl_worker *w, struct rl_request *q, unsigned front,
		       struct rl_reader *in)
{
	rl_done(q->packet);
	while (rl_reader_left(in) != 0) {
		struct rl_identity id;
		rl_identity_get(in, &id);
		if (in->bad) {
			rl_drop(q->packet, RL_DROP_MALFORMED);
			return;
		}
		struct rl_sibling_answer *a = note(w, q, front, RL_SIBLING_WHOIS);
		if (!a)
			return;
		a->id = id;
	}
}

static void listened(struct rl_worker *w, struct rl_request *q, unsigned front,
		     struct rl_reader *in)
{
	struct rl_sibling_listeners l = {.group.network = rl_get64(in)};
	l.group.mac = (uint64_t)rl_get16(in) << 32;
	l.group.mac |= rl_get32(in);
	l.group.adi = rl_get32(in);
	l.total = rl_get32(in);
	unsigned count = rl_get16(in);
	const uint8_t *member = rl_get(in, (size_t)count * ZT_ADDRESS_LEN);
	if (in->bad) {
		rl_drop(q->packet, RL_DROP_MALFORMED);
		return;
	}
	rl_done(q->packet);
	struct rl_sibling_answer *a = note(w, q, front, RL_SIBLING_GATHER);
	if (!a)
		return;
	l.count = (uint16_t)(count < RL_SIBLING_GATHER_MAX ? count : RL_SIBLING_GATHER_MAX);
	if (l.count != 0)
		memcpy(l.member, member, (size_t)l.count * ZT_ADDRESS_LEN);
	a->listeners = l;
}

void rl_sibling_ok(struct rl_worker *w, struct rl_request *q, unsigned in_re, struct rl_reader *in)
{
	int front = front_of(w->root, q->cold->sibling - 1u, &q->packet->from);
	if (front < 0 || !q->direct)
		rl_drop(q->packet, RL_DROP_IGNORED);
	else if (in_re == ZT_VERB_ECHO)
		echoed(w, q, (unsigned)front, in);
	else if (in_re == ZT_VERB_WHOIS)
		introduced(w, q, (unsigned)front, in);
	else if (in_re == ZT_VERB_MULTICAST_GATHER)
		listened(w, q, (unsigned)front, in);
	else
		rl_drop(q->packet, RL_DROP_IGNORED);
}

static bool unknown(const struct rl_root *r, uint64_t address)
{
	return rl_address_ok(address) && !rl_whois_knows(r, address) &&
	       !(r->host.elsewhere && r->host.elsewhere(r->host.ctx, address));
}

// Room for a note about this question; NULL: there is none.
static struct rl_sibling_ask *ask_note(struct rl_worker *w, const struct rl_request *q,
				       const struct rl_path *path, uint8_t verb)
{
	if (w->sibling_ask_count == RL_BURST_MAX)
		return NULL;
	struct rl_sibling_ask *a = &w->sibling_ask[w->sibling_ask_count++];
	*a = (struct rl_sibling_ask){
		.client = atomic_load_explicit(&q->peer->address, memory_order_relaxed),
		.id = q->wire_id,
		.path = *path,
		.verb = verb};
	return a;
}

unsigned rl_sibling_asks(struct rl_worker *w, const struct rl_request *q, const uint64_t *address,
			 unsigned n)
{
	struct rl_sibling_ask *a;
	struct rl_path path;
	unsigned before = w->sibling_ask_count;
	if (q->cold->sibling || !rl_ask_path(w, q, &path))
		return 0;
	for (unsigned i = 0; i < n; i++)
		if (unknown(w->root, address[i]) && (a = ask_note(w, q, &path, ZT_VERB_WHOIS)))
			a->address = address[i];
	return w->sibling_ask_count - before;
}

bool rl_sibling_gather(struct rl_worker *w, const struct rl_request *q,
		       const struct rl_group_key *group, uint32_t limit)
{
	struct rl_path path;
	if (q->cold->sibling || limit == 0 || !rl_ask_path(w, q, &path))
		return false;
	struct rl_sibling_ask *a = ask_note(w, q, &path, ZT_VERB_MULTICAST_GATHER);
	if (!a)
		return false;
	a->gather.group = *group;
	a->gather.limit = limit;
	return true;
}

const struct rl_sibling_ask *rl_worker_sibling_asks(const struct rl_worker *w, unsigned *count)
{
	*count = w->sibling_ask_count;
	return w->sibling_ask;
}

const struct rl_sibling_answer *rl_worker_answers(const struct rl_worker *w, unsigned *count)
{
	*count = w->answer_count;
	return w->answer;
}

static int send(struct rl_worker *w, unsigned sibling, struct rl_out *box,
		const struct rl_writer *out, const struct rl_path *to)
{
	const struct rl_peer_table *peers = &w->root->peers;
	uint64_t address = w->root->siblings.at[sibling].address;
	struct rl_peer *peer =
		rl_peer_table_find(peers, address, rl_peer_table_hash(peers, address));
	size_t len = rl_writer_len(out);
	rl_armor_seal(w->cipher, &rl_peer_cold(peers, peer)->key, box->data, len,
		      rl_reply_suite(peer));
	rl_out_send(w, box, to, len);
	return 0;
}

int rl_tell_sibling_echo(struct rl_worker *w, unsigned sibling, unsigned front,
			 const struct rl_path *by, uint64_t stamp)
{
	uint64_t address = w->root->siblings.at[sibling].address;
	struct rl_path to = {w->root->siblings.at[sibling].front[front].addr, RL_VIA_NONE};
	struct rl_out *box = rl_out_new(w);
	if (!box)
		return -ENOBUFS;
	// Under an ID of its own: the cookie repeats, and one ID may seal one text only.
	struct rl_writer out = rl_reply_header(w, box->data, ECHO_LEN, address, ZT_VERB_ECHO);
	rl_put64(&out, rl_probe_cookie(w->root, address, &to.addr, w->now_ms));
	rl_put64(&out, stamp);
	w->stats.probes++;
	return send(w, sibling, box, &out, by ? by : &to);
}

// A question begun; *to is its way.
static int begin(struct rl_worker *w, unsigned sibling, unsigned front, uint32_t age_ms,
		 enum zt_verb verb, struct rl_path *to, struct rl_out **box, struct rl_writer *out)
{
	const struct rl_siblings *s = &w->root->siblings;
	if (!way(&s->at[sibling].front[front], w->tick, age_ms, to))
		return -ENOTCONN;
	*box = rl_out_new(w);
	if (!*box)
		return -ENOBUFS;
	*out = rl_reply_header(w, (*box)->data, RL_OUT_ROOM, s->at[sibling].address, verb);
	return 0;
}

int rl_tell_sibling_whois(struct rl_worker *w, unsigned sibling, unsigned front, uint32_t age_ms,
			  uint64_t address)
{
	struct rl_path to;
	struct rl_out *box;
	struct rl_writer out;
	int ret = begin(w, sibling, front, age_ms, ZT_VERB_WHOIS, &to, &box, &out);
	if (ret)
		return ret;
	rl_put40(&out, address);
	return send(w, sibling, box, &out, &to);
}

int rl_tell_sibling_gather(struct rl_worker *w, unsigned sibling, unsigned front, uint32_t age_ms,
			   const struct rl_group_key *group)
{
	struct rl_path to;
	struct rl_out *box;
	struct rl_writer out;
	int ret = begin(w, sibling, front, age_ms, ZT_VERB_MULTICAST_GATHER, &to, &box, &out);
	if (ret)
		return ret;
	rl_put64(&out, group->network);
	rl_put8(&out, 0); // no certificate
	rl_put16(&out, (uint16_t)(group->mac >> 32));
	rl_put32(&out, (uint32_t)group->mac);
	rl_put32(&out, group->adi);
	rl_put32(&out, RL_SIBLING_GATHER_MAX);
	return send(w, sibling, box, &out, &to);
}
