// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/memory.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE = 2 << 20, PAGE = 4096 };

static size_t rounded(size_t size)
{
	size_t unit = size >= HUGE ? HUGE : PAGE;
	return (size + unit - 1) / unit * unit;
}

// Large blocks start at a multiple of the huge page size: older kernels do not see to that.
static void *map_aligned(size_t size)
{
	uint8_t *mem =
		mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return NULL;
	size_t skip = (HUGE - (uintptr_t)mem % HUGE) % HUGE;
	if (skip)
		munmap(mem, skip);
	if (HUGE - skip)
		munmap(mem + skip + size, HUGE - skip);
	// Without transparent huge pages it is only slower.
	madvise(mem + skip, size, MADV_HUGEPAGE);
	return mem + skip;
}

void *memory_alloc(void *ctx, size_t size)
{
	(void)ctx;
	size_t whole = rounded(size);
	if (size == 0 || whole < size || whole + HUGE < whole)
		return NULL;
	if (whole >= HUGE)
		return map_aligned(whole);
	void *mem = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mem == MAP_FAILED ? NULL : mem;
}

void memory_free(void *ctx, void *mem, size_t size)
{
	(void)ctx;
	if (mem)
		munmap(mem, rounded(size));
}
