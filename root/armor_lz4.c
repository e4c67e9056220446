// SPDX-License-Identifier: BSD-3-Clause
// Compressed payloads (docs/protocol.md 2.7): bare LZ4 blocks; declared in armor.h.
#include "root/armor.h"

#include <lz4.h>

enum {
	PAYLOAD_MAX = ZT_PACKET_MAX - ZT_HDR_LEN,
	COMPRESS_ABOVE = 64, // shorter payloads are never compressed
};

// The rest of a length whose first four bits were all ones. False: the block ends within it.
static bool long_length(const uint8_t **at, const uint8_t *end, size_t *n)
{
	uint8_t byte;

	do {
		if (*at == end)
			return false;
		byte = *(*at)++;
		*n += byte;
	} while (byte == 255);
	return true;
}

// Is there no match with distance 0? liblz4 takes such a match, which copies bytes not written yet:
// what an earlier packet left in the buffer would travel back to whoever sent it. Every distance
// that liblz4 can come to in this block is looked at here; to look costs a fifth of clearing the
// buffer. All else that may be wrong with a block liblz4 finds itself.
static bool distances_ok(const uint8_t *at, const uint8_t *end)
{
	while (at != end) {
		uint8_t token = *at++;
		size_t literals = token >> 4, match = token & 15;

		if (literals == 15 && !long_length(&at, end, &literals))
			return false;
		if (literals >= (size_t)(end - at))
			return true; // the last sequence has no match
		at += literals;
		if (end - at < 2 || (at[0] | at[1]) == 0)
			return false;
		at += 2;
		if (match == 15 && !long_length(&at, end, &match))
			return false;
	}
	return false;
}

size_t rl_armor_expand(const uint8_t *in, size_t len, uint8_t out[static ZT_PACKET_MAX])
{
	int n = 0;

	if (len < ZT_HDR_LEN || len > ZT_PACKET_MAX)
		return 0;
	if (len > ZT_HDR_LEN) {
		if (!distances_ok(in + ZT_HDR_LEN, in + len))
			return 0;
		n = LZ4_decompress_safe((const char *)in + ZT_HDR_LEN, (char *)out + ZT_HDR_LEN,
					(int)(len - ZT_HDR_LEN), PAYLOAD_MAX);
		if (n <= 0)
			return 0;
	}
	memcpy(out, in, ZT_HDR_LEN);
	out[ZT_AT_VERB] &= (uint8_t)~ZT_VERB_COMPRESSED;
	return ZT_HDR_LEN + (size_t)n;
}

size_t rl_armor_compress(uint8_t *p, size_t len)
{
	char packed[PAYLOAD_MAX];
	int n;

	if (len <= ZT_HDR_LEN + COMPRESS_ABOVE || len > ZT_PACKET_MAX)
		return len;
	// Room for one byte less than the payload: what does not get shorter fails.
	n = LZ4_compress_default((const char *)p + ZT_HDR_LEN, packed, (int)(len - ZT_HDR_LEN),
				 (int)(len - ZT_HDR_LEN - 1));
	if (n <= 0)
		return len;
	memcpy(p + ZT_HDR_LEN, packed, (size_t)n);
	p[ZT_AT_VERB] |= ZT_VERB_COMPRESSED;
	return ZT_HDR_LEN + (size_t)n;
}
