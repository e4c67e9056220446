// SPDX-License-Identifier: BSD-3-Clause
// From the core's decisions to sent, deferred or freed buffers. One per thread that asks the core.
#pragma once

#include "dpdk-app/port_tx.h"

struct admission;
struct backplane;
struct siblings;

struct handle {
	struct rl_worker *core;
	struct port_tx *tx;
	struct admission
		*admission; // NULL on an admission thread itself, which is never deferred to
	struct backplane *backplane; // NULL: this root is alone
	struct siblings *siblings;   // NULL: it has none
};

// Takes the buffer of a packet that has its verdict.
void handle_packet(struct handle *h, struct port_packet *pk);
// Hands the out-box to the ports; after the burst's own packets, before the core is called again.
void handle_out(struct handle *h);
// What the core noticed of clients in this call, and their questions, for the other members.
void handle_sights(struct handle *h);
