// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/port_tx.h"

#include "dpdk-app/port_set.h"

#include <rte_malloc.h>

#include <string.h>

// What waits for one port.
struct out {
	struct port *port;
	uint16_t dev;
	uint16_t queue;
	uint16_t count;
	rte_spinlock_t *lock; // NULL: the queue is this thread's own
	struct rte_mempool *pool;
	struct rte_mbuf *m[PORT_BURST];
};

struct port_tx {
	const struct adjacency_table *adjacency;
	unsigned count;
	struct port_tx_stats stats;
	struct out out[];
};

struct port_tx *port_tx_new(struct ports *ps, unsigned sender)
{
	struct port_tx *tx = rte_zmalloc(NULL, sizeof(*tx) + ps->count * sizeof(tx->out[0]),
					 RTE_CACHE_LINE_SIZE);

	if (!tx)
		return NULL;
	tx->adjacency = ps->adjacency;
	tx->count = ps->count;
	for (unsigned i = 0; i < ps->count; i++) {
		struct port *p = &ps->port[i];
		struct out *o = &tx->out[i];

		o->port = p;
		o->dev = p->dev;
		o->queue = (uint16_t)(sender % p->tx_queues);
		o->lock = p->shared_tx ? &p->tx_lock[o->queue].lock : NULL;
		// AF_XDP sends buffers of the queue's own pool without copying them.
		o->pool = p->pool[o->queue % p->rx_queues];
	}
	return tx;
}

void port_tx_free(struct port_tx *tx)
{
	for (unsigned i = 0; tx && i < tx->count; i++)
		rte_pktmbuf_free_bulk(tx->out[i].m, tx->out[i].count);
	rte_free(tx);
}

const struct port_tx_stats *port_tx_stats(const struct port_tx *tx)
{
	return &tx->stats;
}

// Only this thread writes, so a plain addition does; it is atomic for those who read.
static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static void flush(struct port_tx *tx, struct out *o)
{
	uint64_t bytes[PORT_BURST + 1];
	uint16_t sent;

	// Buffers that were sent may not be looked at, so the bytes are summed before.
	bytes[0] = 0;
	for (unsigned i = 0; i < o->count; i++)
		bytes[i + 1] = bytes[i] + rte_pktmbuf_pkt_len(o->m[i]);
	if (o->lock)
		rte_spinlock_lock(o->lock);
	sent = rte_eth_tx_burst(o->dev, o->queue, o->m, o->count);
	if (o->lock)
		rte_spinlock_unlock(o->lock);
	add(&tx->stats.packets, sent);
	add(&tx->stats.bytes, bytes[sent]);
	// A full ring means that we are past line rate: waiting would only add delay.
	if (sent < o->count) {
		add(&tx->stats.drop[RL_DROP_PORT_TX_FULL], o->count - sent);
		rte_pktmbuf_free_bulk(o->m + sent, o->count - sent);
	}
	o->count = 0;
}

void port_tx_flush(struct port_tx *tx)
{
	for (unsigned i = 0; i < tx->count; i++)
		if (tx->out[i].count)
			flush(tx, &tx->out[i]);
}

// Takes `m`, whose payload is at `payload`: header in front, length set, into the port's burst.
static void push(struct port_tx *tx, struct rte_mbuf *m, uint8_t *payload, uint16_t len,
		 const struct frame_header *h, uint16_t device, const struct rl_inet *to,
		 uint16_t sum)
{
	struct out *o = &tx->out[device];
	uint8_t *start = m->buf_addr;
	unsigned header = 0;

	if (payload - start >= FRAME_HEADER_MAX)
		header = frame_out(payload, len, h, to, sum);
	if (header == 0) {
		add(&tx->stats.drop[RL_DROP_NO_PATH], 1);
		rte_pktmbuf_free(m);
		return;
	}
	m->data_off = (uint16_t)(payload - header - start);
	m->data_len = (uint16_t)(header + len);
	m->pkt_len = m->data_len;
	m->ol_flags = 0; // what was said of the frame that came in
	o->m[o->count++] = m;
	if (o->count == PORT_BURST)
		flush(tx, o);
}

void port_tx_reply(struct port_tx *tx, struct port_packet *pk)
{
	struct rte_mbuf *m = pk->m;
	struct frame_header h;

	pk->m = NULL;
	frame_header_make(&h, &pk->frame.way);
	push(tx, m, pk->p.data, pk->p.len, &h, pk->frame.way.device, &pk->p.from,
	     frame_sum(pk->p.data, pk->p.len));
}

void port_tx_relay(struct port_tx *tx, struct port_packet *pk)
{
	const struct adjacency *way = adjacency_get(tx->adjacency, pk->p.to.via);
	struct rte_mbuf *m = pk->m;

	pk->m = NULL;
	if (!way) {
		add(&tx->stats.drop[RL_DROP_NO_PATH], 1);
		rte_pktmbuf_free(m);
		return;
	}
	push(tx, m, pk->p.data, pk->p.len, &way->header, way->way.device, &pk->p.to.addr,
	     frame_relay_sum(&pk->frame, pk->p.data));
}

// A buffer with the bytes in it, room for the headers in front. NULL, and counted: none to be had.
static struct rte_mbuf *copy(struct port_tx *tx, uint16_t device, const void *data, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(tx->out[device].pool);

	if (m && len <= rte_pktmbuf_tailroom(m)) {
		memcpy(rte_pktmbuf_mtod(m, void *), data, len);
		return m;
	}
	rte_pktmbuf_free(m);
	add(&tx->stats.drop[RL_DROP_PORT_NO_BUFFER], 1);
	return NULL;
}

static void send_copy(struct port_tx *tx, const struct frame_header *h, uint16_t device,
		      const struct rl_inet *to, const void *data, uint16_t len)
{
	struct rte_mbuf *m = copy(tx, device, data, len);
	uint8_t *payload;

	if (!m)
		return;
	payload = rte_pktmbuf_mtod(m, uint8_t *);
	push(tx, m, payload, len, h, device, to, frame_sum(payload, len));
}

void port_tx_send(struct port_tx *tx, const struct rl_path *to, const void *data, uint16_t len)
{
	const struct adjacency *way = adjacency_get(tx->adjacency, to->via);

	if (!way)
		add(&tx->stats.drop[RL_DROP_NO_PATH], 1);
	else
		send_copy(tx, &way->header, way->way.device, &to->addr, data, len);
}

void port_tx_extra(struct port_tx *tx, const struct rl_out *o)
{
	const struct frame *back;
	struct frame_header h;

	if (o->to.via != RL_VIA_BACK || !o->back) {
		port_tx_send(tx, &o->to, o->data, o->len);
		return;
	}
	back = &port_packet_of(o->back)->frame;
	frame_header_make(&h, &back->way);
	send_copy(tx, &h, back->way.device, &o->to.addr, o->data, o->len);
}
