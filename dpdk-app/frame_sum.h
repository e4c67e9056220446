// SPDX-License-Identifier: BSD-3-Clause
// Ones' complement sums of the Internet checksum (RFC 1071), not inverted. Pure; any thread.
//
// Data are added up in the machine's own byte order and swapped once at the end: ones' complement
// addition does not mind (RFC 1071, 2 B). A raw sum is such a sum before it is folded; raw sums add
// up as plain numbers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The sum, as a number in host order, of bytes that start at an even offset of the datagram. len:
// at most 65535.
uint16_t frame_sum(const uint8_t *data, size_t len);
// The same, raw.
uint64_t frame_sum_raw(const uint8_t *data, size_t len);

// Width of the vectors for long data, picked before main() starts. For tests, with no other thread
// about: 128, 256 or 512. False, and nothing changed, if this CPU cannot.
bool frame_sum_use_bits(unsigned bits);

// Raw sum of so many whole 32-bit words: a handful, known when compiling.
static inline uint64_t frame_sum_words(const uint8_t *data, unsigned words)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < words; i++) {
		uint32_t word;

		memcpy(&word, data + 4 * i, sizeof(word));
		sum += word;
	}
	return sum;
}

// Of numbers in host order that were added up.
static inline uint16_t frame_sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static inline uint16_t frame_sum_finish(uint64_t raw)
{
	uint16_t sum = frame_sum_fold(raw);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	sum = __builtin_bswap16(sum);
#endif
	return sum;
}
