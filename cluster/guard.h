// SPDX-License-Identifier: BSD-3-Clause
// The cluster's clock, and who is allowed to be how far ahead of it. The last writer wins, so a
// member whose clock runs ahead must not win for ever, and one whose clock lags must not lose.
//
//   - Each batch names its sender's own clock. A member whose clock is more than RL_GUARD_TRUST_MS
//     from the median of all (of an even number the earlier: ahead is the dangerous side) uses the
//     median: stamps and batches bear this corrected time. Only uncorrected clocks are compared, so
//     corrections do not feed on each other, and a clock that is set right is believed at once.
//   - What is stamped more than RL_GUARD_AHEAD_MS after this time is refused, and counted. It is
//   told
//     again by its home's refresh, when its time has come or its clock is right.
//   - A new claim is stamped with this time, but at least 1 ms after the claim it follows: small
//     differences between clocks do not undo a move.
//
// One thread; no allocation. Times in milliseconds since 1970.
#pragma once

#include "cluster/location.h"

enum {
	RL_GUARD_TRUST_MS = 500, // more than a batch is under way, so that delay is no error
	RL_GUARD_AHEAD_MS = 2000,
	RL_GUARD_SPAN_MS = 15000, // clocks heard within it count
};

struct rl_guard {
	struct {
		int64_t ahead[2]; // of our own clock, the most of this span and of the one before
		uint64_t span;    // number of this one
		bool known;
	} clock[RL_MEMBER_IDS];
	int64_t correction; // of our own clock
	uint64_t counted;   // members whose clocks it comes from, our own included
};

// All zero is a guard that has heard nobody.

// A batch of that member, not older than it looks, named its own clock.
void rl_guard_heard(struct rl_guard *g, uint8_t member, uint64_t clock_ms, uint64_t own_ms);
// Anew from what was heard; call it every second or so.
void rl_guard_correct(struct rl_guard *g, uint64_t own_ms);
// The cluster's time by our own clock.
uint64_t rl_guard_now(const struct rl_guard *g, uint64_t own_ms);
// How far a member's clock is ahead of ours, as far as known (0 else), for those who look for it.
int64_t rl_guard_ahead(const struct rl_guard *g, uint8_t member);
// now_ms: of rl_guard_now. False: from too far ahead.
static inline bool rl_guard_allows(uint64_t stamp_ms, uint64_t now_ms)
{
	return stamp_ms <= now_ms + RL_GUARD_AHEAD_MS;
}
