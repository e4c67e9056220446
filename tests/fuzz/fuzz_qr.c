// SPDX-License-Identifier: BSD-3-Clause
// QR codes: blocks in a text, dots, and the segments behind the check bytes, which no mutation
// would reach.
#include "root/tools/qr_decode.c"
#include "root/tools/qr_read.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_text(const uint8_t *data, size_t size, char *out)
{
	char *copy = malloc(size + !size);

	memcpy(copy, data, size);
	if (qr_read(copy, size, out) == 0 && strlen(out) >= QR_TEXT_MAX)
		abort();
	free(copy);
}

static void as_dots(const uint8_t *data, size_t size, char *out)
{
	static struct qr_code code;

	code.width = 17 + 4 * (size ? data[0] % 41u : 1);
	for (unsigned y = 0; y < code.width && y < QR_WIDTH_MAX; y++)
		for (unsigned x = 0; x < code.width && x < QR_WIDTH_MAX; x++) {
			unsigned at = y * code.width + x;

			code.dot[y][x] = at / 8 + 1 < size && (data[at / 8 + 1] >> at % 8 & 1);
		}
	qr_decode(&code, out);
}

static void as_segments(const uint8_t *data, size_t size, char *out)
{
	static struct decoder d;

	if (size < 2)
		return;
	d.version = 1 + data[0] % 40;
	d.n_data = size - 1 > sizeof(d.data) ? sizeof(d.data) : (unsigned)size - 1;
	memcpy(d.data, data + 1, d.n_data);
	if (read_segments(&d, out) == 0 && strlen(out) >= QR_TEXT_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[QR_TEXT_MAX];

	as_text(data, size, out);
	as_dots(data, size, out);
	as_segments(data, size, out);
	return 0;
}
