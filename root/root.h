// SPDX-License-Identifier: BSD-3-Clause
// The core's front door: one root identity, its peers, and the calls that worker, admission and
// control threads of a host make. No sockets, threads, clock or allocation on the packet path: time
// comes in as an argument (ms of Unix time), packets as bursts, and what is to be sent comes back
// as verdicts and out-box.
//
// Threads: rl_receive_burst and rl_tick: one thread per rl_worker. rl_admit: one thread per
// rl_worker of its own. Calls marked "control" may run beside both, from one thread. rl_root fields
// set at start are read only afterwards; the exceptions say so.
#pragma once

#include "root/armor.h"
#include "root/packet.h"
#include "root/world.h"

struct rl_group_key;
struct rl_root;
struct rl_worker;

enum {
	RL_BURST_MAX = 64,
	RL_WORLDS_MAX = 16,
	RL_FORWARDERS_MAX = 128, // addresses of a group

	// Version told to peers in OK(HELLO)
	RL_SOFTWARE_MAJOR = 0,
	RL_SOFTWARE_MINOR = 1,
	RL_SOFTWARE_REVISION = 0,
};

// Every limit; rl_options_default() gives the values in brackets.
struct rl_options {
	uint32_t max_peers;       // [65536] peers in memory, 302 bytes each
	uint8_t hop_limit;        // [3] largest hop count after relaying, 1..7
	uint32_t introduce_ms;    // [30000] between RENDEZVOUS of one pair; 0: never introduce
	uint32_t introduce_pairs; // [65536] pairs remembered
	uint32_t keepalive_ms;    // [20000] NOP to peers silent this long; 0: none
	uint32_t path_timeout_ms; // [243000] a path unheard for this long is not used
	uint32_t peer_timeout_ms; // [86400000] a peer unheard for this long is forgotten
	uint32_t group_members; // [262144] multicast subscriptions in memory, about 145 bytes each
	uint32_t group_timeout_ms;    // [600000]
	uint32_t peer_groups_per_min; // [1024] new subscriptions per peer and minute
	uint16_t gather_max;          // [255] addresses in one OK(GATHER), 274 at most
	uint16_t whois_max;           // [32] addresses looked up in one WHOIS, 64 at most
	uint32_t budget_cells;        // [16384] source prefixes told apart, per worker
	uint32_t relay_pps; // [200000] relayed packets a second from one IP address (/64); 0: no
			    // limit
	uint32_t known_pps; // [5000] packets a second for the root from one IP address (/64); 0: no
			    // limit
	uint32_t forwarder_pps; // [2000000] packets a second from one front address of another
				// member or of a sibling, beyond what any address may
				// (root/forwarder.h); 0: no limit
	uint32_t peer_verb_pps; // [200] packets a second for the root from one peer; 0: no limit
	uint32_t sibling_pps;   // [20000] packets a second for the root from one sibling
				// (root/sibling.h)
	uint32_t guess_pps;     // [20] packets a second from one IP address (/64) on a guess that a
				// sibling knows whom they are for; 0: no limit
	uint32_t stranger_pps;  // [200] HELLO of strangers a second from one /24 or /48
	uint32_t stranger_total_pps; // [2000] of all together, per worker; as many encrypted ones
	uint32_t encrypted_pps;      // [100] encrypted HELLO a second from one /24 or /48
	uint32_t validate_pps;       // [64] identity validations a second for one /24 or /48
	uint32_t reassembly_slots;   // [64] incomplete packets per worker, 10 kB each
	uint32_t reassembly_ms;      // [2000]
	uint32_t sight_ms; // [0] between sightings of one client, up to half an hour; 0: none
			   // (root/sight.h)
};

struct rl_options rl_options_default(void);

// What the core asks of its host.
struct rl_host {
	// The way this packet came, in a form that may be stored; RL_VIA_NONE if there is no room.
	// Called only for packets that are authenticated and whose address is proven.
	uint16_t (*via)(void *ctx, const struct rl_packet *p);
	// Optional, on admission threads. Is this identity known to be valid from before? It is
	// then not validated again. And: a newcomer is in the table.
	bool (*validated)(void *ctx, const struct rl_identity *id);
	void (*admitted)(void *ctx, const struct rl_identity *id, uint64_t now_ms);
	// Optional, on workers and admission threads, for a host with other members (root/ask.h);
	// must be quick and take no lock. May another member know the identity of this node, which
	// is unknown here? Do clients of others listen to this group?
	bool (*elsewhere)(void *ctx, uint64_t address);
	bool (*groups_elsewhere)(void *ctx, const struct rl_group_key *group);
	// Zeroed memory, cache-line aligned, for the whole life of the root. NULL: out of memory.
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *mem, size_t size);
	void *ctx;
};

// Start. id, secret, options and host are copied. seed: 32 random bytes (keys of the hash tables
// and of probe cookies). host may be NULL for tests: heap memory, via 0. NULL: out of memory or an
// option out of range.
struct rl_root *rl_root_new(const struct rl_identity *id, const struct rl_secret *secret,
			    const struct rl_options *options, const struct rl_host *host,
			    const uint8_t seed[static 32]);
void rl_root_free(struct rl_root *r);
const struct rl_identity *rl_root_identity(const struct rl_root *r);

// The planet and moons that clients get when they hold an older one, and whose roots' identities
// are served by WHOIS. Call before workers start, or from control: a new set replaces the old;
// readers see one or the other. The old set may be freed only after every worker has passed a
// quiescent state: the function returns it for rl_worlds_free.
struct rl_worlds;
struct rl_worlds *rl_worlds_new(const struct rl_world *worlds, unsigned count);
void rl_worlds_free(struct rl_worlds *w);
struct rl_worlds *rl_root_set_worlds(struct rl_root *r, struct rl_worlds *w);
const struct rl_worlds *rl_root_worlds(const struct rl_root *r);

// Whose packets, being those of many clients, have a budget of their own (root/forwarder.h): the
// new set of the group replaces the old one. Before workers start, or from one thread per group;
// not more often than configurations change. 0; -ENOSPC: more than RL_FORWARDERS_MAX, nothing
// changed.
enum rl_forwarder_group {
	RL_FORWARDERS_MEMBERS,
	RL_FORWARDERS_SIBLINGS,
	RL_FORWARDER_GROUPS,
};
int rl_root_forwarders(struct rl_root *r, enum rl_forwarder_group group, const struct rl_inet *addr,
		       unsigned count);

// One per thread that calls rl_receive_burst or rl_admit. seed: 32 random bytes, different for
// each.
struct rl_worker *rl_worker_new(struct rl_root *r, const uint8_t seed[static 32]);
void rl_worker_free(struct rl_worker *w);

// The one way in. Takes 1..RL_BURST_MAX packets, sets each one's verdict. Extra packets
// (introductions, probes, long answers) are in the out-box afterwards, to be sent after the burst's
// own, before the next call.
void rl_receive_burst(struct rl_worker *w, uint64_t now_ms, struct rl_packet *p[], unsigned n);

// Public-key work for a packet that came back RL_DEFER; on an admission thread, with a worker of
// its own and a scratch. Milliseconds for a stranger. Same verdicts but RL_DEFER; same out-box.
void rl_admit(struct rl_worker *w, struct rl_scratch *s, uint64_t now_ms, struct rl_packet *p);

// Little by little: keepalives, expiry of reassembly. Once per loop of a worker is fine;
// part/parts: this worker's share of the peers. Fills the out-box.
void rl_tick(struct rl_worker *w, uint64_t now_ms, unsigned part, unsigned parts);

// An extra packet. back: the packet of this burst whose way is taken if to.via is RL_VIA_BACK, else
// NULL.
enum { RL_OUT_ROOM = 1472 };
struct rl_out {
	struct rl_path to;
	const struct rl_packet *back;
	uint16_t len;
	uint8_t data[RL_OUT_ROOM];
};
// Valid until the next rl_receive_burst, rl_admit or rl_tick of this worker.
const struct rl_out *rl_worker_out(const struct rl_worker *w, unsigned *count);

// Counters: written by the worker's thread alone, read by anyone. The thread sanitizer calls that a
// race; it is harmless: an aligned 64-bit word is never half written on the CPUs this runs on, and
// who reads only shows the number.
#define RL_COUNTERS(X)                                                          \
	X(rx_packets, "datagrams taken in")                                     \
	X(rx_bytes, "bytes of them")                                            \
	X(relay_packets, "packets relayed")                                     \
	X(relay_bytes, "bytes of them")                                         \
	X(relay_fragments, "fragments among them")                              \
	X(replies, "answers sent")                                              \
	X(asked, "questions that other members are asked about first")          \
	X(deferred, "handed to admission")                                      \
	X(admitted, "new peers")                                                \
	X(validations, "identity validations done")                             \
	X(validations_spared, "identities known to be valid from before")       \
	X(introductions, "pairs introduced")                                    \
	X(introductions_repeated, "pairs introduced again after a WHOIS")       \
	X(rendezvous, "RENDEZVOUS sent")                                        \
	X(probes, "ECHO sent to prove an address")                              \
	X(proofs, "addresses proven")                                           \
	X(path_moves, "peers whose best path changed")                          \
	X(keepalives, "NOP sent")                                               \
	X(redirects, "PUSH_DIRECT_PATHS sent to move clients to other members") \
	X(worlds_sent, "worlds sent in OK(HELLO)")                              \
	X(reassembled, "packets for the root joined from fragments")            \
	X(collisions, "ERROR(4) sent: two valid identities, one address")

struct rl_stats {
#define X(name, help) uint64_t name;
	RL_COUNTERS(X)
#undef X
	uint64_t verb[ZT_VERB_COUNT]; // authenticated packets for the root, by verb
	uint64_t drop[RL_DROP_COUNT];
};
const struct rl_stats *rl_worker_stats(const struct rl_worker *w);
// For the host, from the worker's own thread: a packet the host dropped.
void rl_worker_count_drop(struct rl_worker *w, enum rl_drop d);

// Control.
struct rl_peer_info {
	struct rl_identity id;
	uint8_t proto, major, minor;
	uint16_t revision;
	int32_t latency_ms; // of the last probe answered; -1 unknown
	uint64_t first_ms;  // when it was admitted or loaded
	uint64_t heard_ms;  // last authenticated packet
	unsigned path_count;
	struct {
		struct rl_inet addr;
		uint16_t via;
		uint64_t heard_ms;
		bool best;
	} path[4];
};
uint32_t rl_root_peer_count(const struct rl_root *r);
uint32_t rl_root_max_peers(const struct rl_root *r);
// index 0..max_peers-1; false: no peer there.
bool rl_root_peer_at(const struct rl_root *r, uint32_t index, uint64_t now_ms,
		     struct rl_peer_info *info);
bool rl_root_peer_find(const struct rl_root *r, uint64_t address, uint64_t now_ms,
		       struct rl_peer_info *info);
// Control: puts a validated peer in, as from a database, without any path. 0, -EEXIST, -ENOSPC,
// -EINVAL (weak key).
int rl_root_peer_add(struct rl_root *r, const struct rl_identity *id, uint64_t now_ms);
// Control: unlinks peers silent for peer_timeout_ms (sooner if the table is nearly full, soonest
// those who never proved an address), looking at `budget` entries. Unlinked ones are reused only
// after rl_root_expire_done: call that when every worker and admission thread has passed a
// quiescent state (RCU). Returns how many await that.
unsigned rl_root_expire(struct rl_root *r, uint64_t now_ms, unsigned budget);
void rl_root_expire_done(struct rl_root *r);
