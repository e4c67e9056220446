// SPDX-License-Identifier: BSD-3-Clause
// One generator at work: a link, a population, a root. Sends shots as frames, receives what comes,
// answers what a node must answer, and keeps the books. One thread.
#pragma once

#include "bench/gun/datagram.h"
#include "bench/gun/ledger.h"
#include "bench/gun/link.h"
#include "bench/gun/rng.h"
#include "bench/gun/shot.h"

#include <stdatomic.h>

// What came, by kind. Identifier, name in reports
#define HEARD(X)                                                    \
	X(OK_HELLO, "OK(HELLO)")                                    \
	X(OK_WHOIS, "OK(WHOIS)")                                    \
	X(OK_ECHO, "OK(ECHO)")                                      \
	X(OK_GATHER, "OK(MULTICAST_GATHER)")                        \
	X(OK_OTHER, "OK of other verbs")                            \
	X(ERROR, "ERROR")                                           \
	X(PROBE, "ECHO from the root (answered)")                   \
	X(HELLO, "HELLO from the root (answered)")                  \
	X(NOP, "NOP")                                               \
	X(RENDEZVOUS, "RENDEZVOUS")                                 \
	X(OTHER, "other verbs")                                     \
	X(RELAYED, "relayed packets")                               \
	X(FRAGMENT, "fragments")                                    \
	X(BAD_MAC, "with a wrong MAC")                              \
	X(BAD_SUM, "with a wrong UDP checksum")                     \
	X(MALFORMED, "malformed")                                   \
	X(NOT_OURS, "for nodes not of the population")              \
	X(IP_FRAGMENT, "pieces of IP datagrams (not put together)") \
	X(NEIGHBOUR, "ARP and neighbour requests (answered)")       \
	X(UNANSWERED, "probes not answered: the link was full")

enum heard {
#define X(id, name) HEARD_##id,
	HEARD(X)
#undef X
		HEARD_COUNT,
};

const char *heard_text(enum heard h);

enum node_flag {
	NODE_SAID = 1,   // a HELLO was sent
	NODE_OK = 2,     // and answered
	NODE_PROVEN = 4, // the root has asked for proof of its address, and got it
};

struct engine_answer {
	enum shot_class kind; // HELLO, WHOIS, RELAY and so on
	uint32_t node;        // whose packet it was
	uint64_t id;          // of that packet, on the wire
	uint64_t now_ns;
};

struct engine {
	struct link *link;
	const struct population *p; // NULL: none, nothing is opened or answered
	struct rl_cipher *cipher;
	struct ledger *ledger;
	struct rng rng;
	struct rl_inet target; // the root
	uint8_t own_mac[6];
	uint8_t next_mac[6];
	bool answer_neighbours; // ARP and ND for simulated addresses
	uint8_t *flags;         // of each node: NODE_*
	uint64_t heard[HEARD_COUNT];
	bool root_probes; // it has asked for proof at least once
	const atomic_bool *stop;
	// May be NULL. An OK has come to a node, or a packet of a node to another one.
	void (*on_answer)(void *ctx, const struct engine_answer *a);
	void *on_answer_ctx;
	// Own
	uint64_t sequence;
	uint64_t last_id;
	uint64_t not_sent; // another family than the root's, or too long for the link
	uint8_t open[ZT_PACKET_MAX];
};

// link and population stay the caller's. next_mac is filled later. 0 or -ENOMEM.
int engine_init(struct engine *e, struct link *link, const struct population *p,
		const struct rl_inet *target, uint64_t seed);
void engine_free(struct engine *e);

uint64_t engine_now(void);    // ns, monotonic
uint64_t engine_now_ms(void); // Unix time

// Longest ZeroTier packet one frame carries.
size_t engine_payload_max(const struct engine *e);
// Where the next packet is to be written, with room for engine_payload_max(); NULL: the link is
// full now, flush.
uint8_t *engine_room(struct engine *e);
// Seals the packet in engine_room(), wraps it, puts it on the link, and enters it in the books.
// Returns its ID, which answers quote; 0: it cannot be sent.
uint64_t engine_fire(struct engine *e, const struct shot *s, uint64_t now_ns, uint64_t now_ms);
// A finished packet in engine_room(), as an answer.
void engine_send(struct engine *e, const struct rl_inet *from, const struct rl_inet *to,
		 size_t len);
void engine_flush(struct engine *e);

// answer.c: takes what has come and answers it. Returns how many frames.
unsigned engine_receive(struct engine *e);
// By a signal, or because the link is gone (link->error).
bool engine_stopped(const struct engine *e);
