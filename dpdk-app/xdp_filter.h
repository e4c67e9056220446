// SPDX-License-Identifier: BSD-3-Clause
// Our XDP program (xdp_filter.bpf.c) on an interface: where its file is, who has one attached, and
// which addresses it takes for us. DPDK's AF_XDP driver attaches it. Control thread only.
#pragma once

#include "dpdk-app/frame_in.h"
#include "dpdk-app/port_spec.h"

enum xdp_map { XDP_PORTS, XDP_VLANS, XDP_IP4, XDP_IP6, XDP_MAPS };

struct xdp_filter {
	char iface[PORT_IFACE_MAX];
	unsigned ifindex;
	int lock;    // socket that says "a running rootline is on this interface"
	int program; // the attached one; -1: not open, like maps
	int map[XDP_MAPS];
};

// Path of the program: `override` if not empty, else beside the running program, else where it is
// installed. 0 or -errno with a sentence in `why`, also if the build was without XDP.
int xdp_filter_find(const char *override, char path[static PORT_PATH_MAX],
		    char why[static PORT_WHY_MAX]);

// Before the device starts: locks the interface, detaches our own program of a killed run. -EBUSY:
// somebody else's program, or another running rootline. One that failed needs no close.
int xdp_filter_open(struct xdp_filter *x, const char *iface, char why[static PORT_WHY_MAX]);

// After the device started: finds the maps of the attached program. Until they are filled, all
// frames pass to the kernel.
int xdp_filter_maps(struct xdp_filter *x, char why[static PORT_WHY_MAX]);

// Makes the maps hold what `f` says; new entries come in before old ones go.
int xdp_filter_fill(struct xdp_filter *x, const struct frame_filter *f,
		    char why[static PORT_WHY_MAX]);

// Puts our program back if somebody has taken it off. 0: it is there, 1: it is there again, -errno
// with a sentence in `why`.
int xdp_filter_keep(struct xdp_filter *x, char why[static PORT_WHY_MAX]);

// Detaches our program if it is still there, and unlocks.
void xdp_filter_close(struct xdp_filter *x);
