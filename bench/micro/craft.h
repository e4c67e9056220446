// SPDX-License-Identifier: BSD-3-Clause
// Packets of a population, one at a time, as its nodes would send them.
#pragma once

#include "bench/micro/population.h"
#include "tests/lib/node.h"

struct craft {
	const struct population *pop;
	struct node node; // plays whoever sends
	uint64_t random;
	uint32_t next_pair;
	// Of the packet made last:
	struct rl_inet from;
	uint32_t sender;
	enum rl_verdict expect;
};

// Writes the packet, returns its length. out: ZT_PACKET_MAX bytes.
typedef size_t craft_fn(struct craft *c, uint8_t *out);

void craft_init(struct craft *c, const struct population *pop, struct rl_cipher *cipher,
		uint64_t seed);

craft_fn craft_relay_128, craft_relay_1400, craft_relay_fragment;
craft_fn craft_relay_new_pair; // nobody has introduced them
craft_fn craft_hello, craft_whois_1, craft_whois_16, craft_whois_self;
craft_fn craft_like_16, craft_like_16_plain, craft_gather_32;
craft_fn craft_idle; // what nodes send that have nothing to send

// Packets a device sends a second in the mix of craft_idle.
extern const double craft_idle_pps;
