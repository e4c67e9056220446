// SPDX-License-Identifier: BSD-3-Clause
// What the control thread sees and does beside the workers: peers as an operator reads them, peers
// put in from a database, peers forgotten. Ticks become times again here.
#include "root/core.h"

#include <errno.h>
#include <sodium.h>

#define get(x) atomic_load_explicit(&(x), memory_order_relaxed)

uint32_t rl_root_peer_count(const struct rl_root *r)
{
	return get(r->peers.count);
}

uint32_t rl_root_max_peers(const struct rl_root *r)
{
	return r->peers.max;
}

static void read_paths(const struct rl_peer *hot, const struct rl_peer_cold *cold, uint64_t now_ms,
		       struct rl_peer_info *info)
{
	uint32_t now = rl_tick_of(now_ms);
	for (unsigned i = 0; i < RL_PATHS; i++) {
		struct rl_path path;
		uint32_t heard;
		if (!rl_peer_path_get(hot, cold, i, &path, &heard))
			continue;
		info->path[info->path_count].addr = path.addr;
		info->path[info->path_count].via = path.via;
		info->path[info->path_count].heard_ms = now_ms - rl_tick_age(now, heard);
		info->path[info->path_count++].best = get(hot->best) == i;
	}
}

static bool read_peer(const struct rl_root *r, const struct rl_peer *hot, uint64_t now_ms,
		      struct rl_peer_info *info)
{
	const struct rl_peer_cold *cold = rl_peer_cold(&r->peers, hot);
	uint32_t now = rl_tick_of(now_ms);
	uint16_t latency = get(cold->latency_ms);
	*info = (struct rl_peer_info){
		.id.address = get(hot->address),
		.proto = get(hot->proto),
		.major = get(cold->major),
		.minor = get(cold->minor),
		.revision = get(cold->revision),
		.latency_ms = latency == UINT16_MAX ? -1 : latency,
		.first_ms = now_ms - rl_tick_age(now, cold->first),
		.heard_ms = get(cold->heard) ? now_ms - rl_tick_age(now, get(cold->heard)) : 0,
	};
	memcpy(info->id.public_key, cold->public_key, ZT_PUBLIC_LEN);
	read_paths(hot, cold, now_ms, info);
	return true;
}

bool rl_root_peer_at(const struct rl_root *r, uint32_t index, uint64_t now_ms,
		     struct rl_peer_info *info)
{
	// Acquire: `top` is written before the peer; the state tells whether it is there at all.
	if (index >= atomic_load_explicit(&r->peers.top, memory_order_acquire))
		return false;
	const struct rl_peer *hot = &r->peers.hot[index];
	uint64_t address = get(hot->address);
	if (address == 0 ||
	    rl_peer_table_find(&r->peers, address, rl_peer_table_hash(&r->peers, address)) != hot)
		return false;
	return read_peer(r, hot, now_ms, info);
}

bool rl_root_peer_find(const struct rl_root *r, uint64_t address, uint64_t now_ms,
		       struct rl_peer_info *info)
{
	const struct rl_peer *hot =
		rl_peer_table_find(&r->peers, address, rl_peer_table_hash(&r->peers, address));
	return hot && read_peer(r, hot, now_ms, info);
}

int rl_root_peer_add(struct rl_root *r, const struct rl_identity *id, uint64_t now_ms)
{
	struct rl_key key;
	if (rl_key_agree(&key, &r->secret, id->public_key) != 0)
		return -EINVAL;
	struct rl_peer *hot = rl_peer_table_reserve(&r->peers);
	if (!hot)
		return -ENOSPC;
	struct rl_peer_cold *cold = rl_peer_cold(&r->peers, hot);
	cold->key = key;
	sodium_memzero(&key, sizeof(key));
	memcpy(cold->public_key, id->public_key, ZT_PUBLIC_LEN);
	cold->first = rl_tick_of(now_ms);
	atomic_store_explicit(&cold->heard, rl_tick_of(now_ms), memory_order_relaxed);
	atomic_store_explicit(&cold->latency_ms, UINT16_MAX, memory_order_relaxed);
	atomic_store_explicit(&hot->best, RL_PATH_NONE, memory_order_relaxed);
	int ret = rl_peer_table_publish(&r->peers, hot, id->address);
	if (ret != 0)
		rl_peer_table_release(&r->peers, hot);
	return ret;
}

enum {
	ONLINE_MS = 500000, // a client says something within this time, or is gone (6.7)
	PROVING_MS = 60000, // one that is reached answers its first probe at once
};

static bool crowded(const struct rl_root *r)
{
	return (uint64_t)get(r->peers.count) * 10 >= (uint64_t)r->peers.max * 9;
}

// A full table must not shut out newcomers for the sake of the long silent, or of identities that
// cost their maker a second and showed up once, from an address that may be forged.
static uint64_t patience_ms(const struct rl_root *r, const struct rl_peer *hot, bool crowded)
{
	uint64_t least = get(hot->best) == RL_PATH_NONE ? PROVING_MS : ONLINE_MS;
	return crowded && r->opt.peer_timeout_ms > least ? least : r->opt.peer_timeout_ms;
}

unsigned rl_root_expire(struct rl_root *r, uint64_t now_ms, unsigned budget)
{
	uint32_t top = get(r->peers.top), now = rl_tick_of(now_ms);
	bool tight = crowded(r);
	for (unsigned i = 0; i < budget && i < top; i++) {
		if (r->expire_at >= top)
			r->expire_at = 0;
		struct rl_peer *hot = &r->peers.hot[r->expire_at++];
		// Without an address it may be in the hands of an admission thread.
		if (get(hot->address) == 0)
			continue;
		if (rl_peer_cold(&r->peers, hot)->sibling)
			continue;
		uint32_t heard = get(rl_peer_cold(&r->peers, hot)->heard);
		if (rl_tick_age(now, heard) > patience_ms(r, hot, tight))
			rl_peer_table_unlink(&r->peers, hot);
	}
	// Groups go round as often as peers do: the two tables differ in size a thousandfold.
	uint64_t sets = r->groups.mask + 1, share = budget < r->peers.max ? budget : r->peers.max;
	rl_group_expire(&r->groups, now_ms, (unsigned)(sets * share / r->peers.max) + 1);
	return rl_peer_table_seal(&r->peers);
}

void rl_root_expire_done(struct rl_root *r)
{
	rl_peer_table_reclaim(&r->peers);
}
