// SPDX-License-Identifier: BSD-3-Clause
// The running appliance: what main.c builds up, control keeps going and main.c takes down again.
// Everything here is control's unless a header says otherwise.
#pragma once

#include "config/config.h"
#include "dpdk-app/admission.h"
#include "dpdk-app/backplane.h"
#include "dpdk-app/ctl.h"
#include "dpdk-app/endpoints.h"
#include "dpdk-app/known.h"
#include "dpdk-app/places.h"
#include "dpdk-app/siblings.h"
#include "dpdk-app/state.h"
#include "dpdk-app/worker.h"

struct app {
	int argc; // of main, for a reload
	char *const *argv;
	struct config config;
	struct state state;
	struct state_worlds worlds;
	struct clock clock;
	struct ports *ports;
	struct eal_result eal;
	bool eal_up;
	struct endpoints endpoints;
	struct quiet quiet;
	struct rl_root *root;
	struct known *known;
	struct rl_geoip *geoip;                 // NULL: none configured
	struct worker *worker[EAL_WORKERS_MAX]; // config.workers of them
	unsigned launched;                      // of them, running
	struct admission *admission;
	struct backplane *backplane;          // NULL: no cluster is configured
	struct siblings *siblings;            // NULL: none are configured
	uint64_t turns_seen[EAL_WORKERS_MAX]; // crew_alive()
};

// crew.c: the threads. 0 or -errno, logged.
int crew_prepare(struct app *a); // memory of every worker; they do not run yet
int crew_launch(struct app *a);
void crew_stop(struct app *a); // waits for each worker's turn to end
void crew_free(struct app *a);
// Have all workers turned since the last call? A stuck one is what a watchdog is for.
bool crew_alive(struct app *a);
