// SPDX-License-Identifier: BSD-3-Clause
// Where this root can be reached: every address of every port with every UDP port, as the frame
// filters have them. Link-local addresses are left out: nobody puts them into a planet.
#pragma once

#include "dpdk-app/port.h"

enum { ENDPOINTS_MAX = 512 };

struct endpoints {
	unsigned count;
	struct rl_inet v[ENDPOINTS_MAX];
};

// Adds what a filter takes; each endpoint is listed once.
void endpoints_add(struct endpoints *e, const struct frame_filter *f);
void endpoints_of(struct endpoints *e, const struct ports *ps);

// The IP addresses among them, separated by spaces; "no address yet" if there is none. Returns
// text.
const char *endpoints_text(const struct endpoints *e, char *text, size_t size);
