// SPDX-License-Identifier: BSD-3-Clause
// A test for each vector width of Salsa20: WIDTHS(f) makes three of f. On a CPU that lacks one,
// that test is reported as skipped. Include after cmocka.h.
#pragma once

#include "root/salsa.h"

static const unsigned widths[] = {4, 8, 16};
static unsigned width_before;

// First in the test: from here to its end this width is used.
static inline void width_begin(void **state)
{
	const unsigned want = *(const unsigned *)*state;

	if (!rl_salsa_use_lanes(want)) {
		assert_int_not_equal(want, 4); // every CPU has that
		print_message("this CPU cannot make %u blocks at once\n", want);
		skip();
	}
	assert_int_equal(rl_salsa_lanes(), want);
}

static inline int width_setup(void **state)
{
	(void)state;
	width_before = rl_salsa_lanes();
	return 0;
}

static inline int width_end(void **state)
{
	(void)state;
	return rl_salsa_use_lanes(width_before) ? 0 : -1;
}

#define WIDTH(f, n, what)                                                              \
	{                                                                              \
#f ", " what, f, width_setup, width_end, (void *)(uintptr_t)&widths[n] \
	}
#define WIDTHS(f) WIDTH(f, 0, "SSE2"), WIDTH(f, 1, "AVX2"), WIDTH(f, 2, "AVX-512")
