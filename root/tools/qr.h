// SPDX-License-Identifier: BSD-3-Clause
// QR codes of blocks in a terminal, two rows of dots in each line, and reading them back. One
// thread.
#pragma once

#include <stdio.h>

// Error level L, quiet zone of four dots. On a terminal colours make it dark on light whatever the
// theme; elsewhere light dots are full blocks, which fits dark terminals. 0, -EFBIG if the text has
// no room in a code (2953 bytes), or -errno.
int qr_print(FILE *out, const char *text);
