// SPDX-License-Identifier: BSD-3-Clause
// Whether the process may do what its ports need, asked before DPDK fails with less to say.
#pragma once

#include "config/config.h"

#include <stddef.h>

// The capabilities that `ports` need and `effective` (bits, as CapEff of /proc/self/status) lacks,
// as names separated by spaces; empty: none. Returns their number.
unsigned privilege_missing(const struct config_strings *ports, uint64_t effective, char *names,
			   size_t size);

// 0, or -EPERM with what to do logged.
int privilege_check(const struct config_strings *ports);
