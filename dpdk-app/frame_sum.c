// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/frame_sum.h"

enum { LONG = 64 };

// Both halves of each lane apart: 65535 bytes cannot make 32 bits overflow. len: a multiple of 64.
// The compiler makes one variant for each width of vectors, and the loader takes the CPU's.
#if defined(__x86_64__) && !defined(__clang__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static uint64_t
sum_long(const uint8_t *data, size_t len)
{
	typedef uint32_t lanes __attribute__((vector_size(LONG)));
	lanes low = {0}, high = {0};
	uint64_t sum = 0;

	for (size_t at = 0; at < len; at += LONG) {
		lanes v;

		memcpy(&v, data + at, LONG);
		low += v & 0xffff;
		high += v >> 16;
	}
	low += high;
	for (int i = 0; i < LONG / 4; i++)
		sum += low[i];
	return sum;
}

uint64_t frame_sum_raw(const uint8_t *data, size_t len)
{
	size_t whole = len & ~(size_t)(LONG - 1);
	uint64_t sum = 0;
	uint32_t word = 0;

	if (whole)
		sum = sum_long(data, whole);
	for (data += whole, len -= whole; len >= 8; data += 8, len -= 8)
		sum += frame_sum_words(data, 2);
	if (len >= 4) {
		sum += frame_sum_words(data, 1);
		data += 4;
		len -= 4;
	}
	if (len)
		memcpy(&word, data, len);
	return sum + word;
}

uint16_t frame_sum(const uint8_t *data, size_t len)
{
	return frame_sum_finish(frame_sum_raw(data, len));
}
