// SPDX-License-Identifier: BSD-3-Clause
// Acts for one member: keeps what all members know, decides about the clients here, and has a host
// carry it out. All other files of this folder are its tools; the appliance and the simulation run
// this same code.
//
// The host tells it what its root notices and asks (rl_steward_sight, rl_steward_whois), what comes
// over the backplane (rl_steward_batch), and the time (rl_steward_tick, every 20 ms or so); it
// sends what the steward asks for. Calls back come from within these three.
//
// One thread (control), but the directory may be read by any (cluster/directory.h). Memory is sized
// once. now_ms: the own clock in ms since 1970 that never steps back by much (dpdk-app/clock.h).
#pragma once

#include "cluster/drain.h"
#include "cluster/gather.h"
#include "cluster/matrix.h"
#include "cluster/redirect.h"
#include "cluster/rescue.h"
#include "cluster/seal.h"
#include "cluster/sync.h"
#include "cluster/warm.h"
#include "cluster/whois.h"
#include "root/pairs.h"

enum {
	RL_STEWARD_PATHS = 4, // that a root stores of a client
	RL_STEWARD_TURN_MS = 20,
	RL_STEWARD_LEARN_MS = 33000, // after a start nobody is moved: a chain of PUSHes lasts less
};

struct rl_steward_path {
	struct rl_inet addr;
	uint64_t heard_ms;
};

// What the host's root can do; client: 40-bit address. The calls that send return 0 or -errno, as
// in root/tell.h. by: one of the client's paths here.
struct rl_steward_host {
	void *ctx;
	// The stored, proven paths of a client here: how many.
	unsigned (*paths)(void *ctx, uint64_t client,
			  struct rl_steward_path out[static RL_STEWARD_PATHS]);
	int (*push)(void *ctx, uint64_t client, const struct rl_inet *by, const struct rl_inet *at,
		    unsigned n);
	int (*nop)(void *ctx, uint64_t client, const struct rl_inet *by);
	int (*echo)(void *ctx, uint64_t client, const struct rl_inet *by);
	int (*rendezvous)(void *ctx, uint64_t client, const struct rl_inet *by, uint64_t other,
			  const struct rl_inet *at);
	void (*withhold)(void *ctx, uint64_t client, bool withheld);
	// Where an address is, by GeoIP; zero: unknown.
	struct rl_geo (*where)(void *ctx, const struct rl_inet *addr);
	// A sealed batch for a member, RL_NOBODY: for all. False: the link does not keep up.
	bool (*send)(void *ctx, uint8_t to, const uint8_t *batch, size_t len);
	// Optional; without them no WHOIS is asked of other members, nor answered to them. The
	// identity of a client that the root knows; out: its public key and address. And: the
	// answer of rl_tell_whois (root/tell.h).
	bool (*identity)(void *ctx, uint64_t client, struct rl_identity *out);
	int (*whois)(void *ctx, uint64_t client, const struct rl_inet *by, uint64_t id,
		     const uint64_t *asked, unsigned n, const struct rl_identity *given,
		     unsigned given_count);
	// Optional: the root takes this identity, which is valid, for one it knows. Of a client
	// that this member is the backup of, and that was never here. 0 or -errno.
	int (*adopt)(void *ctx, const struct rl_identity *id);
	// Multicast; NULL where nobody listens. Up to max listeners of a group here at random,
	// without `but` (0: nobody); total: as many as there are.
	unsigned (*gather)(void *ctx, const struct rl_group_key *group, uint64_t but, unsigned max,
			   uint64_t *out, uint32_t *total);
	// All groups that have listeners here, and perhaps some that had, lie in so many sets. The
	// groups of one: how many.
	uint64_t (*group_sets)(void *ctx);
	unsigned (*groups)(void *ctx, uint64_t set, struct rl_group_key out[static RL_GROUP_WAYS]);
	// The answer to a GATHER; n may be 0. 0 or -errno.
	int (*gathered)(void *ctx, const struct rl_gather_asker *who,
			const struct rl_group_key *group, uint32_t total, const uint64_t *address,
			unsigned n);
};

struct rl_steward_config {
	struct rl_member_news own; // id, run, version, capacity, place, front addresses, name
	uint64_t root;             // address of the root that all members answer as
	uint64_t cluster;          // its number
	uint64_t directory_max;    // peers of the whole cluster
	uint32_t warm_max;         // clients to be the backup of; ECHOs cost warm_max / 15 s
	uint32_t rtt_max;          // figures of round trips
	uint32_t timers_max;       // packets that wait for their moment
	uint32_t drain_max;        // clients under way at once
	uint32_t drain_rate;       // clients a second
	uint32_t sight_ms;         // interval of the root's sightings (root/root.h)
	uint64_t audience_max;     // groups of all other members
	struct rl_gather_config gather;
	struct rl_sync_config sync;
	struct rl_whois_config whois;
	uint8_t key[RL_SEAL_KEY];
	uint8_t secret[RL_SEAL_SECRET];
	uint64_t epoch; // of this start, cluster/seal.h
};
// 1 M peers, 64 k clients kept warm, 256 k figures, 64 k timers, 4096 under way, 500 a second, 1 M
// groups.
extern const struct rl_steward_config rl_steward_config_default;

// What the root noticed of a client; kinds as in root/sight.h.
struct rl_steward_sight {
	uint64_t client;
	struct rl_inet from;
	uint8_t kind;       // enum rl_sight_kind
	int32_t latency_ms; // -1: unknown
};

struct rl_steward_counters {
	uint64_t redirect[RL_REDIRECT_WHY_COUNT];
	uint64_t rescue[RL_RESCUE_WHY_COUNT];
	uint64_t drain[RL_DRAIN_WHY_COUNT];
	uint64_t pushes, nops, echoes, rendezvous; // sent
	uint64_t unsent;        // the root refused: the client, or its path, is gone
	uint64_t gated;         // PUSHes not sent: another member had sent some meanwhile
	uint64_t timers_full;   // packets not sent for lack of room
	uint64_t introductions; // clients of two members introduced
	uint64_t adopted;       // clients that were never here, and this member is the backup of
	uint64_t link_full;     // batches that the link did not take
};

struct rl_steward_timer {
	uint64_t due_ms;
	uint64_t client;
	struct rl_action action;
};

// What this member tells of the groups that clients listen to here: SUBSCRIBE, numbered.
struct rl_steward_groups {
	struct rl_batch_writer batch;
	uint8_t *buffer;
	bool open;         // the batch
	bool walking;      // a round is under way
	bool wanted;       // another round soon
	bool confirm;      // the last batch had groups in it
	uint16_t part;     // of the round; batches beyond the last count on
	uint32_t number;   // of the last batch
	uint64_t at;       // the next set of the round
	uint64_t round_ms; // when it began
	uint64_t told_ms;  // the last batch
	uint64_t told;     // groups, each time
};

// The clients of members that died, any number of them at a time: for each member the walk over
// those kept warm here, then for all of them one over the directory; and again later, for what was
// lost.
struct rl_steward_rescue {
	unsigned count;           // of dead
	bool dead[RL_MEMBER_IDS]; // and not back yet
	bool lost[RL_MEMBER_IDS]; // nor served by its front addresses
	uint32_t next[RL_MEMBER_IDS];
	unsigned round; // another deputy tries in each
	uint64_t again_ms;
	struct rl_directory_cursor others;
};

struct rl_steward {
	struct rl_steward_config config;
	struct rl_steward_host host;
	struct rl_member_table members;
	struct rl_member_news news; // own, as the next heartbeat tells it
	struct rl_room room;
	struct rl_rtt rtt;
	struct rl_matrix matrix;
	struct rl_directory directory;
	struct rl_seal seal;
	struct rl_sync sync;
	struct rl_warm warm;
	struct rl_drain drain;
	struct rl_whois whois;
	struct rl_pairs introduced; // clients here and elsewhere, lately
	struct rl_audience audience;
	struct rl_gather gather;
	struct rl_steward_groups groups;
	struct rl_steward_counters counters;
	// A heap by due_ms.
	struct rl_steward_timer *timer;
	uint32_t timers;
	struct rl_steward_rescue rescue;
	struct rl_directory_cursor drains; // the walk over the own clients while draining
	uint8_t *batch;                    // RL_BATCH_MAX: what is being sent
	uint8_t *news_batch;
	struct rl_batch_writer figures; // round trips, in news_batch, until the next heartbeat
	uint64_t start_ms; // soon after it what the gate is to remember is not known yet
	uint64_t beat_ms;
	uint64_t now_ms;
};

size_t rl_steward_size(const struct rl_steward_config *c);
// mem: zeroed, 64-byte aligned, stays the caller's. dice: random words.
void rl_steward_init(struct rl_steward *s, const struct rl_steward_config *c,
		     const struct rl_steward_host *host, void *mem, const uint64_t dice[8],
		     uint64_t now_ms);
// Forgets the keys.
void rl_steward_wipe(struct rl_steward *s);
// Whose batches are taken; NULL: no more.
void rl_steward_member(struct rl_steward *s, uint8_t member, const uint8_t *public_key);

void rl_steward_sight(struct rl_steward *s, const struct rl_steward_sight *e, uint64_t now_ms);
// A client here has sent a packet to one that is not here: both are told of each other, each by its
// own home. The caller sees to it that a pair does not come more than once in its interval.
void rl_steward_introduce(struct rl_steward *s, uint64_t from, uint64_t to, uint64_t now_ms);
// A WHOIS that the root leaves to its host (root/ask.h), and after some of them: whatever is to be
// asked of other members for them is sent.
void rl_steward_whois(struct rl_steward *s, const struct rl_ask *a, uint64_t now_ms);
void rl_steward_asked(struct rl_steward *s);
// An identity was proven valid here. And, from any thread, without a lock: was this one, by any
// member?
void rl_steward_valid(struct rl_steward *s, uint64_t address, uint64_t fingerprint,
		      uint64_t now_ms);
bool rl_steward_validated(const struct rl_steward *s, const struct rl_identity *id);
uint64_t rl_steward_fingerprint(const struct rl_steward *s, const struct rl_identity *id);
// A client here wants listeners of a group: it is answered by host.gathered, now or later, once and
// with all members' listeners. Any thread may ask rl_audience_elsewhere before whether that is
// worth it.
void rl_steward_gather(struct rl_steward *s, const struct rl_gather_asker *who,
		       const struct rl_group_key *group, uint64_t now_ms);
// Groups that have their first listener here. And: some were missed, so all are to be told soon.
void rl_steward_new_groups(struct rl_steward *s, const struct rl_group_key *key, unsigned n,
			   uint64_t now_ms);
void rl_steward_all_groups(struct rl_steward *s);
// Opens the batch in place. Refusals are counted.
void rl_steward_batch(struct rl_steward *s, uint8_t *batch, size_t len, uint64_t now_ms);
void rl_steward_tick(struct rl_steward *s, uint64_t now_ms);
// Its row of the config has changed: capacity, place, fronts and name are taken from `own`.
void rl_steward_own(struct rl_steward *s, const struct rl_member_news *own);
// A keepalive between the front addresses was answered.
void rl_steward_front(struct rl_steward *s, uint8_t member, uint64_t now_ms);
// And it measured the way there.
void rl_steward_front_rtt(struct rl_steward *s, uint8_t member, uint32_t rtt_us, uint64_t now_ms);
// Takes no more clients, and sends those it has away; or no longer.
void rl_steward_drain(struct rl_steward *s, bool on);
// The last heartbeat of an orderly stop.
void rl_steward_leave(struct rl_steward *s, uint64_t now_ms);
