// SPDX-License-Identifier: BSD-3-Clause
// Strangers with valid identities who say HELLO to a population's root, and an admission context
// that lets them in. One thread.
#pragma once

#include "bench/micro/population.h"

struct newcomers;

// NULL: out of memory, or no identities. max: how many at most.
struct newcomers *newcomers_new(struct population *pop, unsigned max);
void newcomers_free(struct newcomers *n);
// Lets the next one in; after the last one it only sleeps a little. One that is refused ends the
// program.
void newcomers_admit(struct newcomers *n, uint64_t now_ms);
unsigned newcomers_count(const struct newcomers *n);
