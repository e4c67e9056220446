// SPDX-License-Identifier: BSD-3-Clause
// Memory for the table under test, as hosts give it: zeroed, whole cache lines. One block at a
// time: a new one takes the old one's place.
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void *table_block;

static void *block_new(size_t size)
{
	free(table_block);
	table_block = aligned_alloc(64, (size + 63) & ~(size_t)63);
	if (!table_block)
		abort();
	return memset(table_block, 0, size);
}

// Teardown of a cmocka test.
static int block_done(void **state)
{
	(void)state;
	free(table_block);
	table_block = NULL;
	return 0;
}
