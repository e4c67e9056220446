// SPDX-License-Identifier: BSD-3-Clause
// As many peers as one machine is meant to hold: loaded, and served.
#pragma once

// hz: ticks a second. Skipped, said on stderr, where memory is short.
void many(unsigned chunks, double hz);
