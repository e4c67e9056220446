// SPDX-License-Identifier: BSD-3-Clause
// What the backplane carries through one nats-server on this machine, which this program starts:
// batches of 64 KiB and small messages from one member to another, and questions with answers. Run
// by hand, in a network namespace of its own or where TCP port 14222 of 127.0.0.1 is free:
//
//   unshare -n sh -c 'ip link set lo up; build/bench/cluster/bench_link'
#include "cluster/link_nats.h"
#include "tests/smoke/nats_server.h"

#include <poll.h>
#include <stdatomic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SERVER_PORT = 14222, SECONDS = 3, QUESTIONS = 5000 };

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct rl_link *make(uint8_t self)
{
	char why[RL_LINK_WHY_MAX];
	const char *server = "nats://127.0.0.1:14222";
	struct rl_link_nats_config c = {
		.cluster = "bench",
		.member = self == 1 ? "one" : "two",
		.self = self,
		.servers = &server,
		.server_count = 1,
		.plain = true,
		.limits = rl_link_limits_default,
	};
	struct rl_link *l;
	if (rl_link_nats_new(&l, &c, why) || rl_link_start(l, why)) {
		fprintf(stderr, "bench_link: %s\n", why);
		exit(1);
	}
	struct rl_link_status s;
	for (unsigned i = 0; i < 500; i++, poll(NULL, 0, 10)) {
		rl_link_status(l, &s);
		if (s.connected)
			return l;
	}
	fprintf(stderr, "bench_link: no connection: %s\n", s.error);
	exit(1);
}

// The other member: takes what comes and answers what is asked.
struct taker {
	struct rl_link *link;
	atomic_bool stop;
	_Atomic uint64_t messages, bytes;
};

static void take(void *arg, const struct rl_link_message *m)
{
	struct taker *t = arg;
	if (m->what == RL_LINK_QUESTION)
		rl_link_reply(t->link, m->asker, m->request, m->bytes, m->len);
	if (m->what != RL_LINK_DATA)
		return;
	atomic_fetch_add_explicit(&t->messages, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&t->bytes, m->len, memory_order_relaxed);
}

static void *taker_main(void *arg)
{
	struct taker *t = arg;
	struct pollfd p = {.fd = rl_link_fd(t->link), .events = POLLIN};
	while (!atomic_load(&t->stop)) {
		poll(&p, 1, 20);
		rl_link_poll(t->link, take, t, 256);
	}
	return NULL;
}

// How many messages, and where.
static void print_lost(struct rl_link *from, struct rl_link *to, uint64_t lost)
{
	struct rl_link_status s[2];

	printf(" %llu", (unsigned long long)lost);
	// IN_SLOW is counted once a second.
	if (lost)
		poll(NULL, 0, 1100);
	rl_link_status(from, &s[0]);
	rl_link_status(to, &s[1]);
	for (unsigned i = 0; i < RL_LINK_DROP_COUNT; i++)
		if (i != RL_LINK_DROP_OUT_FULL && s[0].drops[i] + s[1].drops[i])
			printf(" (%s so far: %llu)", rl_link_drop_name(i),
			       (unsigned long long)(s[0].drops[i] + s[1].drops[i]));
	puts("");
}

// As fast as the outbox empties.
static void flood(struct rl_link *l, struct taker *t, size_t len)
{
	static uint8_t bytes[RL_LINK_BYTES_MAX];
	uint64_t messages = t->messages, all = t->bytes, published = 0;
	double start = seconds(), cpu = (double)clock() / (double)CLOCKS_PER_SEC;

	while (seconds() - start < SECONDS) {
		for (unsigned i = 0; i < 16; i++) {
			if (rl_link_publish(l, RL_LINK_BULK, RL_LINK_ALL, bytes, len)) {
				poll(NULL, 0, 1);
				break;
			}
			published++;
		}
	}
	double took = seconds() - start, used = (double)clock() / (double)CLOCKS_PER_SEC - cpu;
	double arrived = (double)(t->messages - messages), mb = (double)(t->bytes - all) / 1e6;
	// What is under way still arrives, or was dropped somewhere.
	for (unsigned i = 0; i < 100 && t->messages - messages < published; i++)
		poll(NULL, 0, 10);
	printf("%6zu bytes: %8.0f messages/s, %6.1f MB/s, %.2f CPUs without the server's; of %llu "
	       "lost",
	       len, arrived / took, mb / took, used / took, (unsigned long long)published);
	print_lost(l, t->link, published - (t->messages - messages));
}

static bool answered;

static void answer(void *arg, const struct rl_link_message *m)
{
	(void)arg;
	answered |= m->what == RL_LINK_ANSWER || m->what == RL_LINK_FAILED;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void ask(struct rl_link *l)
{
	static double ms[QUESTIONS];
	struct pollfd p = {.fd = rl_link_fd(l), .events = POLLIN};
	uint32_t request;

	for (unsigned i = 0; i < QUESTIONS; i++) {
		double start = seconds();
		answered = false;
		rl_link_request(l, 2, "who is it?", 10, 1, 1000, &request);
		while (!answered) {
			poll(&p, 1, 20);
			rl_link_poll(l, answer, NULL, 16);
		}
		ms[i] = (seconds() - start) * 1000;
	}
	qsort(ms, QUESTIONS, sizeof(*ms), compare);
	printf("question and answer: p50 %.2f ms, p99 %.2f ms\n", ms[QUESTIONS / 2],
	       ms[QUESTIONS * 99 / 100]);
}

int main(void)
{
	struct server server;
	char dir[] = "/tmp/bench_link.XXXXXX", file[64];
	pthread_t thread;

	server_dir = mkdtemp(dir);
	if (!server_dir) {
		perror("mkdtemp");
		return 1;
	}
	server_start(&server, SERVER_PORT, "");
	struct rl_link *one = make(1);
	struct taker two = {.link = make(2)};
	pthread_create(&thread, NULL, taker_main, &two);
	ask(one);
	flood(one, &two, RL_LINK_BYTES_MAX);
	flood(one, &two, 16384);
	flood(one, &two, 200);
	atomic_store(&two.stop, true);
	pthread_join(thread, NULL);
	rl_link_free(one);
	rl_link_free(two.link);
	server_end(&server);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(file, sizeof(file), "%s/%d.%s", dir, SERVER_PORT, i ? "log" : "conf");
		unlink(file);
	}
	rmdir(dir);
	return 0;
}
