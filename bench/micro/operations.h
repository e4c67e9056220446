// SPDX-License-Identifier: BSD-3-Clause
// What is measured, and among how many peers.
#pragma once

#include "bench/micro/measure.h"

struct operation_set {
	uint32_t peers;
	uint32_t pairs;
	unsigned groups_each;
	const struct measure_op *ops; // the last one has no name
};

extern const struct operation_set operation_sets[];
extern const unsigned operation_set_count;
// Among more peers than there is memory for everywhere.
extern const struct measure_op operations_15m[];

// NULL: none of this name. set: where it belongs.
const struct measure_op *operation_find(const char *name, const struct operation_set **set);
