// SPDX-License-Identifier: BSD-3-Clause
// Connecting. Each attempt has a thread of its own, as libnats looks up names and does the TLS
// handshake without a limit of time: a server that dies in between would else stop the link for
// good.
#include "cluster/link_nats_parts.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum {
	CONFIRM_MS = 2000, // for the server to take the subscriptions
	// Of a subscription within libnats, on the way to the inbox: some tenths of a second.
	PENDING_MESSAGES = 65536,
	PENDING_BYTES = 16 << 20,
};

static pthread_mutex_t live_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rl_nats *live;
static uint64_t last_session;

uint64_t rl_nats_now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void rl_nats_list(struct rl_nats *n)
{
	pthread_mutex_lock(&live_mutex);
	n->next = live;
	live = n;
	pthread_mutex_unlock(&live_mutex);
}

void rl_nats_unlist(struct rl_nats *n)
{
	pthread_mutex_lock(&live_mutex);
	for (struct rl_nats **at = &live; *at; at = &(*at)->next) {
		if (*at != n)
			continue;
		*at = n->next;
		break;
	}
	pthread_mutex_unlock(&live_mutex);
}

void rl_nats_with(uint64_t session, void (*what)(struct rl_nats *n, void *arg), void *arg)
{
	pthread_mutex_lock(&live_mutex);
	for (struct rl_nats *n = live; n; n = n->next) {
		if (n->session != session)
			continue;
		what(n, arg);
		break;
	}
	pthread_mutex_unlock(&live_mutex);
}

void rl_nats_forget(struct rl_nats *n)
{
	pthread_mutex_lock(&live_mutex);
	n->session = 0;
	pthread_mutex_unlock(&live_mutex);
}

bool rl_nats_closed(struct rl_nats *n)
{
	pthread_mutex_lock(&live_mutex);
	bool closed = n->closed;
	pthread_mutex_unlock(&live_mutex);
	return closed;
}

void rl_nats_connection_free(struct rl_nats_connection *c)
{
	// First, so that subscriptions are not given up one by one at a server that may be frozen.
	natsConnection_Close(c->out);
	natsConnection_Close(c->in);
	for (unsigned i = 0; i < RL_NATS_SUBS; i++)
		natsSubscription_Destroy(c->sub[i]);
	natsConnection_Destroy(c->out);
	natsConnection_Destroy(c->in);
	*c = (struct rl_nats_connection){0};
}

void rl_nats_attempt_free(struct rl_nats_attempt *a)
{
	if (!a)
		return;
	rl_nats_connection_free(&a->connection);
	rl_nats_setup_drop(a->setup);
	free(a);
}

// The socket from this local port, or -1: libnats does not tell it.
static int find_socket(int port)
{
	DIR *dir = opendir("/proc/self/fd");
	int found = -1;

	for (struct dirent *e = dir ? readdir(dir) : NULL; e && found < 0; e = readdir(dir)) {
		struct sockaddr_storage a, peer;
		socklen_t len = sizeof(a), peer_len = sizeof(peer);
		char *end;
		int fd = (int)strtol(e->d_name, &end, 10);
		if (end == e->d_name || *end || getsockname(fd, (struct sockaddr *)&a, &len) ||
		    getpeername(fd, (struct sockaddr *)&peer, &peer_len))
			continue;
		if ((a.ss_family == AF_INET &&
		     ntohs(((struct sockaddr_in *)&a)->sin_port) == port) ||
		    (a.ss_family == AF_INET6 &&
		     ntohs(((struct sockaddr_in6 *)&a)->sin6_port) == port))
			found = fd;
	}
	if (dir)
		closedir(dir);
	return found;
}

// A server that takes nothing any more must not hold up the sender for ever. libnats' own limit for
// writes makes the socket non-blocking, and then its reading and its writing threads can mislead
// each other over the one TLS object they share: they ask it what to wait for. On a blocking socket
// they never ask, so the limit is set on the socket, and the kernel ends the connection.
static natsStatus limit_writes(natsConnection *nc)
{
	unsigned ms = RL_NATS_UNACKED_MS;
	char *ip = NULL;
	int port = 0;
	natsStatus e = natsConnection_GetLocalIPAndPort(nc, &ip, &port);

	free(ip);
	if (e)
		return e;
	return setsockopt(find_socket(port), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms))
		       ? NATS_SYS_ERROR
		       : NATS_OK;
}

static natsStatus subscribe(struct rl_nats_attempt *a)
{
	static const char *const form[RL_NATS_SUBS] = {
		[RL_NATS_ALL_URGENT] = "%s.all.urgent.*", [RL_NATS_ALL_BULK] = "%s.all.bulk.*",
		[RL_NATS_OWN_URGENT] = "%s.to.%u.urgent", [RL_NATS_OWN_BULK] = "%s.to.%u.bulk",
		[RL_NATS_REPLY] = "%s.reply.%u.*",
	};
	struct rl_nats_connection *c = &a->connection;
	natsStatus e = NATS_OK;

	for (unsigned i = 0; i < RL_NATS_SUBS && !e; i++) {
		char subject[RL_NATS_PREFIX_MAX + 32];
		snprintf(subject, sizeof(subject), form[i], a->setup->prefix, a->setup->self);
		e = natsConnection_Subscribe(&c->sub[i], c->in, subject, rl_nats_on_message,
					     rl_nats_closure(a->session, i));
		e = e ? e
		      : natsSubscription_SetPendingLimits(c->sub[i], PENDING_MESSAGES,
							  PENDING_BYTES);
	}
	// The server answers in order: what it refuses is known when it has confirmed.
	e = e ? e : natsConnection_FlushTimeout(c->in, CONFIRM_MS);
	const char *said;
	return e ? e : natsConnection_GetLastError(c->in, &said);
}

// Both connections. *text: what libnats said of a failure.
static natsStatus connect_both(struct rl_nats_attempt *a, natsOptions *o, const char **text)
{
	struct rl_nats_connection *c = &a->connection;
	void *closure = rl_nats_closure(a->session, 0);
	natsStatus e = natsOptions_SetClosedCB(o, rl_nats_on_closed, closure);

	e = e ? e : natsOptions_SetErrorHandler(o, rl_nats_on_error, closure);
	e = e ? e : natsConnection_Connect(&c->in, o);
	e = e ? e : natsConnection_Connect(&c->out, o);
	e = e ? e : limit_writes(c->in);
	e = e ? e : limit_writes(c->out);
	if (e) {
		*text = nats_GetLastError(NULL);
		return e;
	}
	e = subscribe(a);
	if (e)
		natsConnection_GetLastError(c->in, text);
	return e;
}

static void connect_to(struct rl_nats_attempt *a)
{
	const char *url = a->setup->server[a->server], *text = NULL;
	uint64_t start_us = rl_nats_now_us();
	natsOptions *o;
	if (rl_nats_setup_options(a->setup, a->server, &o, a->why))
		return;

	natsStatus e = connect_both(a, o, &text);
	if (e) {
		bool in_time = rl_nats_now_us() - start_us < RL_NATS_CONNECT_MS * 1000 * 9 / 10;
		rl_nats_setup_why(a->setup, url, e, text, in_time, a->connection.in, a->why);
		natsOptions_Destroy(o);
		rl_nats_connection_free(&a->connection);
		return;
	}
	natsOptions_Destroy(o);
	int64_t most = natsConnection_GetMaxPayload(a->connection.out);
	if (most < RL_LINK_BYTES_MAX)
		snprintf(a->why, sizeof(a->why),
			 "nats server %s takes no messages above %lld bytes, batches have up to "
			 "%d: set its max_payload to 1 MB",
			 rl_nats_setup_shown(url), (long long)most, RL_LINK_BYTES_MAX);
}

static void hand_over(struct rl_nats *n, void *arg)
{
	struct rl_nats_attempt **a = arg;
	n->attempt = *a;
	*a = NULL;
	rl_link_bell_ring(n->link.out.bell);
}

static void *attempt_main(void *arg)
{
	struct rl_nats_attempt *a = arg;
	connect_to(a);
	rl_nats_with(a->session, hand_over, &a);
	// Nobody waits for it any more.
	rl_nats_attempt_free(a);
	return NULL;
}

int rl_nats_attempt(struct rl_nats *n)
{
	// Each that was left to itself uses the setup.
	if (atomic_load(&n->setup->users) > RL_NATS_LEFT_MAX)
		return -EBUSY;
	struct rl_nats_attempt *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->setup = rl_nats_setup_hold(n->setup);
	a->server = n->server;
	pthread_mutex_lock(&live_mutex);
	a->session = n->session = ++last_session;
	n->closed = false;
	pthread_mutex_unlock(&live_mutex);

	pthread_t thread;
	int ret = -pthread_create(&thread, NULL, attempt_main, a);
	if (ret) {
		rl_nats_forget(n);
		rl_nats_attempt_free(a);
		return ret;
	}
	pthread_detach(thread);
	return 0;
}

struct rl_nats_attempt *rl_nats_attempted(struct rl_nats *n)
{
	pthread_mutex_lock(&live_mutex);
	struct rl_nats_attempt *a = n->attempt;
	n->attempt = NULL;
	pthread_mutex_unlock(&live_mutex);
	return a;
}
