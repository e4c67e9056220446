// SPDX-License-Identifier: BSD-3-Clause
// The section "siblings" of the config in the core's terms.
#pragma once

#include "config/config.h"
#include "root/identity.h"
#include "root/sibling.h"

#include <stdbool.h>
#include <stdio.h>

struct sibling_config {
	unsigned count;
	struct {
		struct rl_identity id;
		unsigned fronts;
		struct rl_inet front[RL_SIBLING_FRONTS];
	} at[RL_SIBLINGS_MAX];
};

// Of a config without mistakes; self: this root. Checks each identity, some milliseconds' work.
// False: explained on `err`.
bool sibling_config_read(struct sibling_config *s, const struct config *c,
			 const struct rl_identity *self, FILE *err);
