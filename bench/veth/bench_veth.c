// SPDX-License-Identifier: BSD-3-Clause
// The ends of a veth pair, for run.sh. One word says which:
//   root PORT XDP_FILTER NEXT_MAC SECONDS   the appliance's receive path, core and send path
//   loop SECONDS                            a loop on kernel sockets that relays the same packets
//   gun SECONDS                             sends packets to be relayed as fast as it can
// root and loop print: packets relayed, nanoseconds of CPU for each.
#include "bench/micro/figures.h"
#include "bench/micro/population.h"
#include "bench/micro/ticks.h"
#include "dpdk-app/clock.h"
#include "dpdk-app/handle.h"

#include <rte_cycles.h>
#include <rte_launch.h>

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKET = 100, BATCH = 64, WINDOW = 4, WINDOWS_MAX = 1 << 18, SINK = 9994 };
static const uint32_t root_ip = 0x0a630001, gun_ip = 0x0a630002; // 10.99.0.1, .2

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_veth: %s\n", what);
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Two peers; the second one is at the sink.
static struct population *two_peers(uint16_t via, uint64_t now_ms)
{
	struct population_options o = {.peers = 2, .via = via, .now_ms = now_ms};
	struct population *p = population_new(&o);
	need(p, "out of memory");
	struct rl_peer_table *t = &p->root->peers;
	struct rl_peer *b =
		rl_peer_table_find(t, p->address[1], rl_peer_table_hash(t, p->address[1]));
	struct rl_path at = {rl_inet4(gun_ip, SINK), via};
	rl_peer_path_learn(b, rl_peer_cold(t, b), &at, rl_tick_of(now_ms + 600000));
	p->root->opt.relay_pps = 0; // all comes from one address
	return p;
}

struct side {
	struct port_rx *rx;
	struct handle handle;
	struct clock clock;
	double windows[WINDOWS_MAX]; // ticks a packet of so many turns that brought something
	double bursts[WINDOWS_MAX];
	unsigned count;
	atomic_bool stop;
};

static int work(void *arg)
{
	struct side *s = arg;
	static struct port_packet pk[RL_BURST_MAX];
	static struct rl_packet *p[RL_BURST_MAX];
	uint64_t took = 0, packets = 0;
	unsigned seen, turns = 0;
	for (unsigned i = 0; i < RL_BURST_MAX; i++)
		p[i] = &pk[i].p;
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		uint64_t t = ticks(), now_ms = clock_now(&s->clock);
		unsigned n = port_rx(s->rx, pk, RL_BURST_MAX, &seen);
		if (n == 0)
			continue;
		rl_receive_burst(s->handle.core, now_ms, p, n);
		for (unsigned i = 0; i < n; i++)
			handle_packet(&s->handle, &pk[i]);
		handle_out(&s->handle);
		port_tx_flush(s->handle.tx);
		took += ticks() - t;
		packets += n;
		if (++turns < WINDOW)
			continue;
		if (s->count < WINDOWS_MAX) {
			s->bursts[s->count] = (double)packets / WINDOW;
			s->windows[s->count++] = (double)took / (double)packets;
		}
		took = packets = turns = 0;
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

static int root_end(char **argv)
{
	static struct side s;
	static const uint8_t seed[32] = {1};
	struct frame_way way = {.own = rl_inet4(root_ip, ZT_PORT)};
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
	need(rte_eal_remote_launch(work, &s, 1) == 0, "the worker does not start");
	double hz = ticks_rate(), end = seconds(CLOCK_MONOTONIC) + atof(argv[3]);
	while (seconds(CLOCK_MONOTONIC) < end) {
		usleep(100000);
		clock_sync(&s.clock);
	}
	atomic_store(&s.stop, true);
	rte_eal_mp_wait_lcore();
	const struct rl_stats *stats = rl_worker_stats(s.handle.core);
	unsigned long sent = port_tx_stats(s.handle.tx)->packets;
	fprintf(stderr, "bench_veth: %lu relayed, %lu sent, %.1f a burst\n", stats->relay_packets,
		sent, figure_median(s.bursts, s.count));
	need(s.count > 0 && sent > 0, "no packets");
	printf("%lu %.1f\n", sent, figure_median(s.windows, s.count) / hz * 1e9);
	ports_free(ports);
	eal_stop();
	return 0;
}

static int udp_socket(uint32_t ip, uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	need(fd >= 0 && bind(fd, (void *)&at, sizeof(at)) == 0, "no socket");
	return fd;
}

// One system call to receive and one to send, as roots on sockets do; nothing is looked up.
static int loop_end(double run_s)
{
	struct sockaddr_in from, to = {.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(gun_ip),
				       .sin_port = htons(SINK)};
	struct timeval wait = {.tv_usec = 100000};
	uint8_t data[2048];
	unsigned long packets = 0;
	int fd = udp_socket(root_ip, ZT_PORT);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	double end = seconds(CLOCK_MONOTONIC) + run_s, cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i % 64 || seconds(CLOCK_MONOTONIC) < end; i++) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (void *)&from, &len);
		if (n < ZT_HDR_LEN)
			continue;
		data[ZT_AT_FLAGS]++;
		packets += sendto(fd, data, (size_t)n, 0, (void *)&to, sizeof(to)) == n;
	}
	cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
	need(packets > 0, "no packets");
	printf("%lu %.1f\n", packets, cpu / (double)packets * 1e9);
	return 0;
}

static int gun_end(double run_s)
{
	static uint8_t data[BATCH][PACKET];
	int size = PACKET;
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(root_ip),
				 .sin_port = htons(ZT_PORT)};
	struct population *p = two_peers(0, 1700000000000);
	udp_socket(gun_ip, SINK); // full soon; nobody is told that it is closed
	int fd = udp_socket(gun_ip, ZT_PORT);
	for (unsigned i = 0; i < BATCH; i++) {
		rl_store40(data[i] + ZT_AT_TO, p->address[1]);
		rl_store40(data[i] + ZT_AT_FROM, p->address[0]);
		data[i][ZT_AT_FLAGS] = ZT_SUITE_AES_GMAC_SIV << ZT_SUITE_SHIFT;
	}
	// One system call, many datagrams: a sender of one at a time is slower than what it tests.
	need(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) == 0 &&
		     connect(fd, (void *)&to, sizeof(to)) == 0,
	     "this kernel cannot send in bulk");
	need(send(fd, data, sizeof(data), 0) == (ssize_t)sizeof(data), "nothing can be sent");
	double end = seconds(CLOCK_MONOTONIC) + run_s;
	while (seconds(CLOCK_MONOTONIC) < end)
		if (send(fd, data, sizeof(data), 0) < 0)
			usleep(100);
	return 0;
}

int main(int argc, char **argv)
{
	need(sodium_init() >= 0, "libsodium does not start");
	if (argc == 6 && strcmp(argv[1], "root") == 0)
		return root_end(argv + 2);
	if (argc == 3 && strcmp(argv[1], "loop") == 0)
		return loop_end(atof(argv[2]));
	if (argc == 3 && strcmp(argv[1], "gun") == 0)
		return gun_end(atof(argv[2]));
	fprintf(stderr, "bench_veth is for bench/veth/run.sh\n");
	return 2;
}
