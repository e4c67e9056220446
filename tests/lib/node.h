// SPDX-License-Identifier: BSD-3-Clause
// A simulated ZeroTier node (docs/protocol.md 6.11): makes the packets an ordinary client sends to
// its root and to other nodes, opens and reads what comes back. No sockets, no clock, no system
// random numbers: the same seed and the same times give the same bytes, so that tests can be
// repeated and a load generator can write the same population twice. One thread per node; nodes of
// one thread may share a cipher.
#pragma once

#include "root/armor.h"
#include "root/world.h"

enum {
	NODE_SUITE_AUTO = 0xff, // 3 if the peer said it speaks protocol 12, else 1 (2.6)
	NODE_EXPECT_MAX = 32,   // packets whose answers are awaited
	NODE_PATHS_MAX = 8,     // addresses of the root learned
	NODE_MOONS_MAX = 4,
	NODE_WHOIS_MAX = 141, // identities in one OK(WHOIS) of the largest size
	NODE_TUPLES_MAX = 554,
};

// Somebody a node shares a key with. Memory belongs to the caller and lives as long as the node.
struct node_peer {
	struct node_peer *next;
	struct rl_identity id;
	struct rl_key key;
	uint8_t proto; // as told by HELLO or OK(HELLO); 0 unknown
};

struct node_moon {
	uint64_t id;
	uint64_t timestamp; // 0: wanted, none held
};

struct node_expect {
	uint64_t id; // as on the wire
	uint64_t to;
	uint8_t verb;
};

// A path as a client sees it: which of its sockets, and where the root was heard.
struct node_path {
	struct rl_inet addr;
	uint64_t hello_ms; // last HELLO said because of it
	uint8_t socket;
	bool learned; // by a direct OK from there
};

struct node_join;

struct node {
	struct rl_identity id;
	struct rl_secret secret;
	struct rl_cipher *cipher; // not owned
	struct node_peer root;
	struct node_peer *peers; // others
	uint64_t planet_id;      // told in HELLO
	uint64_t planet_timestamp;
	struct node_moon moon[NODE_MOONS_MAX];
	uint8_t moon_count;
	uint8_t proto;          // told in HELLO [12]
	uint16_t mtu;           // longer packets are cut (3.2) [1432]
	struct node_join *join; // NULL: fragments are not joined; not owned
	uint64_t random;
	uint32_t next_expect;
	struct node_expect expect[NODE_EXPECT_MAX];
	struct node_path path[NODE_PATHS_MAX];
	uint8_t path_count;
};

// 0, or -EINVAL if the root's key is weak.
int node_init(struct node *n, const struct rl_identity *id, const struct rl_secret *secret,
	      const struct rl_identity *root, struct rl_cipher *cipher, uint64_t seed);
// Makes another node known, as OK(WHOIS) does. peer: the caller's memory. 0 or -EINVAL.
int node_know(struct node *n, struct node_peer *peer, const struct rl_identity *id);
// The root or a known node; NULL: unknown.
struct node_peer *node_peer_find(struct node *n, uint64_t address);
uint64_t node_random(struct node *n);
// Is this path to the root learned?
bool node_path_learned(const struct node *n, unsigned socket, const struct rl_inet *addr);
// The answer to this packet is awaited from now on.
void node_expect(struct node *n, uint64_t to, uint8_t verb, uint64_t id);

// Makers. out has room for ZT_PACKET_MAX; the whole sealed packet is written there, its length
// returned; 0 if it does not fit. suite: 0, 1, 3 or NODE_SUITE_AUTO. Packets longer than n->mtu
// carry the fragment flag and must go through node_cut.
//
// Any verb to any peer, payload as given:
size_t node_make(struct node *n, const struct node_peer *to, unsigned suite, uint8_t verb,
		 const void *payload, size_t len, uint8_t *out);
// The same, compressed if that is shorter (2.7).
size_t node_make_compressed(struct node *n, const struct node_peer *to, unsigned suite,
			    uint8_t verb, const void *payload, size_t len, uint8_t *out);
// target: where it will be sent; nil if through a relay. Suite 0.
size_t node_hello(struct node *n, const struct node_peer *to, uint64_t now_ms,
		  const struct rl_inet *target, uint8_t *out);
// 4.3.4, to the root.
size_t node_hello_encrypted(struct node *n, uint64_t now_ms, const struct rl_inet *target,
			    uint8_t *out);
size_t node_whois(struct node *n, unsigned suite, const uint64_t *addresses, unsigned count,
		  uint8_t *out);
size_t node_echo(struct node *n, unsigned suite, const void *payload, size_t len, uint8_t *out);
size_t node_nop(struct node *n, uint8_t *out);

struct node_group {
	uint64_t network;
	uint8_t mac[6];
	uint32_t adi;
};
// Up to NODE_TUPLES_MAX.
size_t node_like(struct node *n, unsigned suite, const struct node_group *groups, unsigned count,
		 uint8_t *out);
// com_len bytes of certificate behind it, zeroes: a root does not read them. 0: none.
size_t node_gather(struct node *n, unsigned suite, const struct node_group *group, uint32_t limit,
		   size_t com_len, uint8_t *out);
size_t node_config_request(struct node *n, uint64_t network, uint8_t *out);
size_t node_frame(struct node *n, const struct node_peer *to, uint64_t network, uint16_t ethertype,
		  const void *data, size_t len, uint8_t *out);
size_t node_user_message(struct node *n, const struct node_peer *to, unsigned suite, uint64_t type,
			 const void *data, size_t len, uint8_t *out);

// 3.2: cuts a sealed packet into the datagrams to be sent. piece[i].data points into buf, which has
// room for ZT_PACKET_MAX + ZT_FRAG_MAX * ZT_FRAG_HDR_LEN. Returns how many; one if it is short
// enough; 0 if it takes more than ZT_FRAG_MAX.
struct node_piece {
	const uint8_t *data;
	size_t len;
};
unsigned node_cut(const uint8_t *packet, size_t len, size_t mtu, uint8_t *buf,
		  struct node_piece piece[static ZT_FRAG_MAX]);

enum node_verdict {
	NODE_READ,       // opened, understood, expected: the fields below are valid
	NODE_PIECE,      // a fragment or head, kept until the others come
	NODE_NOT_MINE,   // for another node
	NODE_STRANGER,   // source unknown, and no HELLO
	NODE_BAD_MAC,    // not authentic
	NODE_MALFORMED,  // does not parse
	NODE_UNEXPECTED, // OK to something that was not asked
};

// What a datagram said. Pointers go into data.
struct node_event {
	enum node_verdict verdict;
	uint64_t id; // as on the wire
	uint64_t from;
	uint8_t verb;
	uint8_t suite;
	uint8_t hops;
	uint8_t in_verb;        // OK, ERROR: what was answered
	uint64_t in_id;         // OK, ERROR: its wire ID
	uint8_t error;          // ERROR
	const uint8_t *payload; // behind what is parsed generically: for OK from 37, ERROR from 38
	size_t payload_len;

	// HELLO, OK(HELLO)
	uint8_t proto, major, minor;
	uint16_t revision;
	uint64_t clock;
	struct rl_inet physical;
	struct rl_identity hello_id; // HELLO
	uint64_t planet_id, planet_timestamp;
	const uint8_t *worlds; // OK(HELLO): worlds_len bytes, each parsed once to be sure
	size_t worlds_len;
	bool worlds_field; // OK(HELLO): is there a length at all?
	unsigned world_count;

	// OK(WHOIS)
	struct rl_identity whois[NODE_WHOIS_MAX];
	unsigned whois_count;

	// OK(GATHER): addresses, 5 bytes each
	struct node_group group;
	uint32_t gather_total;
	unsigned gather_count;
	const uint8_t *gather;

	// RENDEZVOUS
	uint64_t meet;
	struct rl_inet meet_at;

	// To be sent back at once by the socket it came by, as every stock node does: OK(ECHO),
	// OK(HELLO).
	size_t reply_len;
	uint8_t reply[ZT_PACKET_MAX];
	// The root was heard where it is not known to be: HELLO to that address, from all sockets.
	bool say_hello;

	size_t len;
	uint8_t data[ZT_PACKET_MAX]; // opened and expanded
};

// Reads one datagram that came to socket number `socket` from `from`. Returns e->verdict.
enum node_verdict node_read(struct node *n, uint64_t now_ms, unsigned socket,
			    const struct rl_inet *from, const uint8_t *data, size_t len,
			    struct node_event *e);
// Parses an opened, expanded packet in e->data[0..e->len), from the verb on. False: malformed.
bool node_parse(struct node_event *e);
const char *node_verdict_text(enum node_verdict v);

// Joins fragments (3.3); four packets at a time, the oldest gives way.
struct node_join *node_join_new(void);
void node_join_free(struct node_join *j);
// True: data[0..*len) is the whole packet now (out has room for ZT_PACKET_MAX). False: not yet, or
// not a piece that can be used.
bool node_join(struct node_join *j, const uint8_t *data, size_t len, uint8_t *out, size_t *out_len);
