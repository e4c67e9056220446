// SPDX-License-Identifier: BSD-3-Clause
// Opening, encrypted HELLO and expansion of anything; and for any packet, sealing and opening
// again. The input is a packet as it may come by UDP.
#include "root/armor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rl_cipher *cipher;
static struct rl_key key;
static const struct rl_secret mine = {{1, 2, 3}};

static void there_and_back(const uint8_t *data, uint8_t *p, size_t size, unsigned suite)
{
	memcpy(p, data, size);
	rl_armor_seal(cipher, &key, p, size, suite);
	p[ZT_AT_FLAGS] ^= data[ZT_AT_MAC] & ZT_HOPS_MASK; // a relay may change them
	if (!rl_armor_open(cipher, &key, p, size))
		abort();
	if (memcmp(p + ZT_AT_VERB, data + ZT_AT_VERB, size - ZT_AT_VERB))
		abort();
}

static void expand(const uint8_t *data, size_t size)
{
	uint8_t *out = malloc(ZT_PACKET_MAX);
	uint8_t *again = malloc(ZT_PACKET_MAX);
	uint8_t *packed = malloc(ZT_PACKET_MAX);
	size_t len;

	// Whatever the buffers held before, the same comes out.
	memset(out, 0x55, ZT_PACKET_MAX);
	memset(again, 0xaa, ZT_PACKET_MAX);
	len = rl_armor_expand(data, size, out);
	if (len > ZT_PACKET_MAX || rl_armor_expand(data, size, again) != len ||
	    memcmp(out, again, len))
		abort();
	if (len) {
		memcpy(packed, out, len);
		if (rl_armor_compress(packed, len) < len &&
		    (rl_armor_expand(packed, rl_armor_compress(memcpy(packed, out, len), len),
				     again) != len ||
		     memcmp(again, out, len)))
			abort();
	}
	free(out);
	free(again);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = malloc(size + !size);

	if (!cipher) {
		cipher = rl_cipher_new();
		if (!cipher)
			abort();
	}
	if (size)
		memcpy(p, data, size);
	rl_armor_open(cipher, &key, p, size);
	if (size) {
		memcpy(p, data, size);
		if (rl_armor_xhello_open(cipher, &mine, p, size))
			rl_armor_open(cipher, &key, p, size - ZT_XHELLO_KEY_LEN);
		expand(data, size);
	}
	if (size >= ZT_HDR_LEN && size <= ZT_PACKET_MAX) {
		there_and_back(data, p, size, ZT_SUITE_POLY1305);
		there_and_back(data, p, size, ZT_SUITE_SALSA_POLY1305);
		there_and_back(data, p, size, ZT_SUITE_AES_GMAC_SIV);
		rl_armor_hello_seal(&key, p, data[ZT_AT_MAC], size);
	}
	free(p);
	return 0;
}
