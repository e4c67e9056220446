// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/waker.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int waker_open(struct waker *w)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	w->fd = fd;
	return 0;
}

// Descriptor 0 is not ours: a zeroed struct has nothing to close.
void waker_close(struct waker *w)
{
	if (w->fd > 0)
		close(w->fd);
	w->fd = 0;
}

void waker_ring(struct waker *w)
{
	uint64_t one = 1;
	// Orders the caller's work before the look at the sleeper, as waker_sleeps orders the other
	// way.
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&w->asleep, memory_order_relaxed) &&
	    atomic_exchange_explicit(&w->asleep, false, memory_order_relaxed))
		(void)!write(w->fd, &one, sizeof(one));
}

void waker_sleeps(struct waker *w)
{
	atomic_store_explicit(&w->asleep, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

void waker_wakes(struct waker *w, bool rung)
{
	uint64_t rings;
	atomic_store_explicit(&w->asleep, false, memory_order_relaxed);
	if (rung)
		(void)!read(w->fd, &rings, sizeof(rings));
}
