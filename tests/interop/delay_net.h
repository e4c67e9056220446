// SPDX-License-Identifier: BSD-3-Clause
// A switch whose ports are places in the world, without its sockets: which way a frame takes, how
// long it is on it, whether it is lost, and whose turn it is. Time is an argument, in
// microseconds. One thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DELAY_PORTS_MAX = 32,
	DELAY_NAME_MAX = 32,
	DELAY_MACS_MAX = 512,
	DELAY_FRAME_MAX = 2048,
	DELAY_QUEUE_MAX = 65536, // frames under way; what comes then is dropped and counted
	DELAY_MS_MAX = 10000,
	DELAY_WHY_MAX = 160,
	DELAY_LOST_ALL = 1000000,
};

struct delay_way {
	uint32_t us;   // one way
	uint32_t loss; // in millionths
};

struct delay_frame {
	uint64_t due_us;
	uint64_t order; // frames due at the same moment stay in order
	uint16_t port, len;
	uint8_t data[];
};

struct delay_net {
	unsigned ports;
	char name[DELAY_PORTS_MAX][DELAY_NAME_MAX];
	struct delay_way way[DELAY_PORTS_MAX][DELAY_PORTS_MAX]; // from, to
	struct {
		uint8_t mac[6];
		uint8_t port;
		bool used;
	} mac[DELAY_MACS_MAX];
	unsigned mac_next; // replaced next, when all are in use
	struct delay_frame *heap[DELAY_QUEUE_MAX];
	unsigned frames;
	uint64_t order, dice;
	uint64_t passed, lost, full, odd; // counters; odd: no frame for a switch
};

// n: zeroed. seed: of the losses, so that a run can be repeated.
void delay_net_init(struct delay_net *n, uint64_t seed);
// Frees the frames under way.
void delay_net_free(struct delay_net *n);
// The number of a new port or -EINVAL: the name is empty, too long, "*" or taken, or there are too
// many.
int delay_net_port(struct delay_net *n, const char *name);

// One line of rules: FROM TO MILLISECONDS [LOSS%], one way, both directions alike; "*" is any port.
// Later lines win. Empty ones and what follows a # mean nothing. False: why says what is wrong.
bool delay_net_rule(struct delay_net *n, const char *line, char why[static DELAY_WHY_MAX]);

// A frame has come in by a port at now_us: copies of it are put on their way.
void delay_net_take(struct delay_net *n, unsigned port, const uint8_t *data, size_t len,
		    uint64_t now_us);
// The next frame that has arrived by now_us, for its port; the caller frees it. NULL: none.
struct delay_frame *delay_net_next(struct delay_net *n, uint64_t now_us);
// When that will be; UINT64_MAX: nothing is under way.
uint64_t delay_net_due(const struct delay_net *n);
