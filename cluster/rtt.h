// SPDX-License-Identifier: BSD-3-Clause
// Measured round trips between members and the prefixes clients are in (IPv4 /24, IPv6 /48, as
// rl_prefix gives them). A fixed table in sets of sixteen words of 8 bytes, one word for a prefix
// and a member; a full set forgets what was heard longest ago. Old figures are not believed.
//
// Samples come from ECHO and OK(ECHO) of a member's own, and from other members' news. The clients
// of a prefix have access lines of their own, so the table follows the fast ones: it goes down
// quickly and up slowly, and figures of different members can be compared.
//
// Round trips are in tenths of a millisecond, so 6.5 s are the most. One thread (control).
#pragma once

#include "cluster/location.h"
#include "root/budget.h"
#include "root/hash.h"

enum {
	RL_RTT_UNKNOWN = 0,
	RL_RTT_MAX = 65535, // tenths of a millisecond
	RL_RTT_WAYS = 16,
	RL_RTT_NEWS_LEN = 11, // bytes on the wire
};

struct rl_rtt {
	uint64_t (*sets)[RL_RTT_WAYS]; // tag 24 | member 8 | time in 16 s 16 | round trip 16
	uint64_t key[2];
	uint32_t mask;
	uint32_t max_age_ms;
};

// A figure on its way to the other members.
struct rl_rtt_news {
	uint64_t prefix;
	uint8_t member;
	uint16_t rtt;
};

// Bytes for this many figures (rounded up to a power of two, at least one set).
size_t rl_rtt_size(uint32_t figures);
// mem: zeroed, 64-byte aligned, the caller's. max_age_ms: at least 16 s, at most six days.
void rl_rtt_init(struct rl_rtt *t, void *mem, uint32_t figures, uint32_t max_age_ms,
		 const uint8_t key[static 16]);
// A round trip that this member (1..255) measured itself; 0 and what is above the most are ignored.
// True if the figure is new, or moved by an eighth and 2 ms: then the others should hear it.
bool rl_rtt_learn(struct rl_rtt *t, uint64_t prefix, uint8_t member, uint32_t rtt, uint64_t now_ms);
// Another member's figure, as it told it.
void rl_rtt_heard(struct rl_rtt *t, const struct rl_rtt_news *n, uint64_t now_ms);
uint16_t rl_rtt_get(const struct rl_rtt *t, uint64_t prefix, uint8_t member, uint64_t now_ms);
// All figures of a prefix: rtt[id] for members that have one, the others are left alone. How many.
unsigned rl_rtt_all(const struct rl_rtt *t, uint64_t prefix, uint64_t now_ms,
		    uint16_t rtt[static RL_MEMBER_IDS]);

void rl_rtt_put(struct rl_writer *w, const struct rl_rtt_news *n);
// 0 or -EINVAL.
int rl_rtt_take(struct rl_reader *r, struct rl_rtt_news *n);
