// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// DPDK keeps pointers into its arguments.
static struct eal_args args;
static char runtime_dir[256];

int eal_start(const struct eal_options *o, struct eal_result *r, char why[static PORT_WHY_MAX])
{
	char *argv[EAL_ARGS_MAX + 1];
	cpu_set_t allowed;
	int ret;

	why[0] = 0;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
		snprintf(why, PORT_WHY_MAX, "cannot ask for this process' CPUs: %s",
			 strerror(errno));
		return -errno;
	}
	ret = eal_plan(o, &allowed, eal_hugepages_mb(), r, why);
	if (ret)
		return ret;
	ret = eal_args_make(&args, o, r->hugepages, r->core, &allowed);
	if (ret) {
		snprintf(why, PORT_WHY_MAX, "too many workers or ports for DPDK's arguments");
		return ret;
	}
	// getopt in DPDK reorders what it gets.
	memcpy(argv, args.argv, sizeof(argv));
	if (rte_eal_init(args.argc, argv) < 0) {
		ret = rte_errno ? -rte_errno : -EIO;
		snprintf(why, PORT_WHY_MAX,
			 "DPDK does not start: %s (it says more above; root rights and %u MiB of "
			 "memory are needed)",
			 strerror(-ret), o->memory_mb);
		return ret;
	}
	snprintf(runtime_dir, sizeof(runtime_dir), "%s", rte_eal_get_runtime_dir());
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
	// DPDK leaves its directory behind; it is empty, unless telemetry of another process is in
	// it.
	if (*runtime_dir)
		rmdir(runtime_dir);
}
