// SPDX-License-Identifier: BSD-3-Clause
// Receive side of one worker: frames from its queues as packets for the core.
#pragma once

#include "dpdk-app/port.h"
#include "root/packet.h"

struct rte_mbuf;

// One datagram on its way. Whoever holds it owns `m` (and so p.data); m is NULL once sent or freed,
// while p.from and frame stay good for RL_VIA_BACK.
struct port_packet {
	struct rl_packet p; // first, so that the core's pointer to it leads here
	struct frame frame;
	struct rte_mbuf *m;
	struct port *port;
};

// Written by the worker alone, read by anyone.
struct port_rx_stats {
	_Atomic uint64_t packets, bytes;
	_Atomic uint64_t drop[RL_DROP_COUNT]; // FRAME_*
};

struct port_rx;

// worker: 0..c->workers-1. The queues of all ports are dealt out to the workers. NULL: out of
// memory.
struct port_rx *port_rx_new(struct ports *ps, unsigned worker);
void port_rx_free(struct port_rx *rx);
unsigned port_rx_queue_count(const struct port_rx *rx); // 0: this worker has nothing to poll

// Takes one burst from the next queue that has one. Fills pk[0..n) with those that are ours, ready
// for rl_receive_burst; frees and counts the others. *seen: frames taken from the queue (0: nothing
// to do on any queue). max: 1..64.
unsigned port_rx(struct port_rx *rx, struct port_packet *pk, unsigned max, unsigned *seen);
const struct port_rx_stats *port_rx_stats(const struct port_rx *rx);

static inline const struct port_packet *port_packet_of(const struct rl_packet *p)
{
	return (const struct port_packet *)p;
}

// The way the packet came, for rl_host.via.
uint16_t port_packet_via(struct ports *ps, const struct rl_packet *p);

// A copy that lives in the buffer itself, to be handed to another thread as one pointer; pk no
// longer owns it.
struct port_packet *port_packet_keep(struct port_packet *pk);
void port_packet_free(struct port_packet *pk); // its buffer, if it has one
