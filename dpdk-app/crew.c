// SPDX-License-Identifier: BSD-3-Clause
// Workers and admission threads: made, started, stopped.
#include "dpdk-app/app.h"
#include "dpdk-app/log.h"

#include <errno.h>
#include <rte_launch.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct worker *make_worker(struct app *a, unsigned index)
{
	uint8_t seed[32];
	void *mem = aligned_alloc(64, (sizeof(struct worker) + 63) / 64 * 64);
	struct worker *w = mem;
	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	randombytes_buf(seed, sizeof(seed));
	w->index = index;
	w->count = a->config.workers;
	w->idle_us = a->config.idle_us;
	w->clock = &a->clock;
	w->quiet = &a->quiet;
	w->handle.core = rl_worker_new(a->root, seed);
	w->handle.tx = port_tx_new(a->ports, index);
	w->rx = port_rx_new(a->ports, index);
	doorbell_find(&w->bell);
	return w;
}

// Workers, admission threads, the backplane's and the siblings'.
static unsigned crew_threads(const struct app *a)
{
	return a->config.workers + a->config.admission_threads + a->config.cluster.given +
	       (a->config.siblings.count != 0);
}

int crew_prepare(struct app *a)
{
	unsigned idle = 0;
	int ret = quiet_init(&a->quiet, crew_threads(a));
	for (unsigned i = 0; !ret && i < a->config.workers; i++) {
		struct worker *w = a->worker[i] = make_worker(a, i);
		if (!w || !w->handle.core || !w->handle.tx || !w->rx)
			ret = -ENOMEM;
		else
			idle += port_rx_queue_count(w->rx) == 0;
	}
	if (ret)
		log_error("no memory for %u workers: lower --budget-cells or "
			  "--reassembly-slots",
			  (unsigned)a->config.workers);
	else if (idle)
		log_warning(
			"%u of %u workers have nothing to receive: the ports offer fewer receive "
			"queues; lower --workers, or give the NIC more queues (ethtool -L)",
			idle, (unsigned)a->config.workers);
	return ret;
}

// Every CPU of the process that is no worker's; all of them if none is left.
static cpu_set_t spare_cpus(const struct app *a)
{
	cpu_set_t all, spare;
	CPU_ZERO(&all);
	sched_getaffinity(0, sizeof(all), &all);
	spare = all;
	for (unsigned i = 0; i < a->config.workers; i++)
		if (a->eal.core[i] >= 0)
			CPU_CLR(a->eal.core[i], &spare);
	return CPU_COUNT(&spare) ? spare : all;
}

static int launch_backplane(struct app *a)
{
	struct backplane_options o = {
		.config = &a->config,
		.root = a->root,
		.ports = a->ports,
		.clock = &a->clock,
		.quiet = &a->quiet,
		.geoip = a->geoip,
		.id = a->config.workers + a->config.admission_threads,
		.cpus = spare_cpus(a),
	};
	return a->config.cluster.given ? backplane_start(&a->backplane, &o) : 0;
}

static int launch_siblings(struct app *a)
{
	struct siblings_options o = {
		.config = &a->config,
		.root = a->root,
		.ports = a->ports,
		.clock = &a->clock,
		.quiet = &a->quiet,
		.id = crew_threads(a) - 1,
		.cpus = spare_cpus(a),
	};
	return a->config.siblings.count ? siblings_start(&a->siblings, &o) : 0;
}

int crew_launch(struct app *a)
{
	struct admission_options o = {
		.threads = a->config.admission_threads,
		.workers = a->config.workers,
		.cpus = spare_cpus(a),
		.root = a->root,
		.ports = a->ports,
		.clock = &a->clock,
		.quiet = &a->quiet,
	};
	int ret = admission_start(&a->admission, &o);
	if (ret) {
		log_error("admission threads: %s", strerror(-ret));
		return ret;
	}
	// Control shall not take time from a worker either, nor shall the threads that libraries
	// start.
	sched_setaffinity(0, sizeof(o.cpus), &o.cpus);
	ret = launch_backplane(a);
	if (!ret)
		ret = launch_siblings(a);
	if (ret)
		return ret;
	admission_use(a->admission, a->backplane);
	for (unsigned i = 0; i < a->config.workers; i++) {
		a->worker[i]->handle.admission = a->admission;
		a->worker[i]->handle.backplane = a->backplane;
		a->worker[i]->handle.siblings = a->siblings;
		ret = rte_eal_remote_launch(worker_run, a->worker[i], i + 1);
		if (ret) {
			log_error("worker %u: %s", i, strerror(-ret));
			return ret;
		}
		a->launched++;
	}
	return 0;
}

void crew_stop(struct app *a)
{
	for (unsigned i = 0; i < a->launched; i++)
		atomic_store(&a->worker[i]->stop, true);
	for (unsigned i = 0; i < a->launched; i++)
		rte_eal_wait_lcore(i + 1);
	a->launched = 0;
	admission_stop(a->admission);
	a->admission = NULL;
	backplane_stop(a->backplane);
	a->backplane = NULL;
	siblings_stop(a->siblings);
	a->siblings = NULL;
}

void crew_free(struct app *a)
{
	for (unsigned i = 0; i < a->config.workers && a->worker[i]; i++) {
		struct worker *w = a->worker[i];
		port_tx_free(w->handle.tx);
		port_rx_free(w->rx);
		rl_worker_free(w->handle.core);
		free(w);
		a->worker[i] = NULL;
	}
	quiet_free(&a->quiet);
}

bool crew_alive(struct app *a)
{
	bool alive = true;
	for (unsigned i = 0; i < a->launched; i++) {
		uint64_t turns = atomic_load_explicit(&a->worker[i]->turns, memory_order_relaxed);
		alive &= turns != a->turns_seen[i];
		a->turns_seen[i] = turns;
	}
	return alive;
}
