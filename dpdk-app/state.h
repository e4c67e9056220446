// SPDX-License-Identifier: BSD-3-Clause
// The state directory: the lock that keeps a second rootline out, and the identity under the names
// of the stock software. What goes wrong is logged here, with what to do about it. Control thread,
// at start and stop.
#pragma once

#include "root/identity.h"

enum { STATE_PATH_MAX = 512 };

struct state {
	char dir[STATE_PATH_MAX];
	int lock; // file descriptor of DIR/rootline.lock, -1: not held
	struct rl_identity id;
	struct rl_secret secret; // the caller wipes it when the core has its copy
};

// Makes the directory if it is missing (mode 0750) and takes the lock; the kernel drops it with the
// process, so a killed rootline leaves nothing that must be removed. 0 or -errno; -EBUSY: another
// rootline runs here.
int state_open(struct state *s, const char *dir);
void state_close(struct state *s);

// Reads identity.secret, or makes one (mode 0600, on disk before the name exists) if neither it nor
// identity.public is there. Never overwrites. Writes identity.public if that is missing. 0 or
// -errno; -EINVAL: what is there is broken.
int state_identity(struct state *s);
