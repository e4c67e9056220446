// SPDX-License-Identifier: BSD-3-Clause
// For functions that only prefetch. They have no effect in the compiler's eyes, so a call of one
// that is not inlined at once is dropped without a word.
#pragma once

#define RL_PREFETCHES static inline __attribute__((always_inline)) void
