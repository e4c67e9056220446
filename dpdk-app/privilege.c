// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/privilege.h"

#include "dpdk-app/log.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LOCKED_MIB = 32 }; // of one port with one queue

static const struct {
	const char *prefix; // of the port
	unsigned capability;
	const char *name;
} needs[] = {
	{"af_packet:", CAP_NET_RAW, "CAP_NET_RAW"},
	// DPDK sets flags and MAC of the interface to what they are.
	{"af_packet:", CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	{"af_xdp:", CAP_NET_RAW, "CAP_NET_RAW"},
	{"af_xdp:", CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	// CAP_BPF is enough to load the program, but not to find its maps again.
	{"af_xdp:", CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
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
		if (has(effective, needs[i].capability) || !wanted(ports, needs[i].prefix) ||
		    strstr(names, needs[i].name))
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

uint64_t privilege_locked_bytes(const struct config_strings *ports)
{
	uint64_t shared = 0;
	for (unsigned i = 0; i < ports->count; i++)
		shared += strncmp(ports->v[i], "af_", 3) == 0;
	return shared * LOCKED_MIB << 20;
}

// Rings shared with the kernel are locked memory; without the capability that costs nothing, the
// usual limit of 8 MiB makes the port fail with no word about why.
static int check_locked_memory(const struct config_strings *ports)
{
	struct rlimit limit;
	uint64_t wanted = privilege_locked_bytes(ports);
	if (!wanted || getrlimit(RLIMIT_MEMLOCK, &limit))
		return 0;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= wanted)
		return 0;
	log_error("the ports need %llu MiB of locked memory, and this process may lock %llu: run "
		  "rootline as root, or put LimitMEMLOCK=infinity into its systemd unit",
		  (unsigned long long)wanted >> 20, (unsigned long long)limit.rlim_max >> 20);
	return -EPERM;
}

int privilege_check(const struct config_strings *ports)
{
	char names[128];
	uint64_t effective = effective_capabilities();
	if (!privilege_missing(ports, effective, names, sizeof(names)))
		return has(effective, CAP_IPC_LOCK) ? 0 : check_locked_memory(ports);
	log_error(
		"the ports need capabilities that this process lacks: %s. Run rootline as root, or "
		"give them to it: AmbientCapabilities=%s in its systemd unit",
		names, names);
	return -EPERM;
}
