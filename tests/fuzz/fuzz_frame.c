// SPDX-License-Identifier: BSD-3-Clause
// Frames from anywhere. What is taken must lie within the frame, and must come back out of
// frame_out and frame_in the same, by the long and by the short way to its checksum.
#include "dpdk-app/frame_out.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KNOBS = 2, LEN_MAX = 2048 };

static void add(struct frame_filter *f, uint8_t family, const char *ip, size_t n)
{
	struct rl_inet a = {.family = family};

	memcpy(a.ip, ip, n);
	frame_filter_add(f, &a);
}

// The addresses, ports and tags of the corpus, so that the fuzzer gets deep.
static struct frame_filter make_filter(uint8_t knobs)
{
	struct frame_filter f = {.mac = {2, 0, 0, 0, 0, 1},
				 .any_mac = knobs & 1,
				 .any_address = knobs & 2,
				 .port_count = 2,
				 .vlan_count = 2,
				 .ports = {9993, 9443},
				 .vlans = {0, 10}};

	add(&f, 4, "\xc0\x00\x02\x01", 4);
	add(&f, 6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	return f;
}

// Sends it on as it is, but for one byte, and takes it in at the other end.
static void relay(const struct frame *f, const struct rl_inet *from, const uint8_t *payload,
		  uint8_t change, bool sound)
{
	uint8_t room[FRAME_HEADER_MAX + LEN_MAX];
	uint8_t *p = room + FRAME_HEADER_MAX;
	struct frame_filter other = {.port_count = 1, .vlan_count = 1};
	struct frame_header h;
	struct rl_inet from2;
	struct frame f2;
	unsigned n;

	memcpy(p, payload, f->len);
	if (f->len)
		p[change % FRAME_HEAD % f->len] ^= change;
	frame_header_make(&h, &f->way);
	n = frame_out(p, f->len, &h, from, sound ? frame_relay_sum(f, p) : frame_sum(p, f->len));
	if (n != h.len)
		abort();
	memcpy(other.mac, f->way.next_mac, 6);
	other.ports[0] = from->port;
	other.vlans[0] = f->way.vlan;
	frame_filter_add(&other, from);
	// Our own MAC may be a group's on ports without one; nobody would answer that.
	if (f->way.own_mac[0] & 1 || memcmp(f->way.own_mac, "\0\0\0\0\0\0", 6) == 0)
		return;
	enum rl_drop drop = frame_in(&other, p - n, n + f->len, 0, 0, &f2, &from2);
	// An address of ours that may not be a source: only where any address is taken.
	if (drop == RL_DROP_FRAME_SOURCE)
		return;
	if (drop || !rl_inet_equal(&f2.way.own, from) || !rl_inet_equal(&from2, &f->way.own) ||
	    f2.len != f->len || f2.payload != n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_filter filter;
	struct rl_inet from;
	struct frame f;
	uint8_t *copy;

	if (size < KNOBS || size > LEN_MAX)
		return 0;
	filter = make_filter(data[0]);
	copy = malloc(size - KNOBS + 1);
	memcpy(copy, data + KNOBS, size - KNOBS);
	unsigned good = data[0] >> 2 & 7;
	if (frame_in(&filter, copy, size - KNOBS, good, 1, &f, &from) == RL_DROP_NONE) {
		if (f.payload + f.len > size - KNOBS || !from.port || !from.family)
			abort();
		// A NIC that vouches for a wrong checksum may make the short way wrong too.
		relay(&f, &from, copy + f.payload, data[1], !(good & FRAME_UDP_GOOD));
	}
	free(copy);
	return 0;
}
