// SPDX-License-Identifier: BSD-3-Clause
// Usage: nats_link WORK-DIR CLUSTER-DIR OTHER-CLUSTER-DIR [SCENARIO...]; the last two folders as
// `rootline-cli cluster init` makes them; all scenarios, or those named.
#include "tests/smoke/nats_link.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *own_dir, *other_dir;
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

enum { WATCH_US = 2000, FAIR_US = 2 * WATCH_US };

// What the watch has counted, and when it last did.
static struct {
	pthread_mutex_t mutex;
	uint64_t fair_us, last_us;
} watched = {.mutex = PTHREAD_MUTEX_INITIALIZER};

// Of the time since the watch last ran, as much as it should have slept, and as much again.
static uint64_t fair_now(uint64_t now)
{
	uint64_t since = now - watched.last_us;
	return watched.fair_us + (since < FAIR_US ? since : FAIR_US);
}

uint64_t fair_us(void)
{
	pthread_mutex_lock(&watched.mutex);
	uint64_t fair = fair_now(now_us());
	pthread_mutex_unlock(&watched.mutex);
	return fair;
}

static void *watch(void *arg)
{
	(void)arg;
	for (;;) {
		usleep(WATCH_US);
		pthread_mutex_lock(&watched.mutex);
		uint64_t now = now_us();
		watched.fair_us = fair_now(now);
		watched.last_us = now;
		pthread_mutex_unlock(&watched.mutex);
	}
	return NULL;
}

static bool start_watch(void)
{
	pthread_t thread;
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	watched.last_us = now_us();
	bool fine = !pthread_create(&thread, NULL, watch, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return fine;
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

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
	{"threads", own_threads}, // the first of all
	{"mistakes", mistakes},    {"exchange", exchange},
	{"flood", flood},          {"heard", heard_in_a_flood},
	{"questions", questions},  {"start", start_without_server},
	{"second", second_server}, {"killed", killed},
	{"full", full_outbox},     {"frozen", frozen},
	{"trust", trust},          {"gateways", gateways},
	{"refusals", refusals},    {"silent", silent_server},
	{"fickle", fickle_server}, {"ends", ends},
};

static bool wanted(const char *name, char **names)
{
	for (char **n = names; *n; n++)
		if (!strcmp(*n, name))
			return true;
	return !*names;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: nats_link WORK-DIR CLUSTER-DIR OTHER-CLUSTER-DIR [SCENARIO...]\n",
		      stderr);
		return 2;
	}
	if (!start_watch())
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	server_dir = argv[1];
	own_dir = argv[2];
	other_dir = argv[3];
	if (argc == 5 && !strcmp(argv[4], "ending"))
		return ending();
	for (unsigned i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (wanted(scenarios[i].name, argv + 4))
			scenarios[i].run();
	return checks_failed != 0;
}
