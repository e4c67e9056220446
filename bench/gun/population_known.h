// SPDX-License-Identifier: BSD-3-Clause
// Makes a population known to a rootline before it has said HELLO: written into the database of
// valid identities in its state directory (dpdk-app/store.h), so that nobody checks them.
#pragma once

#include "bench/gun/population.h"

// state: the directory; its identity.public must be the population's root. 0 or a negative value
// and the reason in why.
int population_known(const struct population *p, const char *state, uint64_t now_ms,
		     struct say_why *why);
