// SPDX-License-Identifier: BSD-3-Clause
// A packet before it is sent: everything but what must be fresh, and a note of what that is. Made
// by craft.c, or from a recorded packet by shot_open; shot_seal makes the packet that goes out.
#pragma once

#include "bench/gun/classes.h"
#include "bench/gun/population.h"

enum shot_fresh {
	SHOT_AS_IS,    // the bytes are final
	SHOT_FRESH_ID, // a new packet ID; its MAC, if any, is for the other end and not ours to
		       // make
	SHOT_SEALED, // a new packet ID, HELLO clock, and MAC with the sender's key
};

struct shot {
	enum shot_class kind;
	enum shot_fresh fresh;
	uint8_t suite;  // SEALED: 0, 1 or 3
	uint8_t socket; // of the sender
	bool hello;     // SEALED: has a clock
	bool spoil;     // SEALED: with a MAC that is wrong by one bit
	bool repeat;    // SEALED: with the same ID as the packet before (copy from another socket)
	uint16_t sealed_at; // HELLO: start of its sealed part (docs/protocol.md 4.3.2); 0: none
	uint16_t len;
	uint32_t sender; // whose key; POPULATION_NONE: nobody's
	uint32_t to;     // relayed: its receiver, or POPULATION_NONE
	struct rl_inet from;
};

// What a request with this verb counts as; bits beside the verb do not matter.
enum shot_class shot_class_of_verb(uint8_t verb);

// A recorded packet (the sender's address is not looked at): finds its sender, takes off its
// protection with that node's key, and says what must be fresh. `data` is opened in place. What
// cannot be opened stays as it is. Needs the population's index.
void shot_open(struct shot *s, const struct population *p, struct rl_cipher *c, uint8_t *data,
	       size_t len);

// Makes the packet in `data` ready, in place. id: used if it needs a fresh one. target: where it
// goes, told in HELLO; may be NULL. Returns the ID on the wire, which answers will quote.
uint64_t shot_seal(const struct shot *s, const struct population *p, struct rl_cipher *c,
		   uint8_t *data, uint64_t id, uint64_t now_ms, const struct rl_inet *target);
