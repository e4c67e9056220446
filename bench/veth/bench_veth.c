// SPDX-License-Identifier: BSD-3-Clause
// The ends of a veth pair, for run.sh. One word says which:
//   root PORT XDP_FILTER NEXT_MAC SECONDS   the appliance's receive path, core and send path
//   bare PORT XDP_FILTER NEXT_MAC SECONDS   the same port, and nothing of ours
//   plain SECONDS, loop SECONDS             loops on kernel sockets that relay the same packets
//   gun SECONDS                             sends packets to be relayed as fast as it can
//   cores                                   a cache line's way from CPU to CPU
#include "bench/micro/figures.h"
#include "bench/veth/ends.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_veth: %s\n", what);
	exit(1);
}

double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void windows_add(struct windows *w, double cost)
{
	w->sum += cost;
	w->all++;
	if (w->count < WINDOWS_MAX)
		w->v[w->count++] = cost;
}

double windows_median(struct windows *w)
{
	return w->count ? figure_median(w->v, w->count) : 0;
}

double windows_mean(const struct windows *w)
{
	return w->all ? w->sum / (double)w->all : 0;
}

void relay_ready(void)
{
	fprintf(stderr, "bench_veth: ready\n");
}

bool relay_goes_on(unsigned long packets, double end)
{
	static unsigned long last;
	static unsigned idle;
	idle = packets && packets == last ? idle + 1 : 0;
	last = packets;
	return idle < RELAY_IDLE && seconds(CLOCK_MONOTONIC) < end;
}

struct population *two_peers(uint16_t via, uint64_t now_ms)
{
	struct population_options o = {.peers = 2, .via = via, .now_ms = now_ms};
	struct population *p = population_new(&o);
	need(p, "out of memory");
	struct rl_peer_table *t = &p->root->peers;
	struct rl_peer *b =
		rl_peer_table_find(t, p->address[1], rl_peer_table_hash(t, p->address[1]));
	struct rl_path at = {rl_inet4(GUN_IP, SINK), via};
	rl_peer_path_learn(b, rl_peer_cold(t, b), &at, rl_tick_of(now_ms + 600000));
	p->root->opt.relay_pps = 0; // all comes from one address
	return p;
}

int udp_socket(uint32_t ip, uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	need(fd >= 0 && bind(fd, (void *)&at, sizeof(at)) == 0, "no socket");
	return fd;
}

int main(int argc, char **argv)
{
	const char *end = argc > 1 ? argv[1] : "";
	need(sodium_init() >= 0, "libsodium does not start");
	if (argc == 6 && (strcmp(end, "root") == 0 || strcmp(end, "bare") == 0))
		return root_end(argv + 2, *end == 'b');
	if (argc == 3 && strcmp(end, "plain") == 0)
		return loop_plain(atof(argv[2]));
	if (argc == 3 && strcmp(end, "loop") == 0)
		return loop_batch(atof(argv[2]));
	if (argc == 3 && strcmp(end, "gun") == 0)
		return gun_end(atof(argv[2]));
	if (argc == 2 && strcmp(end, "cores") == 0)
		return cores_apart();
	fprintf(stderr, "bench_veth is for bench/veth/run.sh\n");
	return 2;
}
