// SPDX-License-Identifier: BSD-3-Clause
// Holds our UDP ports in the kernel with sockets that drop everything, one for each family, so that
// the kernel neither answers "port unreachable" nor queues, and no other program takes the port.
// They vanish with the process, however it ends.
#pragma once

#include "dpdk-app/port_spec.h"

#include <stdint.h>

enum { PUNT_PORTS_MAX = 16 };

struct punt {
	int fd[2 * PUNT_PORTS_MAX];
	unsigned count;
};

// In the network namespace of the calling thread. 0 or -errno with a sentence in `why`; then
// nothing is held.
int punt_open(struct punt *p, const uint16_t *ports, unsigned count, char why[static PORT_WHY_MAX]);
// The one of the first port; -1: none is held.
int punt_socket(const struct punt *p, int family);
void punt_close(struct punt *p);
