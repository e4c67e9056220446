// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/privilege.h"

#include "dpdk-app/log.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *prefix; // of the port
	unsigned capability;
	unsigned instead; // one that includes it
	const char *name;
} needs[] = {
	{"af_packet:", CAP_NET_RAW, CAP_NET_RAW, "CAP_NET_RAW"},
	{"af_xdp:", CAP_NET_RAW, CAP_NET_RAW, "CAP_NET_RAW"},
	{"af_xdp:", CAP_NET_ADMIN, CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	{"af_xdp:", CAP_BPF, CAP_SYS_ADMIN, "CAP_BPF"},
};

static bool has(uint64_t effective, unsigned capability)
{
	return effective >> capability & 1;
}

static bool wanted(const struct config_strings *ports, const char *prefix)
{
	for (unsigned i = 0; i < ports->count; i++)
		if (strncmp(ports->v[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

unsigned privilege_missing(const struct config_strings *ports, uint64_t effective, char *names,
			   size_t size)
{
	unsigned count = 0;
	*names = 0;
	for (unsigned i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		if (has(effective, needs[i].capability) || has(effective, needs[i].instead) ||
		    !wanted(ports, needs[i].prefix) || strstr(names, needs[i].name))
			continue;
		size_t n = strlen(names);
		snprintf(names + n, size - n, "%s%s", n ? " " : "", needs[i].name);
		count++;
	}
	return count;
}

// All of them if the system does not say: then the ports will.
static uint64_t effective_capabilities(void)
{
	uint64_t bits = UINT64_MAX;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "CapEff:", 7) == 0)
			bits = strtoull(line + 7, NULL, 16);
	if (f)
		fclose(f);
	return bits;
}

int privilege_check(const struct config_strings *ports)
{
	char names[128];
	if (!privilege_missing(ports, effective_capabilities(), names, sizeof(names)))
		return 0;
	log_error(
		"the ports need capabilities that this process lacks: %s. Run rootline as root, or "
		"give them to it: AmbientCapabilities=%s in its systemd unit",
		names, names);
	return -EPERM;
}
