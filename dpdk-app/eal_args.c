// SPDX-License-Identifier: BSD-3-Clause
// The argument list for DPDK; needs nothing of DPDK itself.
#include "dpdk-app/eal.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void eal_options_default(struct eal_options *o, const struct config *c)
{
	memset(o, 0, sizeof(*o));
	o->program = "rootline";
	o->hugepages = c->hugepages;
	o->memory_mb = c->memory_mb;
	o->workers = c->workers;
	for (unsigned i = 0; i < EAL_WORKERS_MAX; i++)
		o->core[i] = i < c->worker_cores.count ? (int)c->worker_cores.v[i] : -1;
	o->debug = c->log_level == CONFIG_LOG_DEBUG;
}

static unsigned long read_number(const char *dir, const char *name)
{
	char path[512];
	unsigned long v = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%lu", &v) != 1)
		v = 0;
	fclose(f);
	return v;
}

unsigned eal_hugepages_mb(void)
{
	DIR *d = opendir("/sys/kernel/mm/hugepages");
	unsigned long total = 0;
	struct dirent *e;

	if (!d)
		return 0;
	while ((e = readdir(d))) {
		unsigned long kb;

		if (sscanf(e->d_name, "hugepages-%lukB", &kb) == 1)
			total += kb * read_number(e->d_name, "free_hugepages");
	}
	closedir(d);
	return (unsigned)(total / 1024);
}

__attribute__((format(printf, 2, 3))) static void add(struct eal_args *a, const char *format, ...)
{
	va_list args;
	int n;

	if (a->argc < 0)
		return;
	if (a->argc >= EAL_ARGS_MAX) {
		a->argc = -E2BIG;
		return;
	}
	va_start(args, format);
	n = vsnprintf(a->text[a->argc], EAL_ARG_MAX, format, args);
	va_end(args);
	if (n >= EAL_ARG_MAX) {
		a->argc = -E2BIG;
		return;
	}
	a->argv[a->argc] = a->text[a->argc];
	a->argv[++a->argc] = NULL;
}

// "(0-3,8)": the CPUs that this thread may run on, in DPDK's words.
static void put_cpus(char *buf, size_t size, const cpu_set_t *set)
{
	size_t n = 0;

	buf[n++] = '(';
	for (int i = 0; i < CPU_SETSIZE; i++) {
		int last = i;

		if (!CPU_ISSET(i, set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		if (n + 16 > size)
			break;
		n += (size_t)snprintf(buf + n, size - n, last > i ? "%s%d-%d" : "%s%d",
				      n > 1 ? "," : "", i, last);
		i = last;
	}
	snprintf(buf + n, size - n, ")");
}

static void add_lcores(struct eal_args *a, const struct eal_options *o, const int *core,
		       const cpu_set_t *allowed)
{
	char text[EAL_ARG_MAX], cpus[EAL_ARG_MAX / 2];
	size_t n;

	put_cpus(cpus, sizeof(cpus), allowed);
	n = (size_t)snprintf(text, sizeof(text), "0@%s", cpus);
	for (unsigned i = 0; i < o->workers && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",%u@%d", i + 1, core[i]);
	if (n >= sizeof(text))
		a->argc = -E2BIG;
	add(a, "--lcores=%s", text);
	add(a, "--main-lcore=0");
}

int eal_args_make(struct eal_args *a, const struct eal_options *o, bool hugepages, const int *core,
		  const cpu_set_t *allowed)
{
	a->argc = 0;
	add(a, "%s", o->program);
	add_lcores(a, o, core, allowed);
	// Without a file left behind: --in-memory has that built in.
	add(a, hugepages ? "--in-memory" : "--no-huge");
	if (!hugepages)
		add(a, "--no-shconf");
	add(a, "-m");
	add(a, "%u", o->memory_mb);
	// Several processes may share the name, since none of them has files there.
	add(a, "--file-prefix=%s", o->file_prefix ? o->file_prefix : "rootline");
	if (!o->telemetry)
		add(a, "--no-telemetry");
	add(a, o->debug ? "--log-level=*:debug" : "--log-level=*:notice");
	if (o->pci_count == 0)
		add(a, "--no-pci");
	for (unsigned i = 0; i < o->pci_count; i++)
		add(a, "--allow=%s", o->pci[i]);
	for (unsigned i = 0; i < o->vdev_count; i++)
		add(a, "--vdev=%s", o->vdev[i]);
	return a->argc < 0 ? a->argc : 0;
}

static int choose(const struct eal_options *o, const cpu_set_t *allowed, int core[EAL_WORKERS_MAX],
		  char why[static PORT_WHY_MAX])
{
	int cpus[CPU_SETSIZE];
	unsigned n = 0, next = 1;

	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, allowed))
			cpus[n++] = i;
	for (unsigned i = 0; i < o->workers; i++) {
		core[i] = o->core[i] >= 0 ? o->core[i] : cpus[next++ % n];
		if (core[i] < CPU_SETSIZE && CPU_ISSET(core[i], allowed))
			continue;
		snprintf(why, PORT_WHY_MAX,
			 "worker core %d: there is no such CPU, or this process may not use it "
			 "(`nproc`, `taskset -p %d`)",
			 core[i], (int)getpid());
		return -EINVAL;
	}
	return 0;
}

int eal_plan(const struct eal_options *o, const cpu_set_t *allowed, unsigned hugepages_mb,
	     struct eal_result *r, char why[static PORT_WHY_MAX])
{
	if (o->workers < 1 || o->workers > EAL_WORKERS_MAX) {
		snprintf(why, PORT_WHY_MAX, "workers: 1 to %d of them", EAL_WORKERS_MAX);
		return -EINVAL;
	}
	r->hugepages = o->hugepages == CONFIG_HUGEPAGES_YES ||
		       (o->hugepages == CONFIG_HUGEPAGES_AUTO && hugepages_mb >= o->memory_mb);
	if (r->hugepages && hugepages_mb < o->memory_mb) {
		snprintf(why, PORT_WHY_MAX,
			 "%u MiB of huge pages are free, %u MiB are wanted: reserve them with "
			 "`sysctl "
			 "vm.nr_hugepages=%u`, or set hugepages to \"no\"",
			 hugepages_mb, o->memory_mb, (o->memory_mb + 1) / 2);
		return -ENOMEM;
	}
	return choose(o, allowed, r->core, why);
}
