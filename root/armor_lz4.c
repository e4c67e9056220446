// SPDX-License-Identifier: BSD-3-Clause
// Compressed payloads (docs/protocol.md 2.7): bare LZ4 blocks; declared in armor.h.
#include "root/armor.h"

#include <lz4.h>

enum {
	PAYLOAD_MAX = ZT_PACKET_MAX - ZT_HDR_LEN,
	COMPRESS_ABOVE = 64, // shorter payloads are never compressed
};

size_t rl_armor_expand(const uint8_t *in, size_t len, uint8_t out[static ZT_PACKET_MAX])
{
	int n = 0;

	if (len < ZT_HDR_LEN || len > ZT_PACKET_MAX)
		return 0;
	if (len > ZT_HDR_LEN) {
		// liblz4 takes a match distance of 0, which copies bytes that were not written yet;
		// what it puts there differs by release. What an earlier packet left in the buffer
		// must never travel back to whoever sent such a block.
		memset(out + ZT_HDR_LEN, 0, PAYLOAD_MAX);
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
