// SPDX-License-Identifier: BSD-3-Clause
// The members of one root: who they are and whether they live. Every member says every 1.5 s how it
// is (struct rl_member_news, a heartbeat); one unheard for 5 s is dead; after a start or a death it
// takes two heartbeats in good time before clients are sent there. A member that leaves says so and
// is dead at once.
//
// Times are milliseconds of the local clock that never steps; no clock of another member matters.
// Identifiers are small numbers given by the operator, 1 to 255. One thread (control); no
// allocation: the table is 255 members in place.
#pragma once

#include "cluster/geo.h"
#include "cluster/location.h"

enum {
	RL_MEMBER_NAME = 32, // with its zero
	RL_MEMBER_BEAT_MS = 1500,
	RL_MEMBER_DEAD_MS = 5000,
	RL_MEMBER_GOOD_BEATS = 2, // before it is a target
	RL_MEMBER_NEWS_MAX = 128, // bytes on the wire at most
};

enum rl_family {
	RL_FAMILY_4,
	RL_FAMILY_6,
	RL_FAMILIES,
};

// What a heartbeat tells.
struct rl_member_news {
	uint8_t id;    // 1..255
	bool draining; // takes no new clients
	bool leaving;  // the last heartbeat of an orderly stop
	uint32_t run;  // higher at each start, such as seconds since 1970: a restart is no silence
	uint32_t beat; // counts up from 1 within a run
	uint32_t load; // clients that are at home there
	uint32_t capacity; // clients that it is meant to carry; 0: no limit
	uint32_t version;  // major << 16 | minor << 8 | patch
	struct rl_geo place;
	struct rl_inet front[RL_FAMILIES]; // where clients reach it; nil: not in that family
	char name[RL_MEMBER_NAME];
};

enum rl_member_state {
	RL_MEMBER_UNHEARD,
	RL_MEMBER_FRESH, // heard, not often enough to be a target
	RL_MEMBER_LIVE,
	RL_MEMBER_DEAD,
	RL_MEMBER_LEFT, // said goodbye
};

struct rl_member {
	struct rl_member_news news; // the newest
	uint64_t heard_ms;
	uint64_t since_ms; // when it came into its state
	uint8_t state;     // enum rl_member_state
	uint8_t good;      // heartbeats in good time since it was last silent
	uint64_t front_ms; // when its front address last answered a keepalive; 0: never
};

struct rl_member_table {
	struct rl_member at[RL_MEMBER_IDS]; // by id; [RL_NOBODY] is never used
	uint8_t ids[RL_MEMBER_IDS - 1];     // those ever heard, rising
	uint16_t count;                     // of ids
	uint8_t self;                       // this member's own id
};

// What a heartbeat or the passing of time changed.
enum rl_member_event {
	RL_MEMBER_SAME,
	RL_MEMBER_CAME,    // now a target
	RL_MEMBER_DIED,    // its clients need their backups now
	RL_MEMBER_GONE,    // left in good order
	RL_MEMBER_STALE,   // an old heartbeat, come late or twice: ignored
	RL_MEMBER_REFUSED, // no such id, or the caller's own from another run: two have one id
};

// own: this member; it is live from the start.
void rl_member_init(struct rl_member_table *t, const struct rl_member_news *own, uint64_t now_ms);
// The caller's own load and so on, as the next heartbeat will tell.
void rl_member_own(struct rl_member_table *t, const struct rl_member_news *own, uint64_t now_ms);
enum rl_member_event rl_member_heard(struct rl_member_table *t, const struct rl_member_news *n,
				     uint64_t now_ms);
// One member that has died since the last call, or 0. Call until it gives 0, every 100 ms or so.
uint8_t rl_member_next_dead(struct rl_member_table *t, uint64_t now_ms);
// A keepalive between the front addresses was answered: the member serves, whatever the backplane
// says.
void rl_member_front(struct rl_member_table *t, uint8_t id, uint64_t now_ms);
// Its clients need rescue: unheard on the backplane and by its front address. A member that is only
// cut off from the backplane still serves its clients, and nobody should take them from it.
bool rl_member_lost(const struct rl_member_table *t, uint8_t id, uint64_t now_ms);

// Some member is cut off: it serves, but what it does is not heard of. So two halves of the cluster
// may act for one client, and neither knows of the other's PUSHes.
bool rl_member_parted(const struct rl_member_table *t, uint64_t now_ms);
// The local clock as of the last rl_member_own. (The cluster's may be seconds off.)
static inline uint64_t rl_member_now(const struct rl_member_table *t)
{
	return t->at[t->self].heard_ms;
}

// Fresh or live.
bool rl_member_alive(const struct rl_member_table *t, uint8_t id);
// Live and not draining: clients may be sent there.
bool rl_member_target(const struct rl_member_table *t, uint8_t id);
const char *rl_member_state_name(enum rl_member_state s);

// Wire form of a heartbeat. put: w->bad if there is no room. get: 0, or -EINVAL if it is cut short
// or a field is out of its range; the reader is then of no further use.
void rl_member_put(struct rl_writer *w, const struct rl_member_news *n);
int rl_member_get(struct rl_reader *r, struct rl_member_news *n);
