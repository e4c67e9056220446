// SPDX-License-Identifier: BSD-3-Clause
// The appliance's receive path, core and send path on a port, timed; and the port alone, as their
// limit.
#include "bench/micro/figures.h"
#include "bench/micro/ticks.h"
#include "bench/veth/ends.h"
#include "dpdk-app/clock.h"
#include "dpdk-app/handle.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_launch.h>
#include <rte_udp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEVICE = 0 }; // DPDK's number of the only port
enum part { RX, CORE, TX, WHOLE, PARTS };

struct side {
	struct port_rx *rx;
	struct handle handle;
	struct clock clock;
	struct windows windows[PARTS]; // ticks a packet
	struct windows bursts;
	unsigned long sent;
	_Atomic uint64_t turns; // worker: writes
	atomic_bool stop;
};

// Turns that brought something.
struct turns {
	uint64_t at[PARTS];   // when each part began; WHOLE: the end
	uint64_t took[PARTS]; // of the turns so far
	uint64_t packets;
	unsigned count;
};

static void turn_end(struct side *s, struct turns *t, unsigned n)
{
	t->at[WHOLE] = ticks();
	for (unsigned i = RX; i < WHOLE; i++)
		t->took[i] += t->at[i + 1] - t->at[i];
	t->took[WHOLE] += t->at[WHOLE] - t->at[RX];
	t->packets += n;
	if (++t->count < TURNS)
		return;
	atomic_store_explicit(&s->turns, s->turns + TURNS, memory_order_relaxed);
	for (unsigned i = 0; i < PARTS; i++)
		windows_add(&s->windows[i], (double)t->took[i] / (double)t->packets);
	windows_add(&s->bursts, (double)t->packets / TURNS);
	*t = (struct turns){0};
}

static int work(void *arg)
{
	struct side *s = arg;
	static struct port_packet pk[RL_BURST_MAX];
	static struct rl_packet *p[RL_BURST_MAX];
	struct turns t = {0};
	unsigned seen;
	for (unsigned i = 0; i < RL_BURST_MAX; i++)
		p[i] = &pk[i].p;
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		t.at[RX] = ticks();
		uint64_t now_ms = clock_now(&s->clock);
		unsigned n = port_rx(s->rx, pk, RL_BURST_MAX, &seen);
		if (n == 0)
			continue;
		t.at[CORE] = ticks();
		rl_receive_burst(s->handle.core, now_ms, p, n);
		t.at[TX] = ticks();
		for (unsigned i = 0; i < n; i++)
			handle_packet(&s->handle, &pk[i]);
		handle_out(&s->handle);
		port_tx_flush(s->handle.tx);
		turn_end(s, &t, n);
	}
	s->sent = port_tx_stats(s->handle.tx)->packets;
	return 0;
}

// Back to where it came from, to the sink there: the least that the port can be asked for.
static void turn_round(struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (void *)(eth + 1);
	struct rte_udp_hdr *udp = (void *)(ip + 1);
	struct rte_ether_addr mac = eth->dst_addr;
	rte_be32_t to = ip->dst_addr;
	eth->dst_addr = eth->src_addr;
	eth->src_addr = mac;
	ip->dst_addr = ip->src_addr;
	ip->src_addr = to;
	udp->dst_port = rte_cpu_to_be_16(SINK);
	udp->dgram_cksum = 0;
}

static int bare(void *arg)
{
	struct side *s = arg;
	struct rte_mbuf *m[BATCH];
	struct turns t = {0};
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		t.at[RX] = ticks();
		uint16_t n = rte_eth_rx_burst(DEVICE, 0, m, BATCH);
		if (n == 0)
			continue;
		t.at[CORE] = ticks();
		for (unsigned i = 0; i < n; i++)
			rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
		for (unsigned i = 0; i < n; i++)
			turn_round(m[i]);
		t.at[TX] = ticks();
		uint16_t sent = rte_eth_tx_burst(DEVICE, 0, m, n);
		rte_pktmbuf_free_bulk(m + sent, n - sent);
		s->sent += sent;
		turn_end(s, &t, n);
	}
	return 0;
}

static void mac_of(const char *text, uint8_t mac[6])
{
	need(sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4,
		    mac + 5) == 6,
	     "that is no MAC");
}

static struct ports *open_port(const char *port, const char *filter)
{
	static struct config c;
	char why[PORT_WHY_MAX];
	struct eal_options o;
	struct eal_result r;
	config_defaults(&c);
	c.workers = 1;
	c.ports.count = 1;
	snprintf(c.ports.v[0], sizeof(c.ports.v[0]), "%s", port);
	snprintf(c.xdp_filter, sizeof(c.xdp_filter), "%s", filter);
	c.udp_ports.v[0] = ZT_PORT;
	c.udp_ports.count = 1;
	c.vlans.v[0] = 0;
	c.vlans.count = 1;
	c.memory_mb = 128;
	struct ports *ports = ports_new(&c, 0, why);
	need(ports, why);
	eal_options_default(&o, &c);
	o.file_prefix = "rootline-bench";
	o.telemetry = false;
	ports_eal(ports, &o);
	need(eal_start(&o, &r, why) == 0, why);
	need(ports_start(ports, why) == 0, why);
	return ports;
}

static void report(struct side *s)
{
	static const char *const names[PARTS] = {"receive", "core", "send", "whole"};
	double ns = 1e9 / ticks_rate();
	fprintf(stderr, "bench_veth: ns a packet, median (mean), %.1f a burst:",
		windows_median(&s->bursts));
	for (unsigned i = 0; i < PARTS; i++)
		fprintf(stderr, " %s %.1f (%.1f)", names[i], windows_median(&s->windows[i]) * ns,
			windows_mean(&s->windows[i]) * ns);
	fprintf(stderr, "\n");
	printf("%lu %.1f", s->sent, windows_median(&s->windows[WHOLE]) * ns);
	for (unsigned i = RX; i < WHOLE; i++)
		printf(" %.1f", windows_median(&s->windows[i]) * ns);
	printf("\n");
}

int root_end(char **argv, bool nothing_else)
{
	double end = seconds(CLOCK_MONOTONIC) + atof(argv[3]);
	static struct side s;
	static const uint8_t seed[32] = {1};
	struct frame_way way = {.own = rl_inet4(ROOT_IP, ZT_PORT)};
	struct ports *ports = open_port(argv[0], argv[1]);
	memcpy(way.own_mac, port_netif(ports_at(ports, 0))->mac, 6);
	mac_of(argv[2], way.next_mac);
	clock_init(&s.clock, rte_get_tsc_hz());
	struct population *p =
		two_peers(adjacency_intern(ports_adjacency(ports), &way), clock_now(&s.clock));
	s.rx = port_rx_new(ports, 0);
	s.handle =
		(struct handle){.core = rl_worker_new(p->root, seed), .tx = port_tx_new(ports, 0)};
	need(s.rx && s.handle.core && s.handle.tx, "out of memory");
	need(rte_eal_remote_launch(nothing_else ? bare : work, &s, 1) == 0,
	     "the worker does not start");
	relay_ready();
	while (relay_goes_on(atomic_load_explicit(&s.turns, memory_order_relaxed), end)) {
		usleep(RELAY_LOOK_US);
		clock_sync(&s.clock);
	}
	atomic_store(&s.stop, true);
	rte_eal_mp_wait_lcore();
	need(s.sent > 0, "no packets");
	report(&s);
	ports_free(ports);
	eal_stop();
	return 0;
}
