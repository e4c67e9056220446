// SPDX-License-Identifier: BSD-3-Clause
// One request of an operator, taken apart. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CTL_CMD_MAX = 24 };

struct ctl_request {
	char cmd[CTL_CMD_MAX];
	bool has_address;
	uint64_t address;
	uint8_t ip[16];  // network order
	unsigned ip_len; // 4, 16, or 0: none
};

// line: without its newline. NULL: fine; else a sentence for the operator.
const char *ctl_request_parse(struct ctl_request *q, const char *line, size_t len);
