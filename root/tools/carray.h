// SPDX-License-Identifier: BSD-3-Clause
// A world as the C array that ZeroTier One is compiled with: ZT_DEFAULT_WORLD and its length. Pure.
#pragma once

#include "root/zt.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void carray_print(FILE *out, const uint8_t *data, size_t len);
// Reads the numbers between the first pair of braces: decimal, hex, octal, C comments between them.
// 0, -ENOENT if there is no array of numbers in the text, -EINVAL if one in it is no byte, -EFBIG
// if there are too many.
int carray_parse(const char *text, size_t text_len, uint8_t data[static ZT_WORLD_MAX], size_t *len);
