// SPDX-License-Identifier: BSD-3-Clause
// Inside the core: the two structs behind root.h, for the files that answer. Hosts do not include
// this.
#pragma once

#include "root/ahead.h"
#include "root/ask.h"
#include "root/budget.h"
#include "root/forwarder.h"
#include "root/group.h"
#include "root/known_bad.h"
#include "root/listen.h"
#include "root/pairs.h"
#include "root/peer_table.h"
#include "root/random.h"
#include "root/reassembly.h"
#include "root/root.h"
#include "root/sibling.h"
#include "root/sight.h"

struct rl_worlds {
	unsigned count;
	struct {
		uint8_t type;
		uint64_t id;
		uint64_t timestamp;
		uint16_t len;
		const uint8_t *bytes;
	} world[RL_WORLDS_MAX];
	// Roots of these worlds, served by WHOIS before any peer: each client asks for them every 5
	// s (6.8).
	unsigned root_count;
	struct rl_identity root[RL_WORLDS_MAX * ZT_WORLD_ROOTS_MAX];
	uint8_t bytes[]; // the worlds, one after the other
};

struct rl_root {
	uint64_t self;
	struct rl_options opt;
	struct rl_identity id;
	struct rl_secret secret;
	struct rl_host host;
	struct rl_peer_table peers;
	struct rl_pairs pairs;
	struct rl_groups groups;
	struct rl_siblings siblings;
	_Atomic(struct rl_worlds *) worlds; // control: writes; workers: read within one call
	struct rl_forwarders forwarders;
	uint8_t cookie_key[16];
	uint32_t expire_at; // control's cursor
	struct {
		void *mem;
		size_t size;
	} block[8]; // what host.alloc gave
	unsigned blocks;
};

enum {
	RL_OUT_MAX = 256,
	RL_SEAL_MAX = 16, // more do not fit the first cache, and are not faster
};

struct rl_worker {
	struct rl_root *root;
	struct rl_cipher *cipher;
	struct rl_random random;
	struct rl_random dice; // which members a GATHER gets: thrown before its turn
	struct rl_stats stats;
	struct rl_budget relay_budget;    // packets for others, by IP (/64)
	struct rl_budget known_budget;    // packets for the root, by IP (/64)
	struct rl_budget stranger_budget; // by /24 (/48), as the next two
	struct rl_budget encrypted_budget;
	struct rl_budget validate_budget;
	struct rl_budget_total *forwarder_budget; // by place in root->forwarders
	struct rl_budget guess_budget; // packets for whom no root is known to know, as relay_budget
	struct rl_budget_total stranger_total;
	struct rl_budget_total encrypted_total;
	struct rl_known_bad known_bad;
	struct rl_reassembly reassembly;
	const struct rl_packet
		*arrival; // the packet at hand as the host gave it: its way is RL_VIA_BACK
	uint64_t now_ms;
	uint32_t tick;    // of now_ms
	uint32_t tick_at; // next peer of rl_tick
	uint64_t tick_round_ms;
	unsigned ours_count; // packets of this burst for the root
	struct rl_packet *ours[RL_BURST_MAX];
	unsigned multicast_count, multicast_at; // opened LIKE and GATHER of this burst; whose turn
	struct rl_packet *multicast[RL_BURST_MAX];
	struct rl_ahead ahead[RL_AHEAD_SLOTS];
	unsigned due_count; // relayed packets of this burst whose pair is to be introduced
	struct rl_packet *due[RL_BURST_MAX];
	unsigned sight_count;
	struct rl_sight sight[RL_BURST_MAX];
	unsigned ask_count;
	struct rl_ask *ask; // RL_ASKS; NULL: the host has no hook for them
	unsigned answer_count;
	struct rl_sibling_answer *answer; // RL_BURST_MAX
	unsigned sibling_ask_count;
	struct rl_sibling_ask *sibling_ask; // RL_BURST_MAX
	bool new_group_more;
	unsigned new_group_count;
	struct rl_group_key *new_group; // RL_NEW_GROUPS; NULL: the host has no hook for them
	unsigned out_count;
	struct rl_out *out;
	unsigned seal_count; // packets of this burst yet to be sealed
	struct rl_armor_job seal[RL_SEAL_MAX];
	uint8_t *plain;  // ZT_PACKET_MAX: answers are built here
	uint8_t *expand; // ZT_PACKET_MAX: compressed packets come to light here
	struct {
		void *mem;
		size_t size;
	} block[24];
	unsigned blocks;
};

// A packet for the root that is being answered.
struct rl_request {
	struct rl_packet
		*packet; // verdict goes here; its data may be the arrival's or a joined packet
	struct rl_peer *peer;
	struct rl_peer_cold *cold;
	uint64_t wire_id;             // as it came, for OK and ERROR
	uint8_t *data;                // opened and expanded
	const struct rl_ahead *ahead; // what was looked up in advance, or NULL
	size_t len;
	size_t wire_len; // bytes its sender spent on it
	size_t answered; // bytes sent back so far
	bool direct;     // hops 0
	bool proven;     // came by a stored path of the peer
	bool probe;      // its address shall be probed
	bool listed;     // came from a front of the sibling that sent it
};

static inline bool rl_drop(struct rl_packet *p, enum rl_drop why)
{
	p->verdict = RL_DROP;
	p->drop = why;
	return false;
}

static inline bool rl_done(struct rl_packet *p)
{
	p->verdict = RL_DONE;
	return true;
}

static inline void rl_count(struct rl_worker *w, enum rl_drop why)
{
	w->stats.drop[why]++;
}

// relay.c: a packet for another node, peer already looked up (NULL: unknown).
void rl_relay(struct rl_worker *w, struct rl_packet *p);
// introduce.c, 6.4: tells both ends of each other, by every family both are reached by.
// A relayed packet notes its pair if that is due; rl_introduce_due follows at the end of the burst.
void rl_introduce(struct rl_worker *w, struct rl_packet *p);
void rl_introduce_due(struct rl_worker *w);
void rl_introduce_again(struct rl_worker *w, struct rl_peer *asker, struct rl_peer *other);
// RENDEZVOUS to one end: `about` is at this address. False: the out-box is full.
bool rl_rendezvous_send(struct rl_worker *w, struct rl_peer *whom, const struct rl_path *by,
			uint64_t about, const struct rl_inet *at);
// tick.c: a NOP. False: the out-box is full.
bool rl_nop_send(struct rl_worker *w, struct rl_peer *peer, const struct rl_path *by);
// sight.c: notes what the host asked to be told of.
void rl_sight_request(struct rl_worker *w, const struct rl_request *q, unsigned verb);
void rl_sight_proof(struct rl_worker *w, const struct rl_request *q, const struct rl_path *path,
		    bool moved);
// sibling.c: what is known of where a sibling's packet came from; its OK, read up to the answer;
// the proven way to a front of it. False: there is none.
void rl_sibling_begin(struct rl_worker *w, struct rl_request *q);
void rl_sibling_ok(struct rl_worker *w, struct rl_request *q, unsigned in_re, struct rl_reader *in);
// A WHOIS of a client: notes what siblings may know; returns how much.
unsigned rl_sibling_asks(struct rl_worker *w, const struct rl_request *q, const uint64_t *address,
			 unsigned n);
// A GATHER: notes that siblings may know listeners.
bool rl_sibling_gather(struct rl_worker *w, const struct rl_request *q,
		       const struct rl_group_key *group, uint32_t limit);
bool rl_sibling_path(const struct rl_worker *w, const struct rl_peer_cold *cold,
		     const struct rl_inet *by, struct rl_path *to);
// for_us.c: everything for the root. First, over the burst: budgets, and all packets of known peers
// are opened side by side. Then, one by one: what is whole is answered. `joined`: reassembled, so
// answers go to the out-box.
void rl_open_burst(struct rl_worker *w);
void rl_for_us(struct rl_worker *w, struct rl_packet *p, bool joined);
// dispatch.c: authenticated request of a known peer.
void rl_known(struct rl_worker *w, struct rl_packet *p, struct rl_peer *peer);
// MAC, the peer's budget (`over`: the reason if it is used up), and what every authentic packet
// does: refresh the path it came by. False: the verdict is set.
bool rl_request_open(struct rl_worker *w, struct rl_packet *p, struct rl_peer *peer,
		     enum rl_drop over, struct rl_request *q);
// Probes the address if it needs it.
void rl_request_end(struct rl_worker *w, struct rl_request *q);
// verb_hello.c
struct rl_hello {
	struct rl_identity id;
	uint64_t clock;
	uint64_t planet_id;
	uint64_t planet_timestamp;
	size_t sealed_at; // 0: no sealed part
	uint8_t proto, major, minor;
	uint16_t revision;
};
enum rl_drop rl_hello_parse(const uint8_t *data, size_t len,
			    struct rl_hello *h); // RL_DROP_NONE: fine
void rl_hello_known(struct rl_worker *w, struct rl_packet *p, struct rl_peer *peer,
		    const struct rl_hello *h);
void rl_hello_answer(struct rl_worker *w, struct rl_request *q, const struct rl_hello *h);
// The verbs; each sets the packet's verdict.
void rl_verb_hello(struct rl_worker *w, struct rl_request *q);
void rl_verb_ok(struct rl_worker *w, struct rl_request *q);
void rl_verb_whois(struct rl_worker *w, struct rl_request *q);
// A WHOIS opened, but not yet its turn: prefetches where the peers asked for are looked up; then,
// with the hashes it left, what the answer copies. Up to `max` hashes are noted; returns how many.
unsigned rl_whois_ahead(struct rl_worker *w, const struct rl_packet *p, uint64_t hash[],
			unsigned max);
void rl_whois_ahead_peers(struct rl_worker *w, const uint64_t hash[], unsigned n);
enum { RL_WHOIS_PER_OK = (ZT_MTU - ZT_HDR_LEN - 9) / ZT_IDENTITY_LEN };
// Is its identity known here? And: writes it. *peer: set if it is a client's.
bool rl_whois_knows(const struct rl_root *r, uint64_t address);
bool rl_whois_put(const struct rl_root *r, struct rl_writer *out, uint64_t address,
		  struct rl_peer **peer);
// ask.c, of hosts that have the hook: true: the host is asked, and the verdict is set.
// rl_ask_path: the stored path that the request came by, if it may be answered later.
bool rl_ask_path(struct rl_worker *w, const struct rl_request *q, struct rl_path *path);
bool rl_ask_whois(struct rl_worker *w, const struct rl_request *q, const uint64_t *address,
		  unsigned n);
bool rl_ask_gather(struct rl_worker *w, const struct rl_request *q, const struct rl_group_key *key,
		   uint32_t limit);
// listen.c: a group has got its first listener.
void rl_listen_first(struct rl_worker *w, const struct rl_group_key *group);
void rl_verb_echo(struct rl_worker *w, struct rl_request *q);
void rl_verb_like(struct rl_worker *w, struct rl_request *q);
void rl_verb_gather(struct rl_worker *w, struct rl_request *q);
// What they say: the next groups of a LIKE, as many as fit; a GATHER, with the limit that will be
// kept. False: malformed.
void rl_like_read(struct rl_reader *in, struct rl_group_look *l);
bool rl_gather_read(const struct rl_root *r, struct rl_reader *in, struct rl_group_key *key,
		    uint32_t *limit);
// What OK(GATHER) says after the header: `total` members, n of them.
void rl_gather_put(struct rl_writer *out, const struct rl_group_key *key, uint32_t total,
		   const uint64_t *member, unsigned n);
void rl_verb_network_config(struct rl_worker *w, struct rl_request *q);
