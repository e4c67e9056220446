// SPDX-License-Identifier: BSD-3-Clause
#include "bench/gun/session.h"

#include "dpdk-app/netif.h"
#include "root/tools/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

// Default routes of both families: one may leave by another interface.
static bool carries_default(const char *interface)
{
	char name[NETIF_NAME_MAX] = "", *text;
	size_t len;
	bool six;

	if (netif_default(name) == 0 && strcmp(name, interface) == 0)
		return true;
	if (file_read_text("/proc/net/ipv6_route", &text, &len) < 0)
		return false;
	six = netif_default_route6(text, name) == 0 && strcmp(name, interface) == 0;
	free(text);
	return six;
}

int guard_interface(const char *interface, const struct rl_inet *target, bool own_mac,
		    struct say_why *why)
{
	if (carries_default(interface))
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
