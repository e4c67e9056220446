// SPDX-License-Identifier: BSD-3-Clause
// Wakes a thread that sleeps in poll. Any thread rings, one sleeps. A ring costs a system call only
// if the sleeper is asleep, and one a sleep: a flood keeps it awake, and pays nothing.
//
// The sleeper says that it goes to sleep, then looks for work once more, then waits; who has work
// puts it down first and rings then. So one of the two sees the other.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct waker {
	int fd; // for the sleeper's poll: readable when somebody has rung
	atomic_bool asleep;
};

// 0 or -errno.
int waker_open(struct waker *w);
// Of one that was never opened, all zero, too.
void waker_close(struct waker *w);
// Any thread, after it has put its work where the sleeper finds it.
void waker_ring(struct waker *w);
// The sleeper: before its last look for work; after its wait, or if there was work. rung: poll
// found the descriptor readable. A ring that comes just as the wait ends by itself ends the next
// one.
void waker_sleeps(struct waker *w);
void waker_wakes(struct waker *w, bool rung);
