// SPDX-License-Identifier: BSD-3-Clause
#include "root/drop.h"

#include "root/named.h"

RL_NAMED(rl_drop, enum rl_drop, RL_DROPS);
