// SPDX-License-Identifier: BSD-3-Clause
// What a run came to, as text for people and as JSON for programs. Rates in packets a second, times
// in ms as text, in ns as JSON.
#pragma once

#include "bench/gun/devices.h"
#include "bench/gun/join.h"
#include "bench/gun/sweep.h"

#include <jansson.h>
#include <stdio.h>

// A new reference each.
json_t *report_join_json(const struct join_result *r);
json_t *report_replay_json(const struct engine *e, const struct replay_result *r);
json_t *report_sweep_json(const struct sweep *s, double threshold);
json_t *report_devices_json(const struct devices_result *r);
json_t *report_heard_json(const struct engine *e);

// The progress of joining, for join_plan.progress.
void report_joining(void *ctx, uint32_t online, double seconds);
void report_join(FILE *f, const struct join_result *r);
void report_devices(FILE *f, const struct devices_result *r);
// With the classes' rows, from the engine's ledger.
void report_replay(FILE *f, const struct engine *e, const struct replay_result *r);
void report_sweep(FILE *f, const struct sweep *s, double threshold);
void report_heard(FILE *f, const struct engine *e);
// Things that make the figures doubtful: frames lost by the generator itself, late answers.
void report_doubts(FILE *f, const struct engine *e, const struct replay_result *r);
// "12.3k"; buf has 16 bytes.
const char *report_short(double v, char *buf);
