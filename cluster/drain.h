// SPDX-License-Identifier: BSD-3-Clause
// Emptying this member without a lost packet. A redirect alone does not always outrank the way
// here, as long as this member answers. So each client is sent a PUSH with its target, and from
// then on no OK of any kind, while its packets are relayed on as ever; when another member claims
// it, it has arrived and is forgotten. If it does not arrive in time, it is answered again and sent
// a NOP, which brings it back at once, and may be tried again when the gate has forgotten.
//
//   (none) --start--> LEAVING --arrived--> (none)
//      ^                 | 12 s: answered again, NOP
//      +----- 40 s --- RESTING
//
// With two families the drainer sends IPv4's PUSH alone, and the target IPv6's, twice, once the
// client has arrived there (rl_drain_welcome).
//
// The table is small: no more clients than it has places are under way at once, and no more than a
// rate begin each second, so that the targets are not flooded. Both are at least 1. One thread
// (control); what rl_drain_withholds says must reach the workers as a mark on the peer before the
// PUSH leaves.
#pragma once

#include "cluster/action.h"
#include "cluster/score.h"

enum {
	RL_DRAIN_ARRIVE_MS = 12000, // two rounds of the client's WHOIS, and the way
	RL_DRAIN_REST_MS = 40000,   // longer than the gate's memory
};

enum rl_drain_state {
	RL_DRAIN_FREE,
	RL_DRAIN_LEAVING, // no OK to it
	RL_DRAIN_RESTING, // answered as ever
};

struct rl_drain_client {
	uint64_t address;
	uint64_t until_ms; // end of its state
	uint8_t state;
	uint8_t target;
	uint8_t family; // that the PUSH went by
};

struct rl_drain {
	struct rl_drain_client *at; // [mask + 1], open addressing
	uint64_t key[2];
	uint32_t mask, count, max;
	uint32_t rate;   // clients a second
	uint64_t tokens; // thousandths of a client
	uint64_t filled_ms;
	uint64_t arrived, returned; // counters: moved; answered again
	uint32_t step;              // where rl_drain_step looks next
};

size_t rl_drain_size(uint32_t clients);
// mem: zeroed, 8-byte aligned, the caller's; for this many clients under way at once, begun at
// `rate` a second.
void rl_drain_init(struct rl_drain *d, void *mem, uint32_t clients, uint32_t rate,
		   const uint8_t key[static 16], uint64_t now_ms);

// clang-format off
#define RL_DRAIN_WHYS(X) \
	X(SENT, "sent", "told to go, and answered no more") \
	X(PACE, "pace", "refused: enough are under way") \
	X(KNOWN, "known", "refused: it is under way, or rests") \
	X(NO_PATH, "no_path", "refused: this member is not its home, or knows no address of it") \
	X(NO_TARGET, "no_target", "refused: no other member is live, with room, and in its families") \
	X(GATE, "gate", "refused: its software would take no more PUSHes now")
// clang-format on

enum rl_drain_why {
#define X(name, text, help) RL_DRAIN_##name,
	RL_DRAIN_WHYS(X)
#undef X
		RL_DRAIN_WHY_COUNT
};

// May one more begin now? Who walks over the clients waits until then.
bool rl_drain_room(struct rl_drain *d, uint64_t now_ms);

// Begins with one client, by the family it uses: p holds the PUSH, and rl_drain_withholds is true
// from now on.
enum rl_drain_why rl_drain_start(struct rl_drain *d, const struct rl_score_view *v,
				 const struct rl_location *l, struct rl_geo where,
				 enum rl_family family, struct rl_plan *p);
// `home` claims the client. True: it was under way and has arrived there; forget it.
bool rl_drain_arrived(struct rl_drain *d, uint64_t address, uint8_t self, uint8_t home);
bool rl_drain_withholds(const struct rl_drain *d, uint64_t address);
// One client that did not arrive in time and is answered again, or 0; p: its NOP. Looks at a part
// of the table with each call: call it some times every 20 ms.
uint64_t rl_drain_step(struct rl_drain *d, uint64_t now_ms, struct rl_plan *p);

// At the target: it has just claimed a client whose home before drains. p: what moves the client's
// IPv6 side over too, if it has one and came by IPv4. True if p holds something.
bool rl_drain_welcome(const struct rl_score_view *v, const struct rl_location *before,
		      enum rl_family came_by, struct rl_plan *p);

const char *rl_drain_name(enum rl_drain_why w);
const char *rl_drain_help(enum rl_drain_why w);
