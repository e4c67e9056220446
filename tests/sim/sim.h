// SPDX-License-Identifier: BSD-3-Clause
// One cluster with its clients: who is there, and the network between them. The clients are a model
// of unmodified software (client.c), the members run the real code of cluster/ (node*.c); packets
// take their time, get lost, and stop at NATs (net.c); members talk over a backplane (bus.c).
//
// One thread. Time is milliseconds from the start of the simulation.
#pragma once

#include "cluster/steward.h"
#include "tests/sim/queue.h"
#include "tests/sim/world.h"

enum {
	SIM_MEMBERS = SIM_SITES_EACH,
	SIM_SOCKETS = 2, // primary and secondary port of a client
	SIM_PATHS = SIM_MEMBERS * RL_FAMILIES * SIM_SOCKETS,
	SIM_BATCHES = 16384,
	SIM_START = 1000000, // so that 0 is "never"
};

#define SIM_EPOCH 1700000000000ULL // of the cluster's clock

enum sim_event_kind {
	SIM_TICK,      // a client's background task, every 5 s
	SIM_UP,        // a packet arrives at a member
	SIM_DOWN,      // a packet arrives at a client
	SIM_CONTROL,   // a member's control thread, every 20 ms
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
	uint16_t nat_ms; // how long its mappings live after the last packet either way
	bool dual;       // has IPv6 too
	bool on;
	// What the simulation keeps to judge the members by.
	uint8_t left;     // member that a redirect for its speed took it from, + 1
	uint8_t told;     // PUSHes sent to it in the chain
	uint32_t told_ms; // the last of them
	uint8_t mark;     // the scenario's
};

// What a member's root knows of a client.
struct sim_known {
	uint32_t heard[RL_FAMILIES][SIM_SOCKETS]; // last packet by that path; 0: never
	bool proven[RL_FAMILIES][SIM_SOCKETS];    // it has answered a probe
	uint32_t sighted;                         // last sighting
	bool after_hello;                         // that one was of a HELLO
	bool withheld;
	bool valid; // its identity
};

struct sim_batch {
	unsigned references; // members that it is on its way to
	size_t len;
	uint8_t data[];
};

struct sim_node {
	struct sim *sim;
	unsigned index;
	bool up;
	uint32_t run;
	struct rl_steward steward;
	void *memory;            // the steward's
	struct sim_known *known; // by client
};

struct sim_options {
	uint32_t clients;
	uint64_t seed;
	unsigned first_site; // 0: Alice, 6: Bob
	double stretch, wrong, unknown;
	double loss;                    // of packets, one way
	double link_loss;               // of batches between members
	uint32_t link_delay_ms;         // of batches at most, beyond half a round trip
	int32_t skew_ms[SIM_MEMBERS];   // how far a member's clock is ahead
	double dual, cone, symmetric;   // shares of clients
	uint32_t land_ms;               // they come within it
	uint32_t trace;                 // client whose packets are printed, + 1; 0: none
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
	uint64_t pushes, gate_violations, undone, events, backplane_bytes, validations;
};

static inline uint32_t sim_now(const struct sim *s)
{
	return (uint32_t)s->queue.now;
}

// What a member's clock says, at the moment or at another one.
static inline uint64_t sim_clock_at(const struct sim *s, unsigned m, uint32_t ms)
{
	return SIM_EPOCH + (uint64_t)((int64_t)ms + s->o.skew_ms[m]);
}

static inline uint64_t sim_clock(const struct sim *s, unsigned m)
{
	return sim_clock_at(s, m, sim_now(s));
}

static inline bool sim_lost(struct sim *s, double share)
{
	return sim_uniform(sim_random(s->o.seed, 100, s->dice++)) < share;
}

// run.c. places: places.csv. 0 or -errno.
int sim_init(struct sim *s, const struct sim_options *o, const char *places);
void sim_free(struct sim *s);
void sim_run(struct sim *s, uint32_t ms);
void sim_member_kill(struct sim *s, unsigned m);
int sim_member_start(struct sim *s, unsigned m);
bool sim_member_find(const struct sim *s, unsigned m, uint32_t client, struct rl_location *l);
// Clients at home there.
uint64_t sim_member_load(const struct sim *s, unsigned m);
static inline uint64_t sim_address(uint32_t client)
{
	return 0x1000000001 + client;
}
static inline struct rl_identity sim_identity(uint32_t client)
{
	struct rl_identity id = {.address = sim_address(client)};
	rl_store64(id.public_key, client);
	return id;
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
// Whose address that is.
uint32_t sim_client_at(const struct rl_inet *addr);

// client.c
void sim_client_on(struct sim *s, uint32_t client); // starts its software
void sim_client_tick(struct sim *s, uint32_t client);
void sim_client_packet(struct sim *s, const struct sim_event *e);
// The path it would send by now, or -1.
int sim_client_best(const struct sim *s, const struct sim_client *c);

// root.c
void sim_root_packet(struct sim *s, const struct sim_event *e);
bool sim_root_proven(const struct sim *s, const struct sim_known *k, enum rl_family f,
		     unsigned socket);

// host.c
struct rl_steward_host sim_host(struct sim_node *n);

// trace.c. What happens to the client of --trace, on standard error.
void sim_trace(const struct sim *s, const struct sim_event *e);
// A redirect only undoes another: which client's, so that it can be traced.
void sim_trace_undone(const struct sim *s, uint32_t client, unsigned from, unsigned to);
// A PUSH is one more than the client's gate leaves room for: the first few.
// Members have had the time to agree about it, and do not.
void sim_trace_differs(const struct sim *s, uint32_t client);
void sim_trace_gate(const struct sim *s, uint32_t client, unsigned from);

// bus.c
void sim_bus_send(struct sim *s, unsigned from, uint8_t to, const uint8_t *batch, size_t len);
void sim_bus_arrive(struct sim *s, const struct sim_event *e);
