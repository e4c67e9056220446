// SPDX-License-Identifier: BSD-3-Clause
// One cluster with its clients: who is there, and the network between them. The clients are a model
// of unmodified software (client.c), the members run the real code of cluster/ (node*.c); packets
// take their time, get lost, and stop at NATs (net.c); members talk over a backplane (bus.c).
//
// One thread. Time is milliseconds from the start of the simulation.
#pragma once

#include "cluster/action.h"
#include "cluster/directory.h"
#include "cluster/drain.h"
#include "cluster/redirect.h"
#include "cluster/rescue.h"
#include "cluster/sync.h"
#include "cluster/warm.h"
#include "tests/sim/queue.h"
#include "tests/sim/world.h"

enum {
	SIM_MEMBERS = SIM_SITES_EACH,
	SIM_SOCKETS = 2, // primary and secondary port of a client
	SIM_PATHS = SIM_MEMBERS * RL_FAMILIES * SIM_SOCKETS,
	SIM_BATCHES = 16384,
	SIM_BLOCKS = 5,
	SIM_RTTS = 512,
	SIM_START = 1000000, // so that 0 is "never"
};

#define SIM_EPOCH 1700000000000ULL // of the cluster's clock

enum sim_event_kind {
	SIM_TICK,      // a client's background task, every 5 s
	SIM_UP,        // a packet arrives at a member
	SIM_DOWN,      // a packet arrives at a client
	SIM_ACTION,    // a member carries out a step of a plan
	SIM_CONTROL,   // a member's control thread, every 20 ms
	SIM_BEAT,      // a member's heartbeat is due
	SIM_BATCH,     // a batch of the backplane arrives
	SIM_KEEPALIVE, // between the members' front addresses
};

enum sim_verb {
	SIM_HELLO,
	SIM_OK_HELLO,
	SIM_WHOIS,
	SIM_OK_WHOIS,
	SIM_ECHO,
	SIM_OK_ECHO,
	SIM_PUSH,
	SIM_NOP,
	SIM_RENDEZVOUS,
};

// A way between a client's socket and a member, in one family. Numbers of members count from 0
// here; in cluster/ they count from 1.
static inline uint8_t sim_path(unsigned member, enum rl_family f, unsigned socket)
{
	return (uint8_t)((member * RL_FAMILIES + f) * SIM_SOCKETS + socket);
}

static inline unsigned sim_path_member(uint8_t p)
{
	return p / (RL_FAMILIES * SIM_SOCKETS);
}

static inline enum rl_family sim_path_family(uint8_t p)
{
	return (enum rl_family)(p / SIM_SOCKETS % RL_FAMILIES);
}

static inline unsigned sim_path_socket(uint8_t p)
{
	return p % SIM_SOCKETS;
}

struct sim_client_path {
	uint32_t lr; // last packet by it as a path of the root; when it was dropped, if it is none
	uint32_t last_in; // last packet by it at all
	uint32_t tried;   // last HELLO because of a packet by it
	uint16_t latency; // 0xffff: unknown
	uint8_t priority; // 0: not a path of the root
	uint8_t order;    // in the list of the root's paths
};

enum sim_nat {
	SIM_NAT_NONE,
	SIM_NAT_CONE,      // one outer port for all members, lets in only whom it has sent to
	SIM_NAT_SYMMETRIC, // another outer port for each member
};

struct sim_client {
	struct sim_client_path path[SIM_PATHS];
	uint32_t open[SIM_PATHS]; // until when the NAT lets packets in
	float rtt[SIM_MEMBERS];
	uint32_t hello_ms; // last full round; 0: never
	uint32_t push_ms;  // last PUSH that came
	uint8_t push_count;
	uint8_t order; // last given
	uint8_t nat;
	bool dual; // has IPv6 too
	bool on;
	// What the simulation keeps to judge the members by.
	uint8_t left;         // member that a redirect for its speed took it from, + 1
	uint8_t told;         // PUSHes sent to it in the chain
	uint32_t told_ms;     // the last of them
	uint32_t consider_ms; // its home's next look at it
	uint8_t mark;         // the scenario's
};

struct sim_heard {
	uint32_t ms[RL_FAMILIES][SIM_SOCKETS]; // 0: never
	uint8_t socket[RL_FAMILIES];           // of the last packet that was no HELLO
	uint8_t family;                        // of that
};

struct sim_batch {
	unsigned references; // members that it is on its way to
	size_t len;
	uint8_t data[];
};

struct sim_node {
	struct sim *sim;
	bool up;
	unsigned index;
	struct rl_member_table members;
	struct rl_member_news news; // its own, as the next heartbeat tells it
	struct rl_room room;
	struct rl_rtt rtt;
	struct rl_directory directory;
	struct rl_sync sync;
	uint64_t epoch, batches; // of the batches' headers
	struct rl_warm warm;
	struct rl_drain drain;
	void *memory[SIM_BLOCKS];
	struct sim_heard *heard;           // by client
	struct rl_rtt_news rtts[SIM_RTTS]; // to tell
	unsigned n_rtts;
	// Rescue of a dead member's clients, and the walks over one's own.
	struct rl_warm_walk rescue;
	struct rl_directory_cursor deputy, drains;
	uint32_t rescue_again; // when the next walk begins; 0: nobody to rescue
	uint64_t why[RL_REDIRECT_WHY_COUNT], rescues[RL_RESCUE_WHY_COUNT],
		drained[RL_DRAIN_WHY_COUNT];
};

struct sim_options {
	uint32_t clients;
	uint64_t seed;
	unsigned first_site; // 0: Alice, 6: Bob
	double stretch, wrong, unknown;
	double loss;                    // of packets, one way; of batches between members the same
	double dual, cone, symmetric;   // shares of clients
	uint32_t land_ms;               // they come within it
	uint32_t capacity[SIM_MEMBERS]; // 0: no limit
};

struct sim {
	struct sim_options o;
	struct sim_world world;
	struct sim_queue queue;
	struct sim_client *clients;
	struct sim_node node[SIM_MEMBERS];
	bool cut[SIM_MEMBERS][SIM_MEMBERS];     // the backplane between them
	struct sim_batch *batches[SIM_BATCHES]; // under way
	uint32_t next_batch;
	uint64_t dice; // number of the next random number
	uint64_t pushes, gate_violations, undone, events, backplane_bytes;
};

static inline uint32_t sim_now(const struct sim *s)
{
	return (uint32_t)s->queue.now;
}

static inline uint64_t sim_cluster_ms(const struct sim *s)
{
	return SIM_EPOCH + s->queue.now;
}

static inline bool sim_lost(struct sim *s)
{
	return sim_uniform(sim_random(s->o.seed, 100, s->dice++)) < s->o.loss;
}

// run.c. places: places.csv. 0 or -errno.
int sim_init(struct sim *s, const struct sim_options *o, const char *places);
void sim_free(struct sim *s);
void sim_run(struct sim *s, uint32_t ms);
void sim_member_kill(struct sim *s, unsigned m);
int sim_member_start(struct sim *s, unsigned m);
static inline uint64_t sim_address(uint32_t client)
{
	return 0x1000000001 + client;
}
static inline uint32_t sim_client_of(uint64_t address)
{
	return (uint32_t)(address - 0x1000000001);
}

// net.c. Send; the packet arrives, or not.
void sim_up(struct sim *s, uint32_t client, uint8_t path, enum sim_verb v, uint32_t stamp);
void sim_down(struct sim *s, uint32_t client, uint8_t path, enum sim_verb v, uint32_t stamp,
	      const uint8_t *to, unsigned count);
// Whether the client's NAT lets a packet that arrives now in.
bool sim_let_in(struct sim *s, uint32_t client, uint8_t path);
struct rl_inet sim_endpoint(const struct sim *s, uint32_t client, uint8_t path);

// client.c
void sim_client_on(struct sim *s, uint32_t client); // starts its software
void sim_client_tick(struct sim *s, uint32_t client);
void sim_client_packet(struct sim *s, const struct sim_event *e);
// The path it would send by now, or -1.
int sim_client_best(const struct sim *s, const struct sim_client *c);

// node.c

void sim_node_packet(struct sim *s, const struct sim_event *e);
void sim_node_consider(struct sim *s, unsigned m, uint32_t client, enum rl_family f);
struct rl_score_view sim_node_view(const struct sim *s, const struct sim_node *n);
// This member is the client's home, or confirms it.
void sim_node_claim(struct sim *s, unsigned m, const struct rl_location *l);
// Of rl_sync_config: another member's word has changed what is known.
void sim_node_changed(void *node, const struct rl_location *before, const struct rl_location *after,
		      unsigned change);
bool sim_node_find(const struct sim_node *n, uint32_t client, struct rl_location *l);

// node_plan.c
void sim_plan(struct sim *s, unsigned m, uint32_t client, const struct rl_plan *p);
void sim_action(struct sim *s, const struct sim_event *e);

// node_control.c
void sim_node_control(struct sim *s, unsigned m);
// The client's backup does not get through to it.
void sim_node_cold(struct sim *s, unsigned m, uint32_t client, uint8_t backup);
void sim_node_beat(struct sim *s, unsigned m);

// bus.c
void sim_tell_rtt(struct sim *s, unsigned m, const struct rl_rtt_news *r);
void sim_tell_cold(struct sim *s, unsigned m, uint32_t client, uint8_t home);
void sim_bus_beat(struct sim *s, unsigned m);
// Sends what is due.
void sim_bus_turn(struct sim *s, unsigned m);
void sim_bus_arrive(struct sim *s, const struct sim_event *e);
