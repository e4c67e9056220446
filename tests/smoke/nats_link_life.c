// SPDX-License-Identifier: BSD-3-Clause
// What links do over servers that come, serve, freeze and die.
#include "tests/smoke/nats_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What the contracts say in words: "at once"; "about once a second", and the way.
enum { AT_ONCE_US = 1000000, AGAIN_US = 2000000 };

static struct server server;
static struct member a, b;

static uint8_t largest[RL_LINK_BYTES_MAX];

static void start_both(const char *more)
{
	struct rl_link_nats_config one = plain_config(1), two = plain_config(2);
	server_start(&server, PORT, more);
	if (!member_start(&a, &one) || !member_start(&b, &two) ||
	    !until(&a, &b, 5000, a.up && b.up)) {
		check(false, "two links connect: %s", a.text);
		exit(1);
	}
}

static void end_both(void)
{
	member_stop(&a);
	member_stop(&b);
	server_end(&server);
}

static void say(struct member *m, uint8_t to, const char *text)
{
	rl_link_publish(m->link, RL_LINK_URGENT, to, text, strlen(text) + 1);
}

void exchange(void)
{
	note("exchange");
	start_both("");
	say(&a, RL_LINK_ALL, "to all");
	check(until(&a, &b, 1000, b.data == 1) && !strcmp(b.last, "to all"), "one says, all hear");
	say(&a, 2, "to two");
	check(until(&a, &b, 1000, b.data == 2) && !strcmp(b.last, "to two"), "one says to two");
	say(&a, 3, "to three");
	memset(largest, 'x', sizeof(largest));
	for (unsigned i = 0; i < 100; i++)
		rl_link_publish(a.link, RL_LINK_BULK, RL_LINK_ALL, largest, sizeof(largest));
	check(until(&a, &b, 5000, b.data == 102) && b.bytes == 100 * sizeof(largest) + 14,
	      "100 of the largest, and nothing that is for others");
	check(a.data == 0, "nobody hears itself");
	until(&a, &b, 3000, member_status(&a).rtt_us);
	struct rl_link_status s = member_status(&a);
	check(s.rtt_us && s.rtt_us < 1000000, "time to the server and back: %u us", s.rtt_us);
	check(!strcmp(s.server, "127.0.0.1:4222") && s.connects == 1 && s.sent == 103 &&
		      !s.out_bytes,
	      "the status tells all that");
	say(&a, RL_LINK_ALL, "farewell");
	member_stop(&a);
	check(until(&b, NULL, 1000, !strcmp(b.last, "farewell")), "last words are heard");
	member_stop(&b);
	server_end(&server);
}

// What fits into both boxes may take twice as long as it took in the flood, and a little more.
// True: it did not.
static bool flood_once(uint64_t *published)
{
	const size_t room = rl_link_limits_default.out_bytes[RL_LINK_BULK] +
			    rl_link_limits_default.in_bytes[RL_LINK_BULK];
	uint64_t start = fair_us(), before = *published;

	while (fair_us() - start < 1200000) {
		if (rl_link_publish(a.link, RL_LINK_BULK, 2, largest, sizeof(largest)))
			poll_both(&a, &b);
		else
			++*published;
	}
	uint64_t limit = 200 + room / sizeof(largest) * 2400 / (*published - before + 1);
	start = fair_us();
	bool all = until(&a, &b, 20000, b.data == *published);
	uint64_t took = (fair_us() - start) / 1000;
	check(all, "all %llu arrive, the last after %llu of %llu ms",
	      (unsigned long long)*published, (unsigned long long)took, (unsigned long long)limit);
	return took < limit;
}

// More than can be sent, for longer than the sender's own turns: nothing is left lying afterwards.
// On a busy machine that is to be seen once.
void flood(void)
{
	uint64_t published = 0;
	unsigned in_time = 0;

	note("a flood");
	start_both("");
	for (unsigned i = 0; i < 3; i++)
		in_time += flood_once(&published);
	check(in_time, "%u of 3 in time", in_time);
	end_both();
}

// A third member's heartbeats among it.
void heard_in_a_flood(void)
{
	enum { BEAT_MS = 50, BEATS = 60, LATE_US = 1000000 };
	struct rl_link_nats_config three = plain_config(3);
	struct member c;
	unsigned beats = 0, heard = 0;
	uint64_t longest = 0, start;

	note("heartbeats in a flood");
	start_both("");
	check(member_start(&c, &three) && until(&c, NULL, 5000, c.up), "a third link");
	start = fair_us();
	for (uint64_t next = start, last = start; beats < BEATS; poll_both(&b, &c)) {
		while (!rl_link_publish(a.link, RL_LINK_BULK, 2, largest, sizeof(largest)))
			;
		uint64_t now = fair_us();
		if (now >= next) {
			char beat[16];
			snprintf(beat, sizeof(beat), "beat %u", beats++);
			say(&c, RL_LINK_ALL, beat);
			next = now + BEAT_MS * 1000;
		}
		if (*b.last) {
			heard++;
			*b.last = 0;
			last = now;
		}
		longest = now - last > longest ? now - last : longest;
	}
	check(heard > BEATS / 2 && longest < LATE_US && b.up == 1 && c.up == 1,
	      "%u of %u are heard, %.0f ms apart at most, among %.0f MB/s", heard, beats,
	      (double)longest / 1000, (double)b.bytes / (double)(fair_us() - start));
	member_stop(&c);
	end_both();
}

void questions(void)
{
	uint32_t r;

	note("questions");
	start_both("");
	b.answers = true;
	uint64_t start = fair_us();
	check(!rl_link_request(a.link, 2, "who?", 4, 1, 1000, &r), "a question goes out");
	check(until(&a, &b, 1000, a.answer == 1), "and is answered");
	note("after %.2f ms, the first one", (double)(fair_us() - start) / 1000);
	rl_link_request(a.link, RL_LINK_ALL, "who?", 4, 2, 100, &r);
	check(until(&a, &b, 1000, a.failed == 1) && a.answer == 2 && a.error == -ETIMEDOUT,
	      "two answers wanted, one came in time");
	start = fair_us();
	rl_link_request(a.link, 77, "who?", 4, 1, 10000, &r);
	check(until(&a, &b, 5000, a.failed == 2) && a.error == -EHOSTUNREACH,
	      "nobody is there to answer");
	uint64_t took = fair_us() - start;
	check(took < 200000, "known after %.2f ms", (double)took / 1000);
	end_both();
}

void start_without_server(void)
{
	struct rl_link_nats_config c = plain_config(1);

	note("no server at the start");
	check(member_start(&a, &c), "starting is no failure");
	check(until(&a, NULL, 5000, a.down) &&
		      strstr(a.text, "cannot reach nats server 127.0.0.1:4222: refused"),
	      "it says: %s", a.text);
	uint32_t r;
	check(rl_link_request(a.link, 2, "x", 1, 1, 100, &r) == -ENOTCONN,
	      "questions are not even asked");
	poll(NULL, 0, 1000);
	server_start(&server, PORT, "");
	uint64_t start = fair_us();
	bool up = until(&a, NULL, 10000, a.up);
	uint64_t took = fair_us() - start;
	check(up && took < AGAIN_US, "it finds the server that has come, %.0f ms after it accepts",
	      (double)took / 1000);
	member_stop(&a);
	server_end(&server);
}

void second_server(void)
{
	static const char *const servers[] = {"nats://127.0.0.1:4223", "nats://127.0.0.1:4222"};
	struct server other;
	struct rl_link_nats_config c = plain_config(1);

	note("a second server");
	c.servers = servers;
	c.server_count = 2;
	server_start(&server, PORT, "");
	member_start(&a, &c);
	check(until(&a, NULL, 2000, a.up) && !strcmp(a.text, "127.0.0.1:4222"), "is used");
	server_start(&other, OTHER_PORT, "");
	poll(NULL, 0, 1200); // of a connection that has lasted
	uint64_t start = fair_us();
	server_end(&server);
	bool up = until(&a, NULL, 5000, a.up == 2);
	uint64_t took = fair_us() - start;
	check(up && took < AT_ONCE_US && !strcmp(a.text, "127.0.0.1:4223"),
	      "until it dies and the first is there, after %.1f ms", (double)took / 1000);
	member_stop(&a);
	server_end(&other);
}

void killed(void)
{
	note("kill -9 of the server");
	start_both("");
	server_end(&server);
	uint64_t start = fair_us();
	bool down = until(&a, &b, 5000, a.down && b.down);
	uint64_t took = fair_us() - start;
	check(down && took < AT_ONCE_US && strstr(a.text, "closed the connection"),
	      "noticed after %.1f ms: %s", (double)took / 1000, a.text);
	say(&a, 2, "in between");
	poll(NULL, 0, 300);
	server_start(&server, PORT, "");
	start = fair_us();
	bool again = until(&a, &b, 10000, a.up == 2 && b.up == 2);
	took = fair_us() - start;
	check(again && took < AGAIN_US, "connected again %.0f ms after it accepts",
	      (double)took / 1000);
	check(member_status(&a).connects == 2, "and counted");
	say(&a, 2, "hello again");
	check(until(&a, &b, 2000, !strcmp(b.last, "hello again")), "messages go on");
	end_both();
}

void full_outbox(void)
{
	note("a full outbox");
	start_both("");
	server_end(&server);
	until(&a, &b, 1000, a.down && b.down);
	size_t room = rl_link_limits_default.out_bytes[RL_LINK_BULK], most = 0;
	unsigned refused = 0, n = 4 * (unsigned)(room / sizeof(largest));
	uint64_t start = now_us(), longest = 0;
	for (unsigned i = 0; i < n; i++) {
		uint64_t before = now_us();
		refused += rl_link_publish(a.link, RL_LINK_BULK, 2, largest, sizeof(largest)) ==
			   -ENOBUFS;
		uint64_t took = now_us() - before;
		longest = took > longest ? took : longest;
		size_t used = member_status(&a).out_bytes;
		most = used > most ? used : most;
	}
	struct rl_link_status s = member_status(&a);
	check(refused > n / 2 && s.drops[RL_LINK_DROP_OUT_FULL] == refused && most <= room,
	      "%u of %u dropped and counted, %zu bytes at most", refused, n, most);
	note("%.0f ms for all, %llu us for the longest", (double)(now_us() - start) / 1000,
	     (unsigned long long)longest);
	say(&a, 2, "a heartbeat");
	server_start(&server, PORT, "");
	unsigned sent = n - refused + 1;
	check(until(&a, &b, 4000, member_status(&a).sent == sent),
	      "all others go out, once connected");
	end_both();
}

// Until the link says that it is down. load: messages a round of 5 ms.
static double notice(unsigned load)
{
	uint64_t start = fair_us();
	unsigned down = a.down;
	while (a.down == down && fair_us() - start < 10000000) {
		for (unsigned i = 0; i < load; i++)
			rl_link_publish(a.link, RL_LINK_BULK, 2, largest, sizeof(largest));
		poll_both(&a, &b);
	}
	return (double)(fair_us() - start) / 1000;
}

// Which of the two connections finds out first decides what it is called.
static bool frozen_reason(const char *text)
{
	static const char *const reasons[] = {"does not answer any more", "takes nothing any more",
					      "closed the connection"};
	for (unsigned i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strstr(text, reasons[i]))
			return true;
	return false;
}

// With and without a full outbox: link.h promises 4 s.
static void stop_frozen(unsigned load, uint64_t limit_us)
{
	server_signal(&server, SIGSTOP);
	for (unsigned i = 0; i < load; i++)
		rl_link_publish(a.link, RL_LINK_BULK, 2, largest, sizeof(largest));
	uint64_t start = fair_us();
	member_stop(&a);
	uint64_t took = fair_us() - start;
	check(took < limit_us, "stopping before a frozen server takes %.0f ms",
	      (double)took / 1000);
}

void frozen(void)
{
	static const struct {
		const char *what;
		unsigned load;
	} rows[] = {{"an idle link", 0}, {"a busy link", 4}};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		note("a server that freezes, %s", rows[i].what);
		start_both("");
		server_signal(&server, SIGSTOP);
		double ms = notice(rows[i].load);
		check(ms < 4000 && frozen_reason(a.text), "noticed after %.0f ms: %s", ms, a.text);
		// Attempts on a frozen server do not end well, but they end.
		until(&a, &b, 3000, false);
		server_signal(&server, SIGCONT);
		uint64_t start = fair_us();
		bool up = until(&a, &b, 10000, a.up == 2 && b.up == 2);
		uint64_t took = fair_us() - start;
		check(up && took < AGAIN_US, "thawed: connected again after %.0f ms",
		      (double)took / 1000);
		say(&a, 2, "hello again");
		check(until(&a, &b, 5000, !strcmp(b.last, "hello again")), "messages go on");
		stop_frozen(rows[i].load ? 1000 : 0, rows[i].load ? 4000000 : 2500000);
		end_both();
	}
}
