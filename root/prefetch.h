// SPDX-License-Identifier: BSD-3-Clause
// For functions that only prefetch. They have no effect in the compiler's eyes, so a call of one
// that is not inlined at once is dropped without a word.
#pragma once

#define RL_PREFETCHES static inline __attribute__((always_inline)) void

// Stands in such a function that is too long to be inlined: the compiler does not look behind this,
// so it drops no call, even when it sees all files at once.
#define RL_PREFETCHES_APART() __asm__ volatile("")
