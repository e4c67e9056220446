// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/member_ways.h"

#include <string.h>

#define get(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

// A sequence lock with one writer. The fences order the words between the two counts: a reader that
// has seen any of the new words sees an odd or another count afterwards.
void member_ways_set(struct member_ways *w, uint8_t member, const struct rl_path *path)
{
	struct member_way *m = &w->at[member];
	uint64_t ip[2] = {0};
	uint32_t port_via = 0;
	if (path) {
		memcpy(ip, path->addr.ip, sizeof(ip));
		port_via = (uint32_t)path->via << 16 | path->addr.port;
	}
	uint32_t seq = get(m->seq);
	set(m->seq, seq + 1);
	atomic_thread_fence(memory_order_release);
	set(m->ip[0], ip[0]);
	set(m->ip[1], ip[1]);
	set(m->port_via, port_via);
	set(m->family, path ? path->addr.family : 0);
	atomic_store_explicit(&m->seq, seq + 2, memory_order_release);
}

bool member_ways_get(const struct member_ways *w, uint8_t member, struct rl_path *path)
{
	const struct member_way *m = &w->at[member];
	uint32_t before = atomic_load_explicit(&m->seq, memory_order_acquire);
	uint64_t ip[2] = {get(m->ip[0]), get(m->ip[1])};
	uint32_t port_via = get(m->port_via);
	uint8_t family = get(m->family);
	atomic_thread_fence(memory_order_acquire);
	if (before & 1 || get(m->seq) != before || port_via == 0)
		return false;
	*path = (struct rl_path){.addr = {.port = (uint16_t)port_via, .family = family},
				 .via = (uint16_t)(port_via >> 16)};
	memcpy(path->addr.ip, ip, sizeof(ip));
	return true;
}
