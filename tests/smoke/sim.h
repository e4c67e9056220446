// SPDX-License-Identifier: BSD-3-Clause
// What the scenarios of sim_client share: a population of simulated nodes in one namespace, each
// with addresses of its own, against one running root.
#pragma once

#include "tests/lib/identities.h"
#include "tests/lib/udp_node.h"

struct sim {
	struct udp_net net;
	struct rl_cipher *cipher;
	struct test_identity *ids;
	unsigned id_count, next_id; // every scenario takes fresh identities
	struct rl_identity root;
	struct rl_inet root4, root6;  // family 0: not used in this run
	struct rl_inet base4, base6;  // address of node 0; node i has the last byte plus i
	struct rl_world planet, moon; // type 0: none given
	unsigned checks, failed;
};

// One line per check: "ok - ..." or "not ok - ...". Returns ok.
bool sim_check(struct sim *s, bool ok, const char *text, ...) __attribute__((format(printf, 3, 4)));

// Nodes with fresh identities; primary sockets in each family of this run are open, secondary ones
// if asked for. Nothing has been said yet. Ends the program if a socket cannot be had.
void sim_nodes(struct sim *s, unsigned count, bool secondary);
// The same, and all of them online.
bool sim_online(struct sim *s, unsigned count);
void sim_done(struct sim *s);
struct rl_inet sim_addr(const struct sim *s, unsigned host, unsigned family);
unsigned sim_first_socket(const struct sim *s); // 0 with IPv4, else 1

// Sends by n->use and waits for OK (or ERROR, as said) to it; NULL: none in 1.5 s.
const struct udp_seen *sim_ask(struct sim *s, struct udp_node *n, const uint8_t *p, size_t len,
			       uint8_t verb, uint8_t answer);
// Sends by n->use; true if there is no such answer for as long as answers take at worst here.
bool sim_silent(struct sim *s, struct udp_node *n, const uint8_t *p, size_t len, uint8_t verb);
// Everything sent before has been handled: an ECHO and its answer, and a moment for threads.
bool sim_settle(struct sim *s, struct udp_node *n);
// a and b know each other's keys from now on (as after WHOIS). ab: memory for both, alive as long
// as they.
void sim_acquaint(struct udp_node *a, struct udp_node *b, struct node_peer ab[2]);

// Scenarios.
void sim_verbs(struct sim *s);
void sim_ignored(struct sim *s);
void sim_multicast(struct sim *s);
void sim_suites(struct sim *s);
void sim_fragments(struct sim *s);
void sim_worlds(struct sim *s);
void sim_badmac(struct sim *s);
void sim_forged(struct sim *s);
void sim_unproven(struct sim *s);
void sim_sizes(struct sim *s);
void sim_frames(struct sim *s);
void sim_relay(struct sim *s);
void sim_rendezvous(struct sim *s);
void sim_crowd(struct sim *s);
void sim_rebind(struct sim *s);
void sim_lost6(struct sim *s);
