// SPDX-License-Identifier: BSD-3-Clause
// The threads of a link and of libnats run where rl_link_start was called, and take no signals.
#include "tests/smoke/nats_link.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 64 };

static unsigned list_tasks(int *tasks)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;
	if (!d)
		return 0;
	for (struct dirent *e = readdir(d); e && n < TASKS; e = readdir(d))
		if (*e->d_name != '.')
			tasks[n++] = atoi(e->d_name);
	closedir(d);
	return n;
}

// A number in hex behind a word of /proc/self/task/TASK/status.
static unsigned long long status_of(int task, const char *word)
{
	char path[64], line[256];
	unsigned long long v = 0;
	snprintf(path, sizeof(path), "/proc/self/task/%d/status", task);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)))
			v = strtoull(line + strlen(word), NULL, 16);
	if (f)
		fclose(f);
	return v;
}

void own_threads(void)
{
	// SIGINT 2, SIGHUP 1, SIGTERM 15, SIGUSR1 10
	const unsigned long long signals = 1 << 1 | 1 << 0 | 1 << 14 | 1 << 9;
	int before[TASKS], after[TASKS];
	struct rl_link_nats_config c = plain_config(1);
	struct server server;
	struct member m;
	cpu_set_t all, one;
	int cpu = sched_getcpu();

	note("threads");
	server_start(&server, PORT, "");
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	unsigned old = list_tasks(before), made = 0, elsewhere = 0, open = 0;
	bool started = member_start(&m, &c);
	sched_setaffinity(0, sizeof(all), &all);
	check(started && until(&m, NULL, 5000, m.up), "a link, made by a thread bound to CPU %d",
	      cpu);
	for (unsigned i = 0, n = list_tasks(after); i < n; i++) {
		bool known = false;
		for (unsigned k = 0; k < old; k++)
			known |= before[k] == after[i];
		if (known)
			continue;
		made++;
		elsewhere += status_of(after[i], "Cpus_allowed:") != 1ull << cpu;
		open += (status_of(after[i], "SigBlk:") & signals) != signals;
	}
	check(made >= 4 && !elsewhere && !open,
	      "of %u threads %u may run elsewhere, %u take signals", made, elsewhere, open);
	member_stop(&m);
	server_end(&server);
}
