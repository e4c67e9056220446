// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk-app/frame_sum.h"

enum { LONG = 64, WORTH = 192 };

typedef uint64_t sum_fn(const uint8_t *data, size_t len);

// Both halves of each lane apart: 65535 bytes cannot make 32 bits overflow. len: a multiple of
// LONG. The compiler cuts the vector into what the CPU has.
static inline __attribute__((always_inline)) uint64_t sum_vectors(const uint8_t *data, size_t len)
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

static uint64_t sum_128(const uint8_t *data, size_t len)
{
	return sum_vectors(data, len);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static uint64_t sum_256(const uint8_t *data, size_t len)
{
	return sum_vectors(data, len);
}

__attribute__((target("avx512f"))) static uint64_t sum_512(const uint8_t *data, size_t len)
{
	return sum_vectors(data, len);
}
#endif

static sum_fn *sum_long = sum_128;

bool frame_sum_use_bits(unsigned bits)
{
	sum_fn *fn = bits == 128 ? sum_128 : NULL;

#ifdef __x86_64__
	if (bits == 256 && __builtin_cpu_supports("avx2"))
		fn = sum_256;
	if (bits == 512 && __builtin_cpu_supports("avx512f"))
		fn = sum_512;
#endif
	if (!fn)
		return false;
	sum_long = fn;
	return true;
}

__attribute__((constructor)) static void pick(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
#endif
	if (!frame_sum_use_bits(512))
		frame_sum_use_bits(256);
}

uint64_t frame_sum_raw(const uint8_t *data, size_t len)
{
	size_t whole = len & ~(size_t)(LONG - 1);
	uint64_t sum = 0;
	uint32_t word = 0;

	// Of little the vectors take longer to be added up at the end than the words themselves.
	if (len >= WORTH) {
		sum = sum_long(data, whole);
		data += whole;
		len -= whole;
	}
	for (; len >= 32; data += 32, len -= 32)
		sum += frame_sum_words(data, 8);
	for (; len >= 4; data += 4, len -= 4)
		sum += frame_sum_words(data, 1);
	if (len)
		memcpy(&word, data, len);
	return sum + word;
}

uint16_t frame_sum(const uint8_t *data, size_t len)
{
	return frame_sum_finish(frame_sum_raw(data, len));
}
