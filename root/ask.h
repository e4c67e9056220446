// SPDX-License-Identifier: BSD-3-Clause
// Questions of clients that this root cannot answer whole, but its host may, because it has other
// members elsewhere: WHOIS of nodes unknown here, GATHER of groups that others listen to too.
//
// A question becomes an ask if the host's hooks say so (struct rl_host: elsewhere,
// groups_elsewhere) and it came by a stored path of an authenticated client, for the host answers
// by such paths alone (root/tell.h): rl_tell_whois and rl_tell_gather, each once and whole. Until
// then nothing is answered. Any other question is answered here and now with what is known here, as
// it is if there is no room for an ask, or no hook.
#pragma once

#include "root/group.h"
#include "root/packet.h"

struct rl_worker;

enum {
	RL_ASKS = 32, // of one call of the core
	RL_ASK_WHOIS_MAX = 64,
};

struct rl_ask {
	uint64_t client;
	uint64_t id;         // of the question, as on the wire
	struct rl_path path; // stored now; it came by it
	uint8_t verb;        // ZT_VERB_WHOIS or ZT_VERB_MULTICAST_GATHER
	bool sibling;        // the client is a sibling (root/sibling.h), which asks for many
	union {
		struct {
			uint8_t count;
			uint64_t address[RL_ASK_WHOIS_MAX]; // as asked, known here or not
		} whois;
		struct {
			struct rl_group_key group;
			uint32_t limit; // as many addresses as may be answered; 1 and more
		} gather;
	};
};

// Valid until the next rl_receive_burst, rl_admit or rl_tick of this worker, whose thread calls
// this.
const struct rl_ask *rl_worker_asks(const struct rl_worker *w, unsigned *count);
