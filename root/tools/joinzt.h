// SPDX-License-Identifier: BSD-3-Clause
// A world as text for people and phones: base64, and the link that ZeroTier One on a phone takes:
// https://joinzt.com/addplanet?v=1&planet=BASE64. Pure; any thread.
#pragma once

#include "root/zt.h"

#include <stddef.h>
#include <stdint.h>

#define JOINZT_PREFIX "https://joinzt.com/addplanet?v=1&planet="

enum {
	JOINZT_BASE64_MAX = (ZT_WORLD_MAX + 2) / 3 * 4 + 1,             // with the closing zero
	JOINZT_URL_MAX = sizeof(JOINZT_PREFIX) + 3 * JOINZT_BASE64_MAX, // every sign escaped
};

// len at most ZT_WORLD_MAX. Return text.
char *joinzt_base64(char text[static JOINZT_BASE64_MAX], const void *data, size_t len);
// Signs that mean something else in a query (+ / =) are percent-encoded.
char *joinzt_url(char text[static JOINZT_URL_MAX], const void *data, size_t len);

// Reads base64: white space anywhere, padding or none, also the URL-safe alphabet. 0, -EINVAL, or
// -EFBIG if it holds more than ZT_WORLD_MAX bytes.
int joinzt_parse_base64(const char *text, size_t text_len, uint8_t data[static ZT_WORLD_MAX],
			size_t *len);
// Reads the link, escaped or raw, http or https, its parameters in any order. -ENOENT if the text
// is no such link, -EPROTO if its v is not 1, otherwise as above.
int joinzt_parse_url(const char *text, size_t text_len, uint8_t data[static ZT_WORLD_MAX],
		     size_t *len);
