// SPDX-License-Identifier: BSD-3-Clause
// The ends of a veth pair, for run.sh: each is one run of bench_veth.
#pragma once

#include "bench/micro/population.h"

#include <time.h>

enum {
	PACKET = 100,
	BATCH = 64,
	SINK = 9994,          // UDP port of the far end that packets are relayed to
	ROOT_IP = 0x0a630001, // 10.99.0.1
	GUN_IP = 0x0a630002,
};

// Ends the program with a sentence unless `good`.
void need(bool good, const char *what);
double seconds(clockid_t clock);
// Two peers that know each other; the second one is at the sink.
struct population *two_peers(uint16_t via, uint64_t now_ms);
int udp_socket(uint32_t ip, uint16_t port);

// What a packet cost, by stretches of so many turns that brought some; the median leaves out those
// in which others took the CPU away.
enum { TURNS = 4, WINDOWS_MAX = 1 << 18 };
struct windows {
	double v[WINDOWS_MAX];
	double sum;
	unsigned count, all;
};
void windows_add(struct windows *w, double cost);
double windows_median(struct windows *w); // sorts
double windows_mean(const struct windows *w);

// Says on stderr that packets may come.
void relay_ready(void);
// packets: any count of them so far. To be asked every RELAY_LOOK_US; false: the sender has ended,
// or it is `end`.
enum { RELAY_LOOK_US = 100000, RELAY_IDLE = 3 };
bool relay_goes_on(unsigned long packets, double end);

// The relays. They print packets sent and nanoseconds of CPU a packet, root_end() also those of
// its parts: receiving, core, sending. They end when nothing has come for a while, or after run_s
// if nothing comes at all.
int loop_plain(double run_s);
int loop_batch(double run_s);
// argv: PORT XDP_FILTER NEXT_MAC SECONDS; bare: packets are turned round, and nothing else.
int root_end(char **argv, bool bare);
int gun_end(double run_s);
// Prints nanoseconds.
int cores_apart(void);
