// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/port_rx.h"

#include "dpdk-app/port_set.h"

#include <rte_malloc.h>
#include <rte_prefetch.h>

#include <string.h>

_Static_assert(offsetof(struct port_packet, p) == 0, "see port_packet_of");

enum { FETCH_LINES = 4 };

struct queue {
	struct port *port;
	uint16_t dev;
	uint16_t queue;
};

struct port_rx {
	unsigned count;
	unsigned next; // queue to look at first: every queue gets its turn
	struct port_rx_stats stats;
	struct queue queue[];
};

// Queue q of port i is worker (q + i) % workers': ports of one queue are spread over the workers
// too.
struct port_rx *port_rx_new(struct ports *ps, unsigned worker)
{
	struct port_rx *rx = NULL;
	unsigned count = 0;

	// Once to count, once to fill.
	for (int fill = 0; fill < 2; fill++) {
		if (fill) {
			rx = rte_zmalloc(NULL, sizeof(*rx) + count * sizeof(rx->queue[0]),
					 RTE_CACHE_LINE_SIZE);
			if (!rx)
				return NULL;
		}
		for (unsigned i = 0; i < ps->count; i++) {
			struct port *p = &ps->port[i];

			for (unsigned q = 0; q < p->rx_queues; q++) {
				if ((q + i) % ps->workers != worker)
					continue;
				if (fill)
					rx->queue[rx->count++] =
						(struct queue){p, p->dev, (uint16_t)q};
				else
					count++;
			}
		}
	}
	return rx;
}

void port_rx_free(struct port_rx *rx)
{
	rte_free(rx);
}

unsigned port_rx_queue_count(const struct port_rx *rx)
{
	return rx->count;
}

const struct port_rx_stats *port_rx_stats(const struct port_rx *rx)
{
	return &rx->stats;
}

// Only this thread writes, so a plain addition does; it is atomic for those who read.
static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static unsigned checked(const struct port *port, const struct rte_mbuf *m)
{
	unsigned good = port_spec_has_iface(&port->spec) ? FRAME_UDP_PARTIAL : 0;

	if ((m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		good |= FRAME_IP_GOOD;
	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		good |= FRAME_UDP_GOOD;
	return good;
}

// An answer in place may be as long as fits one IP packet here, and the buffer.
static uint16_t room(const struct port *port, const struct rte_mbuf *m, const struct frame *f)
{
	unsigned headers = f->way.own.family == 4 ? FRAME_IP4_LEN + FRAME_UDP_LEN
						  : FRAME_IP6_LEN + FRAME_UDP_LEN;
	unsigned buffer = m->buf_len - m->data_off - f->payload;
	unsigned fits = RTE_MIN(buffer, port->mtu - headers);

	return (uint16_t)RTE_MAX(fits, f->len);
}

static enum rl_drop take(struct port *port, const struct frame_filter *filter, struct rte_mbuf **m,
			 struct port_packet *pk)
{
	enum rl_drop drop;
	uint8_t *data;

	// Longer than a buffer: nothing of ours is.
	if ((*m)->nb_segs != 1)
		return RL_DROP_FRAME_MALFORMED;
	// A tag that the driver took out goes back in, so that there is one form of it from here
	// on.
	if ((*m)->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED && rte_vlan_insert(m))
		return RL_DROP_FRAME_MALFORMED;
	data = rte_pktmbuf_mtod(*m, uint8_t *);
	drop = frame_in(filter, data, rte_pktmbuf_data_len(*m), checked(port, *m), port->index,
			&pk->frame, &pk->p.from);
	if (drop)
		return drop;
	pk->p.data = data + pk->frame.payload;
	pk->p.len = pk->frame.len;
	pk->p.room = room(port, *m, &pk->frame);
	pk->p.host = pk;
	pk->p.verdict = RL_DROP;
	pk->p.drop = RL_DROP_NONE;
	pk->m = *m;
	pk->port = port;
	return RL_DROP_NONE;
}

// A frame of the kernel's comes from another core's cache, and its checksum wants all of it: each
// of its first lines is asked for. NICs put frames near, where one is enough.
static void fetch(const struct rte_mbuf *m, unsigned lines)
{
	uintptr_t at = RTE_ALIGN_FLOOR(rte_pktmbuf_mtod(m, uintptr_t), RTE_CACHE_LINE_SIZE);
	uintptr_t end = rte_pktmbuf_mtod(m, uintptr_t) + rte_pktmbuf_data_len(m);

	for (unsigned i = 0; i < lines && at < end; i++, at += RTE_CACHE_LINE_SIZE)
		rte_prefetch0((const void *)at);
}

static unsigned take_burst(struct port_rx *rx, struct port *port, struct rte_mbuf **m, unsigned n,
			   struct port_packet *pk)
{
	const struct frame_filter *filter = port_filter(port);
	const unsigned lines = port_spec_has_iface(&port->spec) ? FETCH_LINES : 1;
	uint64_t bytes = 0;
	unsigned taken = 0;

	for (unsigned i = 0; i < n; i++)
		fetch(m[i], lines);
	for (unsigned i = 0; i < n; i++) {
		enum rl_drop drop;

		bytes += rte_pktmbuf_pkt_len(m[i]);
		drop = take(port, filter, &m[i], &pk[taken]);
		if (drop) {
			add(&rx->stats.drop[drop], 1);
			rte_pktmbuf_free(m[i]);
		} else {
			taken++;
		}
	}
	add(&rx->stats.packets, n);
	add(&rx->stats.bytes, bytes);
	return taken;
}

unsigned port_rx(struct port_rx *rx, struct port_packet *pk, unsigned max, unsigned *seen)
{
	struct rte_mbuf *m[PORT_BURST];

	*seen = 0;
	max = RTE_MIN(max, (unsigned)PORT_BURST);
	for (unsigned i = 0; i < rx->count; i++) {
		struct queue *q = &rx->queue[rx->next];
		uint16_t n = rte_eth_rx_burst(q->dev, q->queue, m, (uint16_t)max);

		rx->next = rx->next + 1 == rx->count ? 0 : rx->next + 1;
		if (n) {
			*seen = n;
			return take_burst(rx, q->port, m, n, pk);
		}
		// A file that has nothing now has nothing for ever.
		if (q->port->spec.kind == PORT_PCAP && !port_done(q->port))
			atomic_store_explicit(&q->port->done, true, memory_order_release);
	}
	return 0;
}

uint16_t port_packet_via(struct ports *ps, const struct rl_packet *p)
{
	return adjacency_intern(ps->adjacency, &port_packet_of(p)->frame.way);
}

struct port_packet *port_packet_keep(struct port_packet *pk)
{
	struct port_packet *kept = rte_mbuf_to_priv(pk->m);

	*kept = *pk;
	kept->p.host = kept;
	pk->m = NULL;
	return kept;
}

void port_packet_free(struct port_packet *pk)
{
	struct rte_mbuf *m = pk->m;

	// pk may live inside of m.
	pk->m = NULL;
	rte_pktmbuf_free(m);
}
