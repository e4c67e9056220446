// SPDX-License-Identifier: BSD-3-Clause
// What members tell each other, one record of each kind, and its form on the wire (big endian;
// cluster/batch.h puts many into one batch). Reading is strict: what put does not write, get does
// not take. Pure; any thread.
//
// A claim is told by its home alone, so the home is not in it: it is the sender of the batch. About
// other members' clients a location tells PUSHes and the fingerprint, without a claim. Stamps and
// PUSH times are told as ages before the batch's time.
#pragma once

#include "cluster/location.h"
#include "root/group.h"
#include "root/identity.h"

// clang-format off
#define RL_BATCH_KINDS(X) \
	X(LOCATIONS, "locations", location, "what has changed: clients of the sender, PUSHes, identities") \
	X(REFRESH, "refresh", location, "clients of the sender, a part of its endless round") \
	X(SNAPSHOT, "snapshot", location, "clients of the sender that are in the shards asked for") \
	X(REPAIR, "repair", location, "what lost batches were about, as it is now") \
	X(HEARTBEAT, "heartbeat", blob, "the sender's own news, cluster/member.h") \
	X(ROUND_TRIPS, "round_trips", blob, "round trips to prefixes, cluster/rtt.h") \
	X(REPAIR_ASK, "repair_ask", range, "batches that were missed") \
	X(SNAPSHOT_ASK, "snapshot_ask", shards, "shards that are wanted whole") \
	X(WHOIS_ASK, "whois_ask", wanted, "nodes whose identity is asked for") \
	X(WHOIS_REPLY, "whois_reply", identity, "their identities, as far as known") \
	X(SUBSCRIBE, "subscribe", group_hash, "groups that clients of the sender listen to") \
	X(GATHER_ASK, "gather_ask", gather_ask, "members of groups wanted") \
	X(GATHER_REPLY, "gather_reply", gather_reply, "some of them, and how many there are") \
	X(INTRODUCE, "introduce", introduction, "tell your client how to reach another one") \
	X(NOTICE, "notice", notice, "clients that move between two members") \
	X(FRONTS, "fronts", front_rtt, "round trips from the sender's front to others', all it has")
// clang-format on

enum rl_batch_kind {
	RL_BATCH_NONE = 0,
#define X(name, text, type, help) RL_BATCH_##name,
	RL_BATCH_KINDS(X)
#undef X
		RL_BATCH_KINDS_END
};

const char *rl_batch_kind_name(uint8_t kind); // "snapshot_ask"

enum {
	RL_LOCATION_WIRE_MAX = 48,
	RL_BLOB_MAX = 200,           // bytes of one piece of news
	RL_GATHER_MAX = 255,         // addresses in one reply
	RL_FRONT_RTT_MAX = 30000000, // microseconds
	// A claim's stamp may run ahead of its writer's clock by less than this (cluster/guard.h).
	RL_RECORD_AHEAD_MS = 8000,
	RL_RECORD_MAX = 18 + 4 + 1 + 5 * RL_GATHER_MAX, // bytes of the largest, a gather reply
};

// Bytes that another part knows how to read. Read: they lie in the batch.
struct rl_blob {
	uint8_t len; // 1..RL_BLOB_MAX
	const uint8_t *bytes;
};

// Both ends included, rising; not 0.
struct rl_range {
	uint64_t from, to;
};

struct rl_shard_set {
	uint8_t bits[32]; // shard s: bit s % 8 of byte s / 8
};

struct rl_gather_ask {
	struct rl_group_key group;
	uint8_t limit; // of addresses in the reply; 1..RL_GATHER_MAX
};

struct rl_gather_reply {
	struct rl_group_key group;
	uint32_t total;           // of the sender's clients
	uint8_t count;            // of addresses
	const uint8_t *addresses; // 5 bytes each, rl_load40. Read: they lie in the batch.
};

// "Tell your client about that node, at these addresses." At least one of them.
struct rl_introduction {
	uint64_t client;
	uint64_t other;
	struct rl_inet v4, v6; // of the other
};

enum rl_notice_what {
	RL_NOTICE_MOVING = 1, // the sender is sending it to `member`; it still serves it
	RL_NOTICE_ARRIVED,    // it said HELLO to the sender; `member` may let go of it
	RL_NOTICE_STAYED,     // it did not come: the sender serves it on
	RL_NOTICE_RESCUED,    // the sender takes it over from `member`, which is dead
	RL_NOTICE_COLD, // the sender is its backup and gets through to it no more: open the way
	RL_NOTICE_END,
};

struct rl_notice {
	uint64_t address;
	uint8_t what;
	uint8_t member;
};

struct rl_front_rtt {
	uint8_t to;
	uint32_t rtt_us; // 1..RL_FRONT_RTT_MAX
};

union rl_record {
	struct rl_location location;
	struct rl_blob blob;
	struct rl_range range;
	struct rl_shard_set shards;
	uint64_t address;
	struct rl_identity identity;
	uint64_t group_hash; // cluster/audience.h
	struct rl_gather_ask gather_ask;
	struct rl_gather_reply gather_reply;
	struct rl_introduction introduction;
	struct rl_notice notice;
	struct rl_front_rtt front_rtt;
};

// What records are read and written with.
struct rl_record_context {
	uint8_t kind;
	uint8_t from;     // the sender
	uint64_t time_ms; // of the batch
};

// An overrun, or a record that cannot be told, sets w->bad: a stamp 49 days before time_ms, a blob
// too long. Of a location that has another home than the sender the claim is left out; what is left
// must be something. One that would exceed RL_LOCATION_WIRE_MAX goes without its fingerprint: that
// is told again when its PUSHes are forgotten.
void rl_record_put(struct rl_writer *w, const struct rl_record_context *c,
		   const union rl_record *in);
// Anything malformed sets r->bad; out is undefined then.
void rl_record_get(struct rl_reader *r, const struct rl_record_context *c, union rl_record *out);
