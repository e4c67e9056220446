// SPDX-License-Identifier: BSD-3-Clause
#include "root/peer.h"

#include "root/spin.h"

#define get(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

static uint64_t v4_word(const struct rl_path *p)
{
	uint32_t ip;
	memcpy(&ip, p->addr.ip, 4);
	return ip | (uint64_t)p->addr.port << 32 | (uint64_t)p->via << 48;
}

static void v4_read(uint64_t word, struct rl_path *out)
{
	uint32_t ip = (uint32_t)word;
	*out = (struct rl_path){.addr = {.port = (uint16_t)(word >> 32), .family = 4},
				.via = (uint16_t)(word >> 48)};
	memcpy(out->addr.ip, &ip, 4);
}

static void v6_read(uint64_t hi, uint64_t lo, uint32_t to, struct rl_path *out)
{
	*out = (struct rl_path){.addr = {.port = (uint16_t)to, .family = 6},
				.via = (uint16_t)(to >> 16)};
	memcpy(out->addr.ip, &hi, 8);
	memcpy(out->addr.ip + 8, &lo, 8);
}

bool rl_peer_path_get(const struct rl_peer *hot, const struct rl_peer_cold *cold, unsigned i,
		      struct rl_path *out, uint32_t *heard)
{
	if (i <= RL_PATH_V4B) {
		uint64_t word = get(hot->v4[i]);
		*heard = get(hot->heard[i]);
		v4_read(word, out);
		return word != 0;
	}
	if (i > RL_PATH_V6B)
		return false;
	const _Atomic uint64_t *ip = i == RL_PATH_V6A ? hot->v6a : cold->v6b;
	const _Atomic uint32_t *to = i == RL_PATH_V6A ? &hot->v6a_to : &cold->v6b_to;
	*heard = rl_peer_path_heard(hot, cold, i);
	// A writer holds the lock for some ten stores; whoever still meets it after that was
	// preempted with it.
	for (int tries = 0; tries < 64; tries++) {
		uint32_t before = atomic_load_explicit(&hot->seq, memory_order_acquire);
		if (before & 1) {
			rl_pause();
			continue;
		}
		uint64_t hi = get(ip[0]), lo = get(ip[1]);
		uint32_t word = get(*to);
		atomic_thread_fence(memory_order_acquire);
		if (get(hot->seq) != before)
			continue;
		v6_read(hi, lo, word, out);
		return word != 0;
	}
	return false;
}

uint32_t rl_peer_path_heard(const struct rl_peer *hot, const struct rl_peer_cold *cold, unsigned i)
{
	return i == RL_PATH_V6B ? get(cold->v6b_heard) : get(hot->heard[i]);
}

void rl_peer_path_refresh(struct rl_peer *hot, struct rl_peer_cold *cold, unsigned i, uint32_t tick)
{
	// A second's precision is plenty and spares the line a write per packet.
	uint32_t old = rl_peer_path_heard(hot, cold, i);
	if (old != 0 && rl_tick_age(tick, old) < 1000)
		return;
	if (i == RL_PATH_V6B)
		set(cold->v6b_heard, tick);
	else
		set(hot->heard[i], tick);
}

unsigned rl_peer_path_find(const struct rl_peer *hot, const struct rl_peer_cold *cold,
			   const struct rl_inet *addr)
{
	unsigned first = addr->family == 4 ? RL_PATH_V4A : RL_PATH_V6A;
	for (unsigned i = first; i < first + 2; i++) {
		struct rl_path path;
		uint32_t heard;
		if (rl_peer_path_get(hot, cold, i, &path, &heard) &&
		    rl_inet_equal(&path.addr, addr))
			return i;
	}
	return RL_PATH_NONE;
}

// The second IPv6 path lies in the cold part, so it changes places with the first one to become the
// best.
static void v6_swap(struct rl_peer *hot, struct rl_peer_cold *cold)
{
	uint64_t hi = get(hot->v6a[0]), lo = get(hot->v6a[1]);
	uint32_t to = get(hot->v6a_to), heard = get(hot->heard[RL_PATH_V6A]);
	set(hot->v6a[0], get(cold->v6b[0]));
	set(hot->v6a[1], get(cold->v6b[1]));
	set(hot->v6a_to, get(cold->v6b_to));
	set(hot->heard[RL_PATH_V6A], get(cold->v6b_heard));
	set(cold->v6b[0], hi);
	set(cold->v6b[1], lo);
	set(cold->v6b_to, to);
	set(cold->v6b_heard, heard);
}

// Which slot of its family takes a new path: its own, an empty one, or the one unheard for longest.
static unsigned slot_for(struct rl_peer *hot, struct rl_peer_cold *cold, const struct rl_inet *addr,
			 uint32_t tick)
{
	unsigned a = addr->family == 4 ? RL_PATH_V4A : RL_PATH_V6A;
	unsigned found = rl_peer_path_find(hot, cold, addr);
	if (found != RL_PATH_NONE)
		return found;
	uint32_t heard_a = rl_peer_path_heard(hot, cold, a);
	uint32_t heard_b = rl_peer_path_heard(hot, cold, a + 1);
	if (heard_a == 0)
		return a;
	if (heard_b == 0)
		return a + 1;
	return rl_tick_age(tick, heard_a) > rl_tick_age(tick, heard_b) ? a : a + 1;
}

bool rl_peer_path_learn(struct rl_peer *hot, struct rl_peer_cold *cold, const struct rl_path *path,
			uint32_t tick)
{
	struct rl_path old;
	uint32_t heard;
	bool same = rl_peer_path_get(hot, cold, get(hot->best), &old, &heard) &&
		    rl_inet_equal(&old.addr, &path->addr);
	// The slot is chosen under the count that is then taken: not if another writer came
	// between.
	uint32_t seq = atomic_load_explicit(&hot->seq, memory_order_acquire);
	unsigned i = slot_for(hot, cold, &path->addr, tick);
	if (seq & 1 ||
	    !atomic_compare_exchange_strong_explicit(&hot->seq, &seq, seq + 1, memory_order_acquire,
						     memory_order_relaxed))
		return false;
	atomic_thread_fence(memory_order_release);
	if (i <= RL_PATH_V4B) {
		set(hot->v4[i], v4_word(path));
		set(hot->heard[i], tick);
	} else {
		uint64_t ip[2];
		memcpy(ip, path->addr.ip, 16);
		if (i == RL_PATH_V6B) {
			v6_swap(hot, cold);
			i = RL_PATH_V6A;
		}
		set(hot->v6a[0], ip[0]);
		set(hot->v6a[1], ip[1]);
		set(hot->v6a_to, path->addr.port | (uint32_t)path->via << 16);
		set(hot->heard[i], tick);
	}
	set(hot->best, (uint8_t)i);
	atomic_store_explicit(&hot->seq, seq + 2, memory_order_release);
	return !same;
}

bool rl_peer_path_family(const struct rl_peer *hot, const struct rl_peer_cold *cold, uint8_t family,
			 uint32_t tick, uint32_t timeout_ms, struct rl_path *out)
{
	unsigned first = family == 4 ? RL_PATH_V4A : RL_PATH_V6A;
	uint64_t least = (uint64_t)timeout_ms + 1;
	for (unsigned i = first; i < first + 2; i++) {
		struct rl_path path;
		uint32_t heard;
		if (!rl_peer_path_get(hot, cold, i, &path, &heard))
			continue;
		uint64_t age = rl_tick_age(tick, heard);
		if (age >= least)
			continue;
		least = age;
		*out = path;
	}
	return least <= timeout_ms;
}

bool rl_peer_allow(struct rl_peer_cold *cold, uint64_t now_ms, uint32_t pps)
{
	if (pps == 0)
		return true;
	uint32_t second = (uint32_t)(now_ms / 1000);
	if (get(cold->window) != second) {
		set(cold->window, second);
		set(cold->used, 1);
		return true;
	}
	uint16_t used = get(cold->used);
	if (used >= pps || used == UINT16_MAX)
		return false;
	set(cold->used, (uint16_t)(used + 1));
	return true;
}

bool rl_peer_allow_like(struct rl_peer_cold *cold, uint64_t now_ms, uint32_t per_minute)
{
	uint32_t minute = (uint32_t)(now_ms / 60000) & 0xffff;
	uint32_t likes = get(cold->likes);
	uint32_t used = likes >> 16 == minute ? likes & 0xffff : 0;
	if (used >= per_minute || used == 0xffff)
		return false;
	set(cold->likes, minute << 16 | (used + 1));
	return true;
}
