// SPDX-License-Identifier: BSD-3-Clause
// Starts DPDK's environment with arguments made from our options. The calling thread becomes the
// main lcore (number 0, free to run on every CPU of the process); worker k is lcore k + 1, pinned:
// rte_eal_remote_launch(f, arg, k + 1).
#pragma once

#include "config/config.h"
#include "dpdk-app/port_spec.h"

#include <sched.h>

enum { EAL_WORKERS_MAX = 64, EAL_DEVICES_MAX = 16 };

struct eal_options {
	const char *program;
	enum config_hugepages hugepages;
	unsigned memory_mb; // heap without hugepages; with them taken at start, more on demand
	unsigned workers;
	// CPU of each worker; -1: chosen here, the main thread's first CPU last. Several workers
	// may share one.
	int core[EAL_WORKERS_MAX];
	const char *vdev[EAL_DEVICES_MAX]; // arguments of --vdev
	unsigned vdev_count;
	const char *pci[EAL_DEVICES_MAX]; // the only PCI devices touched
	unsigned pci_count;
	const char *file_prefix; // NULL: "rootline"
	bool telemetry;
	bool debug; // DPDK says all it knows
};

// What it came to.
struct eal_result {
	bool hugepages;
	int core[EAL_WORKERS_MAX];
};

void eal_options_default(struct eal_options *o, const struct config *c);

// MiB of free huge pages of all sizes.
unsigned eal_hugepages_mb(void);

// Once in the life of the process. 0 or -errno with a sentence in `why`. A device that does not
// come up is not noticed here but by ports_start().
int eal_start(const struct eal_options *o, struct eal_result *r, char why[static PORT_WHY_MAX]);
void eal_stop(void);

// The parts of eal_start() that need no DPDK, for tests. allowed: CPUs of this process.
int eal_plan(const struct eal_options *o, const cpu_set_t *allowed, unsigned hugepages_mb,
	     struct eal_result *r, char why[static PORT_WHY_MAX]);
enum { EAL_ARGS_MAX = 96, EAL_ARG_MAX = 1100 };
struct eal_args {
	int argc;
	char *argv[EAL_ARGS_MAX + 1];
	char text[EAL_ARGS_MAX][EAL_ARG_MAX];
};
// 0 or -E2BIG.
int eal_args_make(struct eal_args *a, const struct eal_options *o, bool hugepages, const int *core,
		  const cpu_set_t *allowed);
