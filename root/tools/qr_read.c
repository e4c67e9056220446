// SPDX-License-Identifier: BSD-3-Clause
// From blocks in a text to the dots of a code.
#include "root/tools/qr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	UPPER = 1,
	LOWER = 2,
	SIDE_MAX = 256, // dots, quiet zone included
};

struct canvas {
	unsigned width, height;
	uint8_t dot[SIDE_MAX][SIDE_MAX]; // 1 where there is ink
};

// What the next sign shows, or -1 if it is none of ours. Moves at behind it; end is never passed.
static int next_sign(const char **at, const char *end)
{
	static const struct {
		const char *text;
		int halves;
	} signs[] = {{" ", 0}, {"\xc2\xa0", 0}, {"▀", UPPER}, {"▄", LOWER}, {"█", UPPER | LOWER}};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].text);

		if ((size_t)(end - *at) >= n && memcmp(*at, signs[i].text, n) == 0) {
			*at += n;
			return signs[i].halves;
		}
	}
	return -1;
}

// Over colour sequences and carriage returns.
static const char *skip_colours(const char *at, const char *end)
{
	while (at < end) {
		if (*at == '\r') {
			at++;
		} else if (end - at >= 2 && at[0] == '\033' && at[1] == '[') {
			while (at < end && *at != 'm')
				at++;
			at += at < end;
		} else {
			break;
		}
	}
	return at;
}

static int paint(struct canvas *c, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	unsigned x = 0, y = 0;
	bool ink = false;

	while ((at = skip_colours(at, end)) < end) {
		int halves;

		if (*at == '\n') {
			at++;
			x = 0;
			y += 2;
			continue;
		}
		halves = next_sign(&at, end);
		if (halves < 0 || x >= SIDE_MAX || y + 1 >= SIDE_MAX)
			return ink ? -EINVAL : -ENOENT;
		c->dot[y][x] = halves & UPPER;
		c->dot[y + 1][x] = (halves & LOWER) != 0;
		ink |= halves != 0;
		x++;
		c->width = x > c->width ? x : c->width;
		c->height = y + 2;
	}
	return ink ? 0 : -ENOENT;
}

// The finder patterns reach into three corners, so the box around all dark dots is the code.
static int crop(struct qr_code *code, const struct canvas *c, uint8_t dark)
{
	unsigned left = SIDE_MAX, top = SIDE_MAX, right = 0, bottom = 0, width;

	for (unsigned y = 0; y < c->height; y++) {
		for (unsigned x = 0; x < c->width; x++) {
			if (c->dot[y][x] != dark)
				continue;
			left = x < left ? x : left;
			right = x > right ? x : right;
			top = y < top ? y : top;
			bottom = y > bottom ? y : bottom;
		}
	}
	width = right - left + 1;
	if (left == SIDE_MAX || bottom - top + 1 != width || width < 21 || width > QR_WIDTH_MAX ||
	    width % 4 != 1)
		return -EINVAL;
	code->width = width;
	for (unsigned y = 0; y < width; y++)
		for (unsigned x = 0; x < width; x++)
			code->dot[y][x] = c->dot[top + y][left + x] == dark;
	return 0;
}

int qr_read(const char *text, size_t len, char out[static QR_TEXT_MAX])
{
	struct canvas *canvas = calloc(1, sizeof(*canvas));
	struct qr_code *code = calloc(1, sizeof(*code));
	int ret = -ENOMEM;

	if (canvas && code)
		ret = paint(canvas, text, len);
	if (ret == 0) {
		ret = -EINVAL;
		// Blocks are light dots as we print them, dark ones as some others do.
		for (uint8_t dark = 0; dark < 2 && ret < 0; dark++) {
			ret = crop(code, canvas, dark);
			if (ret == 0)
				ret = qr_decode(code, out);
		}
	}
	free(code);
	free(canvas);
	return ret;
}
