// SPDX-License-Identifier: BSD-3-Clause
#include "root/tools/joinzt.h"

#include <sodium.h>

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

char *joinzt_base64(char text[static JOINZT_BASE64_MAX], const void *data, size_t len)
{
	return sodium_bin2base64(text, JOINZT_BASE64_MAX, data, len,
				 sodium_base64_VARIANT_ORIGINAL);
}

static char *put_escaped(char *to, char c)
{
	static const char hex[] = "0123456789ABCDEF";

	if (!strchr("+/=", c)) {
		*to = c;
		return to + 1;
	}
	to[0] = '%';
	to[1] = hex[c >> 4];
	to[2] = hex[c & 15];
	return to + 3;
}

char *joinzt_url(char text[static JOINZT_URL_MAX], const void *data, size_t len)
{
	char base64[JOINZT_BASE64_MAX];
	char *to = text + strlen(JOINZT_PREFIX);

	memcpy(text, JOINZT_PREFIX, strlen(JOINZT_PREFIX));
	joinzt_base64(base64, data, len);
	for (const char *c = base64; *c; c++)
		to = put_escaped(to, *c);
	*to = '\0';
	return text;
}

// One sign of either alphabet, or 0 for a sign that may be skipped, or -1.
static int normal_sign(char c)
{
	if (isalnum((unsigned char)c) || c == '+' || c == '/')
		return c;
	if (c == '-')
		return '+';
	if (c == '_')
		return '/';
	return c && strchr(" \t\r\n", c) ? 0 : -1;
}

// Length of the normal form without padding, or -EINVAL. Padding ends the text.
static int normalise(char *to, size_t room, const char *text, size_t len)
{
	size_t n = 0, pads = 0;

	for (size_t i = 0; i < len; i++) {
		int c = text[i] == '=' ? '=' : normal_sign(text[i]);

		if (c < 0 || (pads && c != 0 && c != '='))
			return -EINVAL;
		if (c == '=')
			pads++;
		else if (c && n == room)
			return -EFBIG;
		else if (c)
			to[n++] = (char)c;
	}
	if (pads > 2 || (pads && (n + pads) % 4))
		return -EINVAL;
	return (int)n;
}

int joinzt_parse_base64(const char *text, size_t text_len, uint8_t data[static ZT_WORLD_MAX],
			size_t *len)
{
	char normal[JOINZT_BASE64_MAX] = {0};
	int n = normalise(normal, sizeof(normal), text, text_len);

	if (n < 0)
		return n;
	if (sodium_base642bin(data, ZT_WORLD_MAX, normal, (size_t)n, NULL, len, NULL,
			      sodium_base64_VARIANT_ORIGINAL_NO_PADDING) < 0)
		return n / 4 * 3 > ZT_WORLD_MAX ? -EFBIG : -EINVAL;
	return *len ? 0 : -EINVAL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Undoes percent signs. A blank is what a form decoder made of a raw plus sign.
static int unescape(char *to, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (from[i] == '%') {
			if (i + 2 >= len || hex_digit(from[i + 1]) < 0 ||
			    hex_digit(from[i + 2]) < 0)
				return -EINVAL;
			to[n++] = (char)(hex_digit(from[i + 1]) << 4 | hex_digit(from[i + 2]));
			i += 2;
		} else {
			to[n++] = from[i] == ' ' ? '+' : from[i];
		}
	}
	return (int)n;
}

// The value of `name` in a query, or NULL; *len is its length.
static const char *parameter(const char *query, const char *end, const char *name, size_t *len)
{
	size_t name_len = strlen(name);

	while (query < end) {
		const char *stop = memchr(query, '&', (size_t)(end - query));

		if (!stop)
			stop = end;
		if ((size_t)(stop - query) > name_len && memcmp(query, name, name_len) == 0 &&
		    query[name_len] == '=') {
			*len = (size_t)(stop - query) - name_len - 1;
			return query + name_len + 1;
		}
		query = stop + 1;
	}
	return NULL;
}

static const char *after(const char *text, const char *end, const char *prefix)
{
	size_t n = strlen(prefix);

	if ((size_t)(end - text) < n || strncasecmp(text, prefix, n) != 0)
		return NULL;
	return text + n;
}

int joinzt_parse_url(const char *text, size_t text_len, uint8_t data[static ZT_WORLD_MAX],
		     size_t *len)
{
	const char *end = text + text_len, *query, *v, *planet;
	size_t v_len = 0, planet_len = 0;
	char *raw;
	int n;

	while (text < end && isspace((unsigned char)*text))
		text++;
	while (text < end && isspace((unsigned char)end[-1]))
		end--;
	query = after(text, end, "https://joinzt.com/addplanet?");
	if (!query)
		query = after(text, end, "http://joinzt.com/addplanet?");
	if (!query)
		return -ENOENT;
	v = parameter(query, end, "v", &v_len);
	if (!v || v_len != 1 || *v != '1')
		return -EPROTO;
	planet = parameter(query, end, "planet", &planet_len);
	if (!planet)
		return -EINVAL;
	raw = malloc(planet_len + 1);
	if (!raw)
		return -ENOMEM;
	n = unescape(raw, planet, planet_len);
	n = n < 0 ? n : joinzt_parse_base64(raw, (size_t)n, data, len);
	free(raw);
	return n;
}
