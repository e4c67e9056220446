// SPDX-License-Identifier: BSD-3-Clause
// Three members, each at the nats-server of its own place, as `rootline-cli cluster init` sets them
// up: TLS everywhere, gateways between the servers.
#include "tests/smoke/nats_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { PLACES = 3 };

static struct server server[PLACES];
static struct member member[PLACES];

static void start_server(unsigned i)
{
	char file[300];
	snprintf(file, sizeof(file), "%s/%c.conf", own_dir, 'a' + i);
	server_start_with(&server[i], PORT + (int)i, file);
}

static bool start_member(unsigned i)
{
	char ca[300], cert[300], key[300], url[64];
	const char *servers[] = {url};
	struct rl_link_nats_config c = plain_config((uint8_t)(i + 1));
	snprintf(ca, sizeof(ca), "%s/%c/ca.crt", own_dir, 'a' + i);
	snprintf(cert, sizeof(cert), "%s/%c/member.crt", own_dir, 'a' + i);
	snprintf(key, sizeof(key), "%s/%c/member.key", own_dir, 'a' + i);
	snprintf(url, sizeof(url), "tls://127.0.0.1:%d", PORT + (int)i);
	c.plain = false;
	c.servers = servers;
	c.ca = ca;
	c.cert = cert;
	c.key = key;
	return member_start(&member[i], &c);
}

static void poll_all(void)
{
	struct pollfd p[PLACES];
	for (unsigned i = 0; i < PLACES; i++)
		p[i] = (struct pollfd){.fd = rl_link_fd(member[i].link), .events = POLLIN};
	poll(p, PLACES, 5);
	for (unsigned i = 0; i < PLACES; i++)
		member_poll(&member[i]);
}

// Until a heartbeat of each member, said again and again, is heard by all others.
static bool all_hear_all(uint64_t ms)
{
	uint64_t end = now_us() + ms * 1000, next = 0;
	unsigned heard[PLACES] = {0};
	bool all = false;

	for (unsigned i = 0; i < PLACES; i++)
		*member[i].last = 0;
	while (!all && now_us() < end) {
		if (now_us() >= next) {
			next = now_us() + 20000;
			for (unsigned i = 0; i < PLACES; i++)
				rl_link_publish(member[i].link, RL_LINK_URGENT, RL_LINK_ALL,
						(char[]){(char)('a' + i), 0}, 2);
		}
		poll_all();
		all = true;
		for (unsigned i = 0; i < PLACES; i++) {
			if (*member[i].last)
				heard[i] |= 1u << (*member[i].last - 'a');
			all &= heard[i] == (7u & ~(1u << i));
		}
	}
	return all;
}

static void ask(unsigned from, uint8_t to, bool answered, const char *text)
{
	struct member *m = &member[from];
	unsigned answers = m->answer, failures = m->failed;
	uint32_t r;
	uint64_t start = now_us();

	rl_link_request(m->link, to, "who?", 4, 1, 2000, &r);
	while (m->answer == answers && m->failed == failures && now_us() - start < 3000000)
		poll_all();
	check(answered ? m->answer == answers + 1 : m->failed == failures + 1,
	      "%s, after %.2f ms%s", text, (double)(now_us() - start) / 1000,
	      answered                    ? ""
	      : m->error == -EHOSTUNREACH ? ": nobody there"
					  : ": no answer in time");
}

void gateways(void)
{
	uint64_t start;

	note("three places");
	for (unsigned i = 0; i < PLACES; i++)
		start_server(i);
	for (unsigned i = 0; i < PLACES; i++)
		if (!start_member(i))
			check(false, "member %u: %s", i + 1, member[i].text);
	start = now_us();
	check(all_hear_all(20000), "all hear all");
	note("after %.1f s", (double)(now_us() - start) / 1e6);
	member[1].answers = member[2].answers = true;
	ask(0, 2, true, "a question to another place is answered");
	ask(0, 3, true, "to the third, too");
	ask(0, 77, false, "one to nobody fails");
	ask(0, 77, false, "and again");
	for (start = now_us(); !member_status(&member[0]).rtt_us && now_us() - start < 12000000;)
		poll_all();
	check(member_status(&member[0]).rtt_us, "time to the server: %u us",
	      member_status(&member[0]).rtt_us);

	server_end(&server[1]);
	for (start = now_us(); !member[1].down && now_us() - start < 2000000;)
		poll_all();
	check(member[1].down && !member[0].down, "a server dies: its own member is cut off alone");
	ask(0, 3, true, "the others talk on");
	start_server(1);
	start = now_us();
	check(all_hear_all(20000), "it comes again: all hear all");
	note("after %.1f s", (double)(now_us() - start) / 1e6);
	for (unsigned i = 0; i < PLACES; i++) {
		member_stop(&member[i]);
		server_end(&server[i]);
	}
}
