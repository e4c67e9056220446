// SPDX-License-Identifier: BSD-3-Clause
// Links over real nats-servers, which the test starts, kills and freezes. For a network namespace
// of its own: ports are fixed.
#pragma once

#include "cluster/link_nats.h"
#include "tests/smoke/nats_server.h"

enum { PORT = 4222, OTHER_PORT = 4223 };

// Of `rootline-cli cluster init`; own_dir also has a.conf, b.conf, c.conf, for servers on PORT and
// the next two.
extern const char *own_dir, *other_dir;
extern unsigned checks_failed;

// One line per check; the program's exit status remembers.
void check(bool fine, const char *text, ...) __attribute__((format(printf, 2, 3)));
void note(const char *text, ...) __attribute__((format(printf, 1, 2)));
uint64_t now_us(void);
// A clock that stands still while the machine has no time for a thread that has slept enough: what
// is measured with it must keep to the contract on a busy machine, too.
uint64_t fair_us(void);

struct member {
	struct rl_link *link;
	unsigned up, down, data, question, answer, failed;
	uint64_t bytes;
	int error;         // of the last failure
	uint64_t heard_us; // when the last message came
	char text[RL_LINK_WHY_MAX];
	char last[64]; // the last urgent data
	bool answers;  // questions get an answer at once
};

// A plain link to PORT.
struct rl_link_nats_config plain_config(uint8_t self);
// False: refused, text says why.
bool member_start(struct member *m, const struct rl_link_nats_config *c);
void member_stop(struct member *m);
struct rl_link_status member_status(const struct member *m);
void member_poll(struct member *m);

struct files {
	char ca[300], cert[300], key[300];
	char tls[1200]; // the server's configuration
};
// Of member a in a folder of `rootline-cli cluster init`.
struct files files_of(const char *dir);
// With these files, by TLS to PORT.
struct rl_link_nats_config tls_config(const struct files *f);
// Polls both (b may be NULL) until the condition holds; false: not within ms.
#define until(a, b, ms, condition)                                             \
	({                                                                     \
		uint64_t until_end_us = now_us() + (ms)*1000ull;               \
		bool until_fine;                                               \
		while (!(until_fine = (condition)) && now_us() < until_end_us) \
			poll_both(a, b);                                       \
		until_fine;                                                    \
	})
void poll_both(struct member *a, struct member *b);

// Scenarios.
void own_threads(void);
void exchange(void);
void flood(void);
void heard_in_a_flood(void);
void questions(void);
void killed(void);
void frozen(void);
void full_outbox(void);
void start_without_server(void);
void second_server(void);
void trust(void);
void refusals(void);
void gateways(void);
void mistakes(void);
void silent_server(void);
void fickle_server(void);
void ends(void);
int ending(void); // what `ends` starts, a program of its own
