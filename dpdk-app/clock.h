// SPDX-License-Identifier: BSD-3-Clause
// Milliseconds of Unix time without a system call: the CPU's time stamp counter, tied again to the
// system's clock several times a second.
//
// The time never steps. It starts as the wall clock and advances with CLOCK_BOOTTIME; when somebody
// sets the wall clock, it follows by at most one part in a hundred, so that no path and no peer
// looks suddenly old. Readers: any thread. Writer: control.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct clock {
	_Atomic uint32_t turn; // odd while being written
	_Atomic uint64_t tsc;
	_Atomic uint64_t ns;  // Unix time at `tsc`
	uint64_t ns_per_tick; // 32.32 fixed point; set once

	// Control's own.
	int64_t offset_ns;  // Unix time minus CLOCK_BOOTTIME
	uint64_t synced_ns; // CLOCK_BOOTTIME
};

void clock_init(struct clock *c, uint64_t tsc_hz);
// Call it about ten times a second.
void clock_sync(struct clock *c);
// Two threads, or two calls around a sync, may differ by a millisecond.
uint64_t clock_now(const struct clock *c);

// The pure part of clock_sync: how far the offset goes towards `wanted` when `passed` has gone by.
int64_t clock_slew(int64_t offset_ns, int64_t wanted_ns, uint64_t passed_ns);
