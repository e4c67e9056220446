// SPDX-License-Identifier: BSD-3-Clause
// The ways to the other members' front addresses. The ports send only where they have heard from,
// so the first keepalive leaves by the kernel, from any port of this machine; the other member's
// workers take it in as they take in clients' packets, see which way it came, and answer to our
// front address, which shows us their way.
#include "dpdk-app/backplane_parts.h"
#include "dpdk-app/log.h"
#include "dpdk-app/port_rx.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// The wall clock: members compare theirs.
static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

// Their fronts bring the packets of all their clients.
void backplane_front_known(struct backplane *b)
{
	struct rl_inet all[RL_FORWARDERS_MAX];
	unsigned n = 0;
	for (unsigned m = 1; m < RL_MEMBER_IDS; m++)
		for (unsigned f = 0; f < RL_FAMILIES; f++)
			if (b->fronts[m][f].addr.family != 0 && n < RL_FORWARDERS_MAX)
				all[n++] = b->fronts[m][f].addr;
	rl_root_forwarders(b->o.root, RL_FORWARDERS_MEMBERS, all, n);
}

int backplane_front_open(struct backplane *b)
{
	static const int domain[RL_FAMILIES] = {AF_INET, AF_INET6};
	for (unsigned f = 0; f < RL_FAMILIES; f++) {
		b->socket[f] = socket(domain[f], SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (b->socket[f] < 0 && errno != EAFNOSUPPORT)
			return -errno;
	}
	return 0;
}

void backplane_front_close(struct backplane *b)
{
	for (unsigned f = 0; f < RL_FAMILIES; f++)
		if (b->socket[f] >= 0)
			close(b->socket[f]);
}

// By the kernel. That it cannot send now is no news: it is tried again in five seconds.
static void send_by_kernel(struct backplane *b, const struct rl_inet *to, const uint8_t *data)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(to->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
	memcpy(&v4.sin_addr, to->ip, 4);
	memcpy(&v6.sin6_addr, to->ip, 16);
	bool four = to->family == 4;
	int fd = b->socket[four ? RL_FAMILY_4 : RL_FAMILY_6];
	if (fd >= 0)
		(void)!sendto(fd, data, RL_FRONT_LEN, MSG_DONTWAIT,
			      four ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
			      four ? sizeof(v4) : sizeof(v6));
}

static void ping(struct backplane *b, uint8_t member, enum rl_family f)
{
	const struct backplane_front *to = &b->fronts[member][f];
	uint8_t data[RL_FRONT_LEN];
	uint64_t id;
	if (to->addr.family == 0)
		return;
	randombytes_buf(&id, sizeof(id));
	rl_front_ping(&b->front, member, id, now_us(), data);
	if (to->heard_ms != 0)
		port_tx_send(b->handle.tx, &to->path, data, sizeof(data));
	else
		send_by_kernel(b, &to->addr, data);
}

// IPv4 if that is heard lately, for its headers are shorter; else IPv6.
static void publish(struct backplane *b, uint8_t member)
{
	const struct rl_path *best = NULL;
	for (unsigned f = RL_FAMILIES; f-- > 0;) {
		struct backplane_front *to = &b->fronts[member][f];
		if (to->heard_ms != 0 && b->now_ms - to->heard_ms > RL_FRONT_LIFE_MS)
			to->heard_ms = 0;
		if (to->heard_ms != 0)
			best = &to->path;
	}
	member_ways_set(&b->ways, member, best);
}

bool backplane_front_set(struct backplane *b, uint8_t id, const struct rl_inet front[RL_FAMILIES])
{
	bool moved = false;
	for (unsigned f = 0; f < RL_FAMILIES; f++) {
		struct backplane_front *at = &b->fronts[id][f];
		if (rl_inet_equal(&at->addr, &front[f]))
			continue;
		*at = (struct backplane_front){.addr = front[f]};
		moved = true;
	}
	if (moved)
		publish(b, id);
	return moved;
}

void backplane_front_turn(struct backplane *b)
{
	if (b->now_ms - b->ping_ms < RL_FRONT_EVERY_MS / RL_FAMILIES && b->now_ms >= b->ping_ms)
		return;
	// One family at a time: a member holds one PING as asked.
	enum rl_family f = b->ping_six ? RL_FAMILY_6 : RL_FAMILY_4;
	b->ping_six = !b->ping_six;
	b->ping_ms = b->now_ms;
	for (unsigned m = 1; m < RL_MEMBER_IDS; m++) {
		publish(b, (uint8_t)m);
		bool other = b->fronts[m][!f].addr.family != 0;
		ping(b, (uint8_t)m, other && b->fronts[m][f].addr.family == 0 ? !f : f);
	}
}

void backplane_front_take(struct backplane *b, struct port_packet *pk)
{
	uint8_t answer[RL_FRONT_LEN], member;
	enum rl_front_kind kind =
		rl_front_take(&b->front, pk->p.data, pk->p.len, now_us(), &member, answer);
	if (kind == RL_FRONT_NOT_OURS) {
		atomic_fetch_add_explicit(&b->counters.false_keepalives, 1, memory_order_relaxed);
		return;
	}
	atomic_fetch_add_explicit(&b->counters.keepalives, 1, memory_order_relaxed);
	enum rl_family f = pk->p.from.family == 4 ? RL_FAMILY_4 : RL_FAMILY_6;
	struct backplane_front *from = &b->fronts[member][f];
	uint16_t via = port_packet_via(b->o.ports, &pk->p);
	if (from->addr.family == 0 || via == RL_VIA_NONE)
		return;
	if (from->heard_ms == 0)
		log_info("member %u is reached by IPv%u", member, pk->p.from.family);
	from->path = (struct rl_path){from->addr, via};
	from->heard_ms = b->now_ms;
	publish(b, member);
	rl_steward_front(&b->steward, member, b->now_ms);
	if (kind == RL_FRONT_PONG)
		rl_steward_front_rtt(&b->steward, member, b->front.member[member].rtt_us,
				     b->now_ms);
	if (kind == RL_FRONT_PING)
		port_tx_send(b->handle.tx, &from->path, answer, sizeof(answer));
}
