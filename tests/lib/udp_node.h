// SPDX-License-Identifier: BSD-3-Clause
// Simulated nodes on real UDP sockets, driven by one poll loop: for smoke tests against a running
// root. Each node has up to four sockets, a primary and a secondary port in each family, and says
// every HELLO from all of them, as a stock node does. What comes in is read, answered at once where
// a stock node would, and written to a log that the test looks through.
#pragma once

#include "tests/lib/node.h"

enum { UDP_SOCKETS = 4, UDP_LOG_MAX = 65536 };

struct udp_socket {
	int fd; // -1: none
	struct rl_inet local;
	uint64_t bytes_in, bytes_out; // UDP payload
	bool mute;                    // what comes in is counted and logged, but never answered
	bool proven;                  // an ECHO of the root was answered from here
};

struct udp_node {
	struct node node;
	struct udp_socket socket[UDP_SOCKETS]; // v4 primary, v6 primary, v4 secondary, v6 secondary
	unsigned use;                          // the socket that udp_send uses
	uint64_t hello_ms;
	unsigned hello_every_ms; // while offline [1000]
	bool encrypted;          // says the encrypted HELLO
	uint8_t said[64];        // its last answer to an ECHO, for those who replay it
	size_t said_len;
};

// One datagram that came in.
struct udp_seen {
	uint64_t ms;
	unsigned node;
	unsigned socket;
	struct rl_inet from;
	enum node_verdict verdict;
	uint8_t verb, in_verb, suite, hops, error;
	uint64_t id, in_id, source;
	uint64_t meet; // RENDEZVOUS
	struct rl_inet meet_at;
	size_t len; // of the datagram
};

struct udp_net {
	struct udp_node *node;
	unsigned count;
	struct rl_inet root4, root6; // family 0: none
	struct udp_seen *log;
	unsigned seen;
	struct node_event event; // of the last datagram
};

// What to wait for; zero fields match anything but verb, which is always compared.
struct udp_want {
	uint8_t verb;
	uint8_t in_verb;
	uint64_t in_id;
	uint64_t source;
	uint64_t id;
};

uint64_t udp_now(void); // ms of Unix time

// count nodes, all sockets closed. 0 or -errno.
int udp_net_init(struct udp_net *net, unsigned count);
void udp_net_free(struct udp_net *net);

// Binds a socket; port 0: any. 0 or -errno.
int udp_open(struct udp_node *n, unsigned socket, const struct rl_inet *local);
void udp_close(struct udp_node *n, unsigned socket);

// Sends as it is.
void udp_raw(struct udp_net *net, struct udp_node *n, unsigned socket, const void *data,
	     size_t len);
// Sends a whole sealed packet by n->use, cut if it is long.
void udp_send(struct udp_net *net, struct udp_node *n, const void *data, size_t len);
// HELLO from all sockets. Returns the packet ID of the last family.
uint64_t udp_hello(struct udp_net *net, struct udp_node *n);

// Turns the loop for that long.
void udp_run(struct udp_net *net, unsigned ms);
// Turns the loop until node n gets this, NULL after timeout_ms. Looks at what comes from now on;
// net->event is the packet as read.
const struct udp_seen *udp_wait(struct udp_net *net, const struct udp_node *n,
				const struct udp_want *want, unsigned timeout_ms);
// How many such packets node n got since log entry `since`.
unsigned udp_count(const struct udp_net *net, const struct udp_node *n, const struct udp_want *want,
		   unsigned since);
// HELLO every hello_every_ms until each of the count nodes has learned a path and answered a probe
// on every socket. The number that came online.
unsigned udp_online(struct udp_net *net, struct udp_node *n, unsigned count, unsigned timeout_ms);
bool udp_is_online(const struct udp_node *n);
