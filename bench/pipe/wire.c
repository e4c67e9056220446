// SPDX-License-Identifier: BSD-3-Clause
#include "bench/pipe/wire.h"

#include "bench/micro/figures.h"
#include "bench/micro/ticks.h"
#include "dpdk-app/frame_out.h"

#include <rte_ethdev.h>
#include <rte_memcpy.h>

#include <stdio.h>
#include <stdlib.h>

enum { IP = FRAME_ETH_LEN, UDP = IP + FRAME_IP4_LEN, PAYLOAD = UDP + FRAME_UDP_LEN };

static const uint8_t own_ip[4] = {10, 0, 0, 1};

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

static void make_template(struct wire *w)
{
	uint8_t *f = w->frame;
	memset(f, 0, sizeof(w->frame));
	f[0] = f[6] = 2;
	rl_store16(f + 12, 0x0800);
	f[IP] = 0x45;
	rl_store16(f + IP + 2, (uint16_t)(PAYLOAD - IP + w->run.len));
	f[IP + 8] = 64;
	f[IP + 9] = 17;
	memcpy(f + IP + 16, own_ip, 4);
	rl_store16(f + UDP, ZT_PORT);
	rl_store16(f + UDP + 2, ZT_PORT);
	rl_store16(f + UDP + 4, (uint16_t)(FRAME_UDP_LEN + w->run.len));
	for (unsigned i = FRAME_HEAD; i < w->run.len; i++)
		f[PAYLOAD + i] = (uint8_t)population_mix(i);
	f[PAYLOAD + ZT_AT_FLAGS] = ZT_SUITE_AES_GMAC_SIV << ZT_SUITE_SHIFT;
	w->frame_len = (uint16_t)(PAYLOAD + w->run.len);
	w->ip_sum = frame_sum(f + IP, FRAME_IP4_LEN);
	w->udp_sum = (uint32_t)frame_sum(f + UDP, FRAME_UDP_LEN) + frame_sum(own_ip, 4) + 17 +
		     FRAME_UDP_LEN + w->run.len +
		     frame_sum(f + PAYLOAD + FRAME_HEAD, w->run.len - FRAME_HEAD);
}

static void make_frame(struct wire *w, struct rte_mbuf *m)
{
	const struct population *pop = w->run.pop;
	const uint32_t *pair = pop->pair[w->next_rx];
	uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *), *payload = f + PAYLOAD;
	struct rl_inet from = population_from(pair[0]);
	w->next_rx = w->next_rx + 1 == pop->pair_count ? 0 : w->next_rx + 1;
	rte_memcpy(f, w->frame, w->frame_len);
	memcpy(f + IP + 12, from.ip, 4);
	rl_store64(payload, population_mix(w->received++));
	rl_store40(payload + ZT_AT_TO, pop->address[pair[1]]);
	rl_store40(payload + ZT_AT_FROM, pop->address[pair[0]]);
	uint32_t ip = frame_sum(from.ip, 4);
	uint16_t udp = (uint16_t)~fold(w->udp_sum + ip + frame_sum(payload, FRAME_HEAD));
	rl_store16(f + IP + 10, (uint16_t)~fold(w->ip_sum + ip));
	rl_store16(f + UDP + 6, udp ? udp : 0xffff);
	m->data_len = w->frame_len;
	m->pkt_len = w->frame_len;
	if (w->run.nic_checksums)
		m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

static void sample(struct wire *w, uint64_t now)
{
	if (w->received < w->run.warm || w->count == w->run.samples)
		return;
	// A sample is so many times making a burst and the work on it.
	if (w->bursts == 0)
		w->began_at = w->entered_at;
	w->work += now - w->left_at;
	if (++w->bursts < WIRE_SAMPLE)
		return;
	w->whole[w->count] = (double)(now - w->began_at) / (WIRE_SAMPLE * RL_BURST_MAX);
	w->sample[w->count++] = (double)w->work / (WIRE_SAMPLE * RL_BURST_MAX);
	w->work = 0;
	w->bursts = 0;
	if (w->count == w->run.samples)
		atomic_store(&w->done, true);
}

static uint16_t wire_rx(void *queue, struct rte_mbuf **m, uint16_t n)
{
	struct wire *w = queue;
	uint64_t now = ticks();
	if (n < RL_BURST_MAX) {
		fprintf(stderr, "bench_pipe: a burst of %u only\n", n);
		exit(1);
	}
	sample(w, now);
	w->entered_at = now;
	n = RL_BURST_MAX;
	if (rte_pktmbuf_alloc_bulk(w->pool, m, n) != 0)
		n = 0; // a buffer is lost somewhere: wire_result tells
	for (unsigned i = 0; i < n; i++)
		make_frame(w, m[i]);
	w->left_at = ticks();
	return n;
}

// Is this the next pair's frame, to its destination, one hop on, all checksums right?
static bool right(struct wire *w, const struct rte_mbuf *m)
{
	struct frame f;
	struct rl_inet from;
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct rl_inet to = population_from(w->run.pop->pair[w->next_tx][1]);
	if (w->run.bare)
		return true;
	return frame_in(w->filter, data, rte_pktmbuf_data_len(m), 0, 0, &f, &from) == 0 &&
	       f.len == w->run.len && memcmp(from.ip, own_ip, 4) == 0 &&
	       rl_inet_equal(&f.way.own, &to) &&
	       (data[f.payload + ZT_AT_FLAGS] & ZT_HOPS_MASK) == 1;
}

static uint16_t wire_tx(void *queue, struct rte_mbuf **m, uint16_t n)
{
	struct wire *w = queue;
	for (unsigned i = 0; i < n; i++) {
		if (m[i]->data_len != w->frame_len) {
			w->others++;
			continue;
		}
		if (w->sent++ >= WIRE_CHECKED)
			continue;
		w->wrong += !right(w, m[i]);
		w->next_tx = w->next_tx + 1 == w->run.pop->pair_count ? 0 : w->next_tx + 1;
	}
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

void wire_hook(uint16_t dev, struct wire *wire, unsigned queues)
{
	static void *queue[WIRE_QUEUES_MAX];
	for (unsigned i = 0; i < queues; i++)
		queue[i] = &wire[i];
	rte_eth_fp_ops[dev].rx_pkt_burst = wire_rx;
	rte_eth_fp_ops[dev].tx_pkt_burst = wire_tx;
	rte_eth_fp_ops[dev].rxq.data = queue;
	rte_eth_fp_ops[dev].txq.data = queue;
}

void wire_start(struct wire *w, const struct wire_run *run, unsigned queue)
{
	w->run = *run;
	w->next_rx = w->next_tx = run->pop->pair_count / WIRE_QUEUES_MAX * queue;
	w->received = w->sent = w->others = w->wrong = w->work = 0;
	w->bursts = w->count = 0;
	atomic_store(&w->done, false);
	make_template(w);
}

struct wire_result wire_result(struct wire *w, const char *name)
{
	if (w->wrong || w->sent != w->received || w->count == 0 || w->others * 100 > w->sent) {
		fprintf(stderr,
			"bench_pipe: %s: %lu frames in, %lu out and %lu others, %lu of the first "
			"%d wrong: "
			"nothing "
			"is measured\n",
			name, w->received, w->sent, w->others, w->wrong, WIRE_CHECKED);
		exit(1);
	}
	return (struct wire_result){figure_median(w->sample, w->count),
				    figure_median(w->whole, w->count)};
}
