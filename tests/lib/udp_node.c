// SPDX-License-Identifier: BSD-3-Clause
#include "tests/lib/udp_node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t udp_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int udp_net_init(struct udp_net *net, unsigned count)
{
	*net = (struct udp_net){.count = count};
	net->node = calloc(count, sizeof(*net->node));
	net->log = calloc(UDP_LOG_MAX, sizeof(*net->log));
	if (!net->node || !net->log)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		net->node[i].hello_every_ms = 1000;
		for (unsigned s = 0; s < UDP_SOCKETS; s++)
			net->node[i].socket[s].fd = -1;
	}
	return 0;
}

void udp_net_free(struct udp_net *net)
{
	for (unsigned i = 0; i < net->count; i++) {
		for (unsigned s = 0; s < UDP_SOCKETS; s++)
			udp_close(&net->node[i], s);
	}
	free(net->node);
	free(net->log);
}

static socklen_t to_sockaddr(const struct rl_inet *a, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){0};
	if (a->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	memcpy(&in6->sin6_addr, a->ip, 16);
	return sizeof(*in6);
}

static struct rl_inet from_sockaddr(const struct sockaddr_storage *s)
{
	struct rl_inet a = {0};

	if (s->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)s;

		a.family = 4;
		a.port = ntohs(in->sin_port);
		memcpy(a.ip, &in->sin_addr, 4);
	} else {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)s;

		a.family = 6;
		a.port = ntohs(in6->sin6_port);
		memcpy(a.ip, &in6->sin6_addr, 16);
	}
	return a;
}

int udp_open(struct udp_node *n, unsigned socket_no, const struct rl_inet *local)
{
	struct udp_socket *s = &n->socket[socket_no];
	struct sockaddr_storage addr;
	socklen_t len = to_sockaddr(local, &addr);
	int one = 1;
	int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (addr.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	*s = (struct udp_socket){.fd = fd, .local = from_sockaddr(&addr)};
	return 0;
}

void udp_close(struct udp_node *n, unsigned socket_no)
{
	if (n->socket[socket_no].fd >= 0)
		close(n->socket[socket_no].fd);
	n->socket[socket_no].fd = -1;
}

static void send_to(struct udp_node *n, unsigned socket_no, const struct rl_inet *to,
		    const void *data, size_t len)
{
	struct udp_socket *s = &n->socket[socket_no];
	struct sockaddr_storage addr;
	socklen_t addr_len = to_sockaddr(to, &addr);

	if (s->fd < 0)
		return;
	// A full queue is a lost packet, as on the way.
	if (sendto(s->fd, data, len, 0, (struct sockaddr *)&addr, addr_len) >= 0)
		s->bytes_out += len;
}

static const struct rl_inet *root_for(const struct udp_net *net, const struct udp_socket *s)
{
	return s->local.family == 4 ? &net->root4 : &net->root6;
}

void udp_raw(struct udp_net *net, struct udp_node *n, unsigned socket_no, const void *data,
	     size_t len)
{
	send_to(n, socket_no, root_for(net, &n->socket[socket_no]), data, len);
}

static void send_cut(struct udp_node *n, unsigned socket_no, const struct rl_inet *to,
		     const void *data, size_t len)
{
	uint8_t buf[ZT_PACKET_MAX + ZT_FRAG_MAX * ZT_FRAG_HDR_LEN];
	struct node_piece piece[ZT_FRAG_MAX];
	unsigned pieces = node_cut(data, len, n->node.mtu, buf, piece);

	for (unsigned i = 0; i < pieces; i++)
		send_to(n, socket_no, to, piece[i].data, piece[i].len);
}

void udp_send(struct udp_net *net, struct udp_node *n, const void *data, size_t len)
{
	send_cut(n, n->use, root_for(net, &n->socket[n->use]), data, len);
}

static uint64_t hello_family(struct udp_net *net, struct udp_node *n, unsigned first)
{
	const struct rl_inet *root = first == 0 ? &net->root4 : &net->root6;
	uint8_t p[ZT_PACKET_MAX];
	size_t len;

	if (!root->family || (n->socket[first].fd < 0 && n->socket[first + 2].fd < 0))
		return 0;
	if (n->encrypted)
		len = node_hello_encrypted(&n->node, udp_now(), root, p);
	else
		len = node_hello(&n->node, &n->node.root, udp_now(), root, p);
	for (unsigned s = first; s < UDP_SOCKETS; s += 2)
		send_to(n, s, root, p, len);
	return rl_load64(p);
}

uint64_t udp_hello(struct udp_net *net, struct udp_node *n)
{
	uint64_t v4 = hello_family(net, n, 0);
	uint64_t v6 = hello_family(net, n, 1);

	n->hello_ms = udp_now();
	return v6 ? v6 : v4;
}

static void take(struct udp_net *net, unsigned node, unsigned socket_no, const struct rl_inet *from,
		 const uint8_t *data, size_t len)
{
	struct udp_node *n = &net->node[node];
	struct node_event *e = &net->event;

	n->socket[socket_no].bytes_in += len;
	node_read(&n->node, udp_now(), socket_no, from, data, len, e);
	if (net->seen < UDP_LOG_MAX)
		net->log[net->seen++] = (struct udp_seen){
			.ms = udp_now(),
			.node = node,
			.socket = socket_no,
			.from = *from,
			.verdict = e->verdict,
			.verb = e->verb,
			.in_verb = e->in_verb,
			.suite = e->suite,
			.hops = e->hops,
			.error = e->error,
			.id = e->id,
			.in_id = e->in_id,
			.source = e->from,
			.meet = e->meet,
			.meet_at = e->meet_at,
			.len = len,
		};
	if (n->socket[socket_no].mute)
		return;
	if (e->reply_len)
		send_cut(n, socket_no, from, e->reply, e->reply_len);
	if (e->verb == ZT_VERB_ECHO && e->from == n->node.root.id.address)
		n->socket[socket_no].proven = true;
	if (e->verb == ZT_VERB_ECHO && e->reply_len <= sizeof(n->said)) {
		memcpy(n->said, e->reply, e->reply_len);
		n->said_len = e->reply_len;
	}
	if (e->say_hello)
		hello_family(net, n, from->family == 4 ? 0 : 1);
}

static bool read_one(struct udp_net *net, unsigned node, unsigned socket_no)
{
	uint8_t data[65536];
	struct sockaddr_storage addr;
	socklen_t addr_len = sizeof(addr);
	ssize_t len = recvfrom(net->node[node].socket[socket_no].fd, data, sizeof(data), 0,
			       (struct sockaddr *)&addr, &addr_len);
	struct rl_inet from;

	if (len < 0)
		return false;
	from = from_sockaddr(&addr);
	take(net, node, socket_no, &from, data, (size_t)len);
	return true;
}

static unsigned fill_poll(const struct udp_net *net, struct pollfd *p, unsigned *owner)
{
	unsigned n = 0;

	for (unsigned i = 0; i < net->count; i++) {
		for (unsigned s = 0; s < UDP_SOCKETS; s++) {
			if (net->node[i].socket[s].fd < 0)
				continue;
			p[n] = (struct pollfd){.fd = net->node[i].socket[s].fd, .events = POLLIN};
			owner[n++] = i * UDP_SOCKETS + s;
		}
	}
	return n;
}

static bool wanted(const struct udp_seen *s, const struct udp_want *w)
{
	return s->verdict == NODE_READ && s->verb == w->verb &&
	       (!w->in_verb || w->in_verb == s->in_verb) && (!w->in_id || w->in_id == s->in_id) &&
	       (!w->source || w->source == s->source) && (!w->id || w->id == s->id);
}

// One datagram, or nothing for at most wait_ms. True: it is what n waits for.
static bool turn(struct udp_net *net, const struct udp_node *n, const struct udp_want *want,
		 int wait_ms)
{
	static struct pollfd p[1024];
	static unsigned owner[1024];
	unsigned fds = fill_poll(net, p, owner);
	unsigned before;

	if (poll(p, fds, wait_ms) <= 0)
		return false;
	for (unsigned i = 0; i < fds; i++) {
		if (!(p[i].revents & (POLLIN | POLLERR)))
			continue;
		before = net->seen;
		if (!read_one(net, owner[i] / UDP_SOCKETS, owner[i] % UDP_SOCKETS))
			continue;
		if (n && net->seen > before && &net->node[owner[i] / UDP_SOCKETS] == n &&
		    wanted(&net->log[before], want))
			return true;
	}
	return false;
}

const struct udp_seen *udp_wait(struct udp_net *net, const struct udp_node *n,
				const struct udp_want *want, unsigned timeout_ms)
{
	uint64_t end = udp_now() + timeout_ms;

	for (uint64_t now = udp_now(); now < end; now = udp_now()) {
		if (turn(net, n, want, (int)(end - now)))
			return &net->log[net->seen - 1];
	}
	return NULL;
}

void udp_run(struct udp_net *net, unsigned ms)
{
	udp_wait(net, NULL, NULL, ms);
}

unsigned udp_count(const struct udp_net *net, const struct udp_node *n, const struct udp_want *want,
		   unsigned since)
{
	unsigned count = 0;

	for (unsigned i = since; i < net->seen; i++)
		count += &net->node[net->log[i].node] == n && wanted(&net->log[i], want);
	return count;
}

bool udp_is_online(const struct udp_node *n)
{
	for (unsigned s = 0; s < UDP_SOCKETS; s++) {
		bool learned = false;

		if (n->socket[s].fd < 0 || n->socket[s].mute)
			continue;
		for (unsigned i = 0; i < n->node.path_count; i++)
			learned |= n->node.path[i].learned && n->node.path[i].socket == s;
		if (!learned || !n->socket[s].proven)
			return false;
	}
	return true;
}

unsigned udp_online(struct udp_net *net, struct udp_node *n, unsigned count, unsigned timeout_ms)
{
	uint64_t end = udp_now() + timeout_ms;
	unsigned up = 0;

	while (udp_now() < end) {
		up = 0;
		for (unsigned i = 0; i < count; i++) {
			if (udp_is_online(&n[i]))
				up++;
			else if (udp_now() - n[i].hello_ms >= n[i].hello_every_ms)
				udp_hello(net, &n[i]);
		}
		if (up == count)
			break;
		udp_run(net, 20);
	}
	return up;
}
