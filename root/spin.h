// SPDX-License-Identifier: BSD-3-Clause
// A spin lock for the few short sections that are not on the relay path, and the breath taken while
// waiting.
#pragma once

#include <stdatomic.h>

static inline void rl_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline void rl_spin_lock(atomic_flag *lock)
{
	while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire))
		rl_pause();
}

static inline void rl_spin_unlock(atomic_flag *lock)
{
	atomic_flag_clear_explicit(lock, memory_order_release);
}
