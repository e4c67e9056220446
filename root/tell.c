// SPDX-License-Identifier: BSD-3-Clause
#include "root/tell.h"

#include "root/probe.h"
#include "root/reply.h"

#include <errno.h>

enum { REDIRECT = 0x02 }; // flag of an entry: prefer this path to all others

struct told {
	struct rl_peer *peer;
	struct rl_peer_cold *cold;
	struct rl_path path;
};

void rl_tell_begin(struct rl_worker *w, uint64_t now_ms)
{
	w->now_ms = now_ms;
	w->tick = rl_tick_of(now_ms);
	w->out_count = 0;
	w->sight_count = 0;
	w->ask_count = 0;
	w->answer_count = 0;
	w->sibling_ask_count = 0;
	w->new_group_count = 0;
	w->new_group_more = false;
	w->arrival = NULL;
}

static int find(struct rl_worker *w, uint64_t client, const struct rl_inet *by, struct told *t)
{
	const struct rl_peer_table *peers = &w->root->peers;
	uint32_t heard;
	t->peer = rl_peer_table_find(peers, client, rl_peer_table_hash(peers, client));
	if (!t->peer)
		return -ENOENT;
	t->cold = rl_peer_cold(peers, t->peer);
	if (t->cold->sibling)
		return rl_sibling_path(w, t->cold, by, &t->path) ? 0 : -ENOTCONN;
	unsigned i = rl_peer_path_find(t->peer, t->cold, by);
	if (i == RL_PATH_NONE || !rl_peer_path_get(t->peer, t->cold, i, &t->path, &heard) ||
	    rl_tick_age(w->tick, heard) > w->root->opt.path_timeout_ms)
		return -ENOTCONN;
	return 0;
}

static int send(struct rl_worker *w, const struct told *t, struct rl_out *box,
		const struct rl_writer *out)
{
	size_t len = rl_writer_len(out);
	rl_armor_seal(w->cipher, &t->cold->key, box->data, len, rl_reply_suite(t->peer));
	rl_out_send(w, box, &t->path, len);
	return 0;
}

static void put_redirect(struct rl_writer *out, const struct rl_inet *at)
{
	unsigned ip = at->family == 4 ? 4 : 16;
	rl_put8(out, REDIRECT);
	rl_put16(out, 0); // no extension
	rl_put8(out, at->family);
	rl_put8(out, (uint8_t)(ip + 2));
	rl_put_bytes(out, at->ip, ip);
	rl_put16(out, at->port);
}

int rl_tell_push(struct rl_worker *w, uint64_t client, const struct rl_inet *by,
		 const struct rl_inet *at, unsigned n)
{
	struct told t;
	if (n == 0 || n > RL_TELL_PUSH_MAX)
		return -EINVAL;
	int ret = find(w, client, by, &t);
	struct rl_out *box = ret == 0 ? rl_out_new(w) : NULL;
	if (!box)
		return ret ? ret : -ENOBUFS;
	struct rl_writer out =
		rl_reply_header(w, box->data, RL_OUT_ROOM, client, ZT_VERB_PUSH_DIRECT_PATHS);
	rl_put16(&out, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		put_redirect(&out, &at[i]);
	w->stats.redirects++;
	return send(w, &t, box, &out);
}

int rl_tell_nop(struct rl_worker *w, uint64_t client, const struct rl_inet *by)
{
	struct told t;
	int ret = find(w, client, by, &t);
	if (ret)
		return ret;
	bool sent = rl_nop_send(w, t.peer, &t.path);
	rl_seal_all(w);
	return sent ? 0 : -ENOBUFS;
}

int rl_tell_echo(struct rl_worker *w, uint64_t client, const struct rl_inet *by)
{
	struct told t;
	int ret = find(w, client, by, &t);
	if (ret)
		return ret;
	unsigned before = w->out_count;
	rl_probe_send(w, t.peer, &t.path);
	rl_seal_all(w);
	return w->out_count == before ? -ENOBUFS : 0;
}

int rl_tell_rendezvous(struct rl_worker *w, uint64_t client, const struct rl_inet *by,
		       uint64_t other, const struct rl_inet *at)
{
	struct told t;
	int ret = find(w, client, by, &t);
	if (ret)
		return ret;
	bool sent = rl_rendezvous_send(w, t.peer, &t.path, other, at);
	rl_seal_all(w);
	return sent ? 0 : -ENOBUFS;
}

// An answer to a question of its, in a fresh entry of the out-box.
static struct rl_writer begin_ok(struct rl_worker *w, struct rl_out *box, uint64_t client,
				 uint8_t verb, uint64_t id)
{
	struct rl_writer out = rl_reply_header(w, box->data, RL_OUT_ROOM, client, ZT_VERB_OK);
	rl_put8(&out, verb);
	rl_put64(&out, id);
	return out;
}

static int may_answer(struct rl_worker *w, const struct told *t)
{
	if (!atomic_load_explicit(&t->cold->withheld, memory_order_relaxed))
		return 0;
	rl_count(w, RL_DROP_WITHHELD);
	return -EACCES;
}

static const struct rl_identity *find_given(const struct rl_identity *given, unsigned n,
					    uint64_t address)
{
	for (unsigned i = 0; i < n; i++)
		if (given[i].address == address)
			return &given[i];
	return NULL;
}

// What is known of the asked: the addresses first, so that the room for the answers is known.
struct whois {
	unsigned count;
	uint64_t address[RL_ASK_WHOIS_MAX];
	const struct rl_identity *given[RL_ASK_WHOIS_MAX]; // NULL: known here
	unsigned introduced;
	struct rl_peer *introduce[RL_ASK_WHOIS_MAX];
};

static void whois_collect(const struct rl_root *r, struct whois *k, const uint64_t *asked,
			  unsigned n, const struct rl_identity *given, unsigned given_count)
{
	k->count = k->introduced = 0;
	for (unsigned i = 0; i < n; i++) {
		bool here = rl_whois_knows(r, asked[i]);
		const struct rl_identity *g =
			here ? NULL : find_given(given, given_count, asked[i]);
		if (!here && !g)
			continue;
		k->address[k->count] = asked[i];
		k->given[k->count++] = g;
	}
}

static void whois_put(const struct rl_root *r, struct whois *k, unsigned i, struct rl_writer *out,
		      const struct rl_peer *asker)
{
	struct rl_peer *peer = NULL;
	if (k->given[i])
		rl_identity_put(out, k->given[i]);
	else
		rl_whois_put(r, out, k->address[i], &peer);
	if (peer && peer != asker)
		k->introduce[k->introduced++] = peer;
}

int rl_tell_whois(struct rl_worker *w, uint64_t client, const struct rl_inet *by, uint64_t id,
		  const uint64_t *asked, unsigned n, const struct rl_identity *given,
		  unsigned given_count)
{
	struct whois k;
	struct told t;
	if (n == 0 || n > RL_ASK_WHOIS_MAX)
		return -EINVAL;
	int ret = find(w, client, by, &t);
	if (ret == 0)
		ret = may_answer(w, &t);
	if (ret)
		return ret;
	whois_collect(w->root, &k, asked, n, given, given_count);
	if (k.count == 0) {
		rl_count(w, RL_DROP_NO_ANSWER);
		return -ENODATA;
	}
	if (w->out_count + (k.count + RL_WHOIS_PER_OK - 1) / RL_WHOIS_PER_OK > RL_OUT_MAX) {
		rl_count(w, RL_DROP_OUTBOX_FULL);
		return -ENOBUFS;
	}
	for (unsigned i = 0; i < k.count;) {
		struct rl_out *box = rl_out_new(w);
		struct rl_writer out = begin_ok(w, box, client, ZT_VERB_WHOIS, id);
		for (unsigned here = 0; i < k.count && here < RL_WHOIS_PER_OK; i++, here++)
			whois_put(w->root, &k, i, &out, t.peer);
		w->stats.replies++;
		send(w, &t, box, &out);
	}
	// Who asks about a peer right after having been introduced to it has lost that hint.
	for (unsigned i = 0; i < k.introduced; i++)
		rl_introduce_again(w, t.peer, k.introduce[i]);
	rl_seal_all(w);
	return 0;
}

int rl_tell_gather(struct rl_worker *w, uint64_t client, const struct rl_inet *by, uint64_t id,
		   const struct rl_group_key *group, uint32_t total, const uint64_t *member,
		   unsigned n)
{
	struct told t;
	if (n > RL_TELL_GATHER_MAX)
		return -EINVAL;
	int ret = find(w, client, by, &t);
	if (ret == 0)
		ret = may_answer(w, &t);
	if (ret)
		return ret;
	if (n == 0) {
		rl_count(w, RL_DROP_NO_ANSWER);
		return -ENODATA;
	}
	struct rl_out *box = rl_out_new(w);
	if (!box)
		return -ENOBUFS;
	struct rl_writer out = begin_ok(w, box, client, ZT_VERB_MULTICAST_GATHER, id);
	rl_gather_put(&out, group, total, member, n);
	w->stats.replies++;
	return send(w, &t, box, &out);
}

bool rl_root_withhold(struct rl_root *r, uint64_t client, bool withheld)
{
	struct rl_peer *peer =
		rl_peer_table_find(&r->peers, client, rl_peer_table_hash(&r->peers, client));
	if (!peer)
		return false;
	atomic_store_explicit(&rl_peer_cold(&r->peers, peer)->withheld, withheld,
			      memory_order_relaxed);
	return true;
}
