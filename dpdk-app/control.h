// SPDX-License-Identifier: BSD-3-Clause
// The main thread once everything runs: signals, timer, operators' requests.
#pragma once

#include "dpdk-app/app.h"

// Blocks SIGTERM, SIGINT, SIGHUP in this thread and those it will start; SIGPIPE is ignored.
// First thing in main.
void control_block_signals(void);

struct control;
// Binds the control socket and gets everything ready. 0 or -errno, logged.
int control_new(struct control **control, struct app *a);
// Serves until SIGTERM, SIGINT, or the end of all recorded input. Afterwards either signal ends the
// process at once. 0, or -errno if it could not go on.
int control_run(struct control *c);
// When no worker runs any more. NULL is fine.
void control_free(struct control *c);
