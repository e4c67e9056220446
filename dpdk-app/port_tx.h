// SPDX-License-Identifier: BSD-3-Clause
// Send side of one thread: packets of the core as frames, collected per port and sent in bursts.
#pragma once

#include "dpdk-app/port_rx.h"
#include "root/root.h"

// Written by the thread alone, read by anyone.
struct port_tx_stats {
	_Atomic uint64_t packets, bytes;
	_Atomic uint64_t
		drop[RL_DROP_COUNT]; // PORT_TX_FULL, PORT_NO_BUFFER, NO_PATH (a way that is gone)
};

struct port_tx;

// sender: worker's number, or c->workers .. c->workers + senders - 1 for the others. Device queues
// are shared under a lock where there are fewer of them than senders. NULL: out of memory.
struct port_tx *port_tx_new(struct ports *ps, unsigned sender);
void port_tx_free(struct port_tx *tx);

// RL_REPLY: pk->p.data/len go back where the packet came from. Takes the buffer in every case.
void port_tx_reply(struct port_tx *tx, struct port_packet *pk);
// RL_RELAY: pk->p.data/len go to pk->p.to. Nothing but the first FRAME_HEAD bytes may have changed.
// Takes the buffer.
void port_tx_relay(struct port_tx *tx, struct port_packet *pk);
// An entry of the out-box; the bytes are copied. o->back must be a packet of port_rx(), its buffer
// may be gone.
void port_tx_extra(struct port_tx *tx, const struct rl_out *o);
// Bytes to an address by a way; for what is not from the core. via: not RL_VIA_BACK.
void port_tx_send(struct port_tx *tx, const struct rl_path *to, const void *data, uint16_t len);

// Sends what is collected; what does not fit is dropped and counted. At the end of every burst.
void port_tx_flush(struct port_tx *tx);
const struct port_tx_stats *port_tx_stats(const struct port_tx *tx);
