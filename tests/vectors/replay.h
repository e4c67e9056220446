// SPDX-License-Identifier: BSD-3-Clause
// Replays what recorded clients said to a recorded root at the core, with the recorded root's key
// and the capture's clock, and notes what the core sends beside what the recorded root sent.
//
// A recording has no answer to the probes of the core, so the harness gives it for the client: with
// the client's key, from the address probed, at once, as the same client would have done; and the
// HELLO that a client says when it hears its root from an address it has not learned.
#pragma once

#include "root/root.h"
#include "tests/lib/node.h"

enum replay_kind {
	REPLAY_STOCK,     // the recorded root is zerotier-one 1.14.1
	REPLAY_DEDICATED, // the dedicated root server of 2024
};

struct replay_case {
	const char *name;
	enum replay_kind kind;
	// The recorded root was started anew, with another planet, before this frame.
	struct {
		unsigned frame;
		const char *planet;
	} stage[3];
};

// One datagram sent by a root, ours or the recorded one.
struct replay_sent {
	uint64_t ms;
	unsigned frame; // of the capture: its own, or the one it came of
	struct rl_inet to;
	uint64_t node; // for whom
	bool matched;
	bool proven; // did `to` prove itself (to us) before?
	// Relayed: nothing but the outside is known.
	bool relayed;
	uint64_t id;
	uint8_t piece; // fragment: the byte with count and number; else 0
	uint8_t hops;
	uint16_t len;
	uint8_t *data;
	// From the root itself, opened. in_id: HELLOs said by the harness carry the ID of the HELLO
	// they stand for.
	struct node_event *event;
};

struct replay_list {
	struct replay_sent *sent;
	unsigned count, room;
};

struct replay {
	const struct replay_case *test;
	struct replay_list ours, theirs;
	struct rl_stats stats; // of both contexts, all stages
};

// Appends a copy of a datagram; root: the ZeroTier address of who sent it.
struct replay_sent *replay_note(struct replay_list *l, uint64_t root, const uint8_t *data,
				size_t len, const struct rl_inet *to);

// Ends the test (cmocka) if the capture or a key cannot be read, or if an answer of either root
// cannot be opened. Also fails if the core ever sends more bytes to an unproven address than it had
// from there.
void replay_run(struct replay *r, const struct replay_case *test);
void replay_free(struct replay *r);
// "OK(WHOIS) to 77c84e19d8 at 10.77.0.11/9993", for messages. Static buffer.
const char *replay_text(const struct replay_sent *s);
const char *replay_verb(unsigned verb);
