// SPDX-License-Identifier: BSD-3-Clause
// Whether the process may do what its ports need, asked before DPDK fails with less to say.
#pragma once

#include "config/config.h"

#include <stddef.h>

// The capabilities that `ports` need and `effective` (bits, as CapEff of /proc/self/status) lacks,
// as names separated by spaces; empty: none. Returns their number.
unsigned privilege_missing(const struct config_strings *ports, uint64_t effective, char *names,
			   size_t size);

// Bytes that the kernel must let this process lock for its ports' rings; 0: none.
uint64_t privilege_locked_bytes(const struct config_strings *ports);

// Raises the limit of locked memory as far as it may. 0, or -EPERM with what to do logged.
int privilege_check(const struct config_strings *ports);
