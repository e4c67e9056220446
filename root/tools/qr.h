// SPDX-License-Identifier: BSD-3-Clause
// QR codes of blocks in a terminal, two rows of dots in each line, and reading them back. One
// thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	QR_WIDTH_MAX = 177,
	QR_TEXT_MAX = 7089 + 1, // digits in the largest code, and a zero
};

// A code's dots without its quiet zone, row by row; 1 is dark.
struct qr_code {
	unsigned width; // 21, 25 .. 177
	uint8_t dot[QR_WIDTH_MAX][QR_WIDTH_MAX];
};

// Error level L, quiet zone of four dots. On a terminal colours make it dark on light whatever the
// theme; elsewhere light dots are full blocks, which fits dark terminals. 0, -EFBIG if the text has
// no room in a code (2953 bytes), or -errno.
int qr_print(FILE *out, const char *text);

// Reads what qr_print and its like print: blocks, half blocks and blanks in either colour, with
// terminal colours or without. 0, -ENOENT if there are no blocks in the text, -EINVAL if it is no
// whole code.
int qr_read(const char *text, size_t len, char out[static QR_TEXT_MAX]);

// Dots to text. Finds damage but mends none: what is copied as text is whole or cut. 0 or -EINVAL.
int qr_decode(const struct qr_code *code, char out[static QR_TEXT_MAX]);
