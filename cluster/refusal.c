// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/refusal.h"

#include "root/named.h"

RL_NAMED(rl_refusal, enum rl_refusal, RL_REFUSALS);
