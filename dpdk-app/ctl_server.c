// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/ctl_server.h"

#include "dpdk-app/ctl_proto.h"
#include "dpdk-app/ctl_socket.h"
#include "dpdk-app/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
	int fd;            // -1: free
	uint64_t moved_ms; // when a byte last went either way
	char in[CTL_REQUEST_MAX];
	unsigned in_len;

	// The answer at hand.
	const struct ctl_command *command; // NULL: none
	struct ctl_request request;
	struct ctl_cursor cursor;
	char *out; // a piece, being sent; NULL: none
	size_t out_len, out_at;
};

struct ctl_server {
	int listener, epoll;
	const struct ctl_command *commands;
	void *ctx;
	char path[CTL_REQUEST_MAX];
	struct client client[CTL_CLIENTS_MAX];
};

static void drop_client(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd); // epoll forgets it by itself
	free(c->out);
	*c = (struct client){.fd = -1};
}

// Reads when there is nothing to send, writes when there is: who does not read gets nothing done.
static void watch(struct ctl_server *s, struct client *c)
{
	struct epoll_event ev = {.data.ptr = c};
	bool busy = c->out || c->command || memchr(c->in, '\n', c->in_len);
	ev.events = busy ? EPOLLOUT : EPOLLIN;
	epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static void accept_one(struct ctl_server *s, uint64_t now_ms)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	for (unsigned i = 0; i < CTL_CLIENTS_MAX; i++) {
		struct client *c = &s->client[i];
		if (c->fd >= 0)
			continue;
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
		*c = (struct client){.fd = fd, .moved_ms = now_ms};
		if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
			drop_client(c);
		return;
	}
	static const char full[] = "{\"ok\":false,\"error\":\"too many operators at once\"}\n";
	if (send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL) < 0)
		log_debug("control socket: %s", strerror(errno));
	close(fd);
}

static void refuse(struct client *c, const char *why)
{
	json_t *answer = json_pack("{s:b, s:s}", "ok", 0, "error", why);
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	json_decref(answer);
	c->out_at = 0;
	c->out_len = text && asprintf(&c->out, "%s\n", text) > 0 ? strlen(text) + 1 : 0;
	if (!c->out_len)
		c->out = NULL;
	free(text);
}

static void begin(struct ctl_server *s, struct client *c, const char *line, size_t len)
{
	const char *why = ctl_request_parse(&c->request, line, len);
	c->cursor = (struct ctl_cursor){0};
	for (c->command = s->commands; !why && c->command->name; c->command++)
		if (strcmp(c->command->name, c->request.cmd) == 0)
			return;
	c->command = NULL;
	refuse(c, why ? why : "this rootline knows no such command");
}

// Takes the first line out of the buffer, if there is a whole one.
static bool next_request(struct ctl_server *s, struct client *c)
{
	char *end = memchr(c->in, '\n', c->in_len);
	if (!end)
		return false;
	begin(s, c, c->in, end - c->in);
	c->in_len -= end + 1 - c->in;
	memmove(c->in, end + 1, c->in_len);
	return true;
}

// False: the client is done for.
static bool read_some(struct client *c, uint64_t now_ms)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->in_len += n;
	c->moved_ms = now_ms;
	// A line that does not fit is no request of ours.
	return c->in_len < sizeof(c->in) || memchr(c->in, '\n', c->in_len);
}

static bool write_some(struct client *c, uint64_t now_ms)
{
	ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->out_at += n;
	c->moved_ms = now_ms;
	if (c->out_at == c->out_len) {
		free(c->out);
		c->out = NULL;
	}
	return true;
}

static bool next_piece(struct ctl_server *s, struct client *c)
{
	c->out = c->command->piece(s->ctx, &c->request, &c->cursor);
	if (!c->out)
		return false;
	c->out_len = strlen(c->out);
	c->out_at = 0;
	if (c->cursor.done)
		c->command = NULL;
	return true;
}

static bool serve(struct ctl_server *s, struct client *c, uint64_t now_ms)
{
	if (!c->out && !c->command && !next_request(s, c)) {
		if (!read_some(c, now_ms))
			return false;
		next_request(s, c);
	}
	if (!c->out && c->command && !next_piece(s, c))
		return false;
	return !c->out || write_some(c, now_ms);
}

static void cut_stalled(struct ctl_server *s, uint64_t now_ms)
{
	for (unsigned i = 0; i < CTL_CLIENTS_MAX; i++) {
		struct client *c = &s->client[i];
		if (c->fd >= 0 && now_ms - c->moved_ms > CTL_STALL_MS)
			drop_client(c);
	}
}

void ctl_server_run(struct ctl_server *s, uint64_t now_ms)
{
	struct epoll_event ev[CTL_CLIENTS_MAX + 1];
	int n = epoll_wait(s->epoll, ev, CTL_CLIENTS_MAX + 1, 0);
	for (int i = 0; i < n; i++) {
		struct client *c = ev[i].data.ptr;
		if (!c)
			accept_one(s, now_ms);
		else if (serve(s, c, now_ms))
			watch(s, c);
		else
			drop_client(c);
	}
	cut_stalled(s, now_ms);
}

int ctl_server_new(struct ctl_server **server, const char *path, const struct ctl_command *commands,
		   void *ctx)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
	struct ctl_server *s = calloc(1, sizeof(*s));
	int ret = -ENOMEM;
	if (!s)
		return ret;
	s->commands = commands;
	s->ctx = ctx;
	for (unsigned i = 0; i < CTL_CLIENTS_MAX; i++)
		s->client[i].fd = -1;
	snprintf(s->path, sizeof(s->path), "%s", path);
	ret = s->listener = ctl_socket_listen(path);
	if (ret < 0)
		goto free_server;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &ev) < 0) {
		ret = -errno;
		log_error("control socket %s: %s", path, strerror(errno));
		goto close_listener;
	}
	*server = s;
	return 0;

close_listener:
	if (s->epoll >= 0)
		close(s->epoll);
	close(s->listener);
	unlink(path);
free_server:
	free(s);
	return ret;
}

void ctl_server_free(struct ctl_server *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < CTL_CLIENTS_MAX; i++)
		drop_client(&s->client[i]);
	unlink(s->path);
	close(s->listener);
	close(s->epoll);
	free(s);
}

int ctl_server_fd(const struct ctl_server *s)
{
	return s->epoll;
}
