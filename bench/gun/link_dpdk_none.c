// SPDX-License-Identifier: BSD-3-Clause
// In the place of link_dpdk.c where DPDK is not built in.
#include "bench/gun/link.h"

#include <stddef.h>

struct link *link_dpdk(const char *port, bool promiscuous, struct say_why *why)
{
	(void)promiscuous;
	say_why(why, "%s: this rootline-gun was built without DPDK; use --interface", port);
	return NULL;
}

bool link_has_dpdk(void)
{
	return false;
}
