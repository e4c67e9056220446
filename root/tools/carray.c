// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/carray.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void carray_print(FILE *out, const uint8_t *data, size_t len)
{
	fprintf(out, "#define ZT_DEFAULT_WORLD_LENGTH %zu\n", len);
	fputs("static const unsigned char ZT_DEFAULT_WORLD[ZT_DEFAULT_WORLD_LENGTH] = {", out);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%s0x%02x", i ? "," : "", data[i]);
	fputs("};\n", out);
}

// Over blanks and both kinds of comments.
static const char *skip(const char *at, const char *end)
{
	while (at < end) {
		const char *stop = NULL;

		if (isspace((unsigned char)*at)) {
			at++;
			continue;
		}
		if (end - at >= 2 && at[0] == '/' && at[1] == '/')
			stop = memchr(at, '\n', (size_t)(end - at));
		else if (end - at >= 2 && at[0] == '/' && at[1] == '*')
			stop = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
		else
			break;
		if (!stop)
			return end;
		at = stop + (at[1] == '*' ? 2 : 1);
	}
	return at;
}

// One number, or -1. Moves at behind it.
static int number(const char **at, const char *end)
{
	char word[8], *stop;
	size_t n = 0;
	unsigned long v;

	while (*at < end && isalnum((unsigned char)**at) && n < sizeof(word) - 1)
		word[n++] = *(*at)++;
	word[n] = '\0';
	if (!n || !isdigit((unsigned char)word[0]))
		return -1;
	v = strtoul(word, &stop, 0);
	return *stop || v > 255 ? -1 : (int)v;
}

int carray_parse(const char *text, size_t text_len, uint8_t data[static ZT_WORLD_MAX], size_t *len)
{
	const char *end = text + text_len, *at = memchr(text, '{', text_len);

	*len = 0;
	if (!at)
		return -ENOENT;
	at = skip(at + 1, end);
	if (at == end || !isdigit((unsigned char)*at))
		return -ENOENT;
	while (at < end && *at != '}') {
		int v = number(&at, end);

		if (v < 0)
			return -EINVAL;
		if (*len == ZT_WORLD_MAX)
			return -EFBIG;
		data[(*len)++] = (uint8_t)v;
		at = skip(at, end);
		if (at < end && *at == ',')
			at = skip(at + 1, end);
		else if (at < end && *at != '}')
			return -EINVAL;
	}
	return at < end ? 0 : -EINVAL;
}
