// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/session.h"

#include "dpdk-app/netif.h"

#include <errno.h>
#include <stdio.h>

// One digit from /proc; 0 if there is none.
static bool forwards(const char *interface, unsigned family)
{
	char path[128];
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv%u/conf/%s/forwarding", family, interface);
	f = fopen(path, "re");
	if (!f)
		return false;
	c = fgetc(f);
	fclose(f);
	return c == '1';
}

int guard_interface(const char *interface, const struct rl_inet *target, bool own_mac,
		    struct say_why *why)
{
	char name[NETIF_NAME_MAX];

	if (netif_default(name) == 0 && strcmp(name, interface) == 0)
		return say_why(why,
			       "%s carries the default route: simulated addresses do not belong "
			       "there. Use another interface, or --yes-this-interface if the "
			       "network behind it is yours and prepared",
			       interface);
	// Answers to simulated addresses would be routed on, most likely out of the default route.
	if (own_mac && forwards(interface, target->family))
		return say_why(why,
			       "this machine forwards what comes to %s: answers to simulated "
			       "addresses would travel on. Give --source-mac (an address of its "
			       "own, as 02:00:00:00:00:01), or --yes-this-interface",
			       interface);
	return 0;
}
