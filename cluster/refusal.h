// SPDX-License-Identifier: BSD-3-Clause
// Every reason for which something another member said is not taken, and for which something is
// not said: one list gives the enum, the names of the counters and the sentences of the manual.
#pragma once

#include <stdint.h>

// clang-format off
#define RL_REFUSALS(X) \
	X(NONE, "none", "not refused") \
	X(TOO_SHORT, "too_short", "batch shorter than its header and seal") \
	X(TOO_LONG, "too_long", "batch longer than the largest") \
	X(VERSION, "version", "batch of another format or version: upgrade the older member") \
	X(CLUSTER, "cluster", "batch of another cluster: check cluster_id in both configs") \
	X(NOT_TO_US, "not_to_us", "batch for another member") \
	X(OWN, "own", "batch of our own member number: our own echo, or two members share a number") \
	X(NO_KEY, "no_key", "batch of a member whose public key is not in our config") \
	X(OLD_BOOT, "old_boot", "batch of an earlier start of that member") \
	X(REPLAY, "replay", "batch seen before, or older than the replay window") \
	X(BAD_SEAL, "bad_seal", "batch not made with our cluster key, or changed on its way") \
	X(BAD_SIGNATURE, "bad_signature", "batch made with the cluster key, but not by the member it names") \
	X(STALE, "stale", "batch too long under way") \
	X(MALFORMED, "malformed", "batch that does not parse") \
	X(FUTURE, "future", "from a clock too far ahead") \
	X(DIRECTORY_FULL, "directory_full", "directory full of peers heard lately") \
	X(DIRTY_FULL, "dirty_full", "too much waits to be told: the refresh will tell this one")
// clang-format on

enum rl_refusal {
#define X(name, text, help) RL_REFUSAL_##name,
	RL_REFUSALS(X)
#undef X
		RL_REFUSAL_COUNT
};

// Of one member; one thread writes.
struct rl_refusals {
	uint64_t count[RL_REFUSAL_COUNT];
};

const char *rl_refusal_name(enum rl_refusal r); // "bad_seal"
const char *rl_refusal_help(enum rl_refusal r); // the sentence
