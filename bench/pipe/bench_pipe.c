// SPDX-License-Identifier: BSD-3-Clause
// The appliance's whole way of a relayed packet, port_rx to port_tx, on a NIC that never tires
// (wire.h). Figures go to stdout, one JSON object a line.
#include "bench/micro/figures.h"
#include "bench/micro/ticks.h"
#include "bench/pipe/newcomers.h"
#include "bench/pipe/wire.h"
#include "dpdk-app/port_set.h"
#include "dpdk-app/worker.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_malloc.h>

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct clock clock_now_ms;
static struct quiet quiet;
static struct ports *ports;
static struct wire *wire;
static struct worker *worker;
static unsigned workers, samples = 6000, warm = 500000;
static double hz;

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_pipe: %s\n", what);
	exit(1);
}

static uint16_t own_way(void)
{
	struct frame_way way = {
		.own_mac = {2}, .next_mac = {2, 1}, .own = rl_inet4(0x0a000001, ZT_PORT)};
	return adjacency_intern(ports_adjacency(ports), &way);
}

// One queue pair and one pool for each worker, as a NIC has them.
static void start_port(void)
{
	char why[PORT_WHY_MAX], name[32];
	need(ports_start(ports, why) == 0, why);
	struct port *p = ports_at(ports, 0);
	p->rx_queues = p->tx_queues = (uint16_t)workers;
	p->shared_tx = false;
	wire = rte_zmalloc(NULL, workers * sizeof(*wire), RTE_CACHE_LINE_SIZE);
	need(wire, "out of memory");
	for (unsigned i = 0; i < workers; i++) {
		snprintf(name, sizeof(name), "bench%u", i);
		p->pool[i] = rte_pktmbuf_pool_create(
			name, 4096, 256,
			RTE_ALIGN_CEIL(sizeof(struct port_packet), RTE_MBUF_PRIV_ALIGN), PORT_ROOM,
			SOCKET_ID_ANY);
		need(p->pool[i], "no memory for packet buffers");
		wire[i].pool = p->pool[i];
		wire[i].filter = port_filter(p);
	}
	wire_hook(p->dev, wire, workers);
}

static void start_dpdk(void)
{
	static struct config c;
	char why[PORT_WHY_MAX];
	struct eal_options o;
	struct eal_result r;
	config_defaults(&c);
	c.workers = workers;
	c.ports.count = 1;
	snprintf(c.ports.v[0], sizeof(c.ports.v[0]), "null");
	if (c.udp_ports.count == 0)
		c.udp_ports.v[c.udp_ports.count++] = ZT_PORT;
	if (c.vlans.count == 0)
		c.vlans.v[c.vlans.count++] = 0;
	c.memory_mb = 256;
	ports = ports_new(&c, 0, why);
	need(ports, why);
	eal_options_default(&o, &c);
	o.file_prefix = "rootline-bench";
	o.telemetry = false;
	ports_eal(ports, &o);
	need(eal_start(&o, &r, why) == 0, why);
	start_port();
}

// The least that sends a frame elsewhere: MAC and IP addresses change places, which leaves all
// checksums as they are. Nothing is checked.
static int swap(void *arg)
{
	struct worker *w = arg;
	struct rte_mbuf *m[RL_BURST_MAX];
	uint16_t dev = ports_at(ports, 0)->dev, queue = (uint16_t)w->index;
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		uint16_t n = rte_eth_rx_burst(dev, queue, m, RL_BURST_MAX);
		for (unsigned i = 0; i < n; i++)
			rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
		for (unsigned i = 0; i < n; i++) {
			uint8_t *f = rte_pktmbuf_mtod(m[i], uint8_t *), mac[6];
			memcpy(mac, f, 6);
			memcpy(f, f + 6, 6);
			memcpy(f + 6, mac, 6);
			uint32_t from, to;
			memcpy(&from, f + 26, 4);
			memcpy(&to, f + 30, 4);
			memcpy(f + 26, &to, 4);
			memcpy(f + 30, &from, 4);
			f[42 + ZT_AT_FLAGS]++;
		}
		rte_eth_tx_burst(dev, queue, m, n);
	}
	return 0;
}

// The bare loop: the appliance's own ports and frames, so frames that are checked and headers
// written anew with their checksums, as every relay of UDP must; nothing is looked up, all goes
// back.
static int bare(void *arg)
{
	struct worker *w = arg;
	uint16_t via = own_way();
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		unsigned seen, n = port_rx(w->rx, w->pk, RL_BURST_MAX, &seen);
		for (unsigned i = 0; i < n; i++) {
			struct rl_packet *p = &w->pk[i].p;
			p->to = (struct rl_path){p->from, via};
			p->data[ZT_AT_FLAGS]++;
			port_tx_relay(w->handle.tx, &w->pk[i]);
		}
		port_tx_flush(w->handle.tx);
	}
	return 0;
}

static void worker_open(unsigned i, struct population *pop)
{
	uint8_t seed[32] = {(uint8_t)i};
	worker[i] = (struct worker){
		.index = i,
		.count = workers,
		.clock = &clock_now_ms,
		.quiet = &quiet,
		.rx = port_rx_new(ports, i),
		.handle = {.core = rl_worker_new(pop->root, seed), .tx = port_tx_new(ports, i)}};
	need(worker[i].rx && worker[i].handle.core && worker[i].handle.tx, "out of memory");
}

static void worker_close(unsigned i)
{
	port_rx_free(worker[i].rx);
	port_tx_free(worker[i].handle.tx);
	rl_worker_free(worker[i].handle.core);
}

struct rate {
	double work, whole; // packets a second, without and with the making of frames
};

// Of n workers together, in that loop. beside: what this thread does meanwhile, until *done.
static struct rate run_loop(lcore_function_t *loop, const char *name, const struct wire_run *r,
			    struct population *pop, unsigned n, struct newcomers *beside)
{
	struct rate sum = {0};
	clock_init(&clock_now_ms, rte_get_tsc_hz());
	population_freshen(pop, clock_now(&clock_now_ms), 60000);
	for (unsigned i = 0; i < n; i++) {
		worker_open(i, pop);
		wire_start(&wire[i], r, i);
	}
	for (unsigned i = 0; i < n; i++)
		need(rte_eal_remote_launch(loop, &worker[i], i + 1) == 0,
		     "a worker does not start");
	for (unsigned i = 0; i < n; i++)
		// Once at least: on a busy machine a short run may be over before this thread's
		// turn.
		do {
			if (beside)
				newcomers_admit(beside, clock_now(&clock_now_ms));
			else
				usleep(20000);
			clock_sync(&clock_now_ms);
		} while (!atomic_load(&wire[i].done));
	for (unsigned i = 0; i < n; i++)
		atomic_store(&worker[i].stop, true);
	rte_eal_mp_wait_lcore();
	for (unsigned i = 0; i < n; i++) {
		struct wire_result result = wire_result(&wire[i], name);
		sum.work += hz / result.work;
		sum.whole += hz / result.whole;
		worker_close(i);
	}
	return sum;
}

static struct rate run(const char *name, const struct wire_run *r, struct population *pop,
		       unsigned n, struct newcomers *beside)
{
	return run_loop(r->bare ? bare : worker_run, name, r, pop, n, beside);
}

static void also(const char *name, const char *suffix, const char *title, const char *how,
		 double value, double limit)
{
	char longer[64], text[128];
	snprintf(longer, sizeof(longer), "%s_%s", name, suffix);
	snprintf(text, sizeof(text), "%s, %s", title, how);
	figure(longer, text, value, "1/s", limit);
}

static void relay(const char *name, const char *title, struct population *pop, uint16_t len)
{
	struct wire_run r = {.pop = pop, .len = len, .samples = samples, .warm = warm};
	struct wire_run b = r, nic = r, bare_nic;
	b.bare = nic.nic_checksums = true;
	bare_nic = nic;
	bare_nic.bare = true;
	struct rate pps = run(name, &r, pop, 1, NULL), limit = run(name, &b, pop, 1, NULL);
	struct rate by_nic = run(name, &nic, pop, 1, NULL);
	struct rate limit_nic = run(name, &bare_nic, pop, 1, NULL);
	struct rate swapped = run_loop(swap, name, &b, pop, 1, NULL);
	figure(name, title, pps.work, "1/s", limit.work);
	also(name, "nic", title, "checksums by NIC", by_nic.work, limit_nic.work);
	also(name, "made", title, "making of frames counted", pps.whole, limit.whole);
	also(name, "swap", title, "beside a swap of addresses", pps.work, swapped.work);
}

static void second(struct population *pop)
{
	struct wire_run r = {.pop = pop, .len = 128, .samples = samples, .warm = warm};
	double one = run("second_worker", &r, pop, 1, NULL).work;
	double two = run("second_worker", &r, pop, 2, NULL).work;
	r.bare = true;
	double bare_one = run("second_worker", &r, pop, 1, NULL).work;
	double bare_two = run("second_worker", &r, pop, 2, NULL).work;
	figure("relay_128_1m_2workers", "relay 128 B by two workers, 1 M peers", two, "1/s",
	       bare_two);
	figure("second_worker", "two workers over one", two / one, "x", bare_two / bare_one);
}

static void beside_admission(struct population *pop)
{
	struct wire_run r = {.pop = pop, .len = 128, .samples = samples, .warm = warm};
	struct newcomers *n = newcomers_new(pop, samples < 100 ? 10 : 2000);
	need(n, "out of memory");
	double alone = run("admit_relay_share", &r, pop, 1, NULL).work;
	double beside = run("admit_relay_share", &r, pop, 1, n).work;
	need(newcomers_count(n) > 0, "nobody was admitted");
	fprintf(stderr, "bench_pipe: %u admitted meanwhile\n", newcomers_count(n));
	figure("admit_relay_share", "relay rate while newcomers are admitted, over without",
	       beside / alone, "x", 0);
	newcomers_free(n);
}

static struct population *populate(uint32_t peers, uint32_t pairs)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	struct population_options o = {.peers = peers,
				       .pairs = pairs,
				       .via = own_way(),
				       .introduce_ms = 3600000,
				       .now_ms = (uint64_t)t.tv_sec * 1000};
	fprintf(stderr, "bench_pipe: %u peers\n", peers);
	struct population *pop = population_new(&o);
	need(pop, "out of memory");
	return pop;
}

// A point of the graph: the rate and its limit alone.
static void relay_among(uint32_t peers, uint32_t pairs, const char *name, const char *size)
{
	char title[64];
	struct population *pop = populate(peers, pairs);
	struct wire_run r = {.pop = pop, .len = 128, .samples = samples, .warm = warm};
	double pps = run(name, &r, pop, 1, NULL).work;
	r.bare = true;
	snprintf(title, sizeof(title), "relay 128 B, %s peers, all of the way", size);
	figure(name, title, pps, "1/s", run(name, &r, pop, 1, NULL).work);
	population_free(pop);
}

static void measure_all(bool tiny, bool many)
{
	relay_among(1000, 10000, "relay_128_1k", "1 k");
	if (!tiny)
		relay_among(100000, 1000000, "relay_128_100k", "100 k");
	struct population *pop = populate(tiny ? 1000 : 1000000, tiny ? 10000 : 1000000);
	relay("relay_128_1m", "relay 128 B, 1 M peers, all of the way", pop, 128);
	relay("relay_1400_1m", "relay 1400 B, 1 M peers, all of the way", pop, 1400);
	if (workers > 1) {
		second(pop);
		beside_admission(pop);
	}
	population_free(pop);
	if (tiny)
		return;
	if (!many) {
		relay_among(10000000, 4000000, "relay_128_10m", "10 M");
		return;
	}
	pop = populate(10000000, 4000000);
	relay("relay_128_10m", "relay 128 B, 10 M peers, all of the way", pop, 128);
	population_free(pop);
	if (population_fits(15000000))
		relay_among(15000000, 4000000, "relay_128_15m", "15 M");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"quick", 0, 0, 'q'}, {"tiny", 0, 0, 't'}, {0}};
	bool tiny = false, many = true;
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?') {
			fprintf(stderr, "usage: bench_pipe [--quick | --tiny]\n");
			return 2;
		}
		tiny = c == 't';
		many = false;
		samples = tiny ? 20 : 1500;
		warm = tiny ? 20000 : warm;
	}
	need(sodium_init() >= 0, "libsodium does not start");
	workers = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
	start_dpdk();
	hz = ticks_rate();
	worker = rte_zmalloc(NULL, workers * sizeof(*worker), RTE_CACHE_LINE_SIZE);
	need(worker && quiet_init(&quiet, workers) == 0, "out of memory");
	measure_all(tiny, many);
	quiet_free(&quiet);
	ports_free(ports);
	eal_stop();
	return 0;
}
