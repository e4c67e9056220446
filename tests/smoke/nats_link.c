// SPDX-License-Identifier: BSD-3-Clause
// Usage: nats_link WORK-DIR CLUSTER-DIR OTHER-CLUSTER-DIR; the last two as `rootline-cli cluster
// init` makes them.
#include "tests/smoke/nats_link.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

unsigned checks_failed;

void check(bool fine, const char *text, ...)
{
	va_list v;
	va_start(v, text);
	printf("%s - ", fine ? "ok" : "not ok");
	vprintf(text, v);
	puts("");
	va_end(v);
	checks_failed += !fine;
}

void note(const char *text, ...)
{
	va_list v;
	va_start(v, text);
	printf("# ");
	vprintf(text, v);
	puts("");
	va_end(v);
}

uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

struct rl_link_nats_config plain_config(uint8_t self)
{
	static const char *const servers[] = {"nats://127.0.0.1:4222"};
	return (struct rl_link_nats_config){
		.cluster = "alice",
		.member = self == 1 ? "one" : "two",
		.self = self,
		.servers = servers,
		.server_count = 1,
		.plain = true,
		.limits = rl_link_limits_default,
	};
}

bool member_start(struct member *m, const struct rl_link_nats_config *c)
{
	*m = (struct member){0};
	return !rl_link_nats_new(&m->link, c, m->text) && !rl_link_start(m->link, m->text);
}

void member_stop(struct member *m)
{
	rl_link_free(m->link);
	m->link = NULL;
}

struct rl_link_status member_status(const struct member *m)
{
	struct rl_link_status s;
	rl_link_status(m->link, &s);
	return s;
}

static void heard(void *arg, const struct rl_link_message *m)
{
	struct member *me = arg;
	switch (m->what) {
	case RL_LINK_DATA:
		me->data++;
		me->bytes += m->len;
		if (m->lane == RL_LINK_URGENT)
			snprintf(me->last, sizeof(me->last), "%.*s", (int)m->len, (char *)m->bytes);
		break;
	case RL_LINK_QUESTION:
		me->question++;
		if (me->answers)
			rl_link_reply(me->link, m->asker, m->request, m->bytes, m->len);
		break;
	case RL_LINK_ANSWER:
		me->answer++;
		break;
	case RL_LINK_FAILED:
		me->failed++;
		me->error = m->error;
		break;
	case RL_LINK_UP:
	case RL_LINK_DOWN:
		me->up += m->what == RL_LINK_UP;
		me->down += m->what == RL_LINK_DOWN;
		snprintf(me->text, sizeof(me->text), "%s", m->text);
		break;
	}
	me->heard_us = now_us();
}

void member_poll(struct member *m)
{
	rl_link_poll(m->link, heard, m, 1000);
}

void poll_both(struct member *a, struct member *b)
{
	struct pollfd p[2] = {{.fd = rl_link_fd(a->link), .events = POLLIN},
			      {.fd = b ? rl_link_fd(b->link) : -1, .events = POLLIN}};
	poll(p, 2, 5);
	member_poll(a);
	if (b)
		member_poll(b);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fputs("usage: nats_link WORK-DIR CLUSTER-DIR OTHER-CLUSTER-DIR\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	server_dir = argv[1];
	own_threads();
	mistakes(argv[2]);
	exchange();
	flood();
	questions();
	start_without_server();
	second_server();
	killed();
	full_outbox();
	frozen();
	trust(argv[2], argv[3]);
	gateways(argv[2]);
	refusals();
	silent_server();
	fickle_server();
	return checks_failed != 0;
}
