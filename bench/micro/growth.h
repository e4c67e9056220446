// SPDX-License-Identifier: BSD-3-Clause
// What growing costs: tables are sized once, so relays go on as before while they fill.
#pragma once

#include <stdint.h>

// room: peers the table is made for. hz: ticks a second.
void growth(uint32_t room, unsigned chunks, double hz);
