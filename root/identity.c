// SPDX-License-Identifier: BSD-3-Clause
#include "root/identity.h"

#include <sodium.h>

#include <errno.h>
#include <stdio.h>

enum {
	ADDRESS_DIGITS = 2 * ZT_ADDRESS_LEN,
	KEY_DIGITS = 2 * ZT_PUBLIC_LEN,
	AT_KEY = ADDRESS_DIGITS + 3, // behind "aaaaaaaaaa:0:"
	AT_SECRET = AT_KEY + KEY_DIGITS + 1,
};
_Static_assert(AT_KEY + KEY_DIGITS + 1 == RL_IDENTITY_PUBLIC_TEXT, "public form adds up");
_Static_assert(AT_SECRET + KEY_DIGITS + 1 == RL_IDENTITY_SECRET_TEXT, "secret form adds up");

bool rl_address_ok(uint64_t address)
{
	return address != 0 && address >> 32 < ZT_ADDRESS_RESERVED;
}

// Exactly len bytes from 2 * len digits, in constant time; a zero byte ends nothing, it is a bad
// digit.
static bool hex(uint8_t *out, size_t len, const char *text)
{
	size_t got;

	return sodium_hex2bin(out, len, text, 2 * len, NULL, &got, NULL) == 0 && got == len;
}

int rl_address_parse(uint64_t *address, const char *text)
{
	uint8_t bytes[ZT_ADDRESS_LEN];

	if (strnlen(text, ADDRESS_DIGITS + 1) != ADDRESS_DIGITS || !hex(bytes, sizeof(bytes), text))
		return -EINVAL;
	if (!rl_address_ok(rl_load40(bytes)))
		return -EINVAL;
	*address = rl_load40(bytes);
	return 0;
}

void rl_address_text(uint64_t address, char text[static 11])
{
	uint8_t bytes[ZT_ADDRESS_LEN];

	rl_store40(bytes, address);
	sodium_bin2hex(text, 11, bytes, sizeof(bytes));
}

static size_t length_without_newline(const char *text)
{
	size_t len = strnlen(text, RL_IDENTITY_SECRET_TEXT + 2);

	if (len && text[len - 1] == '\n') {
		len--;
		if (len && text[len - 1] == '\r')
			len--;
	}
	return len;
}

int rl_identity_parse(struct rl_identity *id, struct rl_secret *secret, const char *text)
{
	size_t len = length_without_newline(text);
	bool has_secret = len == RL_IDENTITY_SECRET_TEXT - 1;
	struct rl_identity out;
	struct rl_secret key;
	char address[ADDRESS_DIGITS + 1] = {0};

	if (len != RL_IDENTITY_PUBLIC_TEXT - 1 && !has_secret)
		return -EINVAL;
	memcpy(address, text, ADDRESS_DIGITS);
	if (rl_address_parse(&out.address, address) || memcmp(text + ADDRESS_DIGITS, ":0:", 3))
		return -EINVAL;
	if (!hex(out.public_key, sizeof(out.public_key), text + AT_KEY))
		return -EINVAL;
	if (has_secret) {
		bool ok = text[AT_SECRET - 1] == ':' &&
			  hex(key.key, sizeof(key.key), text + AT_SECRET);

		if (ok && secret)
			*secret = key;
		sodium_memzero(&key, sizeof(key));
		if (!ok)
			return -EINVAL;
	}
	if (secret && !has_secret)
		return -ENOENT;
	*id = out;
	return 0;
}

char *rl_identity_text(const struct rl_identity *id, const struct rl_secret *secret,
		       char text[static RL_IDENTITY_SECRET_TEXT])
{
	rl_address_text(id->address, text);
	memcpy(text + ADDRESS_DIGITS, ":0:", 3);
	sodium_bin2hex(text + AT_KEY, KEY_DIGITS + 1, id->public_key, sizeof(id->public_key));
	if (secret) {
		text[AT_SECRET - 1] = ':';
		sodium_bin2hex(text + AT_SECRET, KEY_DIGITS + 1, secret->key, sizeof(secret->key));
	}
	return text;
}

void rl_identity_get(struct rl_reader *r, struct rl_identity *id)
{
	uint64_t address = rl_get40(r);
	uint8_t type = rl_get8(r);
	const uint8_t *key = rl_get(r, ZT_PUBLIC_LEN);
	uint8_t private_len = rl_get8(r);

	if (type != 0 || (private_len != 0 && private_len != ZT_PRIVATE_LEN) ||
	    !rl_address_ok(address))
		r->bad = true;
	rl_get(r, private_len);
	if (r->bad) {
		memset(id, 0, sizeof(*id));
		return;
	}
	id->address = address;
	memcpy(id->public_key, key, ZT_PUBLIC_LEN);
}

void rl_identity_put(struct rl_writer *w, const struct rl_identity *id)
{
	uint8_t *p = rl_put(w, ZT_IDENTITY_LEN);

	if (!p)
		return;
	rl_store40(p, id->address);
	p[5] = 0; // type
	memcpy(p + 6, id->public_key, ZT_PUBLIC_LEN);
	p[70] = 0; // no private part follows
}

bool rl_identity_equal(const struct rl_identity *a, const struct rl_identity *b)
{
	return a->address == b->address && !memcmp(a->public_key, b->public_key, ZT_PUBLIC_LEN);
}

int rl_identity_compare(const struct rl_identity *a, const struct rl_identity *b)
{
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return memcmp(a->public_key, b->public_key, ZT_PUBLIC_LEN);
}
