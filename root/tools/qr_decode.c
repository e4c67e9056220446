// SPDX-License-Identifier: BSD-3-Clause
// From the dots of a QR code to its text, as ISO/IEC 18004 lays them out. Numbers of that standard
// that cannot be computed are in the two tables.
#include "root/tools/qr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BYTES_MAX = 3706, // in a code of version 40
	FORMAT_MASK = 0x5412,
	FORMAT_BCH = 0x537,
};

// By level (L, M, Q, H) and version from 1 on: check bytes in each block, and blocks.
static const uint8_t check_bytes[4][40] = {
	{7,  10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
	 28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
	{10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
	 26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28},
	{13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
	 28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
	{17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
	 30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
};
static const uint8_t block_count[4][40] = {
	{1, 1, 1, 1,  1,  2,  2,  2,  2,  4,  4,  4,  4,  4,  6,  6,  6,  6,  7,  8,
	 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25},
	{1,  1,  1,  2,  2,  4,  4,  4,  5,  5,  5,  8,  9,  9,  10, 10, 11, 13, 14, 16,
	 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49},
	{1,  1,  2,  2,  4,  4,  6,  6,  8,  8,  8,  10, 12, 16, 12, 17, 16, 18, 21, 20,
	 23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68},
	{1,  1,  2,  4,  4,  4,  5,  6,  8,  8,  11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
	 25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81},
};

struct decoder {
	const struct qr_code *code;
	unsigned version, level, mask;
	bool fixed[QR_WIDTH_MAX][QR_WIDTH_MAX]; // dots that carry no data
	uint8_t bytes[BYTES_MAX];               // as they lie in the code
	unsigned n_bytes;
	uint8_t data[BYTES_MAX]; // in order, without check bytes
	unsigned n_data;
};

struct bits {
	const uint8_t *data;
	unsigned at, end;
};

// Level and mask lie twice along the finder patterns; the copy in the corner is enough, since
// nothing is mended.
static int read_format(struct decoder *d)
{
	static const uint8_t level_of[4] = {1, 0, 3, 2}; // M L H Q on the wire
	static const uint8_t place[15][2] = {{8, 0}, {8, 1}, {8, 2}, {8, 3}, {8, 4},
					     {8, 5}, {8, 7}, {8, 8}, {7, 8}, {5, 8},
					     {4, 8}, {3, 8}, {2, 8}, {1, 8}, {0, 8}};
	unsigned word = 0, rest;

	for (unsigned i = 0; i < 15; i++)
		word = word << 1 | d->code->dot[place[i][0]][place[i][1]];
	word ^= FORMAT_MASK;
	rest = word;
	for (int i = 14; i >= 10; i--)
		if (rest & 1u << i)
			rest ^= (unsigned)FORMAT_BCH << (i - 10);
	if (rest)
		return -EINVAL;
	d->level = level_of[word >> 13];
	d->mask = word >> 10 & 7;
	return 0;
}

static void fix(struct decoder *d, unsigned x, unsigned y, unsigned width, unsigned height)
{
	for (unsigned i = y; i < y + height; i++)
		for (unsigned k = x; k < x + width; k++)
			d->fixed[i][k] = true;
}

// Centres of alignment patterns in each direction; the three under finder patterns do not exist.
static void fix_alignment(struct decoder *d)
{
	unsigned n = d->version / 7 + 2, size = d->code->width, at[7];
	unsigned step = d->version == 32 ? 26 : (d->version * 4 + n * 2 + 1) / (n * 2 - 2) * 2;

	if (d->version == 1)
		return;
	at[0] = 6;
	for (unsigned i = n - 1, place = size - 7; i >= 1; i--, place -= step)
		at[i] = place;
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < n; k++) {
			bool corner = (i == 0 && k == 0) || (i == 0 && k == n - 1) ||
				      (i == n - 1 && k == 0);

			if (!corner)
				fix(d, at[i] - 2, at[k] - 2, 5, 5);
		}
	}
}

static void find_fixed(struct decoder *d)
{
	unsigned size = d->code->width;

	fix(d, 0, 0, 9, 9);
	fix(d, size - 8, 0, 8, 9);
	fix(d, 0, size - 8, 9, 8);
	fix(d, 6, 0, 1, size);
	fix(d, 0, 6, size, 1);
	fix_alignment(d);
	if (d->version >= 7) {
		fix(d, size - 11, 0, 3, 6);
		fix(d, 0, size - 11, 6, 3);
	}
}

static bool masked(unsigned mask, unsigned x, unsigned y)
{
	switch (mask) {
	case 0:
		return (x + y) % 2 == 0;
	case 1:
		return y % 2 == 0;
	case 2:
		return x % 3 == 0;
	case 3:
		return (x + y) % 3 == 0;
	case 4:
		return (x / 3 + y / 2) % 2 == 0;
	case 5:
		return x * y % 2 + x * y % 3 == 0;
	case 6:
		return (x * y % 2 + x * y % 3) % 2 == 0;
	default:
		return ((x + y) % 2 + x * y % 3) % 2 == 0;
	}
}

// Columns in pairs from the right, upwards and downwards in turn; the column of the timing pattern
// is left out.
static void collect(struct decoder *d)
{
	unsigned size = d->code->width, n = 0;
	bool up = true;

	for (int right = (int)size - 1; right >= 1; right -= 2, up = !up) {
		if (right == 6)
			right = 5;
		for (unsigned i = 0; i < 2 * size; i++) {
			unsigned y = up ? size - 1 - i / 2 : i / 2;
			unsigned x = (unsigned)right - i % 2;

			if (d->fixed[y][x] || n / 8 >= BYTES_MAX)
				continue;
			if (d->code->dot[y][x] != masked(d->mask, x, y))
				d->bytes[n / 8] |= (uint8_t)(0x80 >> n % 8);
			n++;
		}
	}
	d->n_bytes = n / 8;
}

// In the field of 256 elements with the polynomial 0x11d.
static uint8_t times(uint8_t a, uint8_t b)
{
	unsigned r = 0;

	for (int i = 7; i >= 0; i--) {
		r = r << 1 ^ (r >> 7) * 0x11d;
		r ^= (b >> i & 1u) * a;
	}
	return (uint8_t)r;
}

// A whole block is zero at as many powers of two as it has check bytes.
static bool whole(const uint8_t *block, unsigned len, unsigned check)
{
	uint8_t root = 1;

	for (unsigned i = 0; i < check; i++, root = times(root, 2)) {
		uint8_t sum = 0;

		for (unsigned k = 0; k < len; k++)
			sum = times(sum, root) ^ block[k];
		if (sum)
			return false;
	}
	return true;
}

// Blocks lie interleaved, byte by byte; the later ones may be longer by one data byte.
static int separate(struct decoder *d)
{
	unsigned blocks = block_count[d->level][d->version - 1];
	unsigned check = check_bytes[d->level][d->version - 1];
	unsigned per = d->n_bytes / blocks, shorter = blocks - d->n_bytes % blocks;
	unsigned least = per - check;

	for (unsigned b = 0; b < blocks; b++) {
		unsigned data = least + (b >= shorter), n = 0;
		uint8_t block[256];

		for (unsigned i = 0; i < data; i++)
			block[n++] =
				d->bytes[i < least ? i * blocks + b : least * blocks + b - shorter];
		for (unsigned i = 0; i < check; i++)
			block[n++] = d->bytes[d->n_bytes - check * blocks + i * blocks + b];
		if (!whole(block, n, check))
			return -EINVAL;
		memcpy(d->data + d->n_data, block, data);
		d->n_data += data;
	}
	return 0;
}

// -1 if there are not that many.
static int take(struct bits *b, unsigned n)
{
	int v = 0;

	if (b->end - b->at < n)
		return -1;
	for (; n; n--, b->at++)
		v = v << 1 | (b->data[b->at / 8] >> (7 - b->at % 8) & 1);
	return v;
}

// One group of `n` signs in `bits`, written in the given base.
static int take_group(struct bits *b, unsigned bits, unsigned n, unsigned base, char *out)
{
	static const char signs[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
	int v = take(b, bits);

	if (v < 0)
		return -EINVAL;
	for (unsigned i = n; i-- > 0; v /= (int)base)
		out[i] = signs[(unsigned)v % base];
	return v ? -EINVAL : 0;
}

enum mode { END = 0, DIGITS = 1, SIGNS = 2, BYTES = 4, CHARSET = 7 };

static int take_segment(struct bits *b, enum mode mode, unsigned count, char *out)
{
	for (unsigned i = 0; i < count;) {
		unsigned left = count - i, n = mode == DIGITS ? (left < 3 ? left : 3)
					       : left < 2     ? left
							      : 2;
		int v;

		if (mode == BYTES) {
			v = take(b, 8);
			out[i] = (char)v;
			n = 1;
		} else if (mode == DIGITS) {
			v = take_group(b, n * 3 + 1, n, 10, out + i);
		} else {
			v = take_group(b, n == 2 ? 11 : 6, n, 45, out + i);
		}
		if (v < 0)
			return -EINVAL;
		i += n;
	}
	return 0;
}

static int read_segments(const struct decoder *d, char out[static QR_TEXT_MAX])
{
	static const uint8_t count_bits[3][5] = {
		{0, 10, 9, 0, 8}, {0, 12, 11, 0, 16}, {0, 14, 13, 0, 16}};
	const uint8_t *widths = count_bits[d->version < 10 ? 0 : d->version < 27 ? 1 : 2];
	struct bits b = {d->data, 0, d->n_data * 8};
	size_t n = 0;

	for (;;) {
		int mode = take(&b, 4), count;

		if (mode <= END)
			break; // also where the data ends without room for a mark
		if (mode == CHARSET && take(&b, 8) >= 0)
			continue;
		if (mode != DIGITS && mode != SIGNS && mode != BYTES)
			return -EINVAL;
		count = take(&b, widths[mode]);
		if (count < 0 || n + (unsigned)count >= QR_TEXT_MAX ||
		    take_segment(&b, (enum mode)mode, (unsigned)count, out + n) < 0)
			return -EINVAL;
		n += (unsigned)count;
	}
	out[n] = '\0';
	return strlen(out) == n ? 0 : -EINVAL;
}

int qr_decode(const struct qr_code *code, char out[static QR_TEXT_MAX])
{
	struct decoder *d;
	int ret;

	if (code->width < 21 || code->width > QR_WIDTH_MAX || code->width % 4 != 1)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->code = code;
	d->version = (code->width - 17) / 4;
	ret = read_format(d);
	if (ret == 0) {
		find_fixed(d);
		collect(d);
		ret = separate(d);
	}
	if (ret == 0)
		ret = read_segments(d, out);
	free(d);
	return ret;
}
