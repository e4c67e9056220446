// SPDX-License-Identifier: BSD-3-Clause
// Makes the traffic of a population, packet by packet, for a capture file or straight for the wire.
// The same population, traffic and seed give the same packets. One thread.
#pragma once

#include "bench/gun/shot.h"
#include "bench/gun/zipf.h"

// Name, summary for the help
#define TRAFFIC(X)                                                                             \
	X(HELLO, "hello", "each node in turn says HELLO")                                      \
	X(REFRESH, "refresh", "nodes renew their HELLO, the same bytes from several sockets")  \
	X(WHOIS, "whois", "nodes ask for identities of others")                                \
	X(WHOIS_ROOT, "whois-root", "nodes ask for the root's identity, as clients do in 5 s") \
	X(LIKE, "like", "nodes subscribe to multicast groups")                                 \
	X(GATHER, "gather", "nodes ask for members of a group")                                \
	X(ECHO, "echo", "nodes send ECHO")                                                     \
	X(RELAY_SMALL, "relay-small", "short packets from node to node")                       \
	X(RELAY_LARGE, "relay-large", "long packets from node to node")                        \
	X(RELAY_FRAGMENT, "relay-fragment", "fragments from node to node")                     \
	X(HOSTILE, "hostile", "what no client sends: forged, broken, endless")                 \
	X(MIXED, "mixed", "busy clients: mostly relayed packets")                              \
	X(IDLE, "idle", "clients that only stay online")

enum traffic {
#define X(id, name, help) TRAFFIC_##id,
	TRAFFIC(X)
#undef X
		TRAFFIC_COUNT,
};

const char *traffic_name(enum traffic t);
const char *traffic_help(enum traffic t);

struct craft_plan {
	enum traffic traffic;
	unsigned weight[TRAFFIC_COUNT]; // of each kind; all 0: those of `traffic`
	unsigned size;                  // of ECHO and relayed packets, all bytes of it; 0: as usual
	unsigned ask;                   // addresses in one WHOIS
	unsigned groups;                // in one LIKE
	unsigned limit;                 // members asked for
	unsigned copies;                // of a renewed HELLO, 1..SOURCES_SOCKETS
	unsigned suite;                 // of packets for the root: 1 or 3
	unsigned protocol;              // told in HELLO
	double zipf;                    // 0: every node alike
	uint64_t seed;
};

enum {
	CRAFT_RELAY_SMALL = 128,
	CRAFT_RELAY_LARGE = 1400,
	CRAFT_ECHO = 64,
	CRAFT_ASK_MAX = 64,
	CRAFT_GROUPS_MAX = 78, // of one LIKE in one datagram
	CRAFT_NETWORK = 64,    // members of one network
	CRAFT_LIKED = 1 << 14,
};

struct craft {
	const struct population *p;
	struct craft_plan plan;
	struct zipf zipf;
	struct rng rng;
	unsigned total;  // weight
	uint32_t turn;   // next node to say HELLO
	unsigned copies; // of the last HELLO still to be made
	uint32_t copied; // whose
	// In a mixture: networks that somebody has subscribed in, by number modulo CRAFT_LIKED.
	struct {
		uint32_t network; // + 1
		uint32_t first;   // who
		bool two;         // and somebody else
	} liked[CRAFT_LIKED];
	uint8_t filler[1 << 14]; // what relayed packets are filled with
};

struct craft_plan craft_plan_default(enum traffic t);
// The population stays the caller's. 0, or -EINVAL: too few nodes for this traffic, or a size that
// cannot be.
int craft_init(struct craft *c, const struct population *p, const struct craft_plan *plan,
	       struct say_why *why);
// Writes the next packet; data has room for `room` bytes, ZT_MTU at least.
void craft_next(struct craft *c, struct shot *s, uint8_t *data, size_t room);
// One HELLO of this node, whatever the traffic.
void craft_hello(const struct population *p, uint32_t node, unsigned protocol, struct shot *s,
		 uint8_t *data);
// A packet from node to node. Its header alone is written, what is behind ZT_AT_MAC is the
// caller's.
void craft_relay(const struct population *p, uint32_t node, uint32_t to, unsigned size,
		 struct shot *s, uint8_t *data);
// A packet for the root with an empty payload behind its verb.
struct rl_writer craft_begin(const struct population *p, struct shot *s, uint32_t node,
			     unsigned suite, uint8_t verb, enum shot_class kind, uint8_t *data);

// craft_hostile.c: one of the forgeries.
void craft_hostile(struct craft *c, struct shot *s, uint8_t *data);
unsigned craft_hostile_kinds(void);
// A given one, for tests: 0..craft_hostile_kinds()-1.
void craft_hostile_of(struct craft *c, unsigned kind, struct shot *s, uint8_t *data);
