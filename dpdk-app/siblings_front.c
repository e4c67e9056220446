// SPDX-License-Identifier: BSD-3-Clause
// The ways to siblings' fronts. The ports send only where they have heard from, so the first ECHO
// leaves by the kernel, from the socket that holds our UDP port there: the sibling sees our front,
// and its answer comes back to our ports, which shows them the way.
#include "dpdk-app/log.h"
#include "dpdk-app/siblings_parts.h"
#include "root/tell.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

// Of no meaning to anybody but us: a sibling sends it back.
uint64_t siblings_clock_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

// Our own front of this family, if the config names one; else the kernel chooses.
static bool own_address(const struct siblings *s, uint8_t family, struct rl_inet *own)
{
	const struct config *c = s->o.config;
	const struct config_member *m = c->cluster.given ? config_self(c) : NULL;
	const char *front = !m ? "" : family == 4 ? m->front_ipv4 : m->front_ipv6;
	if (m)
		return *front && rl_inet_parse(own, front) == 0;
	for (unsigned i = 0; i < c->addresses.count; i++) {
		char text[CONFIG_TEXT_MAX + 4];
		snprintf(text, sizeof(text), "%s/1", c->addresses.v[i]);
		if (rl_inet_parse(own, text) == 0 && own->family == family)
			return true;
	}
	return false;
}

static void put_source(struct msghdr *m, const struct rl_inet *own)
{
	struct cmsghdr *c = m->msg_control;
	if (own->family == 4) {
		struct in_pktinfo info = {0};
		memcpy(&info.ipi_spec_dst, own->ip, 4);
		*c = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		m->msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in6_pktinfo info = {0};
		memcpy(&info.ipi6_addr, own->ip, 16);
		*c = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		m->msg_controllen = CMSG_SPACE(sizeof(info));
	}
}

static int send_by_kernel(const struct siblings *s, const struct rl_inet *to, const uint8_t *data,
			  size_t len)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(to->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {0};
	struct iovec bytes = {(void *)(uintptr_t)data, len};
	struct msghdr m = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control};
	struct rl_inet own;
	bool four = to->family == 4;
	int fd = s->socket[!four];
	if (fd < 0)
		return -ENOTSOCK;
	memcpy(&v4.sin_addr, to->ip, 4);
	memcpy(&v6.sin6_addr, to->ip, 16);
	m.msg_name = four ? (void *)&v4 : (void *)&v6;
	m.msg_namelen = four ? sizeof(v4) : sizeof(v6);
	// Behind a NAT the front is not the machine's own.
	if (own_address(s, to->family, &own)) {
		put_source(&m, &own);
		if (sendmsg(fd, &m, MSG_DONTWAIT) >= 0)
			return 0;
	}
	m.msg_control = NULL;
	m.msg_controllen = 0;
	return sendmsg(fd, &m, MSG_DONTWAIT) < 0 ? -errno : 0;
}

void siblings_flush(struct siblings *s)
{
	unsigned n;
	const struct rl_out *out = rl_worker_out(s->handle.core, &n);
	for (unsigned i = 0; i < n; i++) {
		if (out[i].to.via != RL_VIA_NONE) {
			port_tx_extra(s->handle.tx, &out[i]);
			continue;
		}
		// That the kernel has no way now is no news: it is tried again in five seconds.
		int ret = send_by_kernel(s, &out[i].to.addr, out[i].data, out[i].len);
		if (ret == 0 || s->complained)
			continue;
		s->complained = true;
		char to[RL_INET_TEXT];
		log_warning("siblings: nothing can be sent to %s yet (%s): it is tried again",
			    rl_inet_text(&out[i].to.addr, to), strerror(-ret));
	}
	port_tx_flush(s->handle.tx);
	rl_tell_begin(s->handle.core, s->now_ms);
}

static bool up(const struct siblings *s, unsigned sibling, unsigned front, struct rl_path *way)
{
	return rl_root_sibling_way(s->o.root, sibling, front, s->now_ms, SIBLINGS_LIFE_MS, way);
}

static void say_change(struct siblings *s, unsigned sibling, unsigned front, bool now)
{
	const struct config_sibling *c = &s->o.config->siblings.v[sibling];
	struct siblings_front *f = &s->front[sibling][front];
	if (f->up == now)
		return;
	f->up = now;
	if (now)
		log_info("sibling %s is reached at %s", c->name, c->fronts.v[front]);
	else
		log_warning("sibling %s does not answer at %s", c->name, c->fronts.v[front]);
}

static void choose_front(struct siblings *s, unsigned sibling, uint32_t *least_us)
{
	uint8_t best = SIBLINGS_NO_FRONT;
	*least_us = UINT32_MAX;
	for (unsigned i = 0; i < siblings_fronts(s, sibling); i++) {
		struct rl_path way;
		bool now = up(s, sibling, i, &way);
		say_change(s, sibling, i, now);
		uint32_t us =
			atomic_load_explicit(&s->front[sibling][i].rtt_us, memory_order_relaxed);
		if (!now || (best != SIBLINGS_NO_FRONT && us >= *least_us))
			continue;
		best = (uint8_t)i;
		*least_us = us;
	}
	atomic_store_explicit(&s->best[sibling], best, memory_order_relaxed);
}

static void choose(struct siblings *s)
{
	uint32_t us, least_us = UINT32_MAX;
	uint8_t nearest = RL_SIBLINGS_MAX;
	for (unsigned i = 0; i < s->count; i++) {
		choose_front(s, i, &us);
		bool reached = atomic_load_explicit(&s->best[i], memory_order_relaxed) !=
			       SIBLINGS_NO_FRONT;
		if (!reached || (nearest != RL_SIBLINGS_MAX && us >= least_us))
			continue;
		nearest = (uint8_t)i;
		least_us = us;
	}
	atomic_store_explicit(&s->nearest, nearest, memory_order_relaxed);
}

void siblings_front_heard(struct siblings *s, unsigned sibling, unsigned front, uint64_t sent_us,
			  uint64_t heard_us)
{
	struct siblings_front *f = &s->front[sibling][front];
	uint64_t us = heard_us > sent_us ? heard_us - sent_us : 1;
	atomic_store_explicit(&f->rtt_us, us < UINT32_MAX ? (uint32_t)us : UINT32_MAX,
			      memory_order_relaxed);
	atomic_store_explicit(&f->heard_ms, s->now_ms, memory_order_relaxed);
	choose(s);
}

void siblings_front_turn(struct siblings *s)
{
	choose(s);
	if (s->echo_ms != 0 && s->now_ms - s->echo_ms < SIBLINGS_EVERY_MS &&
	    s->now_ms >= s->echo_ms)
		return;
	s->echo_ms = s->now_ms;
	for (unsigned i = 0; i < s->count; i++) {
		for (unsigned f = 0; f < siblings_fronts(s, i); f++) {
			struct rl_path way;
			rl_tell_sibling_echo(s->handle.core, i, f, up(s, i, f, &way) ? &way : NULL,
					     siblings_clock_us());
		}
	}
}
