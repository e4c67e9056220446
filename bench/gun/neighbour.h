// SPDX-License-Identifier: BSD-3-Clause
// ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861), as much as a generator needs: who has the
// root's address, and answers for simulated addresses.
#pragma once

#include "bench/gun/engine.h"

// If the frame asks for an address of the population's prefix: answers it with e->own_mac. False:
// it asks for something else.
bool neighbour_answer(struct engine *e, const uint8_t *frame, size_t len);

// Asks for next_hop's MAC until it is known, into e->next_mac. own: the asker's address. 0, or
// -ETIMEDOUT after some three seconds, or -EINTR.
int neighbour_resolve(struct engine *e, const struct rl_inet *next_hop, const struct rl_inet *own);

// Frames, for tests too. buf has 128 bytes; the frame's length is returned.
size_t neighbour_request(uint8_t *buf, const uint8_t mac[static 6], const struct rl_inet *own,
			 const struct rl_inet *wanted);
// Is this an answer that tells where `wanted` is?
bool neighbour_read(const uint8_t *frame, size_t len, const struct rl_inet *wanted, uint8_t mac[6]);
