// SPDX-License-Identifier: BSD-3-Clause
// Batches of 64 KiB: their size per update, their seal, and taking them into a directory.
#pragma once

#include "bench/cluster/directory_work.h"

// rounds: batches timed.
void batch_work(struct population *p, unsigned rounds, double hz);
