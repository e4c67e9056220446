// SPDX-License-Identifier: BSD-3-Clause
// Lets a worker with nothing to do sleep until a frame comes. DPDK offers no receive interrupts for
// AF_PACKET and AF_XDP, but its drivers receive through sockets of this process, and a socket can
// be waited for by anybody who has its number.
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum { DOORBELL_MAX = 64 };

struct doorbell {
	unsigned count; // 0: nothing can be waited for
	struct pollfd fd[DOORBELL_MAX];
};

// Finds the packet sockets of this process: after the ports are started. Which worker a socket
// serves is not to be seen from here, so every worker hears all of them: a ring may be for another.
void doorbell_find(struct doorbell *d);

// Waits for a frame, at most `us`. True: one may be there.
bool doorbell_wait(struct doorbell *d, uint32_t us);
