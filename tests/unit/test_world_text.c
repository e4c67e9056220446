// SPDX-License-Identifier: BSD-3-Clause
// Base64, links, C arrays and QR codes: there and back, and what must be refused.
#include "root/tools/carray.h"
#include "root/tools/joinzt.h"
#include "root/tools/qr.h"

#include <qrencode.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void fill(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 151 + i / 256 + 0xfb);
}

static void base64_and_link_return(void **state)
{
	static const size_t lengths[] = {1, 2, 3, 4, 276, 570, ZT_WORLD_MAX};
	static char base64[JOINZT_BASE64_MAX], url[JOINZT_URL_MAX];
	uint8_t data[ZT_WORLD_MAX], back[ZT_WORLD_MAX];
	size_t len;

	(void)state;
	fill(data, sizeof(data));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		joinzt_base64(base64, data, lengths[i]);
		assert_int_equal(joinzt_parse_base64(base64, strlen(base64), back, &len), 0);
		assert_int_equal(len, lengths[i]);
		assert_memory_equal(back, data, len);
		joinzt_url(url, data, lengths[i]);
		assert_null(strpbrk(url + strlen(JOINZT_PREFIX), "+/= "));
		assert_int_equal(joinzt_parse_url(url, strlen(url), back, &len), 0);
		assert_int_equal(len, lengths[i]);
		assert_memory_equal(back, data, len);
	}
}

static const struct {
	const char *text;
	int ret;
	size_t len;
} base64s[] = {
	{"+/+/", 0, 3},        {"-_-_", 0, 3},    {"AAAA\r\nAAAA\n", 0, 6}, {"AA==", 0, 1},
	{"AA", 0, 1},          {"AAA", 0, 2},     {"AAA=", 0, 2},           {"", -EINVAL, 0},
	{"A", -EINVAL, 0},     {"A===", -EINVAL}, {"AA=A", -EINVAL, 0},     {"AA=", -EINVAL, 0},
	{"AAAA=", -EINVAL, 0}, {"AB==", -EINVAL}, {"AA,A", -EINVAL, 0},     {"====", -EINVAL, 0},
};

static void base64_edges(void **state)
{
	uint8_t data[ZT_WORLD_MAX];
	char *many = malloc(20000);
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(base64s) / sizeof(base64s[0]); i++) {
		int ret = joinzt_parse_base64(base64s[i].text, strlen(base64s[i].text), data, &len);

		if (ret != base64s[i].ret || (ret == 0 && len != base64s[i].len))
			fail_msg("\"%s\": %d, %zu bytes", base64s[i].text, ret, len);
	}
	memset(many, 'A', 20000);
	assert_true(joinzt_parse_base64(many, 20000, data, &len) < 0);
	free(many);
}

static const struct {
	const char *what;
	const char *text;
	int ret;
} links[] = {
	{"raw signs", "https://joinzt.com/addplanet?v=1&planet=+/+/AA==", 0},
	{"escaped signs", "https://joinzt.com/addplanet?v=1&planet=%2B%2f%2B%2FAA%3D%3d", 0},
	{"plus made a blank by a form decoder",
	 "https://joinzt.com/addplanet?v=1&planet= / /AA==", 0},
	{"other order", "https://joinzt.com/addplanet?planet=%2B%2f%2B%2FAA&v=1", 0},
	{"a parameter more", "https://joinzt.com/addplanet?v=1&x=y&planet=+/+/AA==", 0},
	{"blanks around", "  HTTPS://joinzt.com/addplanet?v=1&planet=+/+/AA==\n", 0},
	{"http", "http://joinzt.com/addplanet?v=1&planet=+/+/AA==", 0},
	{"another host", "https://example.com/addplanet?v=1&planet=AAAA", -ENOENT},
	{"no link", "AAAA", -ENOENT},
	{"no version", "https://joinzt.com/addplanet?planet=AAAA", -EPROTO},
	{"version 2", "https://joinzt.com/addplanet?v=2&planet=AAAA", -EPROTO},
	{"version 11", "https://joinzt.com/addplanet?v=11&planet=AAAA", -EPROTO},
	{"no planet", "https://joinzt.com/addplanet?v=1", -EINVAL},
	{"empty planet", "https://joinzt.com/addplanet?v=1&planet=", -EINVAL},
	{"cut in an escape", "https://joinzt.com/addplanet?v=1&planet=AAAA%2", -EINVAL},
	{"bad escape", "https://joinzt.com/addplanet?v=1&planet=AAAA%zz", -EINVAL},
};

static void link_edges(void **state)
{
	uint8_t data[ZT_WORLD_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		int ret = joinzt_parse_url(links[i].text, strlen(links[i].text), data, &len);

		if (ret != links[i].ret)
			fail_msg("%s: %d", links[i].what, ret);
		if (ret == 0) {
			assert_int_equal(len, 4);
			assert_memory_equal(data, "\xfb\xff\xbf\0", 4);
		}
	}
}

static void array_returns(void **state)
{
	uint8_t data[ZT_WORLD_MAX], back[ZT_WORLD_MAX];
	size_t text_len, len;
	char *text;
	FILE *out;

	(void)state;
	fill(data, sizeof(data));
	out = open_memstream(&text, &text_len);
	carray_print(out, data, sizeof(data));
	fclose(out);
	assert_int_equal(carray_parse(text, text_len, back, &len), 0);
	assert_int_equal(len, sizeof(data));
	assert_memory_equal(data, back, len);
	free(text);
}

static const struct {
	const char *text;
	int ret;
	const char *bytes; // as hex
} arrays[] = {
	{"x[] = {0x01, 2,03 };", 0, "010203"},
	{"x[] = { 1, // one, two }\n /* {9} */ 2, };", 0, "0102"},
	{"{0xff}", 0, "ff"},
	{"no braces", -ENOENT, NULL},
	{"{}", -ENOENT, NULL},
	{"{\"json\": 1}", -ENOENT, NULL},
	{"{1,2", -EINVAL, NULL},
	{"{1 2}", -EINVAL, NULL},
	{"{1,256}", -EINVAL, NULL},
	{"{1,,2}", -EINVAL, NULL},
	{"{1,-1}", -EINVAL, NULL},
	{"{1,0x}", -EINVAL, NULL},
	{"{1, /* open", -EINVAL, NULL},
	{"{1,0x00000001}", -EINVAL, NULL},
};

static void array_edges(void **state)
{
	uint8_t data[ZT_WORLD_MAX];
	char hex[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		int ret = carray_parse(arrays[i].text, strlen(arrays[i].text), data, &len);

		if (ret != arrays[i].ret)
			fail_msg("%s: %d", arrays[i].text, ret);
		hex[0] = '\0';
		for (size_t k = 0; ret == 0 && k < len; k++)
			sprintf(hex + 2 * k, "%02x", data[k]);
		if (ret == 0)
			assert_string_equal(hex, arrays[i].bytes);
	}
}

static void take_dots(struct qr_code *code, const QRcode *made)
{
	code->width = (unsigned)made->width;
	for (unsigned y = 0; y < code->width; y++)
		for (unsigned x = 0; x < code->width; x++)
			code->dot[y][x] = made->data[y * code->width + x] & 1;
}

// Every version and level, with a text that fills most of it, in bytes, signs and digits.
static void codes_of_every_size(void **state)
{
	static struct qr_code code;
	static char text[QR_TEXT_MAX], back[QR_TEXT_MAX];

	(void)state;
	for (int level = 0; level < 4; level++) {
		for (int version = 1; version <= 40; version++) {
			// The smallest code carries 7 bytes at the highest level.
			int n = version == 1 ? 4 : version * version / 2 + version * 4;
			QRcode *made;

			for (int i = 0; i < n; i++)
				text[i] = i < n / 3   ? (char)('a' + i % 26)
					  : i < n / 2 ? (char)('A' + i % 26)
						      : (char)('0' + i % 10);
			text[n] = '\0';
			made = QRcode_encodeString(text, version, (QRecLevel)level, QR_MODE_8, 1);
			assert_non_null(made);
			assert_int_equal(made->width, 17 + 4 * version);
			take_dots(&code, made);
			QRcode_free(made);
			if (qr_decode(&code, back) < 0)
				fail_msg("version %d, level %d", version, level);
			assert_string_equal(back, text);
		}
	}
}

// The reader has to notice any single dot that is wrong, unless it lies in a pattern without data.
static void damage_is_found(void **state)
{
	static struct qr_code code;
	char back[QR_TEXT_MAX];
	QRcode *made = QRcode_encodeString("https://joinzt.com/", 5, QR_ECLEVEL_L, QR_MODE_8, 1);
	unsigned found = 0;

	(void)state;
	assert_non_null(made);
	take_dots(&code, made);
	QRcode_free(made);
	for (unsigned y = 0; y < code.width; y++) {
		for (unsigned x = 0; x < code.width; x++) {
			code.dot[y][x] ^= 1;
			if (qr_decode(&code, back) < 0)
				found++;
			else
				assert_string_equal(back, "https://joinzt.com/");
			code.dot[y][x] ^= 1;
		}
	}
	assert_true(found >= 134 * 8); // all data and check bytes of version 5
}

static char *printed(const char *text, size_t *len)
{
	char *out_text = NULL;
	FILE *out = open_memstream(&out_text, len);

	assert_int_equal(qr_print(out, text), 0);
	fclose(out);
	return out_text;
}

static void codes_are_read_from_blocks(void **state)
{
	char link[1024] = JOINZT_PREFIX, back[QR_TEXT_MAX];
	size_t len;
	char *text;

	(void)state;
	for (int n = 0; n < 900; n += 97) {
		memset(link + strlen(JOINZT_PREFIX), 'x', (size_t)n);
		link[strlen(JOINZT_PREFIX) + (size_t)n] = '\0';
		text = printed(link, &len);
		assert_int_equal(qr_read(text, len, back), 0);
		assert_string_equal(back, link);
		// The quiet zone may get lost at the end of lines and of the text; a line of the
		// code may not.
		assert_int_equal(qr_read(text, len / 2, back), -EINVAL);
		free(text);
	}
	assert_int_equal(qr_read("no blocks", 9, back), -ENOENT);
	assert_int_equal(qr_read("", 0, back), -ENOENT);
	assert_int_equal(qr_read("█", 3, back), -EINVAL);
	assert_int_equal(qr_read("\xe2\x96", 2, back), -ENOENT);
}

static void too_much_for_a_code(void **state)
{
	char *text = malloc(3000);
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	memset(text, 'x', 3000);
	text[2953] = '\0';
	assert_int_equal(qr_print(out, text), 0);
	text[2953] = 'x';
	text[2954] = '\0';
	assert_int_equal(qr_print(out, text), -EFBIG);
	fclose(out);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_and_link_return),
		cmocka_unit_test(base64_edges),
		cmocka_unit_test(link_edges),
		cmocka_unit_test(array_returns),
		cmocka_unit_test(array_edges),
		cmocka_unit_test(codes_of_every_size),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(codes_are_read_from_blocks),
		cmocka_unit_test(too_much_for_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
