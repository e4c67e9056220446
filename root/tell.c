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
