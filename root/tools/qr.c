// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/qr.h"

#include <qrencode.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { QUIET = 4 };

// Outside of the code lies the quiet zone, which is light.
static bool dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return false;
	return code->data[y * code->width + x] & 1;
}

// Blocks stand for light dots.
static const char *block(bool dark_above, bool dark_below)
{
	if (dark_above)
		return dark_below ? " " : "▄";
	return dark_below ? "▀" : "█";
}

int qr_print(FILE *out, const char *text)
{
	bool colours = isatty(fileno(out));
	QRcode *code;

	code = QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_L);
	if (!code)
		return errno == ERANGE ? -EFBIG : errno ? -errno : -EINVAL;
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		// White on black, said in full colours: themes may change the sixteen named ones.
		if (colours)
			fputs("\033[38;2;255;255;255;48;2;0;0;0m", out);
		for (int x = -QUIET; x < code->width + QUIET; x++)
			fputs(block(dark(code, x, y), dark(code, x, y + 1)), out);
		fputs(colours ? "\033[0m\n" : "\n", out);
	}
	QRcode_free(code);
	return 0;
}
